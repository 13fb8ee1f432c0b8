#include "cli/commands/simulate_command.h"

#include <gtest/gtest.h>

namespace quire::cli {
namespace {

TEST(SimulateCommand, a_run_that_holds_every_promise_says_so_and_succeeds) {
  testing::internal::CaptureStdout();
  const Result<int> status = run_simulate({.seed = 7, .seeds = 5});
  const std::string output = testing::internal::GetCapturedStdout();
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_EQ(*status, 0);
  EXPECT_NE(output.find("5 seeds"), std::string::npos) << output;
  EXPECT_NE(output.find("every promise held"), std::string::npos);
  EXPECT_NE(output.find("started"), std::string::npos) << "what occurred is shown";
}

TEST(SimulateCommand, a_trace_has_a_line_for_each_step) {
  testing::internal::CaptureStdout();
  ASSERT_EQ(run_simulate({.seed = 4, .trace = true}).value_or(1), 0);
  const std::string output = testing::internal::GetCapturedStdout();
  EXPECT_TRUE(output.starts_with("step ")) << output.substr(0, 100);
}

TEST(SimulateCommand, the_seats_of_models_have_worlds_of_their_own) {
  testing::internal::CaptureStdout();
  ASSERT_EQ(run_simulate({.seed = 3, .seeds = 200, .seats = true}).value_or(1), 0);
  const std::string output = testing::internal::GetCapturedStdout();
  EXPECT_NE(output.find("gave way"), std::string::npos) << output;
  EXPECT_NE(output.find("every promise held"), std::string::npos);
  testing::internal::CaptureStdout();
  ASSERT_EQ(run_simulate({.seed = 3, .trace = true, .seats = true}).value_or(1), 0);
  EXPECT_NE(testing::internal::GetCapturedStdout().find("arrives for model"), std::string::npos);
}

}  // namespace
}  // namespace quire::cli
