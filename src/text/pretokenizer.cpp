#include "text/pretokenizer.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <array>
#include <cstdint>
#include <string>
#include <utility>

#include "base/check.h"
#include "gguf/printable.h"
#include "text/utf8.h"

namespace quire {

namespace {

// GPT-2. Source: openai/gpt-2, src/encoder.py.
constexpr const char* gpt2_words = R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

// Llama 3 and Qwen 2 differ in how many digits a word may have. Source: their tokenizer.json.
constexpr const char* llama3_words =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*)"
    R"(|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr const char* qwen2_words =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*)"
    R"(|\s*[\r\n]+|\s+(?!\S)|\s+)";

// DeepSeek LLM: one after another, each cuts what the ones before it left. Source: its tokenizer.json.
constexpr const char* deepseek_letters =
    R"(\s?[A-Za-z\x{B5}\x{C0}-\x{D6}\x{D8}-\x{F6}\x{F8}-\x{1BA}\x{1BC}-\x{1BF}\x{1C4}-\x{293})"
    R"(\x{295}-\x{2AF}\x{370}-\x{373}\x{376}\x{377}\x{37B}-\x{37D}\x{37F}\x{386}\x{388}-\x{38A}\x{38C})"
    R"(\x{38E}-\x{3A1}\x{3A3}-\x{3F5}\x{3F7}-\x{481}\x{48A}-\x{52F}\x{531}-\x{556}\x{10A0}-\x{10C5})"
    R"(\x{13A0}-\x{13F5}\x{13F8}-\x{13FD}\x{1C90}-\x{1CBA}\x{1CBD}-\x{1CBF}\x{1D00}-\x{1D2B}\x{1D6B}-\x{1D77})"
    R"(\x{1D79}-\x{1D9A}\x{1E00}-\x{1F15}\x{1F18}-\x{1F1D}\x{1F20}-\x{1F45}\x{1F48}-\x{1F4D}\x{1F50}-\x{1F57})"
    R"(\x{1F59}\x{1F5B}\x{1F5D}\x{1F5F}-\x{1F7D}\x{1F80}-\x{1FB4}\x{1FB6}-\x{1FBC}\x{1FBE}\x{1FC2}-\x{1FC4})"
    R"(\x{1FC6}-\x{1FCC}\x{1FD0}-\x{1FD3}\x{1FD6}-\x{1FDB}\x{1FE0}-\x{1FEC}\x{1FF2}-\x{1FF4}\x{1FF6}-\x{1FFC})"
    R"(\x{2102}\x{2107}\x{210A}-\x{2113}\x{2115}\x{2119}-\x{211D}\x{2124}\x{2126}\x{2128}\x{212A}-\x{212D})"
    R"(\x{212F}-\x{2134}\x{2139}\x{213C}-\x{213F}\x{2145}-\x{2149}\x{214E}\x{2183}\x{2184}\x{2C00}-\x{2C7B})"
    R"(\x{2C7E}-\x{2CE4}\x{2CEB}-\x{2CEE}\x{2CF2}\x{2CF3}\x{A640}-\x{A66D}\x{A680}-\x{A69B}\x{A722}-\x{A76F})"
    R"(\x{A771}-\x{A787}\x{A78B}-\x{A78E}\x{AB70}-\x{ABBF}\x{FB00}-\x{FB06}\x{FB13}-\x{FB17}\x{FF21}-\x{FF3A})"
    R"(\x{FF41}-\x{FF5A}\x{10400}-\x{1044F}\x{104B0}-\x{104D3}\x{104D8}-\x{104FB}\x{10C80}-\x{10CB2})"
    R"(\x{10CC0}-\x{10CF2}\x{118A0}-\x{118DF}\x{1E900}-\x{1E943}]+)";
constexpr const char* deepseek_marks =
    R"(\s?[!-/:-~\x{FF01}-\x{FF0F}\x{FF1A}-\x{FF5E}\x{2018}-\x{201F}\x{3000}-\x{3002}]+)";
// Spaces that end the text. Looking back first makes it one try a run of spaces instead of one a space.
constexpr const char* deepseek_last_spaces = R"((?<!\s)\s++\z)";
constexpr const char* deepseek_cjk = R"([\x{4E00}-\x{9FA5}\x{0800}-\x{4E00}\x{AC00}-\x{D7FF}]+)";

struct KnownExpressions {
  std::array<const char*, 6> patterns;  // null: no more
};
constexpr KnownExpressions gpt2{{gpt2_words}};
constexpr KnownExpressions digits_then_gpt2{{R"(\p{N})", gpt2_words}};
constexpr KnownExpressions llama3{{llama3_words}};
constexpr KnownExpressions qwen2{{qwen2_words}};
constexpr KnownExpressions deepseek_llm{
    {R"([\r\n])", deepseek_letters, deepseek_marks, deepseek_last_spaces, deepseek_cjk, R"(\p{N}+)"}};

struct KnownPreTokenizer {
  std::string_view name;
  const KnownExpressions* expressions;
  bool ignores_merges = false;
  bool adds_bos = false;
  bool normalizes = false;
};

// Models whose own tokenizers compose characters first: Qwen's and those that were made from its code (R1's distills of
// Qwen, StableLM 2, Hunyuan), GPT-NeoX's (OLMo, MPT) and Cohere's. Source: their tokenizer.json or tokenizer's code.
constexpr bool nfc = true;

// Names that converters write; those after the first of a group cut exactly alike.
constexpr KnownPreTokenizer known_pre_tokenizers[] = {
    {"gpt-2", &gpt2},
    {"phi-2", &gpt2},
    {"mpt", &gpt2, false, false, nfc},
    {"olmo", &gpt2, false, false, nfc},
    {"exaone4", &gpt2},
    {"gigachat", &gpt2},
    {"mellum", &gpt2},
    {"trillion", &gpt2},
    {"granite-docling", &gpt2},
    {"llama-bpe", &llama3, true, true},
    {"llama3", &llama3, true, true},
    {"llama-v3", &llama3, true, true},
    {"falcon3", &llama3, true, true},
    {"falcon-h1", &llama3, true, true},
    {"pixtral", &llama3, true, true},
    {"lfm2", &llama3, true, true},
    {"dbrx", &llama3},
    {"smaug-bpe", &llama3},
    {"glm4", &llama3},
    {"chatglm-bpe", &llama3},
    {"qwen2", &qwen2, false, false, nfc},
    {"deepseek-r1-qwen", &qwen2, false, false, nfc},
    {"stablelm2", &qwen2, false, false, nfc},
    {"megrez", &qwen2},
    {"hunyuan", &qwen2, false, false, nfc},
    {"kormo", &qwen2},
    {"solar-open", &qwen2},
    {"deepseek-llm", &deepseek_llm},
    {"smollm", &digits_then_gpt2},
    {"starcoder", &digits_then_gpt2},
    {"refact", &digits_then_gpt2},
    {"command-r", &digits_then_gpt2, false, false, nfc},
    {"codeshell", &digits_then_gpt2},
    {"exaone", &digits_then_gpt2},
    {"minerva-7b", &digits_then_gpt2},
};

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
  bool ignores_merges = false;
  bool adds_bos = false;
  bool normalizes = false;

