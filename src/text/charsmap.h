// What SentencePiece replaces characters with before it cuts a text: a table that files carry ready-made.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "gguf/metadata.h"

namespace quire {

// Immutable; any thread. A default-constructed one replaces nothing.
// Sources: google/sentencepiece, src/normalizer.h (a 32-bit length, a trie of so many bytes, texts that end with NUL);
// s-yata/darts-clone (the trie: units of 32 bits, little-endian).
class Charsmap {
 public:
  struct Match {
    size_t size = 0;               // bytes of the text that are replaced; 0: none
    std::string_view replacement;  // of this object
  };

  Charsmap() = default;

  // tokenizer.ggml.precompiled_charsmap, as bytes or, as Ollama's converter has it, in base64. Replaces nothing where
  // the key is absent or the value empty. An error says which part does not fit.
  static Result<Charsmap> read(const gguf::Metadata& metadata);
  static Result<Charsmap> parse(std::string_view blob);

  // The longest replaced text that begins at text[at]. REQUIRES: at < text.size().
  Match longest(std::string_view text, size_t at) const;

 private:
  std::vector<uint32_t> units_;
  std::string replacements_;  // ends with NUL
};

}  // namespace quire
