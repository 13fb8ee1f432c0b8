// A GPU that is lost, has no memory, or whose driver refuses anything else leaves an error by name, and nothing behind.
#include <dlfcn.h>
#include <gmock/gmock.h>

#include <optional>

#include "backend/gpu/gpu_launch.h"
#include "gpu/backend/engine_answers.h"
#include "gpu/vulkan/lavapipe.h"
#include "gpu/vulkan_faults/faulty_vulkan.h"

namespace quire::test {
namespace {

class FaultyVulkan {
 public:
  FaultyVulkan() : library_(dlopen(QUIRE_FAULTY_VULKAN, RTLD_NOW | RTLD_LOCAL)) {
    QUIRE_CHECK(library_ != nullptr, dlerror());
  }
  FaultyVulkan(const FaultyVulkan&) = delete;
  FaultyVulkan& operator=(const FaultyVulkan&) = delete;
  ~FaultyVulkan() { go_on(); }

  static auto open(std::optional<VulkanArithmetic> arithmetic = lavapipe_arithmetic) {
    return Lavapipe::open(arithmetic, QUIRE_FAULTY_VULKAN);
  }
  // The `number`th call from now on.
  void fail(int64_t number, VkResult code, bool is_lost) const {
    reinterpret_cast<FailVulkan>(dlsym(library_, "quire_vulkan_fail"))(number, code, is_lost);
  }
  void go_on() const { fail(0, VK_SUCCESS, false); }
  VulkanCounts counts() const { return reinterpret_cast<CountVulkan>(dlsym(library_, "quire_vulkan_counts"))(); }

 private:
  void* const library_;
};

class VulkanFaults : public testing::Test {
 protected:
  void SetUp() override { QUIRE_GPU_OR_SKIP(); }

  // Memory that comes and goes between commands, a copy each way, more commands than a buffer has: 3, or an error.
  static Result<float> compute(const VulkanGpu& gpu) {
    QUIRE_TRY(const auto queue, gpu.make_queue());
    QUIRE_TRY(const DeviceAddress memory, queue->allocate(4));
    auto result = compute_on(*queue, memory);
    queue->free(memory);
    return result;
  }
  static Result<float> compute_on(GpuQueue& queue, DeviceAddress memory) {
    const float one = 1.0F;
    queue.upload(memory, std::as_bytes(std::span(&one, 1)));
    for (int i = 0; i < 100; ++i) {
      launch<gpu::Map<gpu::Scale>>(queue, {.x = device_floats(memory), .count = 1, .operand = i == 50 ? 3.0F : 1.0F});
    }
    QUIRE_TRY(const DeviceAddress passing, queue.allocate(4));
    queue.free(passing);
    QUIRE_TRY(std::byte* const results, queue.allocate_host(sizeof(float)));
    queue.download(memory, {results, sizeof(float)});
    const auto waited = queue.wait();
    const float found = *reinterpret_cast<const float*>(results);
    queue.free_host(results);
    if (!waited) return std::unexpected(waited.error());
    return found;
  }

  // Each call in turn.
  void expect_errors_or_the_answer(VkResult code, const std::string& name, bool is_lost) const {
    const auto lavapipe = take(FaultyVulkan::open());
    const VulkanCounts before = vulkan_.counts();
    ASSERT_EQ(take(compute(lavapipe->gpu())), 3.0F);
    const int64_t calls = vulkan_.counts().calls - before.calls;
    ASSERT_GT(calls, 20);
    int failed = 0;
    for (int64_t number = 1; number <= calls; ++number) {
      vulkan_.fail(number, code, is_lost);
      const auto found = compute(lavapipe->gpu());
      vulkan_.go_on();
      EXPECT_EQ(vulkan_.counts().objects, before.objects) << number;
      if (found) {
        EXPECT_EQ(*found, 3.0F) << number;
        continue;
      }
      EXPECT_THAT(found.error().message, testing::HasSubstr(name)) << number;
      ++failed;
    }
    EXPECT_GT(failed, calls - 5) << "what fails when all is done, nobody needs to know";
  }

  const FaultyVulkan vulkan_;
};

TEST_F(VulkanFaults, of_a_lost_device_are_errors_by_name) {
  expect_errors_or_the_answer(VK_ERROR_DEVICE_LOST, "VK_ERROR_DEVICE_LOST", true);
}

TEST_F(VulkanFaults, of_one_call_are_errors_by_name) {
  expect_errors_or_the_answer(VK_ERROR_OUT_OF_DEVICE_MEMORY, "VK_ERROR_OUT_OF_DEVICE_MEMORY", false);
}

TEST_F(VulkanFaults, of_opening_a_device_are_errors) {
  const auto open = [] { return FaultyVulkan::open(std::nullopt); };
  take(open());
  const int64_t objects = vulkan_.counts().objects;
  int64_t number = 1;
  for (;; ++number) {
    vulkan_.fail(number, VK_ERROR_OUT_OF_HOST_MEMORY, false);
    const auto opened = open();
    if (opened) break;
    EXPECT_THAT(opened.error().message, testing::HasSubstr("VK_ERROR_OUT_OF_HOST_MEMORY")) << number;
    EXPECT_EQ(vulkan_.counts().objects, objects) << number;
  }
  EXPECT_GT(number, 20) << "two runs of the self-test";
}

class VulkanEngine : public GpuEngine {};

TEST_F(VulkanEngine, ends_all_requests_with_the_error_of_a_device_that_is_lost) {
  const FaultyVulkan vulkan;
  const auto lavapipe = take(FaultyVulkan::open());
  GpuBackend gpu(take(lavapipe->gpu().make_queue()), team_);
  const Model model = take(Model::load(loaded_.file, gpu));
  World world(ModelExecutor(take(ModelInstance::create(model, gpu, gpu_limits())), team_), *loaded_.tokenizer,
              gpu_limits());
  for (const Request& request : gpu_requests(model.vocab_size())) world.engine().submit(request);
  world.step();
  vulkan.fail(3, VK_ERROR_DEVICE_LOST, true);
  run_to_its_end(world);
  ASSERT_EQ(world.answers().size(), 8U);
  int ended = 0;
  for (const auto& [id, answer] : world.answers()) {
    if (answer.finished.error.empty()) continue;
    ++ended;
    EXPECT_EQ(answer.finished.reason, FinishReason::error);
    EXPECT_THAT(answer.finished.error, testing::HasSubstr("VK_ERROR_DEVICE_LOST"));
  }
  EXPECT_GE(ended, 7);
  EXPECT_TRUE(world.engine().broken()) << "the model is to be loaded anew";
}

}  // namespace
}  // namespace quire::test
