#include "text/vocabulary.h"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>

#include "gguf/printable.h"
#include "text/byte_alphabet.h"

namespace quire {

namespace {

constexpr std::string_view tokens_key = "tokenizer.ggml.tokens";
constexpr std::string_view types_key = "tokenizer.ggml.token_type";
constexpr std::string_view scores_key = "tokenizer.ggml.scores";

struct SpecialName {
  std::string_view name;
  bool ends;  // generation stops at it
};

// Names of control tokens in the models that have them, known because files forget to say which token ends a turn or
// give the wrong type. As llama.cpp does, a token of such a name is made a control token.
constexpr SpecialName special_names[] = {
    // ends of a turn
    {"<|eot_id|>", true},
    {"<|im_end|>", true},
    {"<|end|>", true},
    {"<|return|>", true},
    {"<|call|>", true},
    {"<|calls|>", true},
    {"<|flush|>", true},
    {"<end_of_turn>", true},
    {"<turn|>", true},
    {"<|tool_response>", true},
    {"[e~[", true},
    {"<|endoftext|>", true},
    {"<|end_of_text|>", true},
    {"<|eom_id|>", true},
    {"</s>", true},
    {"<eos>", true},
    {"[EOS]", true},
    {"<EOT>", true},
    {"_<EOT>", true},
    {"[EOT]", true},
    {"<end_of_utterance>", true},
    {"<\uFF5Cend\u2581of\u2581sentence\uFF5C>", true},
    // code completion: padding, the next repository, the next file
    {"<|fim_pad|>", true},
    {"<fim-pad>", true},
    {"<fim_pad>", true},
    {"<PAD>", true},
    {"[PAD]", true},
    {"<|fim_repo|>", true},
    {"<|repo_name|>", true},
    {"<fim-repo>", true},
    {"<REPO>", true},
    {"<reponame>", true},
    {"<|file_sep|>", true},
    // code completion: what comes before, after and between
    {"<|fim_prefix|>", false},
    {"<fim-prefix>", false},
    {"<fim_prefix>", false},
    {"<PRE>", false},
    {"\u2581<PRE>", false},
    {"<|fim_suffix|>", false},
    {"<fim-suffix>", false},
    {"<fim_suffix>", false},
    {"<SUF>", false},
    {"\u2581<SUF>", false},
    {"<|fim_middle|>", false},
    {"<fim-middle>", false},
    {"<fim_middle>", false},
    {"<MID>", false},
    {"\u2581<MID>", false},
};

// How a file says that it has no such token: -1, written as an unsigned number.
constexpr int64_t absent_id = 0xffffffff;

std::string token_at(size_t index) { return "token " + std::to_string(index); }

Error length_error(std::string_view key, size_t found, int32_t expected) {
  return {ErrorKind::invalid, std::string(key) + " has " + std::to_string(found) + " elements, expected " +
                                  std::to_string(expected) + ", one for each of " + std::string(tokens_key)};
}

// The byte of a name of the form <0xNN>.
std::optional<uint8_t> byte_of_name(std::string_view name) {
  if (name.size() != 6 || name.substr(0, 3) != "<0x" || name[5] != '>') return std::nullopt;
  unsigned byte = 0;
  for (const char digit : name.substr(3, 2)) {
    byte *= 16;
    if (digit >= '0' && digit <= '9') {
      byte += static_cast<unsigned>(digit - '0');
    } else if (digit >= 'A' && digit <= 'F') {
      byte += static_cast<unsigned>(digit - 'A') + 10;
    } else if (digit >= 'a' && digit <= 'f') {
      byte += static_cast<unsigned>(digit - 'a') + 10;
    } else {
      return std::nullopt;
    }
  }
  return static_cast<uint8_t>(byte);
}

std::string with_spaces(std::string_view name) {
  constexpr std::string_view escaped_space = "\xE2\x96\x81";
  std::string text;
  size_t begin = 0;
  for (size_t at = name.find(escaped_space); at != std::string_view::npos; at = name.find(escaped_space, begin)) {
    text.append(name, begin, at - begin).push_back(' ');
    begin = at + escaped_space.size();
  }
  return text.append(name, begin);
}

// The id under `key`: nothing when the key is absent, no_token when the file says that there is none.
Result<std::optional<TokenId>> read_id(const gguf::Metadata& metadata, std::string_view key, int32_t vocab_size) {
  if (!metadata.contains(key)) return std::optional<TokenId>{};
  QUIRE_TRY(const int64_t id,
            metadata.get_int(key, std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max()));
  if (id == -1 || id == absent_id) return std::optional<TokenId>{no_token};
  if (id < 0 || id >= vocab_size) {
    return fail(ErrorKind::invalid, std::string(key) + " is " + std::to_string(id) + ", expected a token below " +
                                        std::to_string(vocab_size) + " or " + std::to_string(absent_id) + " for none");
  }
  return std::optional<TokenId>{static_cast<TokenId>(id)};
}

}  // namespace

std::optional<std::string> unspell(std::string_view spelled) {
  // Byte of each code point of the alphabet, or -1.
  static constexpr auto byte_of = [] {
    std::array<int16_t, 0x144> bytes{};
    bytes.fill(-1);
    for (size_t byte = 0; byte < 256; ++byte) bytes[byte_alphabet[byte]] = static_cast<int16_t>(byte);
    return bytes;
  }();
  std::string bytes;
  for (size_t at = 0; at < spelled.size();) {
    utf8proc_int32_t code_point = -1;
    const utf8proc_ssize_t size = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(spelled.data()) + at,
                                                   static_cast<utf8proc_ssize_t>(spelled.size() - at), &code_point);
    if (size <= 0 || code_point < 0 || static_cast<size_t>(code_point) >= byte_of.size()) return std::nullopt;
    const int16_t byte = byte_of[static_cast<size_t>(code_point)];
    if (byte < 0) return std::nullopt;
    bytes.push_back(static_cast<char>(byte));
    at += static_cast<size_t>(size);
  }
  return bytes;
}

