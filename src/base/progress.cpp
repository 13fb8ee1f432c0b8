#include "base/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/terminal.h"

namespace quire {
namespace {

constexpr int64_t redraw_ns = 100'000'000;

}  // namespace

std::string format_bytes(uint64_t bytes) {
  constexpr std::array<const char*, 5> units = {"B", "kB", "MB", "GB", "TB"};
  auto amount = static_cast<double>(bytes);
  size_t unit = 0;
  while (amount >= 999.95 && unit + 1 < units.size()) {
    amount /= 1000.0;
    ++unit;
  }
  return unit == 0 ? fmt::format("{} B", bytes) : fmt::format("{:.1f} {}", amount, units[unit]);
}

ProgressBar::ProgressBar(std::string label, const Clock& clock, int64_t patience_ns, int descriptor)
    : label_(std::move(label)),
      clock_(clock),
      descriptor_(descriptor),
      shown_(::isatty(descriptor) == 1),
      start_ns_(clock.now_ns()),
      next_draw_ns_(start_ns_ + patience_ns) {}

ProgressBar::~ProgressBar() {
  if (drawn_) write("\r\x1b[K");
}

void ProgressBar::update(uint64_t done_bytes, uint64_t total_bytes) {
  if (!shown_) return;
  const int64_t now = clock_.now_ns();
  if (now < next_draw_ns_ && !(drawn_ && done_bytes >= total_bytes)) return;
  next_draw_ns_ = now + redraw_ns;
  drawn_ = true;
  const double elapsed_s = static_cast<double>(now - start_ns_) * 1e-9;
  write("\r" + line(label_, done_bytes, total_bytes, elapsed_s, static_cast<int>(terminal_columns(descriptor_))) +
        "\x1b[K");
}

std::string ProgressBar::line(const std::string& label, uint64_t done_bytes, uint64_t total_bytes, double elapsed_s,
                              int columns) {
  const double share =
      total_bytes == 0 ? 1.0 : std::min(1.0, static_cast<double>(done_bytes) / static_cast<double>(total_bytes));
  std::string numbers = fmt::format(" {:3.0f} % of {}", std::floor(share * 100.0), format_bytes(total_bytes));
  if (elapsed_s >= 0.5) {
    numbers += fmt::format(", {}/s", format_bytes(static_cast<uint64_t>(static_cast<double>(done_bytes) / elapsed_s)));
  }
  constexpr int bar_max = 40;
  constexpr int bar_min = 5;
  const int room = columns - 1 - static_cast<int>(label.size() + numbers.size()) - 3;
  if (room < bar_min) return (label + numbers).substr(0, static_cast<size_t>(std::max(columns - 1, 0)));
  const int width = std::min(room, bar_max);
  const int filled = static_cast<int>(share * width);
  return fmt::format("{} [{:#<{}}{:.<{}}]{}", label, "", filled, "", width - filled, numbers);
}

void ProgressBar::write(const std::string& text) const {
  // Best effort: a terminal that went away must not stop the work.
  [[maybe_unused]] const ssize_t written = ::write(descriptor_, text.data(), text.size());
}

}  // namespace quire
