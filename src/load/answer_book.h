// What a server answered to which request, so that it can be compared with the same request sent alone.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/function_ref.h"
#include "load/target.h"

namespace quire::load {

// Answers that were told apart: the same request has had others than it gets alone.
struct Difference {
  HttpCall call;
  std::string alone;
  std::string found;
  bool whole = true;  // it went on to its end; else only its beginning is known
  int64_t times = 0;
};

// Keeps each request and each different answer once: its size follows what is asked, not how often. One thread.
class AnswerBook {
 public:
  // An answer, or the part of it that arrived.
  void note(const HttpCall& call, const std::string& text, bool whole);

  // Sends each request that has no answer of its own yet alone, one after another, and compares all that was noted.
  // Stops with an error when one cannot be answered, or when `keep_going` (told how many of how many) says no.
  // A request that is asked again in a later run need not be sent again: its answer is kept.
  Result<std::vector<Difference>> compare(const Target& target, int timeout_ms,
                                          FunctionRef<bool(size_t done, size_t all)> keep_going);

  int64_t noted() const { return noted_; }
  size_t distinct() const { return entries_.size(); }

 private:
  struct Seen {
    int64_t whole = 0, part = 0;  // how often
  };
  struct Entry {
    HttpCall call;
    std::optional<std::string> alone;
    std::map<std::string, Seen> found;
  };
  std::map<std::string, Entry> entries_;  // by body
  int64_t noted_ = 0;
};

// A short name of a text's bytes, for messages: FNV-1a, 64 bits, in hexadecimal digits.
std::string text_hash(std::string_view text);

}  // namespace quire::load
