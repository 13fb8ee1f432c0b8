// Reading JSON that another server wrote: what is absent or of another type counts as not said.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "api/client_call.h"
#include "base/function_ref.h"

namespace quire::api {

std::string text_at(const nlohmann::json& object, const char* key);
int64_t count_at(const nlohmann::json& object, const char* key);  // -1: not said
bool flag_at(const nlohmann::json& object, const char* key);      // false: not said
const nlohmann::json& object_at(const nlohmann::json& object, const char* key);

// The call's messages as every dialect has them.
nlohmann::ordered_json client_messages(const ClientCall& call);

// How tokens are to be chosen, under the names that every dialect has for it.
void put_sampling(const ClientCall& call, nlohmann::ordered_json& body);

// What follows "data:" in a line of a server-sent event; none: the line says something else.
std::optional<std::string_view> event_data(std::string_view line);

// One line of a stream that should hold a JSON object: its error is read here, the rest by `read`. None: it is empty.
std::optional<ClientLine> read_json_line(std::string_view text,
                                         FunctionRef<void(const nlohmann::json&, ClientLine&)> read);

}  // namespace quire::api
