// What is issued to a queue of Vulkan happens in order, whatever its sizes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "backend/gpu/gpu_device.h"
#include "backend/gpu/gpu_launch.h"
#include "backend/gpu/vulkan/vulkan_gpus.h"
#include "gpu/backend/bench.h"
#include "gpu/backend/counting_queue.h"
#include "gpu/backend/tested_gpu.h"
#include "gpu/vulkan/lavapipe.h"
#include "support/take.h"

namespace quire::test {
namespace {

class VulkanQueues : public testing::Test {
 protected:
  void SetUp() override { QUIRE_GPU_OR_SKIP(); }

  static std::string error_of(const Result<void>& result) { return result ? "" : result.error().message; }

  // What lies there.
  static std::vector<float> read(GpuQueue& queue, DeviceAddress from, size_t count) {
    std::byte* const results = take(queue.allocate_host(count * sizeof(float)));
    queue.download(from, {results, count * sizeof(float)});
    take(queue.wait());
    const auto* const begin = reinterpret_cast<const float*>(results);
    std::vector<float> values(begin, begin + count);
    queue.free_host(results);
    return values;
  }
};

TEST_F(VulkanQueues, upload_more_than_is_staged_at_a_time_from_memory_that_is_the_callers_again) {
  GpuQueue& queue = shared_lavapipe_queue();
  constexpr size_t count = 5 << 20;
  const auto memory = take(queue.allocate(count * sizeof(float)));
  EXPECT_EQ(memory.value % 256, 0U);
  std::vector<float> values(count);
  for (size_t i = 0; i < count; ++i) values[i] = static_cast<float>(i);
  const std::vector<float> expected = values;
  queue.upload(memory, std::as_bytes(std::span(values)));
  std::ranges::fill(values, -1.0F);
  EXPECT_EQ(read(queue, memory, count), expected);
  queue.free(memory);
}

TEST_F(VulkanQueues, fill_bytes_that_are_no_whole_words) {
  GpuQueue& queue = shared_lavapipe_queue();
  const auto memory = take(queue.allocate(8));
  queue.fill(memory, std::byte{0}, 8);
  queue.fill(memory, std::byte{0x40}, 7);
  const std::vector<float> found = read(queue, memory, 2);
  EXPECT_EQ(std::bit_cast<uint32_t>(found[0]), 0x40404040U);
  EXPECT_EQ(std::bit_cast<uint32_t>(found[1]), 0x00404040U);
  queue.free(memory);
}

// More launches than a buffer of commands or one of arguments has room for, each of what the one before left.
TEST_F(VulkanQueues, launch_kernels_one_after_another) {
  GpuQueue& queue = shared_lavapipe_queue();
  constexpr int launches = 4200;
  const auto memory = take(queue.allocate(4));
  queue.fill(memory, std::byte{0}, 4);
  const auto one = take(queue.allocate(4));
  const float value = 1.0F;
  queue.upload(one, std::as_bytes(std::span(&value, 1)));
  for (int i = 0; i < launches; ++i) {
    launch<gpu::Combine<gpu::Add>>(
        queue, {.y = device_floats(memory), .x = device_floats(one), .rows = 1, .width = 1, .x_stride = 0});
  }
  EXPECT_EQ(read(queue, memory, 1), std::vector<float>{launches});
  queue.free(memory);
  queue.free(one);
}

// Blocks go on in a second dimension, whose last row is not full.
TEST_F(VulkanQueues, launch_more_blocks_than_a_dimension_has) {
  GpuQueue& queue = shared_lavapipe_queue();
  constexpr int64_t rows = 65535 + 70;
  const auto memory = take(queue.allocate((rows + 64) * sizeof(float)));
  queue.fill(memory, std::byte{0}, (rows + 64) * sizeof(float));
  const auto one = take(queue.allocate(4));
  const float value = 1.0F;
  queue.upload(one, std::as_bytes(std::span(&value, 1)));
  launch<gpu::Combine<gpu::Add>>(
      queue, {.y = device_floats(memory), .x = device_floats(one), .rows = rows, .width = 1, .x_stride = 0});
  std::vector<float> expected(rows + 64, 0.0F);
  std::fill_n(expected.begin(), rows, 1.0F);
  EXPECT_EQ(read(queue, memory, rows + 64), expected);
  queue.free(memory);
  queue.free(one);
}

TEST_F(VulkanQueues, keep_their_first_error_and_do_nothing_more) {
  const auto lavapipe = take(Lavapipe::open(lavapipe_arithmetic));
  const auto queue = take(lavapipe->gpu().make_queue());
  const auto memory = take(queue->allocate(64));
  queue->fail({.kind = ErrorKind::io, .message = "the first"});
  queue->fail({.kind = ErrorKind::io, .message = "the second"});
  queue->fill(memory, std::byte{1}, 64);
  launch<gpu::Map<gpu::Scale>>(*queue, {.x = device_floats(memory), .count = 16, .operand = 2.0F});
  EXPECT_EQ(error_of(queue->wait()), "the first");
  EXPECT_EQ(error_of(queue->wait()), "the first");
  queue->free(memory);
}

TEST_F(VulkanQueues, go_on_where_memory_is_refused) {
  GpuQueue& queue = shared_lavapipe_queue();
  GpuDevice device(queue);
  const auto refused = device.allocate(uint64_t{1} << 46, MemoryUse::streamed, "weights");
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().kind, ErrorKind::device);
  EXPECT_THAT(refused.error().message, testing::HasSubstr("no room for 70368744177664 bytes of weights: "));
  EXPECT_TRUE(device.allocate(1000, MemoryUse::streamed, "weights").has_value());
  EXPECT_EQ(error_of(queue.wait()), "");
}

TEST_F(VulkanQueues, are_of_a_library_that_is_there) {
  const auto missing = VulkanDriver::open("libvulkan-of-nobody.so.1");
  ASSERT_FALSE(missing.has_value());
  EXPECT_THAT(missing.error().message, testing::StartsWith("no Vulkan here: libvulkan-of-nobody.so.1"));
  const auto other = VulkanDriver::open("libc.so.6");
  ASSERT_FALSE(other.has_value());
  EXPECT_EQ(other.error().message, "no Vulkan here: libc.so.6 has no vkGetInstanceProcAddr");
}

TEST_F(VulkanQueues, are_of_devices_that_are_listed) {
  const std::vector<VulkanListed> all = take(list_vulkan_gpus());  // outlives what it opens
  std::shared_ptr<const Gpu> found;
  for (const VulkanListed& listed : all) {
    auto gpu = listed.open();
    if (!gpu || !(*gpu)->facts().name.starts_with("llvmpipe")) continue;
    EXPECT_EQ(listed.kind, VulkanKind::host_cores);
    found = std::move(*gpu);
  }
  ASSERT_NE(found, nullptr);
  const GpuMemory memory = take(found->memory());
  EXPECT_GT(memory.total_bytes, uint64_t{1} << 20);
  EXPECT_LE(memory.free_bytes, memory.total_bytes);
  EXPECT_THAT(found->description(), testing::HasSubstr("made in f64"));
  EXPECT_EQ(take(found->make_queue())->facts().name, found->facts().name);
}

TEST_F(VulkanQueues, refuse_by_name_what_they_have_no_kernels_for) {
  Team team(1);
  int64_t launches = 0;
  const auto error_without = [&](GpuKernel kernel, const std::function<std::string(GpuBackend&)>& attempt) {
    auto queue = std::make_unique<CountingQueue>(shared_lavapipe_queue(), launches);
    queue->hide(kernel);
    GpuBackend backend(std::move(queue), team);
    return attempt(backend);
  };
  const auto scratch = [](const StepShape& shape) {
    return [shape](GpuBackend& backend) {
      const auto made = backend.make_scratch(shape);
      return made ? "" : made.error().message;
    };
  };
  const std::string name = shared_lavapipe_queue().facts().name;
  EXPECT_EQ(error_without(GpuKernel::recur, scratch({.rows_max = 1})), "");
  EXPECT_EQ(error_without(GpuKernel::recur, scratch({.rows_max = 1, .convolved = 8})),
            name + " has no kernels for recurrent layers");
  EXPECT_EQ(error_without(GpuKernel::kv_write_q8_0, scratch({.rows_max = 1, .kv_type = KvType::q8_0})),
            name + " has no kernels for keys and values in q8_0");
  EXPECT_EQ(error_without(GpuKernel::choose_experts, scratch({.rows_max = 1, .experts = {.count = 4, .used = 1}})),
            name + " has no kernels for experts");
  const std::vector<std::byte> bytes(18 * 2);
  const MemorySource source(bytes);
  const TensorView tensor = {.name = "w", .type = ElementType::q4_0, .shape = {32, 2, 1, 1}, .source = &source};
  EXPECT_EQ(error_without(GpuKernel::matmul_q4_0_few,
                          [&](GpuBackend& backend) {
                            DeviceArena arena(backend.device(), "weights");
                            const auto loaded = backend.load_matrix(tensor, 0, 2, arena, [](uint64_t) {});
                            return loaded ? std::string() : loaded.error().message;
                          }),
            name + " has no kernels for weights in Q4_0: w");
}

}  // namespace
}  // namespace quire::test
