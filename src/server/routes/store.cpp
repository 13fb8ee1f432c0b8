// What changes the store: pulls, pushes, creations with the blobs that clients bring for them, copies, deletions.
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <functional>
#include <memory>
#include <optional>
#include <span>

#include "api/ollama/store_calls.h"
#include "api/options.h"
#include "server/routes/handlers.h"
#include "server/routes/state.h"
#include "store/create.h"
#include "store/folder.h"
#include "store/registry/pull.h"
#include "store/registry/push.h"
#include "text/gotemplate/go_template.h"

namespace quire::server {
namespace {

using api::ApiError;
using store::StoreFolder;
using store::registry::Hooks;
using Access = StoreFolder::Access;

struct Transfer {
  store::ModelName name;
  api::ollama::TransferCall call;
};

api::ApiResult<Transfer> read_transfer(std::string_view body) {
  QUIRE_TRY(api::ollama::TransferCall call, api::ollama::parse_transfer(body));
  Result<store::ModelName> name = store::ModelName::parse(call.model);
  if (!name) return std::unexpected(api::from_error(name.error()));
  return Transfer{.name = std::move(*name), .call = std::move(call)};
}

using TransferWork = Result<void> (*)(const StoreFolder&, const store::ModelName&, bool insecure,
                                      const store::registry::Surroundings&, const Hooks&);

// Pulls and pushes differ in their direction only.
asio::awaitable<Reply> transfer(ServiceState& state, const Exchange& exchange, const char* verb, TransferWork work) {
  const auto read = [&] { return read_transfer(exchange.request.body); };
  const api::ApiResult<Transfer> asked = co_await on_pool(state.intake, read);
  if (!asked) co_return error_response(exchange.dialect, asked.error());
  const bool insecure = asked->call.insecure || asked->name.insecure;
  const auto job = [folder = state.store_folder, surroundings = state.registry, name = asked->name, insecure,
                    work](const Hooks& hooks) -> Result<void> {
    QUIRE_TRY(const StoreFolder store, StoreFolder::open(folder, Access::writable));
    QUIRE_TRY(const store::registry::Surroundings around, surroundings());
    return work(store, name, insecure, around, hooks);
  };
  const StoreJobs::Demand demand{.title = fmt::format("{} {}", verb, asked->name.key()),
                                 .asked = insecure ? "insecure" : ""};
  co_return state.jobs.watch(demand, asked->call.stream, job);
}

Result<void> pull_work(const StoreFolder& folder, const store::ModelName& name, bool insecure,
                       const store::registry::Surroundings& around, const Hooks& hooks) {
  return store::registry::pull(folder, name, {.insecure = insecure}, around, hooks);
}

Result<void> push_work(const StoreFolder& folder, const store::ModelName& name, bool insecure,
                       const store::registry::Surroundings& around, const Hooks& hooks) {
  return store::registry::push(folder, name, {.insecure = insecure}, around, hooks);
}

bool has_blob(const std::filesystem::path& folder, const std::string& digest) {
  const auto store = StoreFolder::open(folder, Access::read_only);
  return store && store->hold_blob(digest).has_value();
}

HttpResponse empty_response(int status) {
  HttpResponse response;
  response.status = status;
  return response;
}

Result<void> check_template(std::string_view source) {
  QUIRE_TRY(const GoTemplate parsed, GoTemplate::parse(source));
  return {};
}

store::CreateRequest create_request(const api::ollama::CreateCall& call, store::ModelName name) {
  store::CreateRequest request{.name = std::move(name), .from = call.from};
  for (const auto& [file, digest] : call.files) request.files.push_back({.name = file, .digest = digest});
  request.template_ = call.template_.value_or("");
  request.system = call.system.value_or("");
  request.parameters = call.parameters;
  request.messages = call.messages;
  request.licenses = call.licenses;
  request.renderer = call.renderer;
  request.parser = call.parser;
  request.requires_ = call.requires_;
  request.quantize = call.quantize;
  return request;
}

// Of one model, in the own folder: copies and deletions take moments.
asio::awaitable<Reply> change(ServiceState& state, const Exchange& exchange,
                              std::function<Result<void>(const StoreFolder&)> work) {
  const auto task = [&]() -> Result<void> {
    QUIRE_TRY(const StoreFolder store, StoreFolder::open(state.store_folder, Access::writable));
    return work(store);
  };
  const Result<void> done = co_await on_pool(state.intake, task);
  if (!done) co_return error_response(exchange.dialect, api::from_error(done.error()));
  co_return empty_response(200);
}

// A blob on its way in. The writer borrows the folder.
struct Upload {
  std::unique_ptr<const StoreFolder> store;
  std::unique_ptr<store::BlobWriter> writer;
};

Result<Upload> begin_upload(const std::filesystem::path& folder, uint64_t size_bytes) {
  QUIRE_TRY(StoreFolder store, StoreFolder::open(folder, Access::writable));
  Upload upload{.store = std::make_unique<const StoreFolder>(std::move(store)), .writer = nullptr};
  QUIRE_TRY(store::BlobWriter writer, upload.store->begin_blob(size_bytes));
  upload.writer = std::make_unique<store::BlobWriter>(std::move(writer));
  return upload;
}

}  // namespace

asio::awaitable<Reply> pull_model(ServiceState& state, const Exchange& exchange) {
  co_return co_await transfer(state, exchange, "pull", pull_work);
}

asio::awaitable<Reply> push_model(ServiceState& state, const Exchange& exchange) {
  co_return co_await transfer(state, exchange, "push", push_work);
}

// A model that is not there yet is pulled first, as its base.
asio::awaitable<Reply> create_model(ServiceState& state, const Exchange& exchange) {
  const auto read = [&] { return api::ollama::parse_create(exchange.request.body); };
  const api::ApiResult<api::ollama::CreateCall> call = co_await on_pool(state.intake, read);
  if (!call) co_return error_response(exchange.dialect, call.error());
  const Result<store::ModelName> name = store::ModelName::parse(call->model);
  if (!name) co_return error_response(exchange.dialect, api::from_error(name.error()));
  if (!call->unknown_parameters.empty()) {
    spdlog::warn("create {}: unknown parameters are stored, and change nothing here: {}", name->display(),
                 api::names_text(call->unknown_parameters));
  }
  const auto job = [folder = state.store_folder, &catalog = state.catalog, surroundings = state.registry,
                    request = create_request(*call, *name)](const Hooks& hooks) -> Result<void> {
    QUIRE_TRY(const StoreFolder store, StoreFolder::open(folder, Access::writable));
    store::CreateHooks create;
    create.report = [&](const store::CreateStatus& status) {
      hooks.on_progress({status.status, status.digest, status.total_bytes, status.completed_bytes});
    };
    create.check_template = check_template;
    create.cancelled = [&] { return !hooks.keep_going(); };
    Result<void> done = store::create_model(store, catalog, request, create);
    const auto base = store::ModelName::parse(request.from);
    if (done || done.error().kind != ErrorKind::not_found || !base || catalog.find(request.from)) return done;
    QUIRE_TRY(const store::registry::Surroundings around, surroundings());
    QUIRE_TRY_VOID(store::registry::pull(store, *base, {.insecure = base->insecure}, around, hooks));
    return store::create_model(store, catalog, request, create);
  };
  const StoreJobs::Demand demand{.title = fmt::format("create {}", name->key()), .asked = call->asked};
  co_return state.jobs.watch(demand, call->stream, job);
}

asio::awaitable<Reply> copy_model(ServiceState& state, const Exchange& exchange) {
  const auto read = [&] { return api::ollama::parse_copy(exchange.request.body); };
  const api::ApiResult<api::ollama::CopyCall> call = co_await on_pool(state.intake, read);
  if (!call) co_return error_response(exchange.dialect, call.error());
  const auto work = [&](const StoreFolder& store) {
    return store::copy_model(store, state.catalog, call->source, call->destination);
  };
  co_return co_await change(state, exchange, work);
}

asio::awaitable<Reply> delete_model(ServiceState& state, const Exchange& exchange) {
  const auto read = [&] { return api::ollama::parse_delete(exchange.request.body); };
  const api::ApiResult<std::string> name = co_await on_pool(state.intake, read);
  if (!name) co_return error_response(exchange.dialect, name.error());
  const auto file = co_await on_pool(state.intake, [&] { return state.catalog.find(*name); });
  const auto work = [&](const StoreFolder& store) { return store::remove_model(store, state.catalog, *name); };
  Reply reply = co_await change(state, exchange, work);
  if (file && std::get<HttpResponse>(reply).status == 200) state.host.unload_when_idle(file->name);
  co_return reply;
}

asio::awaitable<Reply> find_blob(ServiceState& state, const Exchange& exchange) {
  const Result<std::string> digest = store::parse_digest(exchange.argument);
  if (!digest) co_return error_response(exchange.dialect, api::from_error(digest.error()));
  const bool found = co_await on_pool(state.intake, [&] { return has_blob(state.store_folder, *digest); });
  co_return empty_response(found ? 200 : 404);
}

// As large as a model: each piece goes to the disk before the next one is read.
asio::awaitable<Reply> take_blob(ServiceState& state, const Exchange& exchange) {
  constexpr size_t piece_bytes = 1 << 20;
  const auto refusal = [&](const Error& error) { return error_response(exchange.dialect, api::from_error(error)); };
  const Result<std::string> digest = store::parse_digest(exchange.argument);
  if (!digest) co_return refusal(digest.error());
  if (!exchange.request.header("content-encoding").empty()) {
    const ApiError packed{415, "a blob is sent as it is, without a content encoding"};
    co_return error_response(exchange.dialect, packed);
  }
  const bool found = co_await on_pool(state.intake, [&] { return has_blob(state.store_folder, *digest); });
  if (found) co_return empty_response(200);
  const uint64_t size = exchange.request.content_length();
  Result<Upload> upload = co_await on_pool(state.intake, [&] { return begin_upload(state.store_folder, size); });
  if (!upload) co_return refusal(upload.error());
  std::string piece;
  while (!exchange.body.done()) {
    const std::optional<ReadFailure> failure = co_await exchange.body.read_some(piece);
    if (failure) co_return error_response(exchange.dialect, ApiError{failure->status, failure->message});
    if (piece.size() < piece_bytes && !exchange.body.done()) continue;
    const auto append = [&] { return upload->writer->append(std::as_bytes(std::span(piece))); };
    const Result<void> written = co_await on_pool(state.intake, append);
    if (!written) co_return refusal(written.error());
    piece.clear();
  }
  const auto finish = [&]() -> Result<void> {
    QUIRE_TRY(const store::BlobHold hold, upload->writer->finish(*digest));
    return {};
  };
  const Result<void> kept = co_await on_pool(state.intake, finish);
  if (!kept) co_return refusal(kept.error());
  co_return empty_response(201);
}

}  // namespace quire::server
