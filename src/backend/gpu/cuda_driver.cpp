#include "backend/gpu/cuda_driver.h"

#include <dlfcn.h>
#include <fmt/format.h>

namespace quire {
namespace {

Error no_cuda(std::string_view why) {
  return {.kind = ErrorKind::unsupported, .message = fmt::format("no CUDA here: {}", why)};
}

Result<cuda::Functions> find_functions(void* library) {
  cuda::Functions functions;
  const char* missing = nullptr;
#define QUIRE_FIND(member, name, ...)                                                     \
  functions.member = reinterpret_cast<decltype(functions.member)>(dlsym(library, #name)); \
  if (functions.member == nullptr) missing = #name;
  QUIRE_CUDA_FUNCTIONS(QUIRE_FIND)
#undef QUIRE_FIND
  if (missing != nullptr) return std::unexpected(no_cuda(fmt::format("the driver has no {}: it is too old", missing)));
  return functions;
}

}  // namespace

Result<std::unique_ptr<const CudaDriver>> CudaDriver::open(const std::string& library) {
  void* const handle = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) {
    const char* const why = dlerror();
    return std::unexpected(no_cuda(why != nullptr ? why : library.c_str()));
  }
  std::unique_ptr<CudaDriver> driver(new CudaDriver);
  QUIRE_TRY(driver->functions_, find_functions(handle));
  const cuda::Functions& call = driver->call();
  if (const cuda::Code code = call.init(0); code != cuda::success) {
    return std::unexpected(no_cuda(driver->error(code, "the driver does not begin").message));
  }
  QUIRE_TRY_VOID(driver->check(call.device_count(&driver->device_count_), "counting GPUs"));
  if (driver->device_count_ == 0) return std::unexpected(no_cuda("there is no GPU"));
  return driver;
}

Error CudaDriver::error(cuda::Code code, std::string_view doing) const {
  const char* name = nullptr;
  const char* text = nullptr;
  (void)functions_.error_name(code, &name);
  (void)functions_.error_text(code, &text);
  const std::string number = fmt::format("error {}", code);
  return {.kind = ErrorKind::device,
          .message = fmt::format("{}: {} ({})", doing, name != nullptr ? name : number.c_str(),
                                 text != nullptr ? text : "unknown to the driver")};
}

}  // namespace quire
