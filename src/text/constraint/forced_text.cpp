#include "text/constraint/forced_text.h"

#include <algorithm>

namespace quire::constraint {
namespace {

constexpr size_t kept_bytes_min = 128;  // looking for a boundary is not worth it below

}  // namespace

void ForcedText::read(std::string_view text) {
  before_ += text;
  if (before_.size() < trimmed_at_) return;
  before_.erase(0, tokenizer_.settled(before_));
  trimmed_at_ = std::max(kept_bytes_min, 2 * before_.size());  // a long word is not looked at again and again
}

size_t ForcedText::append_text(std::string_view before, std::string_view forced, bool ends, size_t tokens_max,
                               std::vector<TokenId>& tokens) const {
  std::string text(before);
  text += forced;
  const size_t end = ends ? text.size() : tokenizer_.settled(text);
  if (end <= before.size()) return 0;
  text.resize(end);
  std::vector<TokenId> all;
  tokenizer_.encode_further(text, all);
  size_t at = 0, written = 0;
  for (const TokenId token : all) {
    const std::string_view own = tokenizer_.bytes(token);
    const bool is_new = at >= before.size();
    // What the vocabulary cannot say is another text; and what is no token of the trie may not come.
    if (!std::string_view(text).substr(at).starts_with(own) || own.empty()) break;
    if (is_new && (written == tokens_max || trie_.text(token) != own)) break;
    // Tokens so far do not end where one of these does.
    if (!is_new && at + own.size() > before.size()) break;
    at += own.size();
    if (!is_new) continue;
    tokens.push_back(token);
    ++written;
  }
  return at > before.size() ? at - before.size() : 0;
}

void ForcedText::append_tokens(std::string_view forced, size_t tokens_max, std::vector<TokenId>& tokens) const {
  const size_t most = tokens.size() + tokens_max;
  std::string_view before = before_;
  while (!forced.empty() && tokens.size() < most) {
    const size_t size = std::min(forced.find(control_mark), forced.size());
    const bool ends = size < forced.size();
    if (size > 0 && append_text(before, forced.substr(0, size), ends, most - tokens.size(), tokens) < size) return;
    forced.remove_prefix(size);
    if (forced.empty() || tokens.size() == most) return;
    const TokenId control = trie_.control_at(forced);
    if (control < 0) return;
    tokens.push_back(control);
    forced.remove_prefix(trie_.text(control).size());
    before = {};
  }
}

}  // namespace quire::constraint
