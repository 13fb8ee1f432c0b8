// Bodies of /tokenize and /detokenize.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "core/ids.h"

namespace quire::api::llama_server {

// {"tokens": [1, 2]}
std::string tokens_body(std::span<const TokenId> tokens);
// {"tokens": [{"id", "piece"}]}: a piece is a text, or the list of its bytes where these are no whole characters.
// pieces[i] is that of tokens[i].
std::string pieces_body(std::span<const TokenId> tokens, std::span<const std::string> pieces);
// {"content": "..."}
std::string content_body(std::string_view text);

}  // namespace quire::api::llama_server