Result<Vocabulary> Vocabulary::read(const gguf::Metadata& metadata, VocabularyKind kind) {
  Vocabulary vocabulary(kind);
  QUIRE_TRY_VOID(vocabulary.read_names(metadata));
  QUIRE_TRY_VOID(vocabulary.read_types(metadata));
  QUIRE_TRY_VOID(vocabulary.read_scores(metadata));
  QUIRE_TRY_VOID(vocabulary.read_special_ids(metadata));
  vocabulary.find_special_names();
  QUIRE_TRY_VOID(vocabulary.spell_bytes());
  return vocabulary;
}

Result<void> Vocabulary::read_names(const gguf::Metadata& metadata) {
  QUIRE_TRY(const std::vector<std::string>& names, metadata.get_strings(tokens_key));
  if (names.empty())
    return fail(ErrorKind::invalid, std::string(tokens_key) + " is empty, expected at least one token");
  // Names and bytes are at most as long as each other, and both are counted in 32 bits.
  uint64_t size_bytes = 0;
  for (const std::string& name : names) size_bytes += name.size();
  if (names.size() > static_cast<size_t>(std::numeric_limits<int32_t>::max()) ||
      size_bytes > std::numeric_limits<uint32_t>::max() / 2) {
    return fail(ErrorKind::too_large, std::string(tokens_key) + " has " + std::to_string(names.size()) + " tokens in " +
                                          std::to_string(size_bytes) + " bytes, at most 2^31 supported");
  }
  text_.reserve(size_bytes * 2);  // views into it must stay valid while bytes are appended
  names_.reserve(names.size());
  id_by_name_.reserve(names.size());
  for (const std::string& name : names) {
    const Extent extent{static_cast<uint32_t>(text_.size()), static_cast<uint32_t>(name.size())};
    text_.insert(text_.end(), name.begin(), name.end());
    names_.push_back(extent);
    if (name.empty()) continue;
    const auto id = static_cast<TokenId>(names_.size() - 1);
    const auto [entry, is_new] = id_by_name_.emplace(std::string_view(text_.data() + extent.begin, extent.size), id);
    if (!is_new) {
      return fail(ErrorKind::invalid, std::string(tokens_key) + " names tokens " + std::to_string(entry->second) +
                                          " and " + std::to_string(id) + " alike: " + gguf::printable(name));
    }
  }
  return {};
}

