#include "load/answer_book.h"

#include <fmt/format.h>

namespace quire::load {

void AnswerBook::note(const HttpCall& call, const std::string& text, bool whole) {
  const auto [at, fresh] = entries_.try_emplace(call.body);
  if (fresh) at->second.call = call;
  Seen& seen = at->second.found[text];
  ++(whole ? seen.whole : seen.part);
  ++noted_;
}

Result<std::vector<Difference>> AnswerBook::compare(const Target& target, int timeout_ms,
                                                    FunctionRef<bool(size_t done, size_t all)> keep_going) {
  std::vector<Difference> differences;
  size_t done = 0;
  for (auto& [body, entry] : entries_) {
    if (!keep_going(done++, entries_.size())) return fail(ErrorKind::cancelled, "interrupted while comparing");
    if (!entry.alone) {
      QUIRE_TRY(WholeAnswer answer, ask_alone(target, entry.call, timeout_ms));
      entry.alone = std::move(answer.text);
    }
    for (const auto& [text, seen] : entry.found) {
      if (seen.whole > 0 && text != *entry.alone) {
        differences.push_back({.call = entry.call, .alone = *entry.alone, .found = text, .times = seen.whole});
      } else if (seen.part > 0 && !entry.alone->starts_with(text)) {
        differences.push_back(
            {.call = entry.call, .alone = *entry.alone, .found = text, .whole = false, .times = seen.part});
      }
    }
    entry.found.clear();
  }
  return differences;
}

std::string text_hash(std::string_view text) {
  uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return fmt::format("{:016x}", hash);
}

}  // namespace quire::load
