// What a pull, a push or a create is doing: a line for each layer and each step.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace quire::cli {

// A layer on its way. Pure: times are told.
class LayerProgress {
 public:
  LayerProgress(std::string label, int64_t total_bytes, int64_t done_bytes, int64_t now_ns);

  void set(int64_t done_bytes, int64_t now_ns);
  bool complete() const { return done_bytes_ >= total_bytes_; }
  // Label, percentage, bar, bytes, rate and time left, as wide as the terminal.
  std::string line(size_t columns) const;
  // The same for a log: no bar.
  std::string plain_line() const;

 private:
  struct Sample {
    int64_t now_ns;
    int64_t done_bytes;
  };
  // Bytes a second over the last ten seconds or so; 0: not known yet.
  int64_t rate() const;

  const std::string label_;
  const int64_t total_bytes_;
  int64_t done_bytes_;
  std::deque<Sample> samples_;  // a second apart, the first one the start
};

// On a terminal the lines are redrawn in place; elsewhere each step is a line, and a layer one now and then. One
// thread. Invariant: a line that has scrolled out of the terminal is never drawn again.
class ProgressBoard {
 public:
  // `clock` is borrowed. Standard error, unless another descriptor is given.
  explicit ProgressBoard(const Clock& clock, int descriptor = 2);
  ~ProgressBoard();  // leaves the lines as they are
  ProgressBoard(const ProgressBoard&) = delete;
  ProgressBoard& operator=(const ProgressBoard&) = delete;

  // Somebody watches: lines change in place.
  bool live() const { return terminal_; }
  // A step without a measure; the one before is done. The same text again is the same step.
  void step(std::string_view text);
  // How far a layer is; the first mention adds its line. `key` tells layers apart.
  void layer(std::string_view key, std::string_view label, int64_t done_bytes, int64_t total_bytes);
  // Something else has to be said in the step's line: it replaces the text.
  void rename_step(std::string_view text);
  // Redraws when it is time; call it often.
  void tick();
  // Draws the last state and ends its last line.
  void finish();
  // Takes all lines away.
  void clear();

 private:
  struct Line {
    std::string key;   // of a layer; empty: a step
    std::string text;  // of a step
    bool spins = false;
    size_t layer = 0;
    int64_t told_ns = 0;  // when a plain line was last written
  };

  void end_step();
  void draw();
  void write(const std::string& text) const;

  const Clock& clock_;
  const int descriptor_;
  const bool terminal_;
  std::vector<Line> lines_;
  std::deque<LayerProgress> layers_;
  size_t drawn_lines_ = 0;  // on the screen, the cursor in the last one
  int64_t drawn_ns_ = 0;
  size_t turn_ = 0;  // of the spinner
};

}  // namespace quire::cli