Result<void> Vocabulary::read_types(const gguf::Metadata& metadata) {
  types_.assign(names_.size(), TokenType::normal);
  if (!metadata.contains(types_key)) {
    // Files from before there were types: SentencePiece's bytes are known by their names.
    for (size_t i = 0; i < types_.size() && kind_ != VocabularyKind::byte_level; ++i) {
      if (byte_of_name(name(static_cast<TokenId>(i)))) types_[i] = TokenType::byte;
    }
    return {};
  }
  QUIRE_TRY(const std::vector<int64_t> types, metadata.get_ints(types_key));
  if (types.size() != names_.size()) return std::unexpected(length_error(types_key, types.size(), size()));
  for (size_t i = 0; i < types.size(); ++i) {
    if (types[i] < 0 || types[i] > static_cast<int64_t>(TokenType::byte)) {
      return fail(ErrorKind::invalid, std::string(types_key) + " of " + token_at(i) + " is " +
                                          std::to_string(types[i]) + ", expected 0 to 6");
    }
    const auto type = static_cast<TokenType>(types[i]);
    types_[i] = type == TokenType::undefined ? TokenType::normal : type;
  }
  return {};
}

Result<void> Vocabulary::read_scores(const gguf::Metadata& metadata) {
  if (!metadata.contains(scores_key)) return {};
  QUIRE_TRY(scores_, metadata.get_floats(scores_key));
  if (scores_.size() != names_.size()) return std::unexpected(length_error(scores_key, scores_.size(), size()));
  const auto nan = std::find_if(scores_.begin(), scores_.end(), [](float score) { return std::isnan(score); });
  if (nan != scores_.end()) {
    return fail(ErrorKind::invalid, std::string(scores_key) + " of " +
                                        token_at(static_cast<size_t>(nan - scores_.begin())) +
                                        " is not a number, so merges have no order");
  }
  return {};
}

TokenId Vocabulary::usual(TokenId id, TokenType type_of_it) const {
  return id < size() && type(id) == type_of_it ? id : no_token;
}

TokenId Vocabulary::usual(std::string_view name) const {
  const TokenId id = find(name);
  const bool is_special = id != no_token && (type(id) == TokenType::control || type(id) == TokenType::unknown);
  return is_special ? id : no_token;
}

Result<void> Vocabulary::read_special_ids(const gguf::Metadata& metadata) {
  const auto read = [&](std::string_view key) { return read_id(metadata, key, size()); };
  QUIRE_TRY(auto bos, read("tokenizer.ggml.bos_token_id"));
  QUIRE_TRY(const auto cls, read("tokenizer.ggml.cls_token_id"));
  QUIRE_TRY(const auto eos, read("tokenizer.ggml.eos_token_id"));
  QUIRE_TRY(const auto unknown, read("tokenizer.ggml.unknown_token_id"));
  QUIRE_TRY(const auto separator, read("tokenizer.ggml.seperator_token_id"));  // spelled so
  if (!bos) bos = cls;
  // What has its usual place or name is often left out of files.
  switch (kind_) {
    case VocabularyKind::sentencepiece:
      bos_ = usual(1, TokenType::control);
      eos_ = usual(2, TokenType::control);
      unknown_ = usual(0, TokenType::unknown);
      break;
    case VocabularyKind::wordpiece:
      bos_ = usual("[CLS]");
      separator_ = usual("[SEP]");
      unknown_ = usual("[UNK]");
      break;
    case VocabularyKind::unigram:
      eos_ = usual("</s>");
      unknown_ = usual("<unk>");
      break;
    case VocabularyKind::byte_level:
    case VocabularyKind::characters:
      break;
  }
  bos_ = bos.value_or(bos_);
  eos_ = eos.value_or(eos_);
  unknown_ = unknown.value_or(unknown_);
  separator_ = separator.value_or(separator_);
  QUIRE_TRY(suppressed_, read_ids(metadata, "tokenizer.ggml.suppress_tokens"));
  return read_ends(metadata);
}

Result<void> Vocabulary::read_ends(const gguf::Metadata& metadata) {
  // Ollama's own converter writes all ends in one place.
  QUIRE_TRY(ends_, read_ids(metadata, "tokenizer.ggml.eos_token_ids"));
  if (eos_ != no_token) ends_.push_back(eos_);
  for (const std::string_view key :
       {"tokenizer.ggml.eot_token_id", "tokenizer.ggml.eom_token_id", "tokenizer.ggml.fim_pad_token_id",
        "tokenizer.ggml.fim_rep_token_id", "tokenizer.ggml.fim_sep_token_id"}) {
    QUIRE_TRY(const auto id, read_id(metadata, key, size()));
    if (id.value_or(no_token) != no_token) ends_.push_back(*id);
  }
  return {};
}

