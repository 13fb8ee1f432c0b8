// Which pre-tokenizer a file means.
#pragma once

#include <string>

#include "base/result.h"
#include "gguf/metadata.h"
#include "text/vocabulary.h"

namespace quire {

struct PreTokenizerChoice {
  std::string name;
  std::string warning;  // empty: the file says it, or it is known from the architecture
};

// tokenizer.ggml.pre. Where that is missing or "default", what files of the architecture mean, and else "default" with
// a warning: then words are cut in a way that the model may not have been trained with.
Result<PreTokenizerChoice> choose_pre_tokenizer(const gguf::Metadata& metadata, const Vocabulary& vocabulary);

}  // namespace quire
