#include "kernels/gpu/module.h"

#include <cstddef>

#ifdef QUIRE_GPU_MODULES

#define QUIRE_MODULE_BYTES(name, file) \
  asm(".section .rodata\n"             \
      ".global quire_gpu_module_" name \
      "\n"                             \
      ".global quire_gpu_module_" name \
      "_end\n"                         \
      "quire_gpu_module_" name         \
      ":\n"                            \
      ".incbin \"" file                \
      "\"\n"                           \
      "quire_gpu_module_" name         \
      "_end:\n"                        \
      ".byte 0\n"                      \
      ".previous\n")

QUIRE_MODULE_BYTES("75", QUIRE_GPU_MODULES "/module_75.ptx");
QUIRE_MODULE_BYTES("80", QUIRE_GPU_MODULES "/module_80.ptx");

extern "C" {
extern const char quire_gpu_module_75[], quire_gpu_module_75_end[];
extern const char quire_gpu_module_80[], quire_gpu_module_80_end[];
}

namespace quire::gpu {

std::span<const Module> modules() {
  static const Module modules[] = {
      {.compute_capability = 75, .ptx = {quire_gpu_module_75, quire_gpu_module_75_end}},
      {.compute_capability = 80, .ptx = {quire_gpu_module_80, quire_gpu_module_80_end}},
  };
  return modules;
}

}  // namespace quire::gpu

#else

namespace quire::gpu {

std::span<const Module> modules() { return {}; }

}  // namespace quire::gpu

#endif
