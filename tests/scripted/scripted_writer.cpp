#include "scripted/scripted_writer.h"

#include <algorithm>

namespace quire::scripted {
namespace {

// Two that differ are `step` apart or more: whatever the seed and the temperature, the better one is drawn. The levels
// are apart enough that no penalty makes one reach another, and small enough for every value to be exact.
constexpr float step = 40;
constexpr float best = 1'000'000;
constexpr float goes_on = 700'000;  // and a step for each byte of it
constexpr float later = 600'000;    // less skip for each byte between, and a step for each byte of it
constexpr float skip = 2'000;
constexpr float ends = 50'000;
constexpr float closes = 40'000;
constexpr size_t token_bytes_max = 24;  // of tokens that are looked for one by one
constexpr size_t window_bytes = 256;    // in which the script may be gone on with later

}  // namespace

ScriptedWriter::ScriptedWriter(const Tokenizer& tokenizer) : tokenizer_(tokenizer) {
  for (TokenId token = 0; token < tokenizer.vocab_size(); ++token) {
    if (tokenizer.is_end(token)) ends_.push_back(token);
    if (!text(token).empty()) by_text_.emplace(text(token), token);
  }
}

std::string_view ScriptedWriter::text(TokenId token) const {
  return tokenizer_.is_control(token) ? tokenizer_.name(token) : tokenizer_.bytes(token);
}

size_t ScriptedWriter::advance(std::string_view script, size_t at, TokenId token) const {
  const std::string_view written = text(token);
  if (written.empty()) return at;
  const size_t found = script.substr(0, at + window_bytes + written.size()).find(written, at);
  return found == std::string_view::npos ? at : found + written.size();
}

template <typename Score>
void ScriptedWriter::raise(std::string_view rest, std::span<float> logits, Score score) const {
  for (size_t size = 1; size <= std::min(rest.size(), token_bytes_max); ++size) {
    const auto found = by_text_.find(rest.substr(0, size));
    if (found == by_text_.end()) continue;
    float& logit = logits[static_cast<size_t>(found->second)];
    logit = std::max(logit, score(static_cast<float>(size)));
  }
}

void ScriptedWriter::prefer(std::string_view script, size_t at, std::span<float> logits) const {
  const auto set = [&](TokenId token, float value) { logits[static_cast<size_t>(token)] = value; };
  for (size_t token = 0; token < logits.size(); ++token) logits[token] = -step * static_cast<float>(token);
  float order = 0;
  for (const std::string_view text : {"\"", "}", "]", "0"}) {
    if (const auto found = by_text_.find(text); found != by_text_.end()) set(found->second, closes - step * order++);
  }
  for (const TokenId token : ends_) set(token, ends - step * order++);
  if (at >= script.size()) {
    if (tokenizer_.eos() >= 0) set(tokenizer_.eos(), best);
    return;
  }
  const std::string_view rest = script.substr(at, window_bytes);
  for (size_t skipped = 1; skipped < rest.size(); ++skipped) {
    raise(rest.substr(skipped), logits,
          [&](float size) { return later - skip * static_cast<float>(skipped) + step * size; });
  }
  raise(rest, logits, [](float size) { return goes_on + step * size; });
  const std::vector<TokenId> next = tokenizer_.encode(rest, false, true);
  if (!next.empty()) set(next.front(), best);
}

}  // namespace quire::scripted
