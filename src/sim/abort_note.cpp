#include "sim/abort_note.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <csignal>

namespace quire::sim {

namespace {

// A signal handler takes no argument of ours, so what it writes must be found without one. Written by running(),
// before the seed runs; read when the process ends.
std::array<char, 96> note_text;
volatile size_t note_size = 0;

void write_note(int) {
  // A short write loses a part of a line in a process that is about to end.
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, note_text.data(), note_size);
}

}  // namespace

AbortNote::AbortNote() { std::signal(SIGABRT, write_note); }

AbortNote::~AbortNote() {
  std::signal(SIGABRT, SIG_DFL);
  note_size = 0;
}

void AbortNote::running(uint64_t seed, std::string_view kind) {
  const auto result =
      fmt::format_to_n(note_text.data(), note_text.size(), "replay: quire simulate {}--seed {} --trace\n", kind, seed);
  note_size = std::min(result.size, note_text.size());
}

}  // namespace quire::sim
