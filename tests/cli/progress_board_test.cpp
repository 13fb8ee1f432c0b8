#include "cli/terminal/progress_board.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "cli/terminal/human.h"

namespace quire::cli {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

constexpr int64_t second_ns = 1'000'000'000;

TEST(LayerProgress, is_a_line_as_wide_as_the_terminal) {
  LayerProgress layer("pulling 74701a8c35f6:", 1'300'000'000, 0, 0);
  for (const size_t columns : {60, 80, 120}) EXPECT_EQ(column_count(layer.line(columns)), columns - 1);
  for (size_t columns = 1; columns < 60; ++columns) EXPECT_LT(column_count(layer.line(columns)), columns);
  EXPECT_THAT(layer.line(80), StartsWith("pulling 74701a8c35f6:   0% ▕ "));
}

TEST(LayerProgress, says_the_rate_and_what_is_left_once_it_knows) {
  LayerProgress layer("pulling 74701a8c35f6:", 1'000'000'000, 0, 0);
  layer.set(1'000'000, second_ns / 2);
  EXPECT_EQ(layer.line(80).find("/s"), std::string::npos) << "half a second is no measurement";
  layer.set(100'000'000, second_ns);
  EXPECT_THAT(layer.line(80), EndsWith("100 MB/  1 GB  100 MB/s      9s"));
  EXPECT_THAT(layer.line(80), HasSubstr(" 10% ▕█"));
  layer.set(400'000'000, 2 * second_ns);
  EXPECT_THAT(layer.line(80), EndsWith("400 MB/  1 GB  200 MB/s      3s"));
}

TEST(LayerProgress, counts_only_what_came_while_it_watched) {
  LayerProgress layer("pulling 74701a8c35f6:", 1'000'000'000, 900'000'000, 0);
  layer.set(910'000'000, second_ns);
  EXPECT_THAT(layer.line(80), HasSubstr(" 10 MB/s"));
}

TEST(LayerProgress, is_full_when_it_is_done) {
  LayerProgress layer("pulling 74701a8c35f6:", 1'300'000'000, 0, 0);
  layer.set(1'400'000'000, 5 * second_ns);
  EXPECT_TRUE(layer.complete());
  const std::string line = layer.line(80);
  EXPECT_THAT(line, StartsWith("pulling 74701a8c35f6: 100% ▕█"));
  EXPECT_THAT(line, HasSubstr("█▏ 1.3 GB"));
  EXPECT_EQ(line.find("/s"), std::string::npos);
}

// What a board writes where nobody watches.
class PlainBoard : public testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(pipe2(ends_, O_NONBLOCK), 0); }
  void TearDown() override {
    close(ends_[0]);
    close(ends_[1]);
  }
  std::string written() {
    std::string text(4096, '\0');
    const ssize_t count = read(ends_[0], text.data(), text.size());
    text.resize(count < 0 ? 0 : static_cast<size_t>(count));
    return text;
  }
  int ends_[2];
  ManualClock clock_;
};

TEST_F(PlainBoard, is_a_line_for_each_step_and_a_layer_now_and_then) {
  ProgressBoard board(clock_, ends_[1]);
  board.step("pulling manifest");
  board.step("pulling manifest");
  EXPECT_EQ(written(), "pulling manifest\n");
  for (int second = 0; second < 12; ++second) {
    board.layer("sha256:1", "pulling 1:", 1'000'000 * second, 20'000'000);
    board.tick();
    clock_.advance_ns(second_ns);
  }
  EXPECT_EQ(written(), "pulling 1:  50% 10 MB/20 MB 1 MB/s\n");
  board.layer("sha256:1", "pulling 1:", 20'000'000, 20'000'000);
  board.layer("sha256:1", "pulling 1:", 20'000'000, 20'000'000);
  EXPECT_THAT(written(), StartsWith("pulling 1: 100% 20 MB/20 MB"));
  board.step("success");
  board.finish();
  EXPECT_EQ(written(), "success\n");
}

TEST_F(PlainBoard, what_a_server_says_does_not_move_the_cursor) {
  ProgressBoard board(clock_, ends_[1]);
  board.step("pulling \x1b[2J");
  EXPECT_EQ(written(), "pulling \\x1b[2J\n");
}

TEST_F(PlainBoard, a_layer_that_was_there_already_is_one_line) {
  ProgressBoard board(clock_, ends_[1]);
  board.layer("sha256:1", "pulling 1:", 500, 500);
  EXPECT_EQ(written(), "pulling 1: 100% 500 B/500 B\n");
}

}  // namespace
}  // namespace quire::cli
