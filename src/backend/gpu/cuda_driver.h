// The driver of NVIDIA's GPUs, as far as it is called: a library that is there or not. Names, numbers and signatures
// are those of the CUDA Driver API Reference (docs.nvidia.com/cuda/cuda-driver-api).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace quire {

namespace cuda {

using Address = uint64_t;  // CUdeviceptr
using Device = int;        // CUdevice
using Code = int;          // CUresult
struct Context;            // what CUcontext and the like point at
struct Module;
struct LoadedFunction;
struct Stream;

inline constexpr Code success = 0;
inline constexpr Code out_of_memory = 2;

// CUdevice_attribute
inline constexpr int multiprocessor_count = 16;
inline constexpr int compute_capability_major = 75;
inline constexpr int compute_capability_minor = 76;

inline constexpr unsigned stream_non_blocking = 1;  // CU_STREAM_NON_BLOCKING: it does not wait for the default stream

// CUjit_option
inline constexpr int jit_error_log = 5;
inline constexpr int jit_error_log_bytes = 6;

// What cuLaunchKernel's `extra` is made of: CU_LAUNCH_PARAM_...
inline void* const launch_arguments = reinterpret_cast<void*>(uintptr_t{1});
inline void* const launch_arguments_bytes = reinterpret_cast<void*>(uintptr_t{2});
inline void* const launch_end = nullptr;

// K(member, name in the library, parameters): functions that give a Code.
#define QUIRE_CUDA_FUNCTIONS(K)                                                                                       \
  K(init, cuInit, unsigned flags)                                                                                     \
  K(error_name, cuGetErrorName, Code code, const char** name)                                                         \
  K(error_text, cuGetErrorString, Code code, const char** text)                                                       \
  K(device_count, cuDeviceGetCount, int* count)                                                                       \
  K(device, cuDeviceGet, Device* device, int index)                                                                   \
  K(device_name, cuDeviceGetName, char* name, int size, Device device)                                                \
  K(attribute, cuDeviceGetAttribute, int* value, int attribute, Device device)                                        \
  K(retain_context, cuDevicePrimaryCtxRetain, Context** context, Device device)                                       \
  K(release_context, cuDevicePrimaryCtxRelease_v2, Device device)                                                     \
  K(use_context, cuCtxSetCurrent, Context* context)                                                                   \
  K(load_module, cuModuleLoadDataEx, Module** module, const void* image, unsigned count, int* options, void** values) \
  K(unload_module, cuModuleUnload, Module* module)                                                                    \
  K(function, cuModuleGetFunction, LoadedFunction** function, Module* module, const char* name)                       \
  K(memory_info, cuMemGetInfo_v2, size_t* free_bytes, size_t* total_bytes)                                            \
  K(allocate, cuMemAlloc_v2, Address* address, size_t size_bytes)                                                     \
  K(free, cuMemFree_v2, Address address)                                                                              \
  K(allocate_host, cuMemAllocHost_v2, void** memory, size_t size_bytes)                                               \
  K(free_host, cuMemFreeHost, void* memory)                                                                           \
  K(fill, cuMemsetD8Async, Address to, unsigned char value, size_t size_bytes, Stream* stream)                        \
  K(upload, cuMemcpyHtoDAsync_v2, Address to, const void* from, size_t size_bytes, Stream* stream)                    \
  K(download, cuMemcpyDtoHAsync_v2, void* to, Address from, size_t size_bytes, Stream* stream)                        \
  K(make_stream, cuStreamCreate, Stream** stream, unsigned flags)                                                     \
  K(destroy_stream, cuStreamDestroy_v2, Stream* stream)                                                               \
  K(wait, cuStreamSynchronize, Stream* stream)                                                                        \
  K(launch, cuLaunchKernel, LoadedFunction* function, unsigned grid_x, unsigned grid_y, unsigned grid_z,              \
    unsigned block_x, unsigned block_y, unsigned block_z, unsigned shared_bytes, Stream* stream, void** args,         \
    void** extra)

struct Functions {
#define QUIRE_MEMBER(member, name, ...) Code (*member)(__VA_ARGS__) = nullptr;
  QUIRE_CUDA_FUNCTIONS(QUIRE_MEMBER)
#undef QUIRE_MEMBER
};

}  // namespace cuda

// Immutable once open; any thread. The library stays loaded: it has threads of its own.
class CudaDriver {
 public:
  // By the library's name or path. An error says why there is no CUDA here.
  static Result<std::unique_ptr<const CudaDriver>> open(const std::string& library = "libcuda.so.1");

  const cuda::Functions& call() const { return functions_; }
  int device_count() const { return device_count_; }
  // What an error is called, and what the driver says of it. `doing`: what failed.
  Error error(cuda::Code code, std::string_view doing) const;
  Result<void> check(cuda::Code code, std::string_view doing) const {
    if (code == cuda::success) return {};
    return std::unexpected(error(code, doing));
  }

 private:
  CudaDriver() = default;

  cuda::Functions functions_;
  int device_count_ = 0;
};

}  // namespace quire