  // REQUIRES: `text` is valid UTF-8.
  void split_valid(std::string_view text, std::vector<std::string_view>& words) const;
  // Of an open text: the bytes of the words that stay. REQUIRES: `text` is valid UTF-8.
  size_t settled_valid(std::string_view text) const;
};

Result<PreTokenizer> PreTokenizer::create(std::string_view name) {
  std::string names;
  for (const KnownPreTokenizer& known : known_pre_tokenizers) {
    if (known.name != name) {
      names.append(names.empty() ? "" : ", ").append(known.name);
      continue;
    }
    auto rules = std::make_unique<Rules>();
    for (const char* pattern : known.expressions->patterns) {
      if (pattern != nullptr) rules->expressions.push_back(compile(pattern));
    }
    rules->context.reset(pcre2_match_context_create(nullptr));
    QUIRE_CHECK(rules->context != nullptr, "out of memory");
    pcre2_set_match_limit(rules->context.get(), match_steps_max);
    rules->ignores_merges = known.ignores_merges;
    rules->adds_bos = known.adds_bos;
    rules->normalizes = known.normalizes;
    return PreTokenizer(std::move(rules));
  }
  return fail(ErrorKind::unsupported, "tokenizer.ggml.pre is " + gguf::printable(name) + "; supported are " + names);
}

PreTokenizer::PreTokenizer(std::unique_ptr<const Rules> rules) : rules_(std::move(rules)) {}
PreTokenizer::PreTokenizer(PreTokenizer&&) noexcept = default;
PreTokenizer& PreTokenizer::operator=(PreTokenizer&&) noexcept = default;
PreTokenizer::~PreTokenizer() = default;

bool PreTokenizer::ignores_merges() const { return rules_->ignores_merges; }
bool PreTokenizer::adds_bos() const { return rules_->adds_bos; }
bool PreTokenizer::normalizes() const { return rules_->normalizes; }

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
