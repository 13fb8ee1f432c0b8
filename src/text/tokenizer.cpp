#include "text/tokenizer.h"

#include <algorithm>
#include <utility>

#include "gguf/printable.h"
#include "text/normal_form.h"
#include "text/pretokenizer_choice.h"

namespace quire {

namespace {

constexpr std::string_view model_key = "tokenizer.ggml.model";
constexpr std::string_view pre_key = "tokenizer.ggml.pre";

// Pre-tokenizers that leave words whole for BPE over characters, under the model "gpt2".
bool is_character_bpe(std::string_view pre_name) {
  return pre_name == "gemma4" || pre_name == "granite-embed-multi-311m" || pre_name == "mmbert" ||
         pre_name == "sarvam-moe";
}

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
  QUIRE_TRY(Parts parts, read_parts(family, metadata));
  std::unique_ptr<Tokenizer> tokenizer(new Tokenizer(std::move(parts.vocabulary), std::move(parts.encoder)));
  tokenizer->family_ = family;
  QUIRE_TRY_VOID(tokenizer->read_options(metadata, parts.usual));
  return tokenizer;
}

Result<Tokenizer::Parts> Tokenizer::read_parts(const std::string& family, const gguf::Metadata& metadata) {
  QUIRE_TRY(const std::string pre_name, metadata.get_string_or(pre_key, ""));
  // Ollama's first files of Gemma 4 say "llama".
  if (family == "gemma4" || (family == "llama" && pre_name == "gemma4")) return read_character_bpe(metadata, "gemma4");
  if (family == "gpt2") return is_character_bpe(pre_name) ? read_character_bpe(metadata, pre_name) : read_bpe(metadata);
  if (family == "llama") {
    QUIRE_TRY(Vocabulary vocabulary, Vocabulary::read(metadata, VocabularyKind::sentencepiece));
    QUIRE_TRY(SentencePieceEncoder encoder, SentencePieceEncoder::create(vocabulary));
    return Parts{.vocabulary = std::move(vocabulary),
                 .encoder = std::move(encoder),
                 .usual = {.adds_bos = true, .adds_space_prefix = true}};
  }
  if (family == "bert") {
    QUIRE_TRY(Vocabulary vocabulary, Vocabulary::read(metadata, VocabularyKind::wordpiece));
    QUIRE_TRY(WordPieceEncoder encoder, WordPieceEncoder::create(vocabulary, metadata));
    // What its models were trained on always begins with [CLS] and ends with [SEP]; llama.cpp does not ask the file.
    return Parts{.vocabulary = std::move(vocabulary),
                 .encoder = std::move(encoder),
                 .usual = {.always_adds_bos = true, .adds_separator = true}};
  }
  if (family == "t5") {
    QUIRE_TRY(Vocabulary vocabulary, Vocabulary::read(metadata, VocabularyKind::unigram));
    QUIRE_TRY(UnigramEncoder encoder, UnigramEncoder::create(vocabulary, metadata));
    return Parts{.vocabulary = std::move(vocabulary), .encoder = std::move(encoder), .usual = {.adds_eos = true}};
  }
  return fail(ErrorKind::unsupported, std::string(model_key) + " is " + gguf::printable(family) +
                                          "; supported are llama (SentencePiece), gpt2 (byte-level BPE), gemma4 (BPE "
                                          "over characters), bert (WordPiece) and t5 (unigram)");
}

Result<Tokenizer::Parts> Tokenizer::read_bpe(const gguf::Metadata& metadata) {
  QUIRE_TRY(Vocabulary vocabulary, Vocabulary::read(metadata, VocabularyKind::byte_level));
  QUIRE_TRY(PreTokenizerChoice choice, choose_pre_tokenizer(metadata, vocabulary));
  QUIRE_TRY(ByteBpeEncoder encoder, ByteBpeEncoder::create(vocabulary, metadata, choice.name));
  Usual usual{.adds_bos = encoder.has(begins_with_bos),
              .adds_separator = encoder.has(separates_pairs),
              .warning = std::move(choice.warning)};
  return Parts{.vocabulary = std::move(vocabulary), .encoder = std::move(encoder), .usual = std::move(usual)};
}

Result<Tokenizer::Parts> Tokenizer::read_character_bpe(const gguf::Metadata& metadata, std::string_view pre_name) {
  QUIRE_TRY(Vocabulary vocabulary, Vocabulary::read(metadata, VocabularyKind::characters));
  QUIRE_TRY(MergeTable merges, MergeTable::read(vocabulary, metadata));
  QUIRE_TRY(SentencePieceEncoder encoder,
            SentencePieceEncoder::create(vocabulary, std::move(merges), pre_name == "mmbert"));
  // Files that say no were converted wrong: Gemma 4 is lost without, and llama.cpp overrides them too.
  const bool always_adds_bos = pre_name == "gemma4" || pre_name == "granite-embed-multi-311m";
  return Parts{.vocabulary = std::move(vocabulary),
               .encoder = std::move(encoder),
               .usual = {.always_adds_bos = always_adds_bos}};
}

Tokenizer::Tokenizer(Vocabulary vocabulary, Encoder encoder)
    : vocabulary_(std::move(vocabulary)), specials_(vocabulary_), encoder_(std::move(encoder)) {}

Result<void> Tokenizer::read_options(const gguf::Metadata& metadata, const Usual& usual) {
  constexpr std::string_view add_bos_key = "tokenizer.ggml.add_bos_token";
  constexpr std::string_view add_eos_key = "tokenizer.ggml.add_eos_token";
  const bool has_bos = bos() != no_token;
  QUIRE_TRY(adds_bos_, metadata.get_bool_or(add_bos_key, usual.adds_bos && has_bos));
  QUIRE_TRY(adds_eos_, metadata.get_bool_or(add_eos_key, usual.adds_eos && eos() != no_token));
  QUIRE_TRY(adds_separator_, metadata.get_bool_or("tokenizer.ggml.add_sep_token", usual.adds_separator));
  QUIRE_TRY(adds_space_prefix_, metadata.get_bool_or("tokenizer.ggml.add_space_prefix", usual.adds_space_prefix));
  const bool has_spaces =
      std::holds_alternative<SentencePieceEncoder>(encoder_) || std::holds_alternative<UnigramEncoder>(encoder_);
  adds_space_prefix_ = adds_space_prefix_ && has_spaces;
  if (usual.always_adds_bos && metadata.contains(add_bos_key) && !adds_bos_ && has_bos) {
    warnings_.push_back(std::string(add_bos_key) + " is false, but texts of such a model begin with BOS: it is added");
  }
  adds_bos_ = adds_bos_ || (usual.always_adds_bos && has_bos);
  if (adds_bos_ && !has_bos) {
    return fail(ErrorKind::invalid, std::string(add_bos_key) + " is true, but tokenizer.ggml.bos_token_id names none");
  }
  if (adds_eos_ && eos() == no_token) {
    return fail(ErrorKind::invalid, std::string(add_eos_key) + " is true, but tokenizer.ggml.eos_token_id names none");
  }
  if (!usual.warning.empty()) warnings_.push_back(usual.warning);
  specials_strip_right_ = strips_right(metadata);
  text_bytes_max_ = longest_text_of_token();
  return {};
}

size_t Tokenizer::longest_text_of_token() const {
  // White space between words and what a charsmap takes out are no token, and a word of any length may be one unknown.
  constexpr size_t any = size_t{1} << 29;  // the longest text there is
  if (std::holds_alternative<WordPieceEncoder>(encoder_) || std::holds_alternative<UnigramEncoder>(encoder_))
    return any;
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
    encode_text(text.substr(begin, match->begin - begin), true, tokens);
    tokens.push_back(match->token);
    begin = skip_stripped(text, match->end, match->token);
  }
  encode_text(text.substr(begin), true, tokens);
  if (!add_special) return tokens;
  if (adds_bos_ && (tokens.empty() || tokens.front() != bos())) tokens.insert(tokens.begin(), bos());
  const TokenId last = last_token();
  if (last != no_token && (tokens.empty() || tokens.back() != last)) tokens.push_back(last);
  return tokens;
}

TokenId Tokenizer::last_token() const {
  if (std::holds_alternative<WordPieceEncoder>(encoder_)) return separator();
  return adds_eos_ ? eos() : no_token;
}

// begins: the text is at the start or after a special token. Either way SentencePiece has a space before it.
void Tokenizer::encode_text(std::string_view text, bool begins, std::vector<TokenId>& tokens) const {
  if (text.empty()) return;
  const bool space_prefix = begins && adds_space_prefix_;
  if (const auto* sentencepiece = std::get_if<SentencePieceEncoder>(&encoder_)) {
    sentencepiece->encode(vocabulary_, text, space_prefix, tokens);
  } else if (const auto* bpe = std::get_if<ByteBpeEncoder>(&encoder_)) {
    bpe->encode(vocabulary_, text, tokens);
  } else if (const auto* wordpiece = std::get_if<WordPieceEncoder>(&encoder_)) {
    wordpiece->encode(vocabulary_, text, tokens);
  } else {
    const TextPlace place = space_prefix ? TextPlace::begins_word : begins ? TextPlace::begins : TextPlace::goes_on;
    std::get<UnigramEncoder>(encoder_).encode(vocabulary_, text, place, tokens);
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

}  // namespace quire
