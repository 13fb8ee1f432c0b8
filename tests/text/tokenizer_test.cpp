#include "text/normal_form.h"
#include "text/tokenizer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "text/tokenizer_fixture.h"

namespace quire {
namespace {

using test::add_merge;
using test::byte_bpe_metadata;
using test::tiny_byte_bpe;
using test::tiny_sentencepiece;
using test::TinyVocabulary;
using Ids = std::vector<TokenId>;

std::unique_ptr<const Tokenizer> make(const gguf::Metadata& metadata) {
  auto tokenizer = Tokenizer::create(metadata);
  if (!tokenizer) ADD_FAILURE() << tokenizer.error().message;
  return tokenizer ? std::move(*tokenizer) : nullptr;
}

// Every string of at most two bytes.
std::vector<std::string> all_short_strings() {
  std::vector<std::string> strings{""};
  for (int a = 0; a < 256; ++a) {
    strings.push_back({static_cast<char>(a)});
    for (int b = 0; b < 256; ++b) strings.push_back({static_cast<char>(a), static_cast<char>(b)});
  }
  return strings;
}

constexpr TokenId first_piece = 3 + 256;  // after what tiny_sentencepiece() has
constexpr TokenId byte_token(uint8_t byte) { return 3 + byte; }

TEST(SentencePieceTokenizer, the_best_score_merges_first) {
  TinyVocabulary vocabulary = tiny_sentencepiece();
  for (const char* piece : {"\u2581", "a", "b", "c"}) vocabulary.add(piece, TokenType::normal, -10);
  const TokenId ab = vocabulary.add("ab", TokenType::normal, -2);
  const TokenId bc = vocabulary.add("bc", TokenType::normal, -1);
  const auto tokenizer = make(vocabulary.metadata());
  EXPECT_EQ(tokenizer->encode("abc", false, false), (Ids{first_piece, first_piece + 1, bc}));
  EXPECT_EQ(tokenizer->encode("ab", false, false), (Ids{first_piece, ab}));
}

TEST(SentencePieceTokenizer, of_equal_scores_the_leftmost_pair_merges_first) {
  TinyVocabulary vocabulary = tiny_sentencepiece();
  const TokenId space = vocabulary.add("\u2581");
  const TokenId a = vocabulary.add("a");
  const TokenId aa = vocabulary.add("aa");
  const auto tokenizer = make(vocabulary.metadata());
  EXPECT_EQ(tokenizer->encode("aaaaa", false, false), (Ids{space, aa, aa, a}));
}

TEST(SentencePieceTokenizer, a_character_without_a_piece_becomes_its_bytes) {
  TinyVocabulary vocabulary = tiny_sentencepiece();
  const TokenId space = vocabulary.add("\u2581");
  const auto tokenizer = make(vocabulary.metadata());
  EXPECT_EQ(tokenizer->encode("\u00e9", false, false), (Ids{space, byte_token(0xc3), byte_token(0xa9)}));
  EXPECT_EQ(tokenizer->bytes(byte_token(0xc3)), "\xc3");
}

TEST(SentencePieceTokenizer, a_byte_without_a_token_becomes_the_unknown_token_or_nothing) {
  TinyVocabulary vocabulary{.model = "llama", .tokens = {}, .types = {}, .scores = {}, .merges = {}};
  const TokenId a = vocabulary.add("a");
  const TokenId space = vocabulary.add("\u2581");
  EXPECT_EQ(make(vocabulary.metadata())->encode("a\u00e9", false, false), (Ids{space, a}));
  const TokenId unknown = vocabulary.add("[what]", TokenType::unknown);
  gguf::Metadata metadata = vocabulary.metadata();
  metadata.set("tokenizer.ggml.unknown_token_id", static_cast<uint32_t>(unknown));
  EXPECT_EQ(make(metadata)->encode("a\u00e9", false, false), (Ids{space, a, unknown, unknown}));
}

TEST(SentencePieceTokenizer, without_types_the_byte_tokens_are_known_by_name) {
  TinyVocabulary vocabulary = tiny_sentencepiece();
  const TokenId space = vocabulary.add("\u2581");
  gguf::Metadata metadata = vocabulary.metadata();
  metadata.erase("tokenizer.ggml.token_type");
  metadata.set("tokenizer.ggml.bos_token_id", uint32_t{1});
  const auto tokenizer = make(metadata);
  EXPECT_EQ(tokenizer->encode("\u00e9", true, false), (Ids{1, space, byte_token(0xc3), byte_token(0xa9)}));
  EXPECT_EQ(tokenizer->bytes(byte_token(0xa9)), "\xa9");
}

TEST(SentencePieceTokenizer, any_bytes_survive) {
  TinyVocabulary vocabulary = tiny_sentencepiece();
  vocabulary.add("\u2581");
  const auto tokenizer = make(vocabulary.metadata());
  for (const std::string& text : all_short_strings()) {
    ASSERT_EQ(tokenizer->decode(tokenizer->encode(text, true, false)), text);
  }
}

// The textbook algorithm: find the pair that forms the piece of the best score, merge its leftmost occurrence, start
// again. `text` is of single-byte characters.
Ids joined_slowly(const TinyVocabulary& vocabulary, const std::string& text) {
  std::vector<std::string> pieces{"\u2581"};
  for (const char c : text) pieces.push_back({c});
  const auto find = [&](const std::string& name) {
    const auto found = std::find(vocabulary.tokens.begin(), vocabulary.tokens.end(), name);
    return static_cast<size_t>(found - vocabulary.tokens.begin());
  };
  for (;;) {
    float best = -std::numeric_limits<float>::infinity();
    size_t place = pieces.size();
    for (size_t i = 0; i + 1 < pieces.size(); ++i) {
      const size_t id = find(pieces[i] + pieces[i + 1]);
      if (id == vocabulary.tokens.size() || vocabulary.scores[id] <= best) continue;
      best = vocabulary.scores[id];
      place = i;
    }
    if (place == pieces.size()) break;
    pieces[place] += pieces[place + 1];
    pieces.erase(pieces.begin() + static_cast<ptrdiff_t>(place) + 1);
  }
  Ids ids;
  for (const std::string& piece : pieces) {
    const size_t id = find(piece);
    ids.push_back(id < vocabulary.tokens.size() ? static_cast<TokenId>(id)
                                                : byte_token(static_cast<uint8_t>(piece.front())));
  }
  return ids;
}

TEST(SentencePieceTokenizer, merges_as_the_textbook_does) {
  for (unsigned seed = 0; seed < 500; ++seed) {
    std::mt19937 random(seed);
    TinyVocabulary vocabulary = tiny_sentencepiece();
    vocabulary.add("\u2581", TokenType::normal, -100);
    const auto letters = [&](size_t size) {
      std::string text;
      for (; size > 0; --size) text.push_back(static_cast<char>('a' + random() % 4));
      return text;
    };
    for (int i = 0; i < 20; ++i) {
      std::string piece = random() % 4 == 0 ? "\u2581" : "";
      piece += letters(1 + random() % 4);
      const auto same = std::find(vocabulary.tokens.begin(), vocabulary.tokens.end(), piece);
      const auto score = static_cast<float>(random() % 8);  // few, so that some are equal
      if (same == vocabulary.tokens.end()) vocabulary.add(piece, TokenType::normal, score);
    }
    const auto tokenizer = make(vocabulary.metadata());
    for (int i = 0; i < 20; ++i) {
      const std::string text = letters(1 + random() % 30);
      ASSERT_EQ(tokenizer->encode(text, false, false), joined_slowly(vocabulary, text))
          << "seed " << seed << ' ' << text;
    }
  }
}

TEST(SentencePieceTokenizer, a_space_comes_before_the_text_unless_the_file_says_no) {
  TinyVocabulary vocabulary = tiny_sentencepiece();
  const TokenId space = vocabulary.add("\u2581");
  const TokenId a = vocabulary.add("a");
  gguf::Metadata metadata = vocabulary.metadata();
  EXPECT_EQ(make(metadata)->encode(" a", false, false), (Ids{space, space, a}));
  EXPECT_EQ(make(metadata)->decode(Ids{space, space, a}), " a");
  metadata.set("tokenizer.ggml.add_space_prefix", false);
  EXPECT_EQ(make(metadata)->encode(" a", false, false), (Ids{space, a}));
  EXPECT_EQ(make(metadata)->decode(Ids{space, a}), " a");
}

TEST(SentencePieceTokenizer, text_that_spells_a_control_byte_or_unused_token_is_not_it) {
  TinyVocabulary vocabulary = tiny_sentencepiece();
  const TokenId first_unused = vocabulary.add("xy", TokenType::unused);
  // Pieces by which merging could reach each name.
  for (const char* piece : {"\u2581", "<", "s", ">", "<s", "0", "x", "4", "1", "y", "<0", "<0x", "<0x4", "<0x41"}) {
    vocabulary.add(piece);
  }
  const auto tokenizer = make(vocabulary.metadata());
  for (const std::string text : {"<s>", "<0x41>", "xy"}) {
    const Ids ids = tokenizer->encode(text, false, false);
    for (const TokenId id : ids) EXPECT_GT(id, first_unused) << text;
    EXPECT_EQ(tokenizer->decode(ids), text);
  }
}

TEST(SentencePieceTokenizer, phi_3_drops_the_white_space_after_its_special_tokens) {
  TinyVocabulary vocabulary = tiny_sentencepiece();
  const TokenId space = vocabulary.add("\u2581");
  const TokenId a = vocabulary.add("a");
  const TokenId user = vocabulary.add("<|user|>", TokenType::control);
  gguf::Metadata metadata = vocabulary.metadata();
  metadata.set("general.name", std::string("Phi-3 mini"));
  EXPECT_EQ(make(metadata)->encode("<|user|>\n a<s> ", false, true), (Ids{user, space, a, 1, space, space}));
  metadata.set("general.name", std::string("other"));
  EXPECT_EQ(make(metadata)->encode("<|user|> a", false, true), (Ids{user, space, space, a}));
}

TEST(ByteBpeTokenizer, any_bytes_survive_under_every_pre_tokenizer) {
  TinyVocabulary vocabulary = tiny_byte_bpe();
  add_merge(vocabulary, "a", "b");
  for (const char* pre : {"gpt-2", "llama-bpe", "qwen2", "deepseek-llm", "smollm"}) {
    const auto tokenizer = make(byte_bpe_metadata(vocabulary, pre));
    for (const std::string& text : all_short_strings()) {
      const std::string expected = pre == std::string_view("qwen2") ? nfc(text) : text;
      ASSERT_EQ(tokenizer->decode(tokenizer->encode(text, false, true)), expected) << pre;
    }
  }
}

// The textbook algorithm: find the best pair of the whole word, merge its leftmost occurrence, start again.
Ids merged_slowly(const TinyVocabulary& vocabulary, const std::string& word) {
  std::vector<std::string> pieces;
  for (const char c : word) pieces.push_back({c});
  for (;;) {
    size_t best = vocabulary.merges.size();
    size_t place = 0;
    for (size_t i = 0; i + 1 < pieces.size(); ++i) {
      const auto found = std::find(vocabulary.merges.begin(), vocabulary.merges.end(), pieces[i] + " " + pieces[i + 1]);
      const auto rank = static_cast<size_t>(found - vocabulary.merges.begin());
      if (rank < best) {
        best = rank;
        place = i;
      }
    }
    if (best == vocabulary.merges.size()) break;
    pieces[place] += pieces[place + 1];
    pieces.erase(pieces.begin() + static_cast<ptrdiff_t>(place) + 1);
  }
  Ids ids;
  for (const std::string& piece : pieces) {
    const auto found = std::find(vocabulary.tokens.begin(), vocabulary.tokens.end(), piece);
    ids.push_back(static_cast<TokenId>(found - vocabulary.tokens.begin()));
  }
  return ids;
}

TEST(ByteBpeTokenizer, merges_as_the_textbook_does) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    std::mt19937 random(seed);
    TinyVocabulary vocabulary = tiny_byte_bpe();
    std::vector<std::string> pieces{"a", "b", "c"};
    for (int i = 0; i < 12; ++i) {
      const std::string left = pieces[random() % pieces.size()];
      const std::string right = pieces[random() % pieces.size()];
      if (std::find(pieces.begin(), pieces.end(), left + right) != pieces.end()) continue;
      add_merge(vocabulary, left, right);
      pieces.push_back(left + right);
    }
    const auto tokenizer = make(byte_bpe_metadata(vocabulary));
    for (int i = 0; i < 20; ++i) {
      std::string word;
      for (size_t size = 1 + random() % 40; size > 0; --size) word.push_back(static_cast<char>('a' + random() % 3));
      ASSERT_EQ(tokenizer->encode(word, false, false), merged_slowly(vocabulary, word))
          << "seed " << seed << ' ' << word;
    }
  }
}

