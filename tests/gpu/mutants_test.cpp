// Whether the cases would see what may go wrong in a kernel. QUIRE_GPU_MUTANTS=all tries every mutant of every case
// (docs/testing.md); without it every barrier, and a sample of the others of a few types.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <initializer_list>
#include <iostream>
#include <string_view>

#include "gpu/mutant.h"

namespace quire::test {
namespace {

constexpr size_t sampled_one_in = 8;

bool tries_all() { return std::getenv("QUIRE_GPU_MUTANTS") != nullptr; }

bool has_one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::ranges::any_of(words, [&](std::string_view word) { return text.find(word) != text.npos; });
}

// Of matmuls and attention types that stand for the others.
bool is_tried(const Case& one) {
  if (tries_all()) return true;
  return one.name.starts_with("matmul") ? has_one_of(one.name, {" q4_0 ", " f16 "})
                                        : !one.name.starts_with("attention") || has_one_of(one.name, {"F16"});
}

// What a kernel does not read of arguments that others share with it.
bool is_read(const Argument& argument) {
  struct Unread {
    std::string_view kernel;
    std::initializer_list<size_t> words;
  };
  const Unread all[] = {
      {"KvWrite", {2}},             // the layer's type: the kernel is of one
      {"AttentionWalk", {2, 21}},   // and what splits need
      {"AttentionScores", {2, 6}},  // how wide values are
      {"AttentionValues", {2}},
      {"AttentionWeights", {2, 3, 4, 5, 6}},  // the layer
      {"MatmulStream", {7, 8}},               // rows as floats
      {"MatmulFew", {7, 8}},
      {"MatmulMany", {7, 8}},
      {"gpu::Convolve", {3}},   // runs: rows say theirs
      {"StoreConvolved", {7}},  // rows: runs say theirs
  };
  return std::ranges::none_of(all, [&](const Unread& one) {
    return argument.kernel.find(one.kernel) != std::string_view::npos &&
           std::ranges::find(one.words, argument.word) != one.words.end();
  });
}

TEST(GpuMutants, are_all_seen) {
  if (!announces_accesses) GTEST_SKIP() << "the compiler does not announce accesses";
  std::vector<Case> cases = all_cases();
  std::erase_if(cases, [](const Case& one) { return !is_tried(one); });
  size_t tried[std::variant_size_v<decltype(Mutant::change)>] = {}, number = 0;
  for (const Mutant& mutant : find_mutants(cases)) {
    const auto* const bent = std::get_if<BentArgument>(&mutant.change);
    if (bent != nullptr && !is_read(bent->argument)) continue;
    const bool is_barrier = std::holds_alternative<BarrierSite>(mutant.change);
    if (!is_barrier && !tries_all() && number++ % sampled_one_in != 0) continue;
    ++tried[mutant.change.index()];
    EXPECT_TRUE(is_caught(mutant)) << mutant.name() << ", as in " << mutant.cases.front()->name;
  }
  std::cout << tried[0] << " without a barrier, " << tried[1] << " of another index, " << tried[2]
            << " of another rounding, " << tried[3] << " of another argument\n";
  EXPECT_GE(tried[0], 7U);
}

}  // namespace
}  // namespace quire::test
