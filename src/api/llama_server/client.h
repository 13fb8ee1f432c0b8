// The client's side of llama.cpp's wire.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "api/client_call.h"

namespace quire::api::llama_server {

std::string completion_client_body(const ClientCall& call);
// A line of an event: "data: {...}".
std::optional<ClientLine> read_line(std::string_view line);

}  // namespace quire::api::llama_server
