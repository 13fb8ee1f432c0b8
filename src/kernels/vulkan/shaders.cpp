#include "kernels/vulkan/shaders.h"

#include <algorithm>

#ifdef QUIRE_SHADERS

#define QUIRE_SHADER_BYTES(name, file) \
  asm(".section .rodata\n"             \
      ".balign 4\n"                    \
      ".global quire_shader_" name     \
      "\n"                             \
      ".global quire_shader_" name     \
      "_end\n"                         \
      "quire_shader_" name             \
      ":\n"                            \
      ".incbin \"" file                \
      "\"\n"                           \
      "quire_shader_" name             \
      "_end:\n"                        \
      ".previous\n")

#define QUIRE_SHADER(shader, fused_file, f64_file)                                                \
  QUIRE_SHADER_BYTES(#shader "_fused", fused_file);                                               \
  QUIRE_SHADER_BYTES(#shader "_f64", f64_file);                                                   \
  extern "C" const uint32_t quire_shader_##shader##_fused[], quire_shader_##shader##_fused_end[], \
      quire_shader_##shader##_f64[], quire_shader_##shader##_f64_end[];
#include QUIRE_SHADERS
#undef QUIRE_SHADER

namespace quire::gpu {

std::span<const Shader> shaders() {
  static const Shader shaders[] = {
#define QUIRE_SHADER(shader, fused_file, f64_file)                              \
  {.name = #shader,                                                             \
   .fused = {quire_shader_##shader##_fused, quire_shader_##shader##_fused_end}, \
   .f64 = {quire_shader_##shader##_f64, quire_shader_##shader##_f64_end}},
#include QUIRE_SHADERS
#undef QUIRE_SHADER
  };
  return shaders;
}

}  // namespace quire::gpu

#else

namespace quire::gpu {

std::span<const Shader> shaders() { return {}; }

}  // namespace quire::gpu

#endif

namespace quire::gpu {

const Shader* find_shader(std::string_view name) {
  const auto found = std::ranges::find(shaders(), name, &Shader::name);
  return found == shaders().end() ? nullptr : &*found;
}

}  // namespace quire::gpu