Result<std::vector<TokenId>> Vocabulary::read_ids(const gguf::Metadata& metadata, std::string_view key) const {
  std::vector<TokenId> ids;
  if (!metadata.contains(key)) return ids;
  QUIRE_TRY(const std::vector<int64_t> numbers, metadata.get_ints(key));
  for (const int64_t number : numbers) {
    if (number < 0 || number >= size()) {
      return fail(ErrorKind::invalid, std::string(key) + " holds " + std::to_string(number) +
                                          ", expected tokens below " + std::to_string(size()));
    }
    ids.push_back(static_cast<TokenId>(number));
  }
  std::sort(ids.begin(), ids.end());
  return ids;
}

void Vocabulary::find_special_names() {
  // Where there is this one, </s> is a tag that strikes text out: Gemma 4.
  const bool has_tags = find("<|tool_response>") != no_token;
  for (const SpecialName& special : special_names) {
    const TokenId id = find(special.name);
    if (id == no_token || (has_tags && special.name == "</s>")) continue;
    types_[static_cast<size_t>(id)] = TokenType::control;
    if (special.ends) ends_.push_back(id);
  }
  // Where a turn has several messages, <|end|> ends a message only: the turn ends with <|return|> or a call.
  const TokenId end_of_message = find("<|end|>");
  const bool has_messages = (find("<|return|>") != no_token && find("<|call|>") != no_token) ||
                            (find("<|calls|>") != no_token && find("<|flush|>") != no_token);
  if (end_of_message != no_token && has_messages) std::erase(ends_, end_of_message);
  std::sort(ends_.begin(), ends_.end());
}

Result<void> Vocabulary::spell_bytes() {
  bytes_ = names_;
  for (size_t i = 0; i < names_.size(); ++i) {
    const std::string_view name = this->name(static_cast<TokenId>(i));
    std::string bytes;
    switch (types_[i]) {
      case TokenType::user_defined:
        if (kind_ != VocabularyKind::characters) continue;  // spelled as it is
        bytes = with_spaces(name);
        break;
      case TokenType::unknown:
      case TokenType::control:
      case TokenType::unused:
        break;  // no text
      case TokenType::byte: {
        const std::optional<uint8_t> byte = byte_of_name(name);
        if (!byte) {
          return fail(ErrorKind::invalid, std::string(tokens_key) + " calls " + token_at(i) + " " +
                                              gguf::printable(name) + ", expected <0xNN> as it is of type byte");
        }
        bytes.push_back(static_cast<char>(*byte));
        break;
      }
      case TokenType::undefined:
      case TokenType::normal:
        bytes = kind_ == VocabularyKind::byte_level ? unspell(name).value_or(std::string(name)) : with_spaces(name);
        break;
    }
    if (bytes == name) continue;
    bytes_[i] = {static_cast<uint32_t>(text_.size()), static_cast<uint32_t>(bytes.size())};
    text_.insert(text_.end(), bytes.begin(), bytes.end());
  }
  return {};
}

std::string_view Vocabulary::name(TokenId token) const {
  if (!contains(token)) return {};
  const Extent extent = names_[static_cast<size_t>(token)];
  return {text_.data() + extent.begin, extent.size};
}

std::string_view Vocabulary::bytes(TokenId token) const {
  if (!contains(token)) return {};
  const Extent extent = bytes_[static_cast<size_t>(token)];
  return {text_.data() + extent.begin, extent.size};
}

TokenId Vocabulary::find(std::string_view name) const {
  const auto found = id_by_name_.find(name);
  return found == id_by_name_.end() ? no_token : found->second;
}

TokenId Vocabulary::find_text(std::string_view name) const {
  const TokenId id = find(name);
  return id != no_token && is_text(id) ? id : no_token;
}

bool Vocabulary::is_end(TokenId token) const { return std::binary_search(ends_.begin(), ends_.end(), token); }

}  // namespace quire
