// What the compiler made of the kernels: each is there, and no instruction of it rounds otherwise than the contract
// says.
#include "kernels/gpu/module.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <initializer_list>
#include <string_view>
#include <vector>

#include "kernels/gpu/kernel_list.h"

namespace quire::test {
namespace {

class GpuModule : public testing::Test {
 protected:
  void SetUp() override {
    if (gpu::modules().empty()) GTEST_SKIP() << "built without clang++-19";
  }
};

// The lines of a module that one of the words stands in.
std::vector<std::string_view> lines_with(const gpu::Module& module, std::initializer_list<std::string_view> words) {
  std::vector<std::string_view> found;
  for (size_t begin = 0; begin < module.ptx.size();) {
    const size_t end = std::min(module.ptx.find('\n', begin), module.ptx.size());
    const std::string_view line = module.ptx.substr(begin, end - begin);
    if (std::ranges::any_of(words, [&](std::string_view word) { return line.find(word) != std::string_view::npos; })) {
      found.push_back(line);
    }
    begin = end + 1;
  }
  return found;
}

bool has_entry(const gpu::Module& module, const char* name) {
  return module.ptx.find(fmt::format(".entry quire_{}(", name)) != std::string_view::npos;
}

TEST_F(GpuModule, has_every_kernel) {
  const std::span modules = gpu::modules();
  ASSERT_EQ(modules.size(), 2U);
#define QUIRE_EXPECT_IN_ALL(name, ...) \
  for (const gpu::Module& module : modules) EXPECT_TRUE(has_entry(module, #name)) << #name;
  QUIRE_GPU_KERNELS(QUIRE_EXPECT_IN_ALL)
#define QUIRE_EXPECT_IN_LAST(name, ...)                \
  EXPECT_FALSE(has_entry(modules[0], #name)) << #name; \
  EXPECT_TRUE(has_entry(modules[1], #name)) << #name;
  QUIRE_GPU_TENSOR_KERNELS(QUIRE_EXPECT_IN_LAST)
#define QUIRE_EXPECT_IN_FIRST(name, ...)              \
  EXPECT_TRUE(has_entry(modules[0], #name)) << #name; \
  EXPECT_FALSE(has_entry(modules[1], #name)) << #name;
  QUIRE_GPU_DOT_KERNELS(QUIRE_EXPECT_IN_FIRST)
#undef QUIRE_EXPECT_IN_ALL
#undef QUIRE_EXPECT_IN_LAST
#undef QUIRE_EXPECT_IN_FIRST
}

TEST_F(GpuModule, rounds_every_operation_to_nearest) {
  for (const gpu::Module& module : gpu::modules()) {
    EXPECT_THAT(lines_with(module, {".ftz", ".approx", ".full", ".sat", ".rz.f", ".rm.f", ".rp.f"}),
                testing::IsEmpty());
    // Without .rn the driver may fuse a product and a sum.
    EXPECT_THAT(lines_with(module, {"add.f", "sub.f", "mul.f", "fma.f", "mad.f", "div.f", "sqrt.f", "rcp.f"}),
                testing::IsEmpty());
    EXPECT_GT(lines_with(module, {"fma.rn.f32"}).size(), 100U);
    EXPECT_GT(lines_with(module, {"div.rn.f32"}).size(), 10U);
    EXPECT_GT(lines_with(module, {"sqrt.rn.f32"}).size(), 2U);
  }
}

TEST_F(GpuModule, calls_nothing_and_has_no_doubles) {
  for (const gpu::Module& module : gpu::modules()) {
    EXPECT_THAT(lines_with(module, {"call", ".func", ".f64"}), testing::IsEmpty());
  }
}

}  // namespace
}  // namespace quire::test
