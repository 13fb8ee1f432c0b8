// Filling in what is missing between two texts, by the tokens that a model was trained with for it.
#pragma once

#include <cstddef>
#include <vector>

#include "core/ids.h"
#include "gguf/metadata.h"
#include "text/vocabulary.h"

namespace quire {

// no_token: the model has none.
struct FillInTokens {
  TokenId before = no_token;  // comes before the text in front of the gap
  TokenId after = no_token;   // before the text behind it
  TokenId middle = no_token;  // before what is filled in
  TokenId pad = no_token;
  TokenId repository = no_token;  // before a repository's name
  TokenId file = no_token;        // before a file's name

  bool usable() const { return before != no_token && after != no_token && middle != no_token; }
  // Those that end what is filled in: another file begins, or nothing is left.
  std::vector<TokenId> ends() const;
};

// What a file's keys name (tokenizer.ggml.fim_*_token_id, or the older prefix, suffix and middle), else the tokens that
// are called as those of known families. Ids that no vocabulary of its size has are left out.
FillInTokens find_fill_in_tokens(const gguf::Metadata& metadata);

// What is known around the gap. Each is what the tokenizer makes of a text.
struct FillInContext {
  std::vector<TokenId> other_files;  // with their names and marks
  std::vector<TokenId> before;
  std::vector<TokenId> after;
  TokenId bos = no_token;  // no_token: the prompt begins without
};

struct FillInPrompt {
  std::vector<TokenId> tokens;
  bool cut = false;  // what was farthest from the gap had to go
};

// At most `tokens_max` tokens: other files go first, then what is farthest from the gap, three quarters of the room
// being for what is before it. REQUIRES: tokens.usable(), tokens_max >= 5.
FillInPrompt fill_in_prompt(const FillInTokens& tokens, FillInContext context, size_t tokens_max);

}  // namespace quire
