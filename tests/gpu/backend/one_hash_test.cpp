// One hash for every device: 64 requests of all kinds, on each, and on several at once.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backend/gpu/vulkan/vulkan_gpus.h"
#include "gpu/backend/engine_answers.h"
#include "gpu/backend/tested_gpu.h"
#include "model/loaded_model.h"

namespace quire::test {
namespace {

// FNV-1a of all that was answered, by request.
class AnswersHash {
 public:
  void add(uint64_t value) {
    for (int byte = 0; byte < 8; ++byte) hash_ = (hash_ ^ (value >> (8 * byte) & 0xff)) * 0x100000001b3;
  }
  void add(std::span<const float> values) {
    for (const float value : values) add(std::bit_cast<uint32_t>(value));
  }
  void add(SequenceId id, const Answer& answer) {
    add(id.value);
    for (const TokenId token : answer.tokens) add(static_cast<uint64_t>(token));
    add(answer.logprobs);
    add(answer.prompt_logprobs);
    add(answer.finished.embedding);
    add(static_cast<uint64_t>(answer.finished.reason));
  }
  uint64_t value() const { return hash_; }

 private:
  uint64_t hash_ = 0xcbf29ce484222325;
};

class OneHash : public testing::Test {
 protected:
  void SetUp() override {
    QUIRE_GPU_OR_SKIP();
    const auto listed = list_vulkan_gpus();
    for (const VulkanListed& one : listed ? *listed : std::vector<VulkanListed>()) {
      if (one.kind == VulkanKind::host_cores && vulkan_.empty()) vulkan_.push_back(one);
    }
  }

  std::unique_ptr<Backend> backend(std::string_view device) {
    if (device == "cuda") return card_->make_backend(team_);
    if (device == "vulkan") {
      if (lavapipe_ == nullptr) lavapipe_ = take(vulkan_.front().open());
      return std::make_unique<GpuBackend>(take(lavapipe_->make_queue()), team_, lavapipe_);
    }
    const KernelTable& table = device == "scalar" ? *find_kernel_table("scalar") : best_table_with_scalar_bits();
    return std::make_unique<CpuBackend>(team_, table);
  }

  // Of a model of so many layers as there are devices, a layer on each; all of it on one.
  uint64_t hash_on(const std::vector<std::string_view>& devices) {
    const Placer place = [&](const gguf::File&, const ModelConfig& config,
                             const ModelOptions&) -> Result<std::vector<PlacedStage>> {
      std::vector<PlacedStage> placed;
      const int64_t each = config.layer_count() / std::ssize(devices);
      for (const std::string_view device : devices) {
        const int64_t begin = std::ssize(placed) * each;
        placed.push_back({.backend = backend(device), .layers = {.begin = begin, .end = begin + each}});
      }
      return placed;
    };
    const auto loaded = take(quire::LoadedModel::load(file_, place, {}, [](uint64_t, uint64_t) { return true; }));
    Limits limits = gpu_limits();
    limits.queue_max = 64;
    limits.block_count = 48;
    limits.running_max = 16;  // fewer steps: what fibers cost is by the step
    limits.step_tokens_max = 128;
    limits.plans_ahead = devices.back() == "cuda" || devices.back() == "vulkan" ? 1 : 0;
    World world(ModelExecutor(take(loaded->make_instance(limits)), team_), *tokenizer_, limits);
    for (const Request& request : gpu_requests(loaded->model().vocab_size(), 64)) world.engine().submit(request);
    world.run();
    AnswersHash hash;
    EXPECT_EQ(world.answers().size(), 64U);
    for (const auto& [id, answer] : world.answers()) {
      EXPECT_EQ(answer.finished.error, "");
      hash.add(id, answer);
    }
    return hash.value();
  }

  const std::vector<std::byte> bytes_ = synthesize({.type = ElementType::q4_0, .layers = 3});
  const gguf::File file_ = take(gguf::File::parse(bytes_));
  const std::unique_ptr<const Tokenizer> tokenizer_ = take(Tokenizer::create(plain_vocabulary(256)));
  Team team_{1};
  const std::unique_ptr<TestedGpu> card_ = open_tested_gpu();
  std::vector<VulkanListed> vulkan_;  // lavapipe; empty: it is not here
  std::shared_ptr<const Gpu> lavapipe_;
};

TEST_F(OneHash, of_64_requests_on_every_device_and_any_split_of_layers_among_them) {
  const uint64_t expected = hash_on({"scalar"});
  EXPECT_EQ(hash_on({"best"}), expected);
  EXPECT_EQ(hash_on({"cuda"}), expected);
  EXPECT_EQ(hash_on({"scalar", "best", "cuda"}), expected);
  EXPECT_EQ(hash_on({"cuda", "best", "scalar"}), expected);
  if (vulkan_.empty()) GTEST_SKIP() << "Vulkan's part: lavapipe is not here";
  EXPECT_EQ(hash_on({"vulkan"}), expected);
  EXPECT_EQ(hash_on({"cuda", "best", "vulkan"}), expected);
}

}  // namespace
}  // namespace quire::test