TEST(ByteBpeTokenizer, merges_do_not_cross_words) {
  TinyVocabulary vocabulary = tiny_byte_bpe();
  add_merge(vocabulary, "a", "\u0120");  // U+0120 spells a space
  const TokenId space_b = add_merge(vocabulary, "\u0120", "b");
  const auto tokenizer = make(byte_bpe_metadata(vocabulary));
  EXPECT_EQ(tokenizer->encode("a b", false, false), (Ids{'a', space_b}));
  EXPECT_EQ(tokenizer->bytes(space_b), " b");
}

TEST(ByteBpeTokenizer, llama_3_takes_a_word_that_is_a_token_whatever_the_merges_say) {
  TinyVocabulary vocabulary = tiny_byte_bpe();
  const TokenId bc = add_merge(vocabulary, "b", "c");
  const TokenId abc = vocabulary.add("abc");
  gguf::Metadata metadata = byte_bpe_metadata(vocabulary, "llama-bpe");
  metadata.set("tokenizer.ggml.add_bos_token", false);
  EXPECT_EQ(make(metadata)->encode("abc", false, false), (Ids{abc}));
  EXPECT_EQ(make(byte_bpe_metadata(vocabulary, "qwen2"))->encode("abc", false, false), (Ids{'a', bc}));
}

