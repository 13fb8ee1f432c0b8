#include "text/pretokenizer.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <cstdint>
#include <string>
#include <utility>

#include "base/check.h"
#include "gguf/printable.h"
#include "text/utf8.h"

namespace quire {

namespace {

// Steps of one match. Each expression takes a few for a byte of the word it finds or gives up on, so only a word of
// millions of bytes comes near; what such a text still holds is then one word.
constexpr uint32_t match_steps_max = 100'000'000;

struct FreeCode {
  void operator()(pcre2_code* code) const { pcre2_code_free(code); }
};
struct FreeMatchContext {
  void operator()(pcre2_match_context* context) const { pcre2_match_context_free(context); }
};
struct FreeMatch {
  void operator()(pcre2_match_data* match) const { pcre2_match_data_free(match); }
};
using Code = std::unique_ptr<pcre2_code, FreeCode>;
using MatchContext = std::unique_ptr<pcre2_match_context, FreeMatchContext>;
using Match = std::unique_ptr<pcre2_match_data, FreeMatch>;

// The pattern with \s and \S spelled out as Unicode's White_Space, for which these expressions were written: PCRE2's
// own \s has U+180E as well.
std::string with_white_space(std::string_view pattern) {
  std::string result;
  bool in_class = false;
  for (size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if (c != '\\') {
      in_class = c == '[' || (in_class && c != ']');
      result.push_back(c);
      continue;
    }
    const char escaped = pattern[++i];
    QUIRE_CHECK(escaped != 'S' || !in_class, "no pattern needs it");
    if (escaped == 's' || escaped == 'S') {
      result.append(in_class ? "" : (escaped == 's' ? "[" : "[^"))
          .append(R"(\t-\r\x{85}\p{Z})")
          .append(in_class ? "" : "]");
    } else {
      result.append({c, escaped});
    }
  }
  return result;
}

Code compile(std::string_view pattern) {
  const std::string spelled_out = with_white_space(pattern);
  int error = 0;
  PCRE2_SIZE error_at = 0;
  Code code(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(spelled_out.data()), spelled_out.size(), PCRE2_UTF | PCRE2_UCP,
                          &error, &error_at, nullptr));
  QUIRE_CHECK(code != nullptr, spelled_out);
  // A system that forbids writable code has no JIT: matching is slower there and finds the same.
  (void)pcre2_jit_compile(code.get(), PCRE2_JIT_COMPLETE);
  return code;
}

// Cuts an open text as cut_at_matches does, as far as the cuts are the same whatever comes after it: PCRE2 says where a
// match had to look at the end. What is left may be cut by later expressions, but for what this one may still match.
std::string_view cut_at_settled_matches(const pcre2_code* code, pcre2_match_context* context, pcre2_match_data* match,
                                        std::string_view text, std::vector<std::string_view>& words) {
  const PCRE2_SIZE* const bounds = pcre2_get_ovector_pointer(match);
  for (size_t begin = 0; begin < text.size(); begin = bounds[1]) {
    const int found = pcre2_match(code, reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), begin,
                                  PCRE2_NO_UTF_CHECK | PCRE2_NOTEMPTY | PCRE2_PARTIAL_HARD, match, context);
    if (found == PCRE2_ERROR_NOMATCH) return text.substr(begin);
    if (found == PCRE2_ERROR_PARTIAL) return text.substr(begin, bounds[0] - begin);
    if (found < 0) return {};
    if (bounds[0] > begin) words.push_back(text.substr(begin, bounds[0] - begin));
    words.push_back(text.substr(bounds[0], bounds[1] - bounds[0]));
  }
  return {};
}

// Cuts at the beginning and at the end of each match.
// REQUIRES: `text` is valid UTF-8.
void cut_at_matches(const pcre2_code* code, pcre2_match_context* context, pcre2_match_data* match,
                    std::string_view text, std::vector<std::string_view>& words) {
  const PCRE2_SIZE* const bounds = pcre2_get_ovector_pointer(match);
  size_t begin = 0;
  while (begin < text.size()) {
    const int found = pcre2_match(code, reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), begin,
                                  PCRE2_NO_UTF_CHECK | PCRE2_NOTEMPTY, match, context);
    if (found < 0) break;  // nothing more, or out of steps
    if (bounds[0] > begin) words.push_back(text.substr(begin, bounds[0] - begin));
    words.push_back(text.substr(bounds[0], bounds[1] - bounds[0]));
    begin = bounds[1];
  }
  if (begin < text.size()) words.push_back(text.substr(begin));
}

}  // namespace

