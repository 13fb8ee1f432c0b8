// Fuzzes Tokenizer: any vocabulary either fails to load with an error or encodes and decodes any text.
// Input: bytes that choose the family and build a small vocabulary, then the text.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "gguf/metadata.h"
#include "text/tokenizer.h"

namespace {

// Takes the input apart from the front; zeros when it is used up.
class Input {
 public:
  Input(const uint8_t* bytes, size_t size) : bytes_(reinterpret_cast<const char*>(bytes), size) {}
  uint8_t byte() {
    const std::string_view taken = text(1);
    return taken.empty() ? uint8_t{0} : static_cast<uint8_t>(taken.front());
  }
  std::string_view text(size_t size_max) {
    const std::string_view taken = bytes_.substr(0, size_max);
    bytes_.remove_prefix(taken.size());
    return taken;
  }
  std::string_view rest() const { return bytes_; }

 private:
  std::string_view bytes_;
};

struct Kind {
  const char* model;
  const char* pre;
};

// By the first byte: its upper half are kinds that came later, so that a corpus keeps its meaning.
Kind kind_of(uint8_t options) {
  constexpr const char* pres[] = {"gpt-2", "llama-bpe", "qwen2", "deepseek-llm", "smollm", "unknown"};
  constexpr Kind later[] = {{"bert", ""},           {"t5", ""},           {"gemma4", ""},          {"gpt2", "mmbert"},
                            {"gpt2", "default"},    {"gpt2", "gpt-4o"},   {"gpt2", "deepseek-v3"}, {"gpt2", "kimi-k2"},
                            {"gpt2", "exaone-moe"}, {"gpt2", "tiny_aya"}, {"gpt2", "jais-2"},      {"llama", "gemma4"}};
  if (options >= 128) return later[options % std::size(later)];
  return {options % 2 == 0 ? "llama" : "gpt2", pres[options / 2 % 6]};
}

quire::gguf::Metadata read_vocabulary(Input& input) {
  const uint8_t options = input.byte();
  const Kind kind = kind_of(options);
  std::vector<std::string> tokens;
  std::vector<int32_t> types;
  std::vector<float> scores;
  std::vector<std::string> merges;
  for (size_t count = input.byte(); count > 0; --count) {
    const uint8_t shape = input.byte();
    tokens.emplace_back(input.text(shape % 8));
    types.push_back(shape / 32);
    scores.push_back(static_cast<float>(shape / 8 % 4));
  }
  for (size_t count = input.byte(); count > 0; --count) merges.emplace_back(input.text(input.byte() % 8));
  quire::gguf::Metadata metadata;
  metadata.set("tokenizer.ggml.model", std::string(kind.model));
  metadata.set("tokenizer.ggml.pre", std::string(kind.pre));
  metadata.set("tokenizer.ggml.tokens", tokens);
  metadata.set("tokenizer.ggml.token_type", types);
  metadata.set("tokenizer.ggml.scores", scores);
  metadata.set("tokenizer.ggml.merges", merges);
  metadata.set("tokenizer.ggml.bos_token_id", uint32_t{input.byte()});
  metadata.set("tokenizer.ggml.eos_token_id", uint32_t{input.byte()});
  if (options >= 128) {
    const uint8_t flags = input.byte();
    const std::string_view charsmap = input.text(input.byte());
    metadata.set("tokenizer.ggml.precompiled_charsmap", std::vector<uint8_t>(charsmap.begin(), charsmap.end()));
    metadata.set("tokenizer.ggml.remove_extra_whitespaces", flags % 2 == 0);
    metadata.set("tokenizer.ggml.add_space_prefix", flags / 2 % 2 == 0);
    metadata.set("tokenizer.ggml.normalizer.lowercase", flags / 4 % 2 == 0);
    if (flags / 8 % 2 == 0) metadata.erase("tokenizer.ggml.merges");
  }
  return metadata;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  Input input(bytes, size);
  const quire::gguf::Metadata metadata = read_vocabulary(input);
  const auto tokenizer = quire::Tokenizer::create(metadata);
  if (!tokenizer) {
    QUIRE_CHECK(!tokenizer.error().message.empty(), "an error says what is wrong");
    return 0;
  }
  quire::PromptText prompt;
  const size_t begin = input.byte();
  prompt.text = input.rest();
  if (begin < prompt.text.size()) prompt.user_spans.push_back({begin, prompt.text.size()});
  for (const auto& ids : {(*tokenizer)->encode(prompt, true), (*tokenizer)->encode(prompt.text, false, true)}) {
    for (const quire::TokenId id : ids) {
      QUIRE_CHECK(id >= 0 && id < (*tokenizer)->vocab_size(), "ids are in the vocabulary");
    }
    (void)(*tokenizer)->decode(ids);
  }
  QUIRE_CHECK((*tokenizer)->settled(prompt.text) <= prompt.text.size(), "what is settled is in the text");
  return 0;
}
