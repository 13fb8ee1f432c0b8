// The client's side of OpenAI's responses.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "api/client_call.h"

namespace quire::api::responses {

// Nothing is kept of the answer.
std::string client_body(const ClientCall& call);
// A line of an event: "event: ..." says nothing that "data: {...}" does not.
std::optional<ClientLine> read_line(std::string_view line);

}  // namespace quire::api::responses
