#include "backend/gpu/cuda_gpu.h"

#include <fmt/format.h>

#include <array>
#include <iterator>
#include <span>

#include "backend/gpu/cuda_queue.h"
#include "kernels/gpu/module.h"

namespace quire {
namespace {

// The last that a GPU of this compute capability can run.
const gpu::Module* find_module(int compute_capability) {
  const gpu::Module* found = nullptr;
  for (const gpu::Module& module : gpu::modules()) {
    if (module.compute_capability <= compute_capability) found = &module;
  }
  return found;
}

// Of a list, by what the GPU has.
enum class Needs : uint8_t { nothing, tensor_cores, no_tensor_cores };

struct Entry {
  const char* name;
  Needs needs;
};

constexpr Entry entries[] = {
#define QUIRE_ENTRY(name, ...) {"quire_" #name, Needs::nothing},
    QUIRE_GPU_KERNELS(QUIRE_ENTRY)
#undef QUIRE_ENTRY
#define QUIRE_ENTRY(name, ...) {"quire_" #name, Needs::no_tensor_cores},
        QUIRE_GPU_DOT_KERNELS(QUIRE_ENTRY)
#undef QUIRE_ENTRY
#define QUIRE_ENTRY(name, ...) {"quire_" #name, Needs::tensor_cores},
            QUIRE_GPU_TENSOR_KERNELS(QUIRE_ENTRY)
#undef QUIRE_ENTRY
};
static_assert(std::size(entries) == gpu_kernel_count, "in the order of the numbers");

}  // namespace

Result<std::unique_ptr<const CudaGpu>> CudaGpu::open(const CudaDriver& driver, int index) {
  std::unique_ptr<CudaGpu> card(new CudaGpu(driver));
  const cuda::Functions& call = driver.call();
  QUIRE_TRY_VOID(driver.check(call.device(&card->device_, index), fmt::format("GPU {}", index)));
  std::array<char, 256> name{};
  int major = 0, minor = 0;
  QUIRE_TRY_VOID(driver.check(call.device_name(name.data(), static_cast<int>(name.size()), card->device_), "its name"));
  card->facts_.name = name.data();
  const auto ask = [&](int attribute, int& value) {
    return driver.check(call.attribute(&value, attribute, card->device_), card->facts_.name);
  };
  QUIRE_TRY_VOID(ask(cuda::compute_capability_major, major));
  QUIRE_TRY_VOID(ask(cuda::compute_capability_minor, minor));
  QUIRE_TRY_VOID(ask(cuda::multiprocessor_count, card->facts_.multiprocessors));
  card->compute_capability_ = 10 * major + minor;
  card->facts_.has_tensor_cores = card->compute_capability_ >= 80;
  QUIRE_TRY_VOID(driver.check(call.retain_context(&card->context_, card->device_), card->facts_.name));
  QUIRE_TRY_VOID(driver.check(card->use(), card->facts_.name));
  QUIRE_TRY_VOID(card->load_kernels());
  return card;
}

Result<void> CudaGpu::load_kernels() {
  if (gpu::modules().empty()) {
    return fail(ErrorKind::unsupported, "this program was built without kernels for a GPU: clang++-19 was not there");
  }
  const gpu::Module* const module = find_module(compute_capability_);
  if (module == nullptr) {
    const int least = gpu::modules().front().compute_capability;
    return fail(ErrorKind::unsupported,
                fmt::format("{}: found compute capability {}.{}, expected at least {}.{}", facts_.name,
                            compute_capability_ / 10, compute_capability_ % 10, least / 10, least % 10));
  }
  std::array<char, 4096> log{};
  std::array<int, 2> options = {cuda::jit_error_log, cuda::jit_error_log_bytes};
  std::array<void*, 2> values = {log.data(), reinterpret_cast<void*>(log.size())};
  if (const cuda::Code code = driver_.call().load_module(
          &module_, module->ptx.data(), static_cast<unsigned>(options.size()), options.data(), values.data());
      code != cuda::success) {
    return std::unexpected(
        driver_.error(code, fmt::format("{}: its driver refuses the kernels: {}", facts_.name, log.data())));
  }
  for (size_t index = 0; index < functions_.size(); ++index) {
    const auto& [name, needs] = entries[index];
    if (needs == (facts_.has_tensor_cores ? Needs::no_tensor_cores : Needs::tensor_cores)) continue;
    QUIRE_TRY_VOID(driver_.check(driver_.call().function(&functions_[index], module_, name), name));
    facts_.kernels.set(index);
  }
  return {};
}

CudaGpu::~CudaGpu() {
  if (context_ == nullptr) return;
  // What fails here has failed before, or there is nobody left to tell.
  (void)use();
  if (module_ != nullptr) (void)driver_.call().unload_module(module_);
  (void)driver_.call().release_context(device_);
}

std::string CudaGpu::description() const {
  return fmt::format("{}, compute capability {}.{}, by CUDA", facts_.name, compute_capability_ / 10,
                     compute_capability_ % 10);
}

Result<GpuMemory> CudaGpu::memory() const {
  QUIRE_TRY_VOID(driver_.check(use(), facts_.name));
  size_t free_bytes = 0, total_bytes = 0;
  QUIRE_TRY_VOID(driver_.check(driver_.call().memory_info(&free_bytes, &total_bytes), "asking for free memory"));
  return GpuMemory{.free_bytes = free_bytes, .total_bytes = total_bytes};
}

Result<std::unique_ptr<GpuQueue>> CudaGpu::make_queue() const { return CudaQueue::create(*this); }

}  // namespace quire
