// What glslc made of the shaders: each kernel has one, and no instruction of it rounds otherwise than the contract
// says.
#include "kernels/vulkan/shaders.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <initializer_list>
#include <set>
#include <string>

#include "backend/gpu/vulkan/spirv.h"
#include "kernels/gpu/kernel_list.h"

namespace quire::test {
namespace {

// Numbers of the SPIR-V specification, and of its extended instructions for GLSL.
constexpr uint32_t op_ext_inst = 12, op_execution_mode = 16, op_capability = 17, op_decorate = 71;
constexpr uint32_t op_f_add = 129, op_f_sub = 131, op_f_mul = 133, op_f_div = 136, op_f_rem = 140, op_dot = 148;
constexpr uint32_t no_contraction = 42, float64 = 10;
constexpr uint32_t glsl_sqrt = 31, glsl_umin = 38, glsl_smin = 39, glsl_umax = 41, glsl_smax = 42, glsl_fma = 50,
                   glsl_unpack_half = 62, glsl_find_lsb = 73, glsl_find_smsb = 74, glsl_find_umsb = 75;

void for_instructions(std::span<const uint32_t> code,
                      const std::function<void(uint32_t operation, std::span<const uint32_t> words)>& visit) {
  for (size_t at = 5; at < code.size();) {
    const size_t words = code[at] >> 16;
    ASSERT_TRUE(words > 0 && at + words <= code.size());
    visit(code[at] & 0xFFFFU, code.subspan(at, words));
    at += words;
  }
}

std::set<uint32_t> capabilities(std::span<const uint32_t> code) {
  std::set<uint32_t> found;
  for_instructions(code, [&](uint32_t operation, std::span<const uint32_t> words) {
    if (operation == op_capability) found.insert(words[1]);
  });
  return found;
}

bool is_one_of(uint32_t value, std::initializer_list<uint32_t> values) {
  return std::ranges::find(values, value) != values.end();
}

class VulkanShaders : public testing::Test {
 protected:
  static void for_shaders(const std::function<void(std::span<const uint32_t> code, bool in_f64)>& visit) {
    ASSERT_GT(gpu::shaders().size(), 20U);
    for (const gpu::Shader& shader : gpu::shaders()) {
      SCOPED_TRACE(shader.name);
      visit(shader.fused, false);
      visit(shader.f64, true);
    }
  }
};

TEST_F(VulkanShaders, are_there_for_every_kernel_but_those_of_tensor_cores_and_of_many_rows) {
  std::set<std::string> expected, found;
#define QUIRE_INSERT(name, ...) expected.insert(#name);
  QUIRE_GPU_KERNELS(QUIRE_INSERT)
  QUIRE_GPU_DOT_KERNELS(QUIRE_INSERT)
#undef QUIRE_INSERT
  std::erase_if(expected, [](const std::string& name) { return name.ends_with("_many"); });  // eight rows at a time
  for (const gpu::ShaderKernel& kernel : gpu::shader_kernels()) {
    found.emplace(kernel.kernel);
    EXPECT_NE(gpu::find_shader(kernel.shader), nullptr) << kernel.shader;
  }
  EXPECT_EQ(found, expected);
}

TEST_F(VulkanShaders, let_no_driver_fuse_or_approximate) {
  for_shaders([](std::span<const uint32_t> code, bool in_f64) {
    std::set<uint32_t> kept;  // results that are computed as they are written
    for_instructions(code, [&](uint32_t operation, std::span<const uint32_t> words) {
      if (operation == op_decorate && words[2] == no_contraction) kept.insert(words[1]);
    });
    for_instructions(code, [&](uint32_t operation, std::span<const uint32_t> words) {
      if (is_one_of(operation, {op_f_add, op_f_sub, op_f_mul, op_f_div})) {
        EXPECT_TRUE(kept.contains(words[2])) << "operation " << operation;
      }
      EXPECT_FALSE(operation >= op_f_rem && operation <= op_dot) << "operation " << operation << " on floats";
      if (operation != op_ext_inst) return;
      const uint32_t called = words[4];
      EXPECT_TRUE(is_one_of(called, {glsl_sqrt, glsl_fma, glsl_unpack_half, glsl_umin, glsl_umax, glsl_smin, glsl_smax,
                                     glsl_find_lsb, glsl_find_smsb, glsl_find_umsb}))
          << "function " << called;
      EXPECT_FALSE(in_f64 && called == glsl_fma) << "that is made in f64";
    });
  });
}

TEST_F(VulkanShaders, need_f64_only_where_a_fused_operation_is_made_in_it) {
  int in_f64_only = 0;
  for_shaders([&](std::span<const uint32_t> code, bool in_f64) {
    const bool has_f64 = capabilities(code).contains(float64);
    EXPECT_FALSE(has_f64 && !in_f64);
    in_f64_only += has_f64 ? 1 : 0;
  });
  EXPECT_GT(in_f64_only, 10);
}

// Execution modes stand behind the entry point, with a capability each.
TEST_F(VulkanShaders, get_the_modes_of_floats_that_a_device_has) {
  constexpr uint32_t denorm_preserve = 4459, nan_preserve = 4461, round_to_even = 4462;
  const std::span<const uint32_t> plain = gpu::shaders().front().fused;
  const auto modes_of = [](std::span<const uint32_t> code) {
    std::set<uint32_t> modes;
    for_instructions(code, [&](uint32_t operation, std::span<const uint32_t> words) {
      if (operation == op_execution_mode && words.size() == 4 && words[3] == 32) modes.insert(words[2]);
    });
    return modes;
  };
  EXPECT_THAT(with_float_modes(plain, {}), testing::ElementsAreArray(plain));
  EXPECT_THAT(modes_of(plain), testing::IsEmpty());
  const auto all = with_float_modes(plain, {.keeps_denormals = true, .keeps_infinities = true, .rounds_to_even = true});
  EXPECT_THAT(modes_of(all), testing::ElementsAre(denorm_preserve, nan_preserve, round_to_even));
  std::set<uint32_t> expected = capabilities(plain);
  expected.insert({4464, 4466, 4467});
  EXPECT_EQ(capabilities(all), expected);
  EXPECT_THAT(modes_of(with_float_modes(plain, {.keeps_denormals = true})), testing::ElementsAre(denorm_preserve));
}

}  // namespace
}  // namespace quire::test
