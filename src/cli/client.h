// What commands that talk to a running server share.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "load/http_client.h"

namespace quire::cli {

// Where the server is: QUIRE_HOST, else OLLAMA_HOST, else 127.0.0.1:11434. An address that means "every interface"
// is reached through the loopback one.
Result<load::HttpEndpoint> client_endpoint();

// The JSON body of a 200 reply. Any other status is an error with the server's own words; nobody there is an error
// that says how to start a server.
Result<nlohmann::json> call_json(const load::HttpEndpoint& endpoint, std::string_view method, std::string_view target,
                                 const nlohmann::json& body);

// The error that a reply stands for: the text of its {"error": ...}, whatever that holds.
Error error_of(const load::HttpReply& reply);

// Fields of objects that somebody else wrote: the fallback when the key is absent or of another type.
std::string text_at(const nlohmann::json& object, const char* key, std::string_view fallback = "");
int64_t number_at(const nlohmann::json& object, const char* key, int64_t fallback = 0);


// The array `models` of a reply; empty when it has none.
std::vector<nlohmann::json> models_of(const nlohmann::json& reply);
// The first digits of a model's digest: they name it well enough for people.
std::string short_id(const nlohmann::json& model);
// "1.1 MB": the model's `size`.
std::string size_text(const nlohmann::json& model);

}  // namespace quire::cli
