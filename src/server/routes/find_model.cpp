#include "server/routes/find_model.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "api/options.h"

namespace quire::server {
namespace {

std::vector<std::string> loaded_names(const ModelHost& host) {
  std::vector<std::string> names;
  for (const ModelHost::Running& one : host.running()) names.push_back(one.file.name);
  return names;
}

std::vector<std::string> all_names(const store::Catalog& catalog) {
  std::vector<std::string> names;
  for (const store::ModelFile& file : catalog.list()) names.push_back(file.name);
  return names;
}

std::unexpected<api::ApiError> refuse_choice(const std::vector<std::string>& names) {
  const std::string there = names.empty() ? "none" : api::names_text(names);
  return api::refuse(400, fmt::format("model is required: this server has {}", there), "model");
}

}  // namespace

asio::awaitable<api::ApiResult<store::ModelFile>> find_model(ServiceState& state, std::string name) {
  if (name.empty() && state.given_models.size() == 1) name = state.given_models.front();
  if (name.empty()) {
    const std::vector<std::string> loaded = loaded_names(state.host);
    if (loaded.size() == 1) name = loaded.front();
  }
  if (name.empty()) {
    const auto list = [&] { return all_names(state.catalog); };
    const std::vector<std::string> names = co_await on_pool(state.intake, list);
    if (names.size() != 1) co_return refuse_choice(names);
    name = names.front();
  }
  const auto find = [&] { return state.catalog.find(name); };
  Result<store::ModelFile> file = co_await on_pool(state.intake, find);
  if (!file) co_return std::unexpected(api::from_error(file.error()));
  co_return std::move(*file);
}

HttpResponse refused(const Exchange& exchange, const ModelRefusal& refusal) {
  return error_response(exchange.dialect, refusal.error, refusal.retry_after_s);
}

asio::awaitable<ModelUse> use_model(ServiceState& state, const Exchange& exchange, std::string name) {
  api::ApiResult<store::ModelFile> file = co_await find_model(state, std::move(name));
  if (!file) {
    ModelUse refused{.model = std::unexpected(ModelRefusal{.error = file.error()})};
    co_return refused;
  }
  exchange.live.model = file->name;
  exchange.live.client = client_of(exchange.request, {});
  exchange.live.priority = parse_priority(exchange.request.header("priority"));
  const api::GenerationCall unbounded;
  ModelInUse model = co_await wait_for_model(state.host, *file, unbounded, exchange.request, exchange.live);
  ModelUse use{.file = std::move(*file), .model = std::move(model)};
  co_return use;
}

}  // namespace quire::server