struct PreTokenizer::Rules {
  std::vector<Code> expressions;  // read only by matching
  MatchContext context;           // the same
  uint8_t traits = cuts_only;

  // REQUIRES: `text` is valid UTF-8.
  void split_valid(std::string_view text, std::vector<std::string_view>& words) const;
  // Of an open text: the bytes of the words that stay. REQUIRES: `text` is valid UTF-8.
  size_t settled_valid(std::string_view text) const;
};

Result<PreTokenizer> PreTokenizer::create(std::string_view name) {
  const KnownPreTokenizer* known = find_pre_tokenizer(name);
  if (known == nullptr) {
    std::string names;
    for (const KnownPreTokenizer& one : known_pre_tokenizers())
      names.append(names.empty() ? "" : ", ").append(one.name);
    return fail(ErrorKind::unsupported, "tokenizer.ggml.pre is " + gguf::printable(name) + "; supported are " + names);
  }
  auto rules = std::make_unique<Rules>();
  for (const char* pattern : known->expressions) rules->expressions.push_back(compile(pattern));
  rules->context.reset(pcre2_match_context_create(nullptr));
  QUIRE_CHECK(rules->context != nullptr, "out of memory");
  pcre2_set_match_limit(rules->context.get(), match_steps_max);
  rules->traits = known->traits;
  return PreTokenizer(std::move(rules));
}

PreTokenizer::PreTokenizer(std::unique_ptr<const Rules> rules) : rules_(std::move(rules)) {}
PreTokenizer::PreTokenizer(PreTokenizer&&) noexcept = default;
PreTokenizer& PreTokenizer::operator=(PreTokenizer&&) noexcept = default;
PreTokenizer::~PreTokenizer() = default;

bool PreTokenizer::has(PreTokenizerTraits trait) const { return (rules_->traits & trait) != 0; }

void PreTokenizer::split(std::string_view text, std::vector<std::string_view>& words) const {
  size_t valid_begin = 0;
  size_t at = 0;
  while (at < text.size()) {
    if (const size_t size = utf8_character_size(text, at); size > 0) {
      at += size;
      continue;
    }
    rules_->split_valid(text.substr(valid_begin, at - valid_begin), words);
    words.push_back(text.substr(at, 1));
    valid_begin = ++at;
  }
  rules_->split_valid(text.substr(valid_begin), words);
}

void PreTokenizer::Rules::split_valid(std::string_view text, std::vector<std::string_view>& words) const {
  if (text.empty()) return;
  const Match match(pcre2_match_data_create(1, nullptr));
  QUIRE_CHECK(match != nullptr, "out of memory");
  if (expressions.size() == 1) {
    cut_at_matches(expressions[0].get(), context.get(), match.get(), text, words);
    return;
  }
  std::vector<std::string_view> parts{text};
  std::vector<std::string_view> finer;
  for (const Code& expression : expressions) {
    finer.clear();
    for (const std::string_view part : parts) {
      cut_at_matches(expression.get(), context.get(), match.get(), part, finer);
    }
    parts.swap(finer);
  }
  words.insert(words.end(), parts.begin(), parts.end());
}

size_t PreTokenizer::settled(std::string_view text) const {
  constexpr size_t character_bytes_max = 4;
  size_t valid_begin = 0;
  size_t at = 0;
  while (at < text.size()) {
    if (const size_t size = utf8_character_size(text, at); size > 0) {
      at += size;
      continue;
    }
    // The beginning of a character, perhaps.
    if (text.size() - at < character_bytes_max && static_cast<unsigned char>(text[at]) >= 0xc2) break;
    valid_begin = ++at;
  }
  return valid_begin + rules_->settled_valid(text.substr(valid_begin, at - valid_begin));
}

size_t PreTokenizer::Rules::settled_valid(std::string_view text) const {
  if (text.empty()) return 0;
  const Match match(pcre2_match_data_create(1, nullptr));
  QUIRE_CHECK(match != nullptr, "out of memory");
  std::string_view open = text;
  size_t settled = 0;
  std::vector<std::string_view> words;
  for (const Code& expression : expressions) {
    words.clear();
    open = cut_at_settled_matches(expression.get(), context.get(), match.get(), open, words);
    if (!words.empty()) settled = static_cast<size_t>(words.back().data() + words.back().size() - text.data());
    if (open.empty()) break;
  }
  return settled;
}

}  // namespace quire
