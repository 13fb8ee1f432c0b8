#include "base/progress.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <pty.h>
#include <unistd.h>

#include <array>

namespace quire {
namespace {

TEST(Progress, a_line_shows_share_size_and_rate) {
  EXPECT_EQ(ProgressBar::line("m.gguf", 0, 1000, 0.0, 60),
            "m.gguf [..................................]   0 % of 1.0 kB");
  EXPECT_EQ(ProgressBar::line("m", 500, 1000, 1.0, 40), "m [#####.....]  50 % of 1.0 kB, 500 B/s");
  EXPECT_EQ(ProgressBar::line("m", 999, 1000, 0.0, 30), "m [########.]  99 % of 1.0 kB");
}

TEST(Progress, a_line_never_fills_the_terminal) {
  for (int columns = 0; columns < 200; ++columns) {
    for (const uint64_t done : {0ULL, 1ULL, 500'000'000ULL, 1'000'000'000ULL, 2'000'000'000ULL}) {
      const std::string line = ProgressBar::line("some-model.gguf", done, 1'000'000'000, 3.0, columns);
      ASSERT_LT(static_cast<int>(line.size()), std::max(columns, 1)) << line;
    }
  }
}

TEST(Progress, nothing_is_written_where_there_is_no_terminal) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  {
    const ManualClock clock;
    ProgressBar bar("m", clock, 0, ends[1]);
    bar.update(1, 2);
    bar.update(2, 2);
  }
  ::close(ends[1]);
  char byte = 0;
  EXPECT_EQ(::read(ends[0], &byte, 1), 0);
  ::close(ends[0]);
}

TEST(Progress, a_terminal_sees_the_line_once_the_work_takes_longer_than_the_patience) {
  int terminal = -1, program = -1;
  ASSERT_EQ(::openpty(&terminal, &program, nullptr, nullptr, nullptr), 0);
  ASSERT_EQ(::fcntl(terminal, F_SETFL, O_NONBLOCK), 0);
  const auto seen = [&] {
    std::array<char, 512> text;
    const ssize_t size = ::read(terminal, text.data(), text.size());
    return std::string(text.data(), static_cast<size_t>(std::max<ssize_t>(size, 0)));
  };
  ManualClock clock;
  {
    ProgressBar quick("quick", clock, 1000, program);
    quick.update(5, 10);
    clock.advance_ns(999);
    quick.update(10, 10);
  }
  EXPECT_EQ(seen(), "");
  {
    ProgressBar slow("slow", clock, 1000, program);
    slow.update(5, 10);
    EXPECT_EQ(seen(), "");
    clock.advance_ns(1000);
    slow.update(5, 10);
    EXPECT_NE(seen().find("slow [####################....................]  50 % of 10 B"), std::string::npos);
    slow.update(10, 10);
    EXPECT_NE(seen().find("100 % of 10 B"), std::string::npos);
  }
  EXPECT_EQ(seen(), "\r\x1b[K");
  ::close(terminal);
  ::close(program);
}

TEST(Progress, bytes_have_a_unit) {
  EXPECT_EQ(format_bytes(0), "0 B");
  EXPECT_EQ(format_bytes(999), "999 B");
  EXPECT_EQ(format_bytes(1000), "1.0 kB");
  EXPECT_EQ(format_bytes(999'949), "999.9 kB");
  EXPECT_EQ(format_bytes(999'950), "1.0 MB");
  EXPECT_EQ(format_bytes(770'900'000), "770.9 MB");
  EXPECT_EQ(format_bytes(UINT64_MAX), "18446744.1 TB");
}

}  // namespace
}  // namespace quire
