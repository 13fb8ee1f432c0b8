#include "server/routes/table.h"

#include "server/routes/handlers.h"

namespace quire::server {
namespace {

constexpr std::string_view get = "GET, HEAD";

}  // namespace

RouteTable make_routes() {
  std::vector<Route> routes = {
      {get, "/", Right::open, root},
      {get, "/health", Right::open, health},
      {get, "/v1/health", Right::open, health},
      {get, "/api/version", Right::open, version},

      {get, "/api/tags", Right::read, list_models},
      {"POST", "/api/show", Right::read, show_model},
      {get, "/v1/models", Right::read, list_openai_models},
      {get, "/v1/models/*", Right::read, openai_model},

      {"POST", "/api/pull", Right::manage, pull_model},
      {"POST", "/api/push", Right::manage, push_model},
      {"POST", "/api/create", Right::manage, create_model},
      {"POST", "/api/copy", Right::manage, copy_model},
      {"DELETE", "/api/delete", Right::manage, delete_model},
      {"HEAD", "/api/blobs/*", Right::manage, find_blob},
      {.methods = "POST", .path = "/api/blobs/*", .right = Right::manage, .handler = take_blob, .streams_body = true},

      {get, "/api/status", Right::open, cloud_status},
      {"POST", "/api/me", Right::open, refuse_account},
      {"POST", "/api/signin", Right::open, refuse_account},
      {"POST", "/api/signout", Right::open, refuse_account},
      {"DELETE", "/api/user/keys/*", Right::open, refuse_account},

      {get, "/v1/responses/*", Right::read, kept_response},
      {"DELETE", "/v1/responses/*", Right::read, delete_response},  // one's own

      {"POST", "/tokenize", Right::infer, tokenize},
      {"POST", "/detokenize", Right::infer, detokenize},
      {get, "/props", Right::read, props},
      {"POST", "/props", Right::manage, refuse_props},
      {get, "/slots", Right::read, slots},
      {"POST", "/slots/*", Right::manage, refuse_slot_action},
      {get, "/lora-adapters", Right::read, list_adapters},
      {"POST", "/lora-adapters", Right::manage, refuse_adapters},
      {get, "/models", Right::read, list_openai_models},
      {"POST, DELETE", "/models", Right::manage, refuse_model_call},
      {"POST", "/models/*", Right::manage, refuse_model_call},

      {get, "/metrics", Right::read, metrics},
      {get, "/ui", Right::read, page},
      {get, "/ui/", Right::read, page},
      {get, "/ui/*", Right::read, page},
      {get, "/api/ps", Right::read, running_models},
      {get, "/api/queue", Right::read, queue},
      {get, "/api/contexts", Right::read, contexts},
      {get, "/api/live", Right::read, live_report},
      {"DELETE", "/api/requests/*", Right::manage, cancel_request},
  };
  for (const api::Dialect* dialect : api::dialects()) {
    for (const api::Endpoint* endpoint : dialect->endpoints) {
      routes.push_back({"POST", endpoint->path, Right::infer, answer_call, endpoint});
    }
  }
  routes.push_back({"POST", "/v1/responses/*", Right::read, refuse_response_call});  // what no endpoint above is
  return RouteTable(std::move(routes));
}

}  // namespace quire::server
