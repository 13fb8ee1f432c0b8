#include "cli/client.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "cli/terminal/text_table.h"
#include "server/settings.h"

namespace quire::cli {
namespace {

using nlohmann::json;

ErrorKind kind_of(int status) {
  switch (status) {
    case 404:
      return ErrorKind::not_found;
    case 499:
      return ErrorKind::cancelled;
    case 503:
      return ErrorKind::busy;
    default:
      return status < 500 ? ErrorKind::invalid : ErrorKind::internal;
  }
}

}  // namespace

Result<load::HttpEndpoint> client_endpoint() {
  QUIRE_TRY(const server::HostPort listens, server::read_host([](const char* name) { return std::getenv(name); }));
  if (listens.is_https) return fail(ErrorKind::unsupported, "QUIRE_HOST asks for https: only http is spoken");
  const server::HostPort reached = server::reachable(listens);
  return load::HttpEndpoint{.host = reached.host, .port = reached.port};
}

Result<json> call_json(const load::HttpEndpoint& endpoint, std::string_view method, std::string_view target,
                       const json& body) {
  const load::HttpCall call{.method = std::string(method),
                            .target = std::string(target),
                            .body = body.is_null() ? std::string() : body.dump()};
  const auto reply = load::http_request(endpoint, call);
  if (!reply) {
    return fail(ErrorKind::io, fmt::format("no server answers at {}:{}; `quire serve` starts one ({})", endpoint.host,
                                           endpoint.port, reply.error().message));
  }
  if (reply->status != 200) return std::unexpected(error_of(*reply));
  if (reply->body.empty()) return json::object();
  json parsed = json::parse(reply->body, nullptr, false);
  if (parsed.is_discarded()) return fail(ErrorKind::io, fmt::format("{} {}: the answer is not JSON", method, target));
  return parsed;
}

Error error_of(const load::HttpReply& reply) {
  if (reply.error) return *reply.error;
  const json body = json::parse(reply.body, nullptr, false);
  if (body.is_object() && body.contains("error")) {
    const json& error = body["error"];
    const std::string text = error.is_string() ? error.get<std::string>() : text_at(error, "message");
    if (!text.empty()) return Error{kind_of(reply.status), text};
  }
  return Error{kind_of(reply.status), fmt::format("the server answered {}", reply.status)};
}

std::string text_at(const json& object, const char* key, std::string_view fallback) {
  if (!object.is_object()) return std::string(fallback);
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string(fallback);
}

int64_t number_at(const json& object, const char* key, int64_t fallback) {
  if (!object.is_object()) return fallback;
  const auto found = object.find(key);
  return found != object.end() && found->is_number() ? found->get<int64_t>() : fallback;
}

std::vector<json> models_of(const json& reply) {
  if (!reply.is_object() || !reply.contains("models") || !reply["models"].is_array()) return {};
  return reply["models"].get<std::vector<json>>();
}

std::string short_id(const json& model) {
  const std::string digest = text_at(model, "digest");
  const size_t begin = digest.find(':') == std::string::npos ? 0 : digest.find(':') + 1;
  return digest.substr(begin, 12);
}

std::string size_text(const json& model) {
  return format_bytes(static_cast<uint64_t>(std::max<int64_t>(0, number_at(model, "size"))));
}

}  // namespace quire::cli
