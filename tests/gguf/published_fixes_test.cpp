// What is mended in files that were published wrong, and what is left alone.
#include "gguf/published_fixes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gguf/describe.h"
#include "gguf/file.h"
#include "gguf/writer.h"

namespace quire::gguf {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

// A vocabulary in which the named tokens stand at their places.
Metadata vocabulary(const std::string& architecture, const std::vector<std::pair<size_t, std::string>>& named) {
  Metadata metadata;
  metadata.set("general.architecture", architecture);
  std::vector<std::string> tokens;
  for (const auto& [id, name] : named) {
    while (tokens.size() < id) tokens.push_back("t" + std::to_string(tokens.size()));
    tokens.push_back(name);
  }
  metadata.set("tokenizer.ggml.tokens", std::move(tokens));
  return metadata;
}

Metadata llama3() {
  return vocabulary("llama", {{128001, "<|end_of_text|>"}, {128006, "<|start_header_id|>"}, {128009, "<|eot_id|>"}});
}

int64_t id_of(const Metadata& metadata, std::string_view key) {
  return metadata.get_int_or(key, -1, 0, UINT32_MAX).value();
}

TEST(PublishedFixes, llama_3_without_a_pretokenizer_gets_its_own_and_the_end_of_a_turn) {
  Metadata metadata = llama3();
  metadata.set("tokenizer.ggml.eos_token_id", uint32_t{128001});
  EXPECT_THAT(apply_published_fixes(metadata), SizeIs(3));
  EXPECT_EQ(metadata.get_string("tokenizer.ggml.pre").value(), "llama-bpe");
  EXPECT_EQ(id_of(metadata, "tokenizer.ggml.eos_token_id"), 128009);
  EXPECT_EQ(id_of(metadata, "tokenizer.ggml.eot_token_id"), 128009);
  EXPECT_THAT(apply_published_fixes(metadata), IsEmpty()) << "once is enough";
}

TEST(PublishedFixes, a_default_pretokenizer_counts_as_none) {
  for (const char* said : {"", "default"}) {
    Metadata metadata = llama3();
    metadata.set("tokenizer.ggml.pre", std::string(said));
    (void)apply_published_fixes(metadata);
    EXPECT_EQ(metadata.get_string("tokenizer.ggml.pre").value(), "llama-bpe");
  }
}

TEST(PublishedFixes, what_a_file_says_otherwise_stays) {
  Metadata metadata = llama3();
  metadata.set("tokenizer.ggml.pre", std::string("smaug-bpe"));
  metadata.set("tokenizer.ggml.eos_token_id", uint32_t{128008});
  metadata.set("tokenizer.ggml.eot_token_id", uint32_t{128006});
  EXPECT_THAT(apply_published_fixes(metadata), IsEmpty());
  EXPECT_EQ(metadata.get_string("tokenizer.ggml.pre").value(), "smaug-bpe");
  EXPECT_EQ(id_of(metadata, "tokenizer.ggml.eos_token_id"), 128008);
  EXPECT_EQ(id_of(metadata, "tokenizer.ggml.eot_token_id"), 128006);
}

TEST(PublishedFixes, another_vocabulary_is_left_alone) {
  for (Metadata metadata :
       {vocabulary("llama", {{128009, "<|eot_id|>"}}),
        vocabulary("llama", {{128006, "<|start_header_id|>"}, {128008, "<|eot_id|>"}}),
        vocabulary("gemma", {{128006, "<|start_header_id|>"}, {128009, "<|eot_id|>"}}), Metadata()}) {
    EXPECT_THAT(apply_published_fixes(metadata), IsEmpty());
    EXPECT_FALSE(metadata.contains("tokenizer.ggml.pre"));
  }
}

TEST(PublishedFixes, qwen_without_a_pretokenizer_gets_its_own) {
  for (const char* architecture : {"qwen2", "qwen3"}) {
    Metadata metadata = vocabulary(architecture, {{151644, "<|im_start|>"}, {151645, "<|im_end|>"}});
    EXPECT_THAT(apply_published_fixes(metadata), SizeIs(1));
    EXPECT_EQ(metadata.get_string("tokenizer.ggml.pre").value(), "qwen2");
  }
}

TEST(PublishedFixes, an_opened_file_is_mended_and_says_so) {
  const auto bytes = header_bytes(llama3(), {});
  ASSERT_TRUE(bytes);
  const auto file = File::parse(*bytes);
  ASSERT_TRUE(file);
  EXPECT_EQ(file->metadata().get_string("tokenizer.ggml.pre").value(), "llama-bpe");
  EXPECT_THAT(file->fixes(), SizeIs(3));
  EXPECT_THAT(describe(*file), HasSubstr("mended: tokenizer.ggml.pre is read as \"llama-bpe\""));
}

}  // namespace
}  // namespace quire::gguf