TEST(ByteBpeTokenizer, a_byte_without_a_token_becomes_the_replacement_character) {
  TinyVocabulary vocabulary = tiny_byte_bpe();
  vocabulary.types[0xff] = static_cast<int32_t>(TokenType::user_defined);
  const auto tokenizer = make(byte_bpe_metadata(vocabulary));
  EXPECT_EQ(tokenizer->encode("a\xff", false, false), (Ids{'a', 0xef, 0xbf, 0xbd}));
  EXPECT_EQ(tokenizer->encode("\u00ff", false, false), (Ids{0xff})) << "the user-defined token is matched as written";
}

TEST(ByteBpeTokenizer, a_merge_of_what_the_vocabulary_lacks_is_ignored_and_the_first_of_two_equal_ones_counts) {
  TinyVocabulary vocabulary = tiny_byte_bpe();
  vocabulary.merges.push_back("a zz");
  vocabulary.merges.push_back("b c");
  const TokenId ab = add_merge(vocabulary, "a", "b");
  const TokenId bc = add_merge(vocabulary, "b", "c");
  const auto tokenizer = make(byte_bpe_metadata(vocabulary));
  EXPECT_EQ(tokenizer->encode("abc", false, false), (Ids{'a', bc}));
  EXPECT_EQ(tokenizer->encode("ab", false, false), (Ids{ab}));
}

