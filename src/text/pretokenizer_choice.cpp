#include "text/pretokenizer_choice.h"

#include <string_view>

namespace quire {

namespace {

struct KnownArchitecture {
  std::string_view name;
  std::string_view pre_tokenizer;
};

// Architectures of which files without a name were published, all with one pre-tokenizer.
constexpr KnownArchitecture known_architectures[] = {{"gptoss", "gpt-4o"},
                                                     {"gpt-oss", "gpt-4o"},
                                                     {"mistral3", "tekken"},
                                                     {"lfm2", "llama-bpe"},
                                                     {"lfm2moe", "llama-bpe"}};

// Llama 3 says "llama" as many others do; this token has its place in no other vocabulary.
constexpr TokenId llama3_end_of_turn = 128009;

}  // namespace

Result<PreTokenizerChoice> choose_pre_tokenizer(const gguf::Metadata& metadata, const Vocabulary& vocabulary) {
  QUIRE_TRY(std::string name, metadata.get_string_or("tokenizer.ggml.pre", "default"));
  if (!name.empty() && name != "default") return PreTokenizerChoice{.name = std::move(name), .warning = {}};
  QUIRE_TRY(const std::string architecture, metadata.get_string_or("general.architecture", ""));
  for (const KnownArchitecture& known : known_architectures) {
    if (architecture == known.name) return PreTokenizerChoice{.name = std::string(known.pre_tokenizer), .warning = {}};
  }
  if (architecture == "llama" && vocabulary.find("<|eot_id|>") == llama3_end_of_turn) {
    return PreTokenizerChoice{.name = "llama-bpe", .warning = {}};
  }
  return PreTokenizerChoice{.name = "default",
                            .warning =
                                "tokenizer.ggml.pre says nothing, so it is a guess how text is cut into words, "
                                "and answers may be worse; convert the model again"};
}

}  // namespace quire
