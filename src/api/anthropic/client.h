// The client's side of Anthropic's wire.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "api/client_call.h"

namespace quire::api::anthropic {

std::string messages_body(const ClientCall& call);
// A line of an event: "data: {...}"; its name, "event: ...", says nothing more.
std::optional<ClientLine> read_line(std::string_view line);

}  // namespace quire::api::anthropic
