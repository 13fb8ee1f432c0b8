// The client's side of OpenAI's wire.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "api/client_call.h"

namespace quire::api::openai {

std::string completions_body(const ClientCall& call);
std::string chat_completions_body(const ClientCall& call);
// A line of an event: "data: {...}".
std::optional<ClientLine> read_line(std::string_view line);

}  // namespace quire::api::openai
