// What is issued to a card happens in order, and its first error stays.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "backend/gpu/gpu_device.h"
#include "backend/gpu/gpu_launch.h"
#include "gpu/backend/stand_in_gpu.h"
#include "gpu/backend/tested_gpu.h"

namespace quire::test {
namespace {

constexpr int illegal_address = 700;

class GpuQueues : public testing::Test {
 protected:
  void SetUp() override {
    QUIRE_GPU_OR_SKIP();
    QUIRE_STAND_IN_OR_SKIP();
  }

  static std::string error_of(const Result<void>& result) { return result ? "" : result.error().message; }
};

// Memory of the host that the card copies to.
class Results {
 public:
  Results(GpuQueue& queue, size_t count)
      : queue_(queue), bytes_(take(queue.allocate_host(count * sizeof(float)))), count_(count) {}
  Results(const Results&) = delete;
  Results& operator=(const Results&) = delete;
  ~Results() { queue_.free_host(bytes_); }
  std::span<std::byte> bytes() const { return {bytes_, count_ * sizeof(float)}; }
  std::vector<float> values() const {
    const auto* const begin = reinterpret_cast<const float*>(bytes_);
    return {begin, begin + count_};
  }

 private:
  GpuQueue& queue_;
  std::byte* const bytes_;
  const size_t count_;
};

TEST_F(GpuQueues, say_what_the_card_is) {
  const StandInGpu card({.compute_capability = 75, .multiprocessors = 34, .memory_bytes = uint64_t{1} << 30});
  EXPECT_EQ(card.gpu().facts().name, "stand-in");
  EXPECT_EQ(card.gpu().facts().multiprocessors, 34);
  EXPECT_FALSE(card.gpu().facts().has_tensor_cores);
  const auto queue = card.make_queue();
  const auto memory = take(queue->allocate(uint64_t{1} << 20));
  EXPECT_EQ(take(queue->memory()).free_bytes, (uint64_t{1} << 30) - (uint64_t{1} << 20));
  queue->free(memory);
  EXPECT_EQ(take(queue->memory()).free_bytes, take(queue->memory()).total_bytes);
}

TEST_F(GpuQueues, are_of_a_driver_that_is_there_and_a_card_that_can_run_the_kernels) {
  const auto missing = CudaDriver::open("libcuda-of-nobody.so.1");
  ASSERT_FALSE(missing.has_value());
  EXPECT_THAT(missing.error().message, testing::StartsWith("no CUDA here: libcuda-of-nobody.so.1"));
  const auto other = CudaDriver::open("libc.so.6");
  ASSERT_FALSE(other.has_value());
  EXPECT_THAT(other.error().message, testing::HasSubstr("the driver has no cu"));
  const StandInGpu card;
  card.become({.compute_capability = 70});
  const auto driver = take(CudaDriver::open(QUIRE_STAND_IN_CUDA));
  const auto old = CudaGpu::open(*driver, 0);
  ASSERT_FALSE(old.has_value());
  EXPECT_EQ(old.error().message, "stand-in: found compute capability 7.0, expected at least 7.5");
}

// More than is staged at a time, from memory that is the caller's again.
TEST_F(GpuQueues, upload_what_they_are_given_and_download_it) {
  const StandInGpu card;
  const auto queue = card.make_queue();
  constexpr size_t count = 5 << 20;
  const auto memory = take(queue->allocate(count * sizeof(float)));
  std::vector<float> values(count);
  for (size_t i = 0; i < count; ++i) values[i] = static_cast<float>(i);
  const std::vector<float> expected = values;
  queue->upload(memory, std::as_bytes(std::span(values)));
  std::ranges::fill(values, -1.0F);
  const Results results(*queue, count);
  queue->download(memory, results.bytes());
  take(queue->wait());
  EXPECT_EQ(results.values(), expected);
  queue->free(memory);
}

TEST_F(GpuQueues, have_memory_that_the_host_cannot_touch) {
  const StandInGpu card;
  const auto queue = card.make_queue();
  const auto memory = take(queue->allocate(64));
  queue->fill(memory, std::byte{0}, 64);
  EXPECT_DEATH(std::memset(device_pointer<void>(memory), 1, 64), "");
  queue->free(memory);
}

TEST_F(GpuQueues, keep_their_first_error_and_do_nothing_more) {
  const StandInGpu card;
  const auto queue = card.make_queue();
  const auto memory = take(queue->allocate(64));
  queue->fill(memory, std::byte{0}, 64);
  take(queue->wait());
  card.fail(2, illegal_address, false);  // the second call: the first one says on which card it is
  queue->fill(memory, std::byte{1}, 64);
  const int64_t launches = card.counts().launches;
  launch<gpu::Map<gpu::Scale>>(*queue, {.x = device_floats(memory), .count = 16, .operand = 2.0F});
  EXPECT_EQ(card.counts().launches, launches);
  constexpr auto expected =
      "stand-in: filling memory of the GPU: CUDA_ERROR_ILLEGAL_ADDRESS (an error of the stand-in)";
  EXPECT_EQ(error_of(queue->wait()), expected);
  EXPECT_EQ(error_of(queue->wait()), expected);
  queue->free(memory);
}

TEST_F(GpuQueues, go_on_where_memory_is_refused) {
  const StandInGpu card({.memory_bytes = uint64_t{1} << 20});
  const auto queue = card.make_queue();
  GpuDevice device(*queue);
  const auto refused = device.allocate(uint64_t{2} << 20, MemoryUse::streamed, "weights");
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().kind, ErrorKind::device);
  EXPECT_EQ(refused.error().message,
            "stand-in: no room for 2097152 bytes of weights: memory of the GPU: CUDA_ERROR_OUT_OF_MEMORY (out of "
            "memory)");
  EXPECT_TRUE(device.allocate(1000, MemoryUse::streamed, "weights").has_value());
  EXPECT_EQ(error_of(queue->wait()), "");
}

TEST_F(GpuQueues, give_devices_zeros_and_take_all_back) {
  const StandInGpu card;
  {
    const auto queue = card.make_queue();
    GpuDevice device(*queue);
    DeviceMemory memory = take(device.allocate(40 * sizeof(float), MemoryUse::sparse, "rows"));
    const Results results(*queue, 40);
    queue->download(memory.address(), results.bytes());
    take(queue->wait());
    EXPECT_EQ(results.values(), std::vector<float>(40, 0.0F));
    memory.fill(8, std::byte{0xff}, 4);
    memory.give_back(0, 160);  // which it does not
    queue->download(memory.address(), results.bytes());
    take(queue->wait());
    EXPECT_TRUE(std::isnan(results.values()[2]));
    EXPECT_EQ(results.values()[3], 0.0F);
  }
  EXPECT_EQ(card.counts().device_bytes, 0);
  EXPECT_EQ(card.counts().host_bytes, 0);
}

}  // namespace
}  // namespace quire::test
