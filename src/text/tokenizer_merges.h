// The merges of a BPE vocabulary, by the tokens that they join.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "core/ids.h"
#include "gguf/metadata.h"
#include "text/tokenizer_merge.h"
#include "text/vocabulary.h"

namespace quire {

// Which pairs of tokens merge: for each left token its right ones in ascending order, so a look-up is a binary
// search and no file can make it slow. Immutable; any thread.
class MergeTable {
 public:
  // From the lines "LEFT RIGHT" of tokenizer.ggml.merges, best first. A line that is not two names is an error; one
  // that names or forms something that is no text token of the vocabulary is ignored, as nothing could come of it.
  static Result<MergeTable> create(const Vocabulary& vocabulary, const std::vector<std::string>& lines);

  // The lines of `metadata`.
  static Result<MergeTable> read(const Vocabulary& vocabulary, const gguf::Metadata& metadata);
  // Every two text tokens that make a third, ranked by its id: what tiktoken's vocabularies mean, which list no merges.
  static MergeTable ranked_by_id(const Vocabulary& vocabulary);

  Merge find(TokenId left, TokenId right) const;

 private:
  struct Entry {
    TokenId right;
    int32_t rank;
    TokenId merged;
  };
  struct Line {
    TokenId left;
    Entry entry;
  };
  static MergeTable from_lines(const Vocabulary& vocabulary, std::vector<Line> lines);

  std::vector<uint32_t> first_;  // by left token, and one more: where its entries begin
  std::vector<Entry> entries_;
};

}  // namespace quire
