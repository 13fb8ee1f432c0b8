// Bodies of Ollama's native endpoints -> what is asked. Pure functions; any thread.
#pragma once

#include <string_view>

#include "api/call.h"
#include "api/error.h"
#include "api/fields.h"

namespace quire::api::ollama {

ApiResult<GenerationCall> parse_generate(std::string_view body);
ApiResult<GenerationCall> parse_chat(std::string_view body);

// `options`, which every native endpoint that needs a model has.
ApiResult<void> read_options(const Fields& fields, GenerationCall& call);

struct ShowCall {
  std::string model;
  bool verbose = false;
  // Shown in place of what is stored; options are added to it.
  std::string system;
  std::string template_;
  std::string options;  // a JSON object; empty: none
};
ApiResult<ShowCall> parse_show(std::string_view body);

}  // namespace quire::api::ollama