TEST(Tokenizer, bos_and_eos_are_added_as_the_file_asks_and_not_doubled) {
  TinyVocabulary vocabulary = tiny_sentencepiece();
  const TokenId space = vocabulary.add("\u2581");
  gguf::Metadata metadata = vocabulary.metadata();
  const auto usual = make(metadata);  // no keys at all: SentencePiece's own ids, and BOS
  EXPECT_EQ(usual->bos(), 1);
  EXPECT_EQ(usual->eos(), 2);
  EXPECT_EQ(usual->encode("", true, false), (Ids{1}));
  EXPECT_EQ(usual->encode("", false, false), Ids{});
  EXPECT_EQ(usual->encode("<s>", true, true), (Ids{1}));
  EXPECT_EQ(usual->encode("<s><s>", true, true), (Ids{1, 1}));
  EXPECT_EQ(usual->encode("<s>", false, true), (Ids{1}));
  metadata.set("tokenizer.ggml.add_eos_token", true);
  EXPECT_EQ(make(metadata)->encode(" ", true, true), (Ids{1, space, space, 2}));
  EXPECT_EQ(make(metadata)->encode("<s></s>", true, true), (Ids{1, 2}));
  metadata.set("tokenizer.ggml.add_bos_token", false);
  EXPECT_EQ(make(metadata)->encode("", true, true), (Ids{2}));
}

