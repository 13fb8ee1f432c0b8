// The table of replacements that SentencePiece's files carry.
#include "text/charsmap.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "gguf/file.h"
#include "test_data.h"

namespace quire {
namespace {

gguf::Metadata unigram_metadata() {
  const auto file = gguf::File::open(test::own_data_dir() / "vocabularies" / "unigram.gguf");
  EXPECT_TRUE(file) << file.error().message;
  return file ? file->metadata() : gguf::Metadata();
}

constexpr const char* charsmap_key = "tokenizer.ggml.precompiled_charsmap";

std::string replaced(const Charsmap& map, std::string_view text) {
  const Charsmap::Match match = map.longest(text, 0);
  return std::to_string(match.size) + ":" + std::string(match.replacement);
}

Charsmap real_map() {
  const auto map = Charsmap::read(unigram_metadata());
  EXPECT_TRUE(map) << map.error().message;
  return map.value_or(Charsmap());
}

std::string blob_of(const gguf::Metadata& metadata) {
  const auto bytes = metadata.get_ints(charsmap_key);
  EXPECT_TRUE(bytes);
  return bytes ? std::string(bytes->begin(), bytes->end()) : std::string();
}

TEST(Charsmap, replaces_the_longest_text) {
  const Charsmap map = real_map();
  EXPECT_EQ(replaced(map, "Ab"), "1:a");
  EXPECT_EQ(replaced(map, "ab"), "0:");
  EXPECT_EQ(replaced(map, "e\u0301x"), "3:\u00e9") << "two characters for one";
  EXPECT_EQ(replaced(map, "\u1112\u1161x"), "6:\ud558");
  EXPECT_EQ(replaced(map, "\u1112\u1161\u11ab"), "9:\ud55c");
  EXPECT_EQ(replaced(map, "\ufb01"), "3:fi");
  EXPECT_EQ(replaced(map, "\u200b"), "3:") << "taken out";
  EXPECT_EQ(replaced(map, std::string_view("\0A", 2)), "0:");
  EXPECT_EQ(replaced(map, "\u1112"), "0:") << "the beginning of one";
}

TEST(Charsmap, nothing_is_replaced_where_the_file_has_none) {
  gguf::Metadata metadata;
  EXPECT_EQ(replaced(*Charsmap::read(metadata), "A"), "0:");
  metadata.set(charsmap_key, std::vector<uint8_t>{});
  EXPECT_EQ(replaced(*Charsmap::read(metadata), "A"), "0:");
}

TEST(Charsmap, base64_is_read_as_what_it_spells) {
  const std::string blob = blob_of(unigram_metadata());
  constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string spelled;
  for (size_t at = 0; at < blob.size(); at += 3) {
    uint32_t bits = 0;
    for (size_t i = 0; i < 3; ++i) bits = bits << 8 | (at + i < blob.size() ? static_cast<uint8_t>(blob[at + i]) : 0U);
    for (size_t i = 0; i < 4; ++i) spelled += at + i > blob.size() ? '=' : digits[bits >> (18 - 6 * i) & 63];
  }
  gguf::Metadata metadata;
  metadata.set(charsmap_key, std::vector<uint8_t>(spelled.begin(), spelled.end()));
  EXPECT_EQ(replaced(*Charsmap::read(metadata), "\ufb01"), "3:fi");
  metadata.set(charsmap_key, spelled);
  EXPECT_EQ(replaced(*Charsmap::read(metadata), "\ufb01"), "3:fi");
}

TEST(Charsmap, parts_that_do_not_fit_are_errors_that_say_which) {
  const std::string blob = blob_of(unigram_metadata());
  std::string odd = blob;
  odd[0] = static_cast<char>(odd[0] + 1);
  std::string too_long = blob;
  too_long[3] = 0x7f;
  std::string far_text = blob;
  for (size_t i = 4; i < 8; ++i) far_text[i] = '\xff';
  const std::pair<std::string, const char*> cases[] = {
      {"\xff\xff", "2 bytes"},     {odd, "multiple of 4"},
      {too_long, "multiple of 4"}, {blob.substr(0, 12), "multiple of 4"},
      {blob + "x", "NUL"},         {far_text, "refers"},
  };
  for (const auto& [bytes, said] : cases) {
    const auto map = Charsmap::parse(bytes);
    ASSERT_FALSE(map) << said;
    EXPECT_EQ(map.error().kind, ErrorKind::invalid);
    EXPECT_NE(map.error().message.find(said), std::string::npos) << map.error().message;
    EXPECT_NE(map.error().message.find(charsmap_key), std::string::npos) << map.error().message;
  }
}

TEST(Charsmap, a_broken_trie_is_never_read_outside_of_itself) {
  const std::string blob = blob_of(unigram_metadata());
  size_t parsed = 0;
  for (size_t at = 4; at < blob.size(); at += 7) {
    for (const int flip : {0x01, 0x02, 0x80, 0xff}) {
      std::string broken = blob;
      broken[at] = static_cast<char>(broken[at] ^ flip);
      const auto map = Charsmap::parse(broken);
      if (!map) continue;
      ++parsed;
      for (const std::string_view text : {"A", "\u1112\u1161\u11ab", "\ufb01", "\uff21", "e\u0301", "\U0010ffff"}) {
        const Charsmap::Match match = map->longest(text, 0);
        EXPECT_LE(match.size, text.size());
      }
    }
  }
  EXPECT_GT(parsed, 100u);
}

}  // namespace
}  // namespace quire
