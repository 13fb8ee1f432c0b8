// Two texts that a model reads as one prompt: a query, and a document that is ranked for it.
#pragma once

#include <string_view>
#include <vector>

#include "text/tokenizer.h"

namespace quire {

// As the file asks: `pair_template` with {query} and {document} filled in, whose special tokens count and the texts' do
// not; where it is empty both texts, each as encode() has them, with the vocabulary's separator between where the file
// adds one and a single BOS.
std::vector<TokenId> encode_pair(const Tokenizer& tokenizer, std::string_view pair_template, std::string_view query,
                                 std::string_view document);

}  // namespace quire
