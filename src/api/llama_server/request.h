// Bodies of llama.cpp's own endpoints -> what is asked. Pure functions; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/call.h"
#include "api/error.h"

namespace quire::api::llama_server {

// Unset options have llama.cpp's defaults: temperature 0.8, top_k 40, top_p 0.95, min_p 0.05.
ApiResult<GenerationCall> parse_completion(std::string_view body);

// `input_prefix`, `input_suffix`, `input_extra` ([{"filename", "text"}]) and `prompt`, which goes on with the prefix.
ApiResult<GenerationCall> parse_infill(std::string_view body);
// A body of /v1/chat/completions, whose prompt is wanted alone.
ApiResult<GenerationCall> parse_apply_template(std::string_view body);

struct TokenizeCall {
  std::string model = {};  // empty: the server's choice
  TextPrompt content = {};
  bool add_special = false;   // BOS and EOS, as the model's file asks
  bool parse_special = true;  // control tokens in the text
  bool with_pieces = false;   // each token's bytes beside its id
};
ApiResult<TokenizeCall> parse_tokenize(std::string_view body);

struct DetokenizeCall {
  std::string model = {};  // empty: the server's choice
  std::vector<TokenId> tokens = {};
};
ApiResult<DetokenizeCall> parse_detokenize(std::string_view body);

}  // namespace quire::api::llama_server