TEST(Tokenizer, byte_level_bpe_adds_no_bos_unless_its_pre_tokenizer_or_the_file_does) {
  TinyVocabulary vocabulary = tiny_byte_bpe();
  const TokenId begin = vocabulary.add("<|begin|>", TokenType::control);
  gguf::Metadata metadata = byte_bpe_metadata(vocabulary, "qwen2");
  metadata.set("tokenizer.ggml.bos_token_id", static_cast<uint32_t>(begin));
  EXPECT_EQ(make(metadata)->encode("", true, true), Ids{});
  metadata.set("tokenizer.ggml.pre", std::string("llama-bpe"));
  EXPECT_EQ(make(metadata)->encode("", true, true), (Ids{begin}));
  metadata.set("tokenizer.ggml.add_bos_token", false);
  EXPECT_EQ(make(metadata)->encode("", true, true), Ids{});
}

TEST(Tokenizer, an_id_of_4294967295_means_that_there_is_no_such_token) {
  gguf::Metadata metadata = tiny_sentencepiece().metadata();
  metadata.set("tokenizer.ggml.bos_token_id", std::numeric_limits<uint32_t>::max());
  metadata.set("tokenizer.ggml.eos_token_id", std::numeric_limits<uint32_t>::max());
  const auto tokenizer = make(metadata);
  EXPECT_EQ(tokenizer->bos(), -1);
  EXPECT_EQ(tokenizer->eos(), -1);
  EXPECT_FALSE(tokenizer->adds_bos());
  EXPECT_FALSE(tokenizer->is_end(-1));
}

TEST(Tokenizer, generation_ends_at_the_ids_of_the_file_and_at_names_known_to_end_a_turn) {
  TinyVocabulary vocabulary = tiny_byte_bpe();
  const TokenId eot = vocabulary.add("<my_end>", TokenType::control);
  const TokenId im_end = vocabulary.add("<|im_end|>");  // the file forgot to call it a control token
  const TokenId im_start = vocabulary.add("<|im_start|>", TokenType::control);
  gguf::Metadata metadata = byte_bpe_metadata(vocabulary);
  metadata.set("tokenizer.ggml.eos_token_id", uint32_t{'z'});
  metadata.set("tokenizer.ggml.eot_token_id", static_cast<uint32_t>(eot));
  const auto tokenizer = make(metadata);
  for (const TokenId id : {TokenId{'z'}, eot, im_end}) EXPECT_TRUE(tokenizer->is_end(id)) << id;
  for (const TokenId id : {TokenId{'y'}, im_start, TokenId{-1}, TokenId{100000}}) EXPECT_FALSE(tokenizer->is_end(id));
  EXPECT_TRUE(tokenizer->is_control(im_end));
  EXPECT_TRUE(tokenizer->bytes(im_end).empty());
  EXPECT_EQ(tokenizer->name(im_end), "<|im_end|>");
  EXPECT_EQ(tokenizer->find("<|im_end|>"), im_end);
  EXPECT_EQ(tokenizer->find("<|im_"), std::nullopt);
}

