// The sampled worlds. Two tests, so that two cores share them.
#include "sim/seeds.h"

#include <gtest/gtest.h>

#include "sim/vocabulary.h"

namespace quire::sim {
namespace {

constexpr uint64_t seeds_a_test = 10000;
constexpr int64_t seeds_with_each = 100;

void run_and_expect_all(uint64_t first) {
  const auto tokenizer = make_tokenizer();
  ASSERT_TRUE(tokenizer) << tokenizer.error().message;
  const SeedsReport report = run_seeds(first, seeds_a_test, **tokenizer);
  for (const std::string& failure : report.failures) ADD_FAILURE() << failure;
  if (!report.failures.empty()) return;
  EXPECT_EQ(report.seeds, seeds_a_test);
  for (size_t index = 0; index < occurrence_count; ++index) {
    const auto occurrence = static_cast<Occurrence>(index);
    EXPECT_GE(report.coverage.seeds(occurrence), seeds_with_each) << name(occurrence);
  }
}

TEST(Seeds, every_promise_holds_and_everything_occurs_in_the_first_10000) { run_and_expect_all(0); }
TEST(Seeds, every_promise_holds_and_everything_occurs_in_the_second_10000) { run_and_expect_all(seeds_a_test); }

}  // namespace
}  // namespace quire::sim
