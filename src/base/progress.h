// How far a long piece of work is, on a terminal.
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"

namespace quire {

// A line that redraws itself: label, bar, percentage, bytes and rate. One thread.
// Where the descriptor is no terminal it writes nothing; and nothing about work that is done within `patience_ns`.
class ProgressBar {
 public:
  // `clock` is borrowed for the bar's life.
  ProgressBar(std::string label, const Clock& clock, int64_t patience_ns = 0, int descriptor = 2);
  ~ProgressBar();  // leaves an empty line behind
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  // Cheap to call often: draws at most ten times a second, and when all is done.
  void update(uint64_t done_bytes, uint64_t total_bytes);

  // The line for a state: pure, for tests. `columns` is the terminal's width.
  static std::string line(const std::string& label, uint64_t done_bytes, uint64_t total_bytes, double elapsed_s,
                          int columns);

 private:
  void write(const std::string& text) const;

  const std::string label_;
  const Clock& clock_;
  const int descriptor_;
  const bool shown_;
  const int64_t start_ns_;
  int64_t next_draw_ns_;
  bool drawn_ = false;
};

// For what is usually done before anybody wonders: loading a model.
inline constexpr int64_t progress_patience_ns = 500'000'000;

// "763.2 MB": decimal units, as disks and downloads are sold.
std::string format_bytes(uint64_t bytes);

}  // namespace quire
