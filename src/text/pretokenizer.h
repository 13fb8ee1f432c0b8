// Cuts text into the words that byte-level BPE merges within, by the regular expressions a model was trained with.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "text/pretokenizer_table.h"

namespace quire {

// Immutable; any thread (what a match writes belongs to the call).
class PreTokenizer {
 public:
  // By the name under tokenizer.ggml.pre. An unknown name is an error that lists the known ones.
  static Result<PreTokenizer> create(std::string_view name);
  PreTokenizer(PreTokenizer&&) noexcept;
  PreTokenizer& operator=(PreTokenizer&&) noexcept;
  ~PreTokenizer();

  // Appends the words of `text` in order; together they are the text, byte for byte, and none is empty. Bytes that are
  // not UTF-8 are words of their own and end the text before them.
  void split(std::string_view text, std::vector<std::string_view>& words) const;

  // Bytes of `text`, the beginning of a longer one, that are the same words whatever comes after: the end of one of its
  // words, before the first that was found by looking at the end of the text.
  size_t settled(std::string_view text) const;

  bool has(PreTokenizerTraits trait) const;

 private:
  struct Rules;
  explicit PreTokenizer(std::unique_ptr<const Rules> rules);
  std::unique_ptr<const Rules> rules_;
};

}  // namespace quire
