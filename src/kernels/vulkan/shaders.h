// The shaders as a driver of Vulkan takes them, and which kernels they are.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace quire::gpu {

// SPIR-V.
struct Shader {
  std::string_view name;
  std::span<const uint32_t> fused;  // of devices whose fma is one rounding
  std::span<const uint32_t> f64;    // of others: fma is made in f64
};

// None in a program that was built without glslc.
std::span<const Shader> shaders();
// Null: there is none of this name.
const Shader* find_shader(std::string_view name);

// Constants of a shader, from the number `first_kernel_constant` on; those before it are the arithmetic's
// (arithmetic.glsl).
inline constexpr uint32_t first_kernel_constant = 3;
using KernelConstants = std::array<uint32_t, 5>;

// Which shader a kernel of kernels/gpu/kernel_list.h is, with which constants. It has the kernel's arguments and grid.
struct ShaderKernel {
  std::string_view kernel;
  std::string_view shader;
  KernelConstants constants{};
};
std::span<const ShaderKernel> shader_kernels();

}  // namespace quire::gpu