TEST(Tokenizer, a_list_of_ends_is_ends_too) {
  gguf::Metadata metadata = byte_bpe_metadata(tiny_byte_bpe());
  metadata.set("tokenizer.ggml.eos_token_id", uint32_t{'z'});
  metadata.set("tokenizer.ggml.eos_token_ids", std::vector<int32_t>{'z', 'x'});
  const auto tokenizer = make(metadata);
  for (const TokenId id : {TokenId{'z'}, TokenId{'x'}}) EXPECT_TRUE(tokenizer->is_end(id)) << id;
  EXPECT_FALSE(tokenizer->is_end(TokenId{'y'}));
  metadata.set("tokenizer.ggml.eos_token_ids", std::vector<int32_t>{1 << 20});
  EXPECT_EQ(Tokenizer::create(metadata).error().kind, ErrorKind::invalid);
}

TEST(Tokenizer, a_message_end_does_not_end_the_turn_where_other_tokens_do) {
  TinyVocabulary vocabulary = tiny_byte_bpe();
  const TokenId end = vocabulary.add("<|end|>", TokenType::control);
  EXPECT_TRUE(make(byte_bpe_metadata(vocabulary))->is_end(end));
  vocabulary.add("<|return|>", TokenType::control);
  vocabulary.add("<|call|>", TokenType::control);
  EXPECT_FALSE(make(byte_bpe_metadata(vocabulary))->is_end(end));
}

TEST(Tokenizer, a_token_outside_the_vocabulary_has_neither_name_nor_bytes) {
  const auto tokenizer = make(tiny_sentencepiece().metadata());
  for (const TokenId id : {-1, tokenizer->vocab_size(), std::numeric_limits<TokenId>::max()}) {
    EXPECT_TRUE(tokenizer->name(id).empty());
    EXPECT_TRUE(tokenizer->bytes(id).empty());
    EXPECT_FALSE(tokenizer->is_control(id));
    EXPECT_EQ(tokenizer->decode(Ids{id}), "");
  }
}

TEST(Tokenizer, threads_share_one_and_get_the_same_ids) {
  TinyVocabulary vocabulary = tiny_byte_bpe();
  add_merge(vocabulary, "l", "o");
  const auto tokenizer = make(byte_bpe_metadata(vocabulary, "deepseek-llm"));
  std::string text;
  for (int i = 0; i < 2000; ++i) text += "hello \u4e16\u754c 123 \xff lo\n";
  const Ids expected = tokenizer->encode(text, false, true);
  std::vector<Ids> found(4);
  {
    std::vector<std::jthread> threads;
    for (Ids& ids : found) threads.emplace_back([&] { ids = tokenizer->encode(text, false, true); });
  }
  for (const Ids& ids : found) EXPECT_EQ(ids, expected);
}

// A quarter of a megabyte that would take minutes were anything quadratic in it.
TEST(Tokenizer, a_long_text_without_a_break_is_tokenized) {
  TinyVocabulary pieces = tiny_sentencepiece();
  TinyVocabulary bytes = tiny_byte_bpe();
  for (std::string a = "a"; a.size() <= 64; a += a) {
    pieces.add(a, TokenType::normal, static_cast<float>(a.size()));
    add_merge(bytes, a, a);
  }
  pieces.add("\u2581");
  for (TinyVocabulary* vocabulary : {&pieces, &bytes}) {
    for (std::string name = "<"; name.size() < 64; name += "<") vocabulary->add(name + "!", TokenType::control);
  }
  std::vector<std::unique_ptr<const Tokenizer>> tokenizers;
  tokenizers.push_back(make(pieces.metadata()));
  for (const char* pre : {"gpt-2", "llama3", "qwen2", "deepseek-llm"}) {
    tokenizers.push_back(make(byte_bpe_metadata(bytes, pre)));
  }
  constexpr size_t size = 1 << 18;
  for (const char c : {'a', ' ', '\n', '<', '7', '\'', '\xff', '\xc3'}) {
    for (const char last : {c, 'x'}) {
      const std::string text = std::string(size, c) + last;
      for (const auto& tokenizer : tokenizers) {
        EXPECT_TRUE(tokenizer->decode(tokenizer->encode(text, false, true)) == text) << int{c} << tokenizer->family();
      }
    }
  }
}

}  // namespace
}  // namespace quire
