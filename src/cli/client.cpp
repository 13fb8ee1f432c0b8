#include "cli/client.h"

#include <fmt/format.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "base/host_port.h"
#include "server/settings.h"

namespace quire::cli {
namespace {

using nlohmann::json;

constexpr int64_t greeting_ms_max = 2000;

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

// No string in it is anything but UTF-8.
std::string wire_text(const json& body) { return body.dump(-1, ' ', false, json::error_handler_t::replace); }

}  // namespace

Result<std::string> client_url(const server::EnvironmentLookup& lookup) {
  const server::Settings usual;
  HostPort address{.host = usual.host, .port = usual.port};
  std::vector<std::string> unused;
  if (const auto variable = server::Environment(lookup, unused).find("HOST")) {
    auto asked = parse_host(variable->value, address);
    if (!asked) return fail(asked.error().kind, fmt::format("{}: {}", variable->name, asked.error().message));
    address = *std::move(asked);
  }
  const std::string_view scheme = address.is_https ? "https" : "http";
  return fmt::format("{}://{}{}", scheme, host_port_text(reachable(address)), address.path);
}

Result<std::string> client_url() {
  return client_url([](const char* name) { return std::getenv(name); });
}

Result<Client> Client::from_environment() {
  QUIRE_TRY(std::string url, client_url());
  return Client(std::move(url));
}

net::HttpRequest Client::request(std::string_view method, std::string_view target, const json& body) const {
  net::HttpRequest request{.method = std::string(method), .url = url_ + std::string(target)};
  if (!body.is_null()) {
    request.headers.push_back({.name = "Content-Type", .value = "application/json"});
    request.body = wire_text(body);
  }
  return request;
}

Error Client::unreachable(const Error& cause) const {
  if (cause.kind != ErrorKind::io) return cause;
  return Error{ErrorKind::io,
               fmt::format("no server answers at {}; `quire serve` starts one ({})", url_, cause.message)};
}

bool Client::answers() {
  net::HttpRequest greeting = request("GET", "/api/version", nullptr);
  greeting.total_ms_max = greeting_ms_max;
  const auto reply = http_->send(std::move(greeting));
  return reply && reply->ok();
}

Result<json> Client::call(std::string_view method, std::string_view target, const json& body,
                          const Patience& patience) {
  net::HttpRequest asked = request(method, target, body);
  asked.total_ms_max = patience.timeout_ms;
  const auto reply = http_->send(std::move(asked), patience.keep_going);
  if (!reply) return std::unexpected(unreachable(reply.error()));
  if (!reply->ok()) return std::unexpected(error_of_reply(reply->status, reply->body));
  if (reply->body.empty()) return json::object();
  json parsed = json::parse(reply->body, nullptr, false);
  if (!parsed.is_object())
    return fail(ErrorKind::io, fmt::format("{} {}: the answer is no JSON object", method, target));
  return parsed;
}

Result<void> Client::stream(std::string_view target, const json& body, FunctionRef<bool(std::string_view line)> on_line,
                            const net::KeepGoing& keep_going) {
  const auto reply = http_->stream_lines(
      request("POST", target, body), [&](std::string_view line) { return on_line(line); }, keep_going);
  if (!reply) return std::unexpected(unreachable(reply.error()));
  if (!reply->ok()) return std::unexpected(error_of_reply(reply->status, reply->body));
  return {};
}

Result<int> Client::status_of(std::string_view method, std::string_view target) {
  const auto reply = http_->send(request(method, target, nullptr));
  if (!reply) return std::unexpected(unreachable(reply.error()));
  return reply->status;
}

Result<void> Client::upload(std::string_view target, const net::FileRange& file,
                            std::function<void(uint64_t)> on_sent) {
  net::HttpRequest sent = request("POST", target, nullptr);
  sent.headers.push_back({.name = "Content-Type", .value = "application/octet-stream"});
  sent.body = file;
  sent.on_sent = std::move(on_sent);
  const auto reply = http_->send(std::move(sent));
  if (!reply) return std::unexpected(unreachable(reply.error()));
  if (!reply->ok()) return std::unexpected(error_of_reply(reply->status, reply->body));
  return {};
}

Error error_of_reply(int status, std::string_view text) {
  const json body = json::parse(text, nullptr, false);
  if (body.is_object() && body.contains("error")) {
    const json& error = body["error"];
    const std::string message = error.is_string() ? error.get<std::string>() : text_at(error, "message");
    if (!message.empty()) return Error{kind_of(status), message};
  }
  return Error{kind_of(status), fmt::format("the server answered {}", status)};
}

std::string text_at(const json& object, const char* key, std::string_view fallback) {
  if (!object.is_object()) return std::string(fallback);
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string(fallback);
}

int64_t number_at(const json& object, const char* key, int64_t fallback) {
  if (!object.is_object()) return fallback;
  const auto found = object.find(key);
  if (found == object.end() || !found->is_number()) return fallback;
  if (!found->is_number_float()) return found->get<int64_t>();
  constexpr double limit = 9.2e18;  // beyond it a whole number of 64 bits has no place for it
  const double number = found->get<double>();
  return number > -limit && number < limit ? static_cast<int64_t>(number) : fallback;
}

const json& array_at(const json& object, const char* key) {
  static const json none = json::array();
  if (!object.is_object()) return none;
  const auto found = object.find(key);
  return found != object.end() && found->is_array() ? *found : none;
}

std::string_view short_digest(std::string_view digest) {
  constexpr size_t digits = 12;
  const size_t colon = digest.find(':');
  return digest.substr(colon == std::string_view::npos ? 0 : colon + 1).substr(0, digits);
}

Result<void> unload_model(Client& client, std::string_view model) {
  QUIRE_TRY_VOID(client.call("POST", "/api/generate", {{"model", model}, {"keep_alive", 0}, {"stream", false}}));
  return {};
}

Result<void> refuse_cloud(std::string_view model) {
  if (!model.ends_with(":cloud") && !model.ends_with("-cloud")) return {};
  return fail(
      ErrorKind::unsupported,
      fmt::format("{} runs in a cloud, which quire has none of; name a model that runs on this machine", model));
}

}  // namespace quire::cli
