#include "text/tokenizer.h"

#include <algorithm>
#include <utility>

#include "gguf/printable.h"
#include "text/normal_form.h"

namespace quire {

namespace {

constexpr std::string_view model_key = "tokenizer.ggml.model";

// Phi-3's special tokens swallow the white space after them, and no key of the file says so: like llama.cpp, this goes
// by the model's name.
bool strips_right(const gguf::Metadata& metadata) {
  const gguf::Value* value = metadata.find("general.name");
  const std::string* name = value == nullptr ? nullptr : std::get_if<std::string>(value);
  if (name == nullptr) return false;
  std::string lower = *name;
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return lower.find("phi-3") != std::string::npos || lower.find("phi3") != std::string::npos;
}

}  // namespace

Result<std::unique_ptr<const Tokenizer>> Tokenizer::create(const gguf::Metadata& metadata) {
  QUIRE_TRY(const std::string family, metadata.get_string(model_key));
  const auto make = [&](Vocabulary vocabulary, Encoder encoder) -> Result<std::unique_ptr<const Tokenizer>> {
    std::unique_ptr<Tokenizer> tokenizer(new Tokenizer(std::move(vocabulary), std::move(encoder)));
    QUIRE_TRY_VOID(tokenizer->read_options(metadata));
    return tokenizer;
  };
  if (family == "llama") {
    QUIRE_TRY(Vocabulary vocabulary, Vocabulary::read(metadata, TokenSpelling::sentencepiece));
    QUIRE_TRY(SentencePieceEncoder encoder, SentencePieceEncoder::create(vocabulary));
    return make(std::move(vocabulary), std::move(encoder));
  }
  if (family == "gpt2") {
    QUIRE_TRY(Vocabulary vocabulary, Vocabulary::read(metadata, TokenSpelling::byte_level));
    QUIRE_TRY(ByteBpeEncoder encoder, ByteBpeEncoder::create(vocabulary, metadata));
    return make(std::move(vocabulary), std::move(encoder));
  }
  return fail(ErrorKind::unsupported, std::string(model_key) + " is " + gguf::printable(family) +
                                          "; supported are llama (SentencePiece) and gpt2 (byte-level BPE)");
}

Tokenizer::Tokenizer(Vocabulary vocabulary, Encoder encoder)
    : vocabulary_(std::move(vocabulary)), specials_(vocabulary_), encoder_(std::move(encoder)) {}

Result<void> Tokenizer::read_options(const gguf::Metadata& metadata) {
  const auto* bpe = std::get_if<ByteBpeEncoder>(&encoder_);
  const bool usual_bos = bpe == nullptr || bpe->has(begins_with_bos);
  constexpr std::string_view add_bos_key = "tokenizer.ggml.add_bos_token";
  constexpr std::string_view add_eos_key = "tokenizer.ggml.add_eos_token";
  QUIRE_TRY(adds_bos_, metadata.get_bool_or(add_bos_key, usual_bos && bos() != no_token));
  QUIRE_TRY(adds_eos_, metadata.get_bool_or(add_eos_key, false));
  QUIRE_TRY(adds_space_prefix_, metadata.get_bool_or("tokenizer.ggml.add_space_prefix", bpe == nullptr));
  adds_space_prefix_ = adds_space_prefix_ && bpe == nullptr;
  if (adds_bos_ && bos() == no_token) {
    return fail(ErrorKind::invalid, std::string(add_bos_key) + " is true, but tokenizer.ggml.bos_token_id names none");
  }
  if (adds_eos_ && eos() == no_token) {
    return fail(ErrorKind::invalid, std::string(add_eos_key) + " is true, but tokenizer.ggml.eos_token_id names none");
  }
  specials_strip_right_ = strips_right(metadata);
  text_bytes_max_ = longest_text_of_token();
  return {};
}

size_t Tokenizer::longest_text_of_token() const {
  size_t longest = 1;
  for (TokenId token = 0; token < vocab_size(); ++token) {
    longest = std::max({longest, bytes(token).size(), name(token).size()});
  }
  const auto* bpe = std::get_if<ByteBpeEncoder>(&encoder_);
  return bpe != nullptr && bpe->has(composes_characters) ? longest * nfc_shrinks_max : longest;
}

std::vector<TokenId> Tokenizer::encode(const PromptText& prompt, bool add_special) const {
  return encode_masked(prompt.text, prompt.user_spans, add_special);
}

std::vector<TokenId> Tokenizer::encode(std::string_view text, bool add_special, bool parse_special) const {
  const TextSpan all{0, text.size()};
  return encode_masked(text, parse_special ? std::span<const TextSpan>() : std::span(&all, 1), add_special);
}

std::vector<TokenId> Tokenizer::encode_masked(std::string_view text, std::span<const TextSpan> masked,
                                              bool add_special) const {
  std::vector<TokenId> tokens;
  size_t begin = 0;
  while (const std::optional<SpecialMatch> match = specials_.next(vocabulary_, text, begin, masked)) {
    encode_text(text.substr(begin, match->begin - begin), adds_space_prefix_, tokens);
    tokens.push_back(match->token);
    begin = skip_stripped(text, match->end, match->token);
  }
  encode_text(text.substr(begin), adds_space_prefix_, tokens);
  if (!add_special) return tokens;
  if (adds_bos_ && (tokens.empty() || tokens.front() != bos())) tokens.insert(tokens.begin(), bos());
  if (adds_eos_ && (tokens.empty() || tokens.back() != eos())) tokens.push_back(eos());
  return tokens;
}

// A text that begins after a special token or at the start: either way SentencePiece has a space before it.
void Tokenizer::encode_text(std::string_view text, bool space_prefix, std::vector<TokenId>& tokens) const {
  if (text.empty()) return;
  if (const auto* sentencepiece = std::get_if<SentencePieceEncoder>(&encoder_)) {
    sentencepiece->encode(vocabulary_, text, space_prefix, tokens);
  } else {
    std::get<ByteBpeEncoder>(encoder_).encode(vocabulary_, text, tokens);
  }
}

void Tokenizer::encode_further(std::string_view text, std::vector<TokenId>& tokens) const {
  const TextSpan all{0, text.size()};
  size_t begin = 0;
  while (const std::optional<SpecialMatch> match = specials_.next(vocabulary_, text, begin, std::span(&all, 1))) {
    encode_text(text.substr(begin, match->begin - begin), false, tokens);
    tokens.push_back(match->token);
    begin = match->end;
  }
  encode_text(text.substr(begin), false, tokens);
}

size_t Tokenizer::settled(std::string_view text) const {
  const TextSpan all{0, text.size()};
  size_t begin = 0;
  while (true) {
    const size_t open = begin + specials_.open_begin(vocabulary_, text.substr(begin));
    const std::optional<SpecialMatch> match = specials_.next(vocabulary_, text, begin, std::span(&all, 1));
    if (match && match->begin < open) {
      begin = match->end;
      continue;
    }
    const std::string_view last = text.substr(begin, open - begin);
    return begin + std::visit([&](const auto& encoder) { return encoder.settled(last); }, encoder_);
  }
}

size_t Tokenizer::skip_stripped(std::string_view text, size_t at, TokenId special) const {
  if (!specials_strip_right_) return at;
  const std::string_view its_name = name(special);
  if (its_name == "<unk>" || its_name == "<s>" || its_name == "<|endoftext|>") return at;
  const size_t end = text.find_first_not_of(" \t\n\v\f\r", at);
  return end == std::string_view::npos ? text.size() : end;
}

std::string Tokenizer::decode(std::span<const TokenId> tokens) const {
  std::string text;
  bool drops_space = adds_space_prefix_;
  for (const TokenId token : tokens) {
    std::string_view piece = bytes(token);
    if (piece.empty()) continue;
    if (drops_space && piece.front() == ' ') piece.remove_prefix(1);
    drops_space = false;
    text += piece;
  }
  return text;
}

std::optional<TokenId> Tokenizer::find(std::string_view name) const {
  const TokenId id = vocabulary_.find(name);
  return id == no_token ? std::nullopt : std::optional(id);
}

std::string_view Tokenizer::family() const {
  return std::holds_alternative<SentencePieceEncoder>(encoder_) ? "llama" : "gpt2";
}

}  // namespace quire
