// How many float operations the compiler made of each kernel: fused ones that became two, or two that became one, are
// other bits. The table is of one version of the compiler; QUIRE_WRITE_PTX_COUNTS=FILE writes it anew.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/gpu/module.h"

namespace quire::test {
namespace {

constexpr std::string_view table_file = QUIRE_SOURCE_DIR "/tests/gpu/ptx_counts.txt";
constexpr std::array<std::string_view, 9> operations = {"fma.rn.f32", "mul.rn.f32",  "add.rn.f32",
                                                        "sub.rn.f32", "div.rn.f32",  "sqrt.rn.f32",
                                                        "cvt.rn.f32", "cvt.f32.f16", "cvt.rn.f16.f32"};

std::string compiler() { return fmt::format("clang {}\n", QUIRE_GPU_COMPILER); }

size_t count_of(std::string_view text, std::string_view word) {
  size_t count = 0;
  for (size_t at = text.find(word); at != text.npos; at = text.find(word, at + word.size())) ++count;
  return count;
}

// A line for each kernel of the module, in the order of their names.
std::string counts_of(const gpu::Module& module) {
  constexpr std::string_view entry = ".entry quire_";
  std::vector<std::string> lines;
  for (size_t at = module.ptx.find(entry); at != module.ptx.npos;) {
    const size_t next = module.ptx.find(entry, at + 1);
    const std::string_view text = module.ptx.substr(at + entry.size(), next - at);
    std::string line = fmt::format("{} {}:", module.compute_capability, text.substr(0, text.find('(')));
    for (const std::string_view operation : operations) line += fmt::format(" {}", count_of(text, operation));
    lines.push_back(line);
    at = next;
  }
  std::ranges::sort(lines);
  return fmt::format("{}\n", fmt::join(lines, "\n"));
}

std::string whole_table() {
  std::string table = fmt::format("{}kernel: {}\n", compiler(), fmt::join(operations, " "));
  for (const gpu::Module& module : gpu::modules()) table += counts_of(module);
  return table;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

TEST(GpuModuleCounts, are_those_of_the_table) {
  if (gpu::modules().empty()) GTEST_SKIP() << "built without clang++-19";
  const std::string found = whole_table();
  if (const char* const file = std::getenv("QUIRE_WRITE_PTX_COUNTS")) std::ofstream(file) << found;
  std::ifstream stream{std::string(table_file)};
  const std::string expected{std::istreambuf_iterator<char>(stream), {}};
  ASSERT_FALSE(expected.empty()) << table_file;
  if (!expected.starts_with(compiler())) {
    GTEST_SKIP() << "of another compiler, " << lines_of(expected).front() << ", and this is " << compiler();
  }
  EXPECT_THAT(lines_of(found), testing::ElementsAreArray(lines_of(expected)));
}

}  // namespace
}  // namespace quire::test
