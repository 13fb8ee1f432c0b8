// The client's side of Ollama's wire.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "api/client_call.h"

namespace quire::api::ollama {

std::string generate_body(const ClientCall& call);
std::string chat_body(const ClientCall& call);
// A line of NDJSON.
std::optional<ClientLine> read_line(std::string_view line);

}  // namespace quire::api::ollama
