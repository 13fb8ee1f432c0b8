#include "server/requests/service.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cmath>

#include "api/live.h"
#include "api/models.h"
#include "api/ollama/request.h"
#include "api/openai/request.h"
#include "server/page/page.h"
#include "server/requests/client_identity.h"
#include "server/requests/prompt.h"
#include "server/requests/wait_for_model.h"

namespace quire::server {
namespace {

using api::ApiError;
using api::Dialect;
using api::Endpoint;
using api::GenerationCall;

constexpr int64_t ms = 1'000'000;  // in nanoseconds

// A Result whose default on_pool needs, and which says what failed.
template <typename T>
using Outcome = api::ApiResult<T>;

HttpResponse json_response(std::string body) {
  HttpResponse response;
  response.body = std::move(body);
  return response;
}

HttpResponse text_response(std::string body) {
  HttpResponse response;
  response.content_type = "text/plain; charset=utf-8";
  response.body = std::move(body);
  return response;
}

Dialect dialect_of_path(std::string_view path) { return path.starts_with("/v1/") ? Dialect::openai : Dialect::ollama; }

HttpResponse no_route(const HttpRequest& request, const RouteMatch& match) {
  const Dialect dialect = dialect_of_path(request.path);
  if (match.allow.empty()) {
    return error_response(dialect, ApiError{404, fmt::format("path '{}' not found", request.path)});
  }
  HttpResponse response = error_response(dialect, ApiError{405, fmt::format("method {} not allowed", request.method)});
  response.headers.emplace_back("Allow", match.allow);
  return response;
}

api::ApiResult<GenerationCall> parse_call(Endpoint endpoint, std::string_view body) {
  switch (endpoint) {
    case Endpoint::generate:
      return api::parse_generate(body);
    case Endpoint::chat:
      return api::parse_chat(body);
    case Endpoint::completions:
      return api::parse_completions(body);
    case Endpoint::chat_completions:
      break;
  }
  return api::parse_chat_completions(body);
}

// -1, that is "until the context is full", or what still fits under the request's own context.
int32_t generated_max(const GenerationCall& call, const LoadedModel& model, size_t prompt_tokens) {
  const int32_t room = context_limit(call, model) - static_cast<int32_t>(prompt_tokens);
  return call.options.num_predict < 0 ? room : std::min(call.options.num_predict, room);
}

}  // namespace

int64_t retry_after_s(const EngineSnapshot& snapshot) {
  constexpr int64_t ns_of_second = 1'000'000'000;
  const int64_t interval_ns = snapshot.controller.start_interval_ns;
  if (interval_ns < 0) return 1;
  const auto ns = static_cast<double>(snapshot.scheduler.waiting) / 4 * static_cast<double>(interval_ns);
  return static_cast<int64_t>(std::clamp(std::ceil(ns / ns_of_second), 1.0, 600.0));
}

HttpResponse error_response(Dialect dialect, const ApiError& error, int64_t retry_after_s) {
  HttpResponse response;
  response.status = error.status;
  response.body = api::error_body(dialect, error);
  if (error.status == 503) response.headers.emplace_back("Retry-After", fmt::format("{}", retry_after_s));
  // OpenAI's clients try again after any 5xx: a deadline that has passed does not come back.
  if (error.status == 504) response.headers.emplace_back("X-Should-Retry", "false");
  return response;
}

Service::Service(asio::thread_pool& intake, const store::Catalog& catalog, ModelHost& host, LiveRequests& requests,
                 Clocks clocks, ClientWeights weights, const MetricsPage& metrics, uint64_t seed)
    : intake_(intake),
      catalog_(catalog),
      host_(host),
      requests_(requests),
      clocks_(clocks),
      weights_(std::move(weights)),
      metrics_(metrics),
      random_(seed),
      instance_(unique_id()) {}

std::string Service::unique_id() { return fmt::format("{:016x}{:08x}", random_(), next_sequence_); }

asio::awaitable<Reply> Service::answer(const HttpRequest& request, LiveRequest& live) {
  const RouteMatch match = match_route(request.method, request.path);
  if (!match.found) co_return no_route(request, match);
  switch (match.route) {
    case Route::root:
      co_return text_response("Ollama is running");
    case Route::health:
      co_return health();
    case Route::version:
      co_return json_response(api::version_body(QUIRE_VERSION));
    case Route::metrics:
      co_return metrics();
    case Route::tags:
    case Route::openai_models:
      co_return co_await list(match.route);
    case Route::openai_model:
      co_return co_await one_model(match.argument);
    case Route::show:
      co_return co_await show(request);
    case Route::ps:
      co_return co_await ps();
    case Route::queue:
      co_return json_response(api::queue_body(requests_.queue(clocks_.engine.now_ns())));
    case Route::contexts:
      co_return json_response(api::contexts_body(requests_.contexts(clocks_.engine.now_ns())));
    case Route::live:
      co_return co_await live_report(request);
    case Route::page:
      co_return page_response(request, match.argument);
    case Route::cancel_request:
      co_return cancel(match.argument);
    case Route::generate:
      co_return co_await generate(request, live, Endpoint::generate);
    case Route::chat:
      co_return co_await generate(request, live, Endpoint::chat);
    case Route::completions:
      co_return co_await generate(request, live, Endpoint::completions);
    case Route::chat_completions:
      break;
  }
  co_return co_await generate(request, live, Endpoint::chat_completions);
}

HttpResponse Service::metrics() const {
  HttpResponse response;
  response.content_type = MetricsPage::content_type;
  response.body = metrics_.text();
  return response;
}

HttpResponse Service::health() const {
  if (!gone_ns_) return json_response(R"({"status":"ok"})");
  HttpResponse response = error_response(Dialect::ollama, ApiError{503, {}}, seconds_until_gone());
  response.body = R"({"status":"draining"})";
  return response;
}

// Another server may be here by then.
int64_t Service::seconds_until_gone() const {
  return std::clamp<int64_t>((*gone_ns_ - clocks_.engine.now_ns()) / 1'000'000'000, 1, 600);
}

HttpResponse Service::cancel(const std::string& id) {
  if (requests_.cancel(id)) return json_response(api::cancelled_body(id));
  return error_response(Dialect::ollama, ApiError{404, fmt::format("no request with the id '{}' is being served", id)});
}

asio::awaitable<HttpResponse> Service::list(Route route) {
  std::string body = co_await on_pool(intake_, [this, route] {
    const std::vector<api::ModelSummary> models = cards_.summaries(catalog_.list());
    return route == Route::tags ? api::tags_body(models) : api::openai_models_body(models);
  });
  co_return json_response(std::move(body));
}

asio::awaitable<HttpResponse> Service::one_model(std::string name) {
  const auto body = co_await on_pool(intake_, [this, &name]() -> Result<std::string> {
    QUIRE_TRY(const store::ModelFile file, catalog_.find(name));
    return api::openai_model_body(cards_.summary(file));
  });
  co_return body ? json_response(*body) : error_response(Dialect::openai, api::from_error(body.error()));
}

asio::awaitable<HttpResponse> Service::show(const HttpRequest& request) {
  const auto body = co_await on_pool(intake_, [this, &request]() -> Outcome<std::string> {
    QUIRE_TRY(const api::ShowCall call, api::parse_show(request.body));
    const Result<store::ModelFile> file = catalog_.find(call.model);
    if (!file) return std::unexpected(api::from_error(file.error()));
    Result<std::string> shown = cards_.show(*file, call.verbose);
    if (!shown) return std::unexpected(api::from_error(shown.error()));
    return std::move(*shown);
  });
  co_return body ? json_response(*body) : error_response(Dialect::ollama, body.error());
}

// What a request is told that was cancelled on its way to the engine.
std::optional<ApiError> Service::refuse_to_go_on(const LiveRequest& live) const {
  if (live.cancelled) return api::from_finished({.reason = FinishReason::cancelled});
  return std::nullopt;
}

asio::awaitable<Reply> Service::generate(const HttpRequest& request, LiveRequest& live, Endpoint endpoint) {
  const Dialect dialect = api::dialect_of(endpoint);
  live.record.generates = true;
  if (gone_ns_) {
    live.record.refusal = Refusal::draining;
    co_return error_response(dialect, ApiError{503, "the server is shutting down"}, seconds_until_gone());
  }
  live.generates = true;
  live.client = client_of(request, {});
  auto parsed = co_await on_pool(intake_, [&] { return parse_call(endpoint, request.body); });
  if (!parsed) co_return error_response(dialect, parsed.error());
  GenerationCall call = std::move(*parsed);
  live.model = call.model;
  live.client = client_of(request, call.user);
  live.priority = call.priority.value_or(parse_priority(request.header("priority")));
  for (const std::string& option : call.unknown_options) spdlog::warn("unknown option \"{}\" is ignored", option);

  auto file = co_await on_pool(intake_, [&] { return catalog_.find(call.model); });
  if (!file) co_return error_response(dialect, api::from_error(file.error()));
  live.model = file->name;
  if (call.only_loads() && call.keep_alive_ns == 0) {
    host_.unload_when_idle(live.model);  // it is not loaded for that
    const api::AnswerTimes times{.total_ns = clocks_.engine.now_ns() - request.arrived_ns};
    co_return json_response(api::load_answer(endpoint, call.model, "unload", clocks_.unix_ns(), times));
  }
  const int64_t load_begin_ns = clocks_.engine.now_ns();
  auto lease = co_await wait_for_model(host_, std::move(*file), call, request, live);
  if (!lease) co_return error_response(dialect, lease.error().error, lease.error().retry_after_s);
  const int64_t load_ns = clocks_.engine.now_ns() - load_begin_ns;
  if (call.keep_alive_ns) lease->keep_alive(*call.keep_alive_ns);
  if (call.only_loads()) {
    const api::AnswerTimes times{.total_ns = clocks_.engine.now_ns() - request.arrived_ns, .load_ns = load_ns};
    co_return json_response(api::load_answer(endpoint, call.model, "load", clocks_.unix_ns(), times));
  }

  const int64_t now_unix_s = clocks_.unix_ns() / 1'000'000'000;
  auto prompts = co_await on_pool(intake_, [&] { return make_prompts(call, lease->model(), now_unix_s); });
  if (!prompts) {
    if (prompts.error().too_large) live.record.refusal = Refusal::too_large;
    co_return error_response(dialect, prompts.error());
  }
  if (const auto refused = refuse_to_go_on(live)) co_return error_response(dialect, *refused);
  co_return make_generation(std::move(call), request, live, std::move(*prompts), std::move(*lease), load_ns);
}

// What all choices of a request have in common: everything but the id, the prompt and what follows from it.
Request Service::make_request(const GenerationCall& call, const LiveRequest& live, const HttpRequest& request) const {
  Request demand;
  demand.sampling = call.options.sampling;
  demand.stop = call.options.stop;
  demand.ignore_eos = call.options.ignore_eos;
  demand.use_cache = call.options.cache_prompt;
  demand.logprobs_top_n = call.logprobs_top_n;
  demand.priority = live.priority;
  demand.client = live.client;
  demand.client_weight = weights_.of(demand.client);
  demand.cache_salt = salt_number(call.cache_salt);
  demand.arrived_ns = request.arrived_ns;
  if (call.deadline_ms) demand.deadline_ns = request.arrived_ns + *call.deadline_ms * ms;
  if (call.queue_timeout_ms) demand.queue_deadline_ns = request.arrived_ns + *call.queue_timeout_ms * ms;
  return demand;
}

Generation Service::make_generation(GenerationCall call, const HttpRequest& request, const LiveRequest& live,
                                    std::vector<std::vector<TokenId>> prompts, ModelHost::Lease model,
                                    int64_t load_ns) {
  const bool wants_context = call.endpoint == Endpoint::generate && !call.raw;
  api::AnswerHead head{.endpoint = call.endpoint,
                       .stream = call.stream,
                       .include_usage = call.include_usage,
                       .wants_logprobs = call.logprobs_top_n >= 0,
                       .wants_context = wants_context,
                       .created_unix_s = clocks_.unix_ns() / 1'000'000'000};
  head.id = (call.endpoint == Endpoint::completions ? "cmpl-" : "chatcmpl-") + unique_id();
  head.model = call.model;
  head.service_tier = call.service_tier;
  if (wants_context) head.prompt = prompts.front();
  head.choices_per_prompt = static_cast<size_t>(call.choices);
  head.choices = prompts.size() * head.choices_per_prompt;

  Request demand = make_request(call, live, request);
  // 32 bits of it: a client in any language can send the number back.
  demand.sampling.seed = call.options.seed ? *call.options.seed : random_() >> 32;
  std::vector<Request> requests;
  for (std::vector<TokenId>& prompt : prompts) {
    demand.generated_max = generated_max(call, model.model(), prompt.size());
    demand.prompt = std::move(prompt);
    for (demand.sampling.choice = 0; demand.sampling.choice < head.choices_per_prompt; ++demand.sampling.choice) {
      demand.id = SequenceId{next_sequence_++};
      requests.push_back(demand);
    }
  }
  return Generation{.model = std::move(model),
                    .requests = std::move(requests),
                    .writer = api::make_answer_writer(std::move(head)),
                    .dialect = api::dialect_of(call.endpoint),
                    .streaming = call.stream,
                    .load_ns = load_ns};
}

}  // namespace quire::server
