#include "sim/vocabulary.h"

#include <string>
#include <vector>

namespace quire::sim {

Result<std::unique_ptr<const Tokenizer>> make_tokenizer() {
  std::vector<std::string> names = {"<unk>", "<s>", "</s>"};
  std::vector<int32_t> types = {2, 3, 3};  // unknown, control, control
  for (int32_t letter = 0; letter < letter_count; ++letter) {
    names.emplace_back(1, static_cast<char>('a' + letter));
    types.push_back(1);  // normal
  }
  gguf::Metadata metadata;
  metadata.set("tokenizer.ggml.model", std::string("llama"));
  metadata.set("tokenizer.ggml.scores", std::vector<float>(names.size(), 0.0F));
  metadata.set("tokenizer.ggml.tokens", std::move(names));
  metadata.set("tokenizer.ggml.token_type", std::move(types));
  metadata.set("tokenizer.ggml.bos_token_id", uint32_t{1});
  metadata.set("tokenizer.ggml.eos_token_id", uint32_t{end_token});
  return Tokenizer::create(metadata);
}

}  // namespace quire::sim
