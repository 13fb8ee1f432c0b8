#include "backend/gpu/cuda_queue.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "base/bytes.h"
#include "base/check.h"

namespace quire {
namespace {

// A step's inputs and its rows of the token table, some times over.
constexpr uint64_t staging_bytes = uint64_t{8} << 20;

}  // namespace

Result<std::unique_ptr<GpuQueue>> CudaQueue::create(const CudaGpu& gpu) {
  std::unique_ptr<CudaQueue> queue(new CudaQueue(gpu));
  const CudaDriver& driver = gpu.driver();
  QUIRE_TRY_VOID(driver.check(gpu.use(), gpu.facts().name));
  QUIRE_TRY_VOID(driver.check(queue->call().make_stream(&queue->stream_, cuda::stream_non_blocking), "a stream"));
  QUIRE_TRY(queue->staging_, queue->allocate_host(staging_bytes));
  return queue;
}

CudaQueue::~CudaQueue() {
  (void)gpu_.use();
  if (stream_ == nullptr) return;
  (void)call().wait(stream_);  // what it copies to and from may go after it
  if (staging_ != nullptr) free_host(staging_);
  (void)call().destroy_stream(stream_);
}

void CudaQueue::note(cuda::Code code, std::string_view doing) {
  if (code != cuda::success) fail(gpu_.driver().error(code, fmt::format("{}: {}", facts().name, doing)));
}

void CudaQueue::fail(Error why) {
  if (!error_) error_ = std::move(why);
}

bool CudaQueue::may_issue() {
  if (!error_) note(gpu_.use(), facts().name);
  return !error_;
}

Result<DeviceAddress> CudaQueue::allocate(uint64_t size_bytes) {
  QUIRE_TRY_VOID(gpu_.driver().check(gpu_.use(), facts().name));
  cuda::Address address = 0;
  QUIRE_TRY_VOID(gpu_.driver().check(call().allocate(&address, size_bytes), "memory of the GPU"));
  return DeviceAddress{address};
}

void CudaQueue::free(DeviceAddress memory) {
  (void)gpu_.use();
  (void)call().free(memory.value);  // of a GPU that is lost nothing is left
}

Result<std::byte*> CudaQueue::allocate_host(uint64_t size_bytes) {
  QUIRE_TRY_VOID(gpu_.driver().check(gpu_.use(), facts().name));
  void* memory = nullptr;
  QUIRE_TRY_VOID(gpu_.driver().check(call().allocate_host(&memory, size_bytes), "memory that the GPU copies to"));
  return static_cast<std::byte*>(memory);
}

void CudaQueue::free_host(std::byte* memory) {
  (void)gpu_.use();
  (void)call().free_host(memory);
}

void CudaQueue::fill(DeviceAddress to, std::byte value, uint64_t size_bytes) {
  if (size_bytes == 0 || !may_issue()) return;
  note(call().fill(to.value, std::to_integer<unsigned char>(value), size_bytes, stream_), "filling memory of the GPU");
}

void CudaQueue::upload(DeviceAddress to, std::span<const std::byte> from) {
  while (!from.empty() && may_issue()) {
    if (staged_bytes_ == staging_bytes) wait_for_stream();
    const size_t size = std::min(from.size(), static_cast<size_t>(staging_bytes - staged_bytes_));
    std::byte* const staged = staging_ + staged_bytes_;
    std::memcpy(staged, from.data(), size);
    staged_bytes_ = std::min(staging_bytes, round_up<uint64_t>(staged_bytes_ + size, 64));
    note(call().upload(to.value, staged, size, stream_), "copying to the GPU");
    to = to + static_cast<int64_t>(size);
    from = from.subspan(size);
  }
}

void CudaQueue::download(DeviceAddress from, std::span<std::byte> to) {
  if (to.empty() || !may_issue()) return;
  note(call().download(to.data(), from.value, to.size(), stream_), "copying from the GPU");
}

void CudaQueue::launch(GpuKernel kernel, int64_t blocks, int threads, std::span<const std::byte> args) {
  constexpr int64_t blocks_max = (int64_t{1} << 31) - 1;
  QUIRE_CHECK(blocks > 0 && blocks <= blocks_max, "a grid that the GPU can have");
  if (!may_issue()) return;
  size_t size = args.size();
  std::array<void*, 5> extra = {cuda::launch_arguments, const_cast<std::byte*>(args.data()),
                                cuda::launch_arguments_bytes, &size, cuda::launch_end};
  note(call().launch(gpu_.function(kernel), static_cast<unsigned>(blocks), 1, 1, static_cast<unsigned>(threads), 1, 1,
                     0, stream_, nullptr, extra.data()),
       "a kernel");
}

void CudaQueue::wait_for_stream() {
  if (!may_issue()) return;
  note(call().wait(stream_), "waiting for the GPU");
  staged_bytes_ = 0;
}

Result<void> CudaQueue::wait() {
  wait_for_stream();
  if (error_) return std::unexpected(*error_);
  return {};
}

}  // namespace quire
