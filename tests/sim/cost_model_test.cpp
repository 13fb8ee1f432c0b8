#include "sim/cost_model.h"

#include <gtest/gtest.h>

namespace quire::sim {
namespace {

TEST(CostModel, a_step_is_as_long_as_its_parts) {
  const CostModel model{
      .step_ns = 1000, .stream_row_ns = 100, .prompt_row_ns = 10, .stream_read_ns = 2, .prompt_read_ns = 0.5};
  EXPECT_EQ(model.step({}, 1), 1000);
  EXPECT_EQ(model.step({.streams = 3}, 1), 1300);
  EXPECT_EQ(model.step({.streams = 3, .prompt_rows = 7}, 1), 1370);
  EXPECT_EQ(model.step({.streams = 3, .prompt_rows = 7, .stream_reads = 50, .prompt_reads = 40}, 1), 1490);
}

// Two scaled tokens for four real ones: two steps of the same rows, and each row reads two real tokens for one.
TEST(CostModel, a_scaled_token_costs_what_the_tokens_cost_that_it_stands_for) {
  const CostModel model{
      .step_ns = 1000, .stream_row_ns = 100, .prompt_row_ns = 10, .stream_read_ns = 2, .prompt_read_ns = 0.5};
  EXPECT_EQ(model.step({.streams = 3, .prompt_rows = 7}, 2), 2 * 1370);
  EXPECT_EQ(model.step({.streams = 1, .stream_reads = 5}, 2), 2 * (1000 + 100) + 4 * 10);
}

TEST(CostModel, no_step_takes_nothing) { EXPECT_EQ(CostModel::parse("0,0,0,0,0")->step({.streams = 1}, 1), 1); }

TEST(CostModel, text_becomes_numbers) {
  const auto model = CostModel::parse("23e6,4.5e6,100,0,0.5");
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_EQ(model->step_ns, 23e6);
  EXPECT_EQ(model->stream_row_ns, 4.5e6);
  EXPECT_EQ(model->prompt_row_ns, 100);
  EXPECT_EQ(model->stream_read_ns, 0);
  EXPECT_EQ(model->prompt_read_ns, 0.5);
}

TEST(CostModel, anything_but_five_numbers_is_refused) {
  for (const char* text : {"", "1", "1,2,3,4", "1,2,3,4,", "1,2,3,4,5,", "1,2,3,4,5,6", "1,2,x,4,5", "1,,3,4,5",
                           "-1,2,3,4,5", "nan,2,3,4,5", "inf,2,3,4,5", "1e300,2,3,4,5", "1 ,2,3,4,5"}) {
    const auto model = CostModel::parse(text);
    ASSERT_FALSE(model) << text;
    EXPECT_THAT(model.error().message, testing::HasSubstr(std::string("found '") + text + "'"));
  }
}

}  // namespace
}  // namespace quire::sim
