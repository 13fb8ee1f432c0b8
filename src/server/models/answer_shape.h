// What shape an answer is to have, in terms of the model that gives it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/call.h"
#include "text/constraint/spec.h"
#include "text/parts/syntax.h"

namespace quire::server {

struct AnswerShape {
  std::optional<constraint::Spec> text;  // of what is neither thinking nor a call
  std::vector<parts::ToolSchema> tools;  // that may be called
  bool strict_asked = false;             // of some tool: its schema is kept to, or the request refused
  bool must_call = false;                // it is a call; of `tool`, unless that is empty
  std::string tool;
  bool parallel_calls = true;
  bool thinks = false;                         // thinking may come first
  bool thinking_begun = false;                 // by the prompt
  std::optional<int32_t> thinking_tokens_max;  // of thinking that the prompt has begun, or the answer begins with

  bool is_free() const { return !text && tools.empty() && !thinking_tokens_max; }
};

// The tools that this call's answer may call.
std::vector<parts::ToolSchema> offered_tools(const api::GenerationCall& call);
// `prompt_end`: empty where no template wrote the prompt.
AnswerShape answer_shape(const api::GenerationCall& call, std::vector<parts::ToolSchema> tools,
                         const parts::Syntax& syntax, std::string_view prompt_end);

}  // namespace quire::server
