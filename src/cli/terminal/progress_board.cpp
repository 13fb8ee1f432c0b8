#include "cli/terminal/progress_board.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/check.h"
#include "base/shown.h"
#include "base/terminal.h"
#include "cli/terminal/human.h"

namespace quire::cli {
namespace {

constexpr int64_t second_ns = 1'000'000'000;
constexpr int64_t redraw_ns = second_ns / 10;
constexpr int64_t plain_ns = 10 * second_ns;  // between two lines of a layer in a log
constexpr size_t samples_max = 10;
constexpr size_t bar_columns_min = 5;
constexpr std::array<const char*, 10> spinner = {"⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"};

int percent_of(int64_t done, int64_t total) {
  if (total <= 0) return 0;
  return static_cast<int>(std::lround(static_cast<double>(done) / static_cast<double>(total) * 100));
}

// At most two units: "59m59s", "1h2m", "99h+".
std::string time_left(int64_t seconds) {
  if (seconds >= 100 * 3600) return "99h+";
  if (seconds >= 3600) return fmt::format("{}h{}m", seconds / 3600, seconds / 60 % 60);
  return seconds >= 60 ? fmt::format("{}m{}s", seconds / 60, seconds % 60) : fmt::format("{}s", seconds);
}

}  // namespace

LayerProgress::LayerProgress(std::string label, int64_t total_bytes, int64_t done_bytes, int64_t now_ns)
    : label_(std::move(label)), total_bytes_(total_bytes), done_bytes_(std::min(done_bytes, total_bytes)) {
  samples_.push_back({.now_ns = now_ns, .done_bytes = done_bytes_});
}

void LayerProgress::set(int64_t done_bytes, int64_t now_ns) {
  done_bytes_ = std::min(done_bytes, total_bytes_);
  if (now_ns - samples_.back().now_ns < second_ns) return;
  samples_.push_back({.now_ns = now_ns, .done_bytes = done_bytes_});
  if (samples_.size() > samples_max) samples_.pop_front();
}

int64_t LayerProgress::rate() const {
  const Sample& first = samples_.front();
  const Sample& last = samples_.back();
  const double seconds = static_cast<double>(last.now_ns - first.now_ns) / static_cast<double>(second_ns);
  if (seconds < 1 || last.done_bytes <= first.done_bytes) return 0;
  return static_cast<int64_t>(static_cast<double>(last.done_bytes - first.done_bytes) / seconds);
}

std::string LayerProgress::line(size_t columns) const {
  const int percent = percent_of(done_bytes_, total_bytes_);
  const std::string before = fmt::format("{} {:3}%", label_, percent);
  const int64_t bytes_per_second = complete() ? 0 : rate();
  // Three columns of 13, 10 and 8 characters, whatever is known.
  const std::string bytes = complete()
                                ? fmt::format("{:>6}{:7}", human_bytes(total_bytes_), "")
                                : fmt::format("{:>6}/{:>6}", human_bytes(done_bytes_), human_bytes(total_bytes_));
  std::string speed(18, ' ');
  if (bytes_per_second > 0) {
    const int64_t seconds = (total_bytes_ - done_bytes_) / bytes_per_second;
    speed = fmt::format("  {:>6}/s  {:>6}", human_bytes(bytes_per_second), time_left(seconds));
  }
  const auto room_beside = [&](size_t after) {
    const size_t taken = column_count(before) + after + 5;  // the bar's ends, a space at each side, one spare
    return columns > taken ? columns - taken : 0;
  };
  std::string after = bytes + speed;
  if (room_beside(after.size()) < bar_columns_min) after = bytes;
  const size_t room = room_beside(after.size());
  if (room < bar_columns_min) return one_line_head(before + " " + after, columns > 1 ? columns - 1 : 0);
  const size_t filled = room * static_cast<size_t>(percent) / 100;
  std::string bar;
  for (size_t cell = 0; cell < room; ++cell) bar += cell < filled ? "█" : " ";
  return fmt::format("{} ▕{}▏ {}", before, bar, after);
}

std::string LayerProgress::plain_line() const {
  std::string text = fmt::format("{} {:3}% {}/{}", label_, percent_of(done_bytes_, total_bytes_),
                                 human_bytes(done_bytes_), human_bytes(total_bytes_));
  if (const int64_t bytes_per_second = rate(); bytes_per_second > 0) {
    text += fmt::format(" {}/s", human_bytes(bytes_per_second));
  }
  return text;
}

ProgressBoard::ProgressBoard(const Clock& clock, int descriptor)
    : clock_(clock), descriptor_(descriptor), terminal_(::isatty(descriptor) == 1) {}

ProgressBoard::~ProgressBoard() { finish(); }

void ProgressBoard::end_step() {
  if (!lines_.empty()) lines_.back().spins = false;
}

void ProgressBoard::step(std::string_view text) {
  if (!lines_.empty() && lines_.back().key.empty() && lines_.back().text == text) return;
  end_step();
  lines_.push_back({.text = shown(text), .spins = true});
  if (!terminal_) return write(lines_.back().text + "\n");
  draw();
}

void ProgressBoard::rename_step(std::string_view text) {
  QUIRE_CHECK(!lines_.empty() && lines_.back().key.empty(), "there is a step to rename");
  lines_.back().text = shown(text);
}

void ProgressBoard::layer(std::string_view key, std::string_view label, int64_t done_bytes, int64_t total_bytes) {
  const int64_t now_ns = clock_.now_ns();
  auto line = std::find_if(lines_.begin(), lines_.end(), [&](const Line& one) { return one.key == key; });
  const bool is_new = line == lines_.end();
  if (is_new) {
    end_step();
    layers_.emplace_back(shown(label), total_bytes, done_bytes, now_ns);
    lines_.push_back({.key = std::string(key), .text = {}, .layer = layers_.size() - 1, .told_ns = now_ns});
    line = lines_.end() - 1;
  }
  LayerProgress& progress = layers_[line->layer];
  const bool was_complete = !is_new && progress.complete();
  progress.set(done_bytes, now_ns);
  if (terminal_) return tick();
  const bool tells = progress.complete() ? !was_complete : now_ns - line->told_ns >= plain_ns;
  if (!tells) return;
  line->told_ns = now_ns;
  write(progress.plain_line() + "\n");
}

void ProgressBoard::tick() {
  if (!terminal_ || clock_.now_ns() - drawn_ns_ < redraw_ns) return;
  ++turn_;
  draw();
}

// One write for all lines, so that a terminal never shows half of them.
void ProgressBoard::draw() {
  drawn_ns_ = clock_.now_ns();
  const size_t columns = terminal_columns(descriptor_);
  const size_t shown = std::min(lines_.size(), terminal_rows(descriptor_));
  std::string text = "\r";
  if (drawn_lines_ > 1) text += fmt::format("\x1b[{}A", drawn_lines_ - 1);
  for (size_t index = lines_.size() - shown; index < lines_.size(); ++index) {
    const Line& line = lines_[index];
    if (!line.key.empty()) {
      text += layers_[line.layer].line(columns);
    } else {
      text += one_line_head(line.text, columns > 3 ? columns - 3 : 0);  // a longer one would take two lines
      if (line.spins) text += fmt::format(" {}", spinner[turn_ % spinner.size()]);
    }
    text += index + 1 == lines_.size() ? "\x1b[K" : "\x1b[K\n";
  }
  drawn_lines_ = shown;
  write(text);
}

void ProgressBoard::finish() {
  if (!terminal_ || lines_.empty()) return;
  end_step();
  draw();
  write("\n");
  lines_.clear();
  layers_.clear();
  drawn_lines_ = 0;
}

void ProgressBoard::clear() {
  if (terminal_ && drawn_lines_ > 0) {
    std::string text = "\r\x1b[K";
    for (size_t line = 1; line < drawn_lines_; ++line) text += "\x1b[A\x1b[K";
    write(text);
  }
  lines_.clear();
  layers_.clear();
  drawn_lines_ = 0;
}

void ProgressBoard::write(const std::string& text) const {
  // Best effort: a terminal that went away must not stop the work.
  [[maybe_unused]] const ssize_t written = ::write(descriptor_, text.data(), text.size());
}

}  // namespace quire::cli
