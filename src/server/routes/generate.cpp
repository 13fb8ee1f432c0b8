// Requests for tokens: from a body to what the engine is given.
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>

#include "api/options.h"
#include "api/stored.h"
#include "server/requests/prompt.h"
#include "server/requests/wait_for_model.h"
#include "server/routes/find_model.h"
#include "server/routes/handlers.h"
#include "server/routes/state.h"
#include "text/constraint/front_end.h"

namespace quire::server {
namespace {

using api::ApiError;
using api::GenerationCall;

constexpr int64_t ms = 1'000'000;  // in nanoseconds

// How many tokens at most a context begins with that was full; none: a full context is the end.
std::optional<int32_t> shift_keep(const GenerationCall& call, std::optional<int32_t> of_server) {
  if (call.vector || call.options.fills_context) return std::nullopt;
  if (!call.shift.value_or(of_server.has_value())) return std::nullopt;
  const bool says = call.shift || std::ranges::find(call.given_options, "num_keep") != call.given_options.end();
  return says ? call.options.num_keep : *of_server;
}

// How long an answer may become, and what happens when its context is full.
void bound_answer(const GenerationCall& call, const LoadedModel& model, std::optional<int32_t> keep, Request& demand) {
  constexpr int32_t contexts_max = 10;  // of an answer without a bound of its own, as in Ollama
  const int32_t limit = context_limit(call, model);
  const int32_t wanted = call.options.num_predict;
  demand.context_max = limit;
  demand.generated_max = call.vector ? 0 : wanted;
  if (!keep) return;
  const auto prompt_tokens = static_cast<int32_t>(demand.prompt.size());
  const int32_t bos = demand.prompt.front() == model.bos() ? 1 : 0;
  demand.shift_keep = *keep == api::keep_prompt ? prompt_tokens : std::min(*keep, limit) + bos;
  if (wanted < 0)
    demand.generated_max = static_cast<int32_t>(std::min<int64_t>(int64_t{contexts_max} * limit, INT32_MAX));
}

void log_truncated(const LiveRequest& live, const Prompt& prompt, int32_t limit) {
  const std::string lost = prompt.lost_its_middle ? "its middle"
                           : prompt.lost_its_ends ? "what is farthest from its gap"
                           : prompt.lost_its_end  ? "its end"
                                                  : fmt::format("its {} oldest messages", prompt.dropped_messages);
  spdlog::info("request {}: the prompt was too long for a context of {} tokens and lost {}; it has {} now", live.id,
               limit, lost, prompt.tokens.size());
}

// How long a prompt is, also one that has no room; none where it was not worth counting.
std::optional<int64_t> prompt_tokens(const api::ApiResult<std::vector<Prompt>>& prompts) {
  if (prompts) return static_cast<int64_t>(prompts->front().tokens.size());
  const std::optional<api::ContextOverflow>& overflow = prompts.error().overflow;
  if (!overflow || overflow->at_least) return std::nullopt;
  return overflow->prompt_tokens;
}

// What a request is told that was cancelled on its way to the engine.
std::optional<ApiError> refuse_to_go_on(const LiveRequest& live, int64_t now_ns) {
  if (!live.cancelled) return std::nullopt;
  const Finished finished{.reason = FinishReason::cancelled};
  live.log_end(0, &finished, now_ns);
  return api::from_finished(finished);
}

// What all choices of a request have in common: everything but the id, the prompt and what follows from it.
Request make_request(const GenerationCall& call, const LiveRequest& live, const ClientWeights& weights,
                     Pooling pooling) {
  Request demand;
  demand.sampling = call.options.sampling;
  demand.generated_min = call.options.min_tokens;
  demand.guesses_max = call.options.guesses_max;
  demand.stop = call.options.stop;
  demand.stop_tokens = call.options.stop_tokens;
  demand.ignore_eos = call.options.ignore_eos;
  demand.pooling = pooling;
  demand.prompt_logprobs_top_n = call.computed_prompt_logprobs();
  // What is wanted of every row of a prompt is not in the cache.
  const bool reads_first_rows = pooling == Pooling::mean || pooling == Pooling::first;
  demand.use_cache = call.options.cache_prompt && !reads_first_rows && demand.prompt_logprobs_top_n < 0;
  demand.logprobs_top_n = call.made() > call.choices ? std::max(0, call.logprobs_top_n) : call.logprobs_top_n;
  demand.reports_stats = call.reported.timings_per_token;
  if (call.generate_ms_max) demand.generate_ns_max = *call.generate_ms_max * ms;
  demand.priority = live.priority;
  demand.client = live.client;
  demand.client_weight = weights.of(demand.client);
  demand.cache_salt = salt_number(call.cache_salt);
  demand.arrived_ns = live.arrived_ns;
  if (call.deadline_ms) demand.deadline_ns = live.arrived_ns + *call.deadline_ms * ms;
  if (call.queue_timeout_ms) demand.queue_deadline_ns = live.arrived_ns + *call.queue_timeout_ms * ms;
  return demand;
}

// A chat says once how likely its prompt was: its first choice tells it, and only that one needs every row for it.
void leave_prompt_unjudged(const GenerationCall& call, Request& request) {
  request.prompt_logprobs_top_n = -1;
  request.use_cache = call.options.cache_prompt;
}

// How each answer is taken apart, and what it may say. Only what a template has asked for has thinking and calls: a
// text that is gone on with is content.
struct Shaped {
  std::vector<std::unique_ptr<parts::PartsParser>> parsers;    // one a choice
  std::vector<std::shared_ptr<const Constraint>> constraints;  // one a prompt; null: anything
  std::vector<TokenId> shown_tokens;
};

// What a request says of thinking, and the model's template has no place for.
void log_idle_thinking(const LiveRequest& live, const GenerationCall& call, const parts::Syntax& syntax,
                       const AnswerShape& shape) {
  if (call.think && !syntax.has_thinking()) {
    spdlog::warn("request {}: what it says of thinking may change nothing: the model's template writes none", live.id);
  } else if (call.thinking_tokens_max && !shape.thinking_tokens_max) {
    spdlog::warn("request {}: its {} tokens of thinking bound nothing: the answer does not think", live.id,
                 *call.thinking_tokens_max);
  }
}

// What the answer is taken apart by, and what the call wants to see. A name that is no control token is text anyway.
std::vector<TokenId> shown_tokens(const GenerationCall& call, const std::vector<Prompt>& prompts,
                                  const LoadedModel& model) {
  std::vector<TokenId> tokens;
  const auto is_templated = [](const Prompt& prompt) { return !prompt.text_end.empty(); };
  if (std::ranges::any_of(prompts, is_templated)) tokens = model.marker_tokens();
  for (const std::string& name : call.preserved_tokens) {
    const std::vector<TokenId> special = model.tokenize(name, false, true);
    if (special.size() == 1 && special != model.tokenize(name, false, false)) tokens.push_back(special.front());
  }
  return tokens;
}

// Names the field where it is that which cannot be kept to; else it is a tool's schema.
std::unexpected<ApiError> refuse_constraint(const GenerationCall& call, const std::string& why) {
  if (!call.constraint) return api::refuse(400, why);
  const auto own = constraint::grammar_of(*call.constraint);
  if (own.has_value() || own.error().message != why) return api::refuse(400, why);
  const bool is_grammar = call.constraint->kind == constraint::Kind::gbnf;
  const std::string& field = call.constraint_field;
  return api::refuse(400, is_grammar ? fmt::format("\"{}\" is no GBNF grammar: {}", field, why) : why, field);
}

api::ApiResult<Shaped> shape_answers(const LiveRequest& live, const GenerationCall& call,
                                     const std::vector<Prompt>& prompts, const LoadedModel& model) {
  Shaped shaped;
  shaped.shown_tokens = shown_tokens(call, prompts, model);
  for (const Prompt& prompt : prompts) {
    const bool templated = !prompt.text_end.empty();
    std::vector<parts::ToolSchema> tools = templated ? offered_tools(call) : std::vector<parts::ToolSchema>();
    for (int32_t choice = 0; choice < call.made(); ++choice) {
      shaped.parsers.push_back(templated ? model.syntax().make_parser(prompt.text_end, tools) : parts::plain_parser());
    }
    const AnswerShape shape = answer_shape(call, std::move(tools), model.syntax(), prompt.text_end);
    log_idle_thinking(live, call, model.syntax(), shape);
    Result<std::shared_ptr<const Constraint>> constraint = nullptr;
    if (!shape.is_free()) constraint = model.constrain(shape);
    if (!constraint) return refuse_constraint(call, constraint.error().message);
    shaped.constraints.push_back(std::move(*constraint));
  }
  return shaped;
}

Generation make_generation(ServiceState& state, const Exchange& exchange, const GenerationCall& call,
                           std::vector<Prompt> prompts, Shaped shaped, ModelHost::Lease model, int64_t load_ns) {
  const api::Endpoint& endpoint = *exchange.endpoint;
  api::AnswerHead head{.stream = call.stream,
                       .include_usage = call.include_usage,
                       .wants_logprobs = call.logprobs_top_n >= 0,
                       .wants_context = call.returns_context,
                       .created_unix_s = state.clocks.unix_ns() / 1'000'000'000};
  head.id = std::string(endpoint.id_prefix) + state.unique_id();
  std::function<void(std::string)> keep;
  if (call.kept.keeps) {
    keep = [&kept = state.kept, id = head.id, owner = owner_of(exchange.request)](std::string record) {
      kept.keep(id, owner, std::move(record));
    };
  }
  head.model = call.model;
  head.kept = call.kept;
  head.reported = call.reported;
  head.service_tier = call.service_tier;
  if (head.wants_context) head.prompt = prompts.front().tokens;
  head.prompt_truncated = std::ranges::any_of(prompts, &Prompt::truncated);
  head.prompt_tokens = static_cast<int64_t>(prompts.front().tokens.size());
  head.shows_thinking = call.shows_thinking;
  head.names_stop = std::ranges::find(call.given_options, "stop") != call.given_options.end();
  head.choices_per_prompt = static_cast<size_t>(call.made());
  head.choices = prompts.size() * head.choices_per_prompt;
  head.best = call.made() > call.choices ? static_cast<size_t>(call.choices) : 0;
  if (call.vector) head.vector = *call.vector;
  head.shown = {.echo = call.echo, .echo_top_n = call.logprobs_top_n, .logprobs_top_n = call.prompt_logprobs_top_n};
  if (call.echo) {
    for (Prompt& prompt : prompts) head.shown.prompts.push_back(std::move(prompt.shown));
  }

  for (Prompt& prompt : prompts) {
    head.prompts.push_back({.tokens = static_cast<int64_t>(prompt.tokens.size())});
    if (call.reported.prompt) head.prompts.back().text = std::move(prompt.text);
  }

  const Pooling pooling = call.vector ? model.model().pooling().value_or(Pooling::none) : Pooling::none;
  Request demand = make_request(call, exchange.live, state.weights, pooling);
  // 32 bits of it: a client in any language can send the number back.
  demand.sampling.seed = call.options.seed ? *call.options.seed : state.random() >> 32;
  if (endpoint.settings != nullptr) head.settings = endpoint.settings(call, demand.sampling.seed);
  demand.shown_tokens = std::move(shaped.shown_tokens);
  const std::optional<int32_t> keep_of_full = shift_keep(call, state.shift_keep);
  std::vector<Request> requests;
  for (size_t index = 0; index < prompts.size(); ++index) {
    Prompt& prompt = prompts[index];
    demand.constraint = shaped.constraints[index];
    demand.prompt = std::move(prompt.tokens);
    bound_answer(call, model.model(), keep_of_full, demand);
    for (demand.sampling.choice = 0; demand.sampling.choice < head.choices_per_prompt; ++demand.sampling.choice) {
      demand.id = SequenceId{state.next_sequence++};
      requests.push_back(demand);
      if (endpoint.chat && demand.sampling.choice > 0) leave_prompt_unjudged(call, requests.back());
    }
  }
  return Generation{.model = std::move(model),
                    .requests = std::move(requests),
                    .writer = endpoint.make_writer(std::move(head)),
                    .parsers = std::move(shaped.parsers),
                    .dialect = &exchange.dialect,
                    .streaming = call.stream,
                    .load_ns = load_ns,
                    .keep = std::move(keep)};
}

// Brings what the call goes on from.
asio::awaitable<std::optional<ApiError>> resume_call(ServiceState& state, const Exchange& exchange,
                                                     GenerationCall& call) {
  if (call.kept.keeps) {
    const bool keeps = co_await state.kept.ready();
    call.kept.keeps = keeps;
  }
  if (call.kept.from.empty()) co_return std::nullopt;
  std::vector<std::optional<std::string>> records;
  const std::string owner = owner_of(exchange.request);
  for (const std::string& id : call.kept.from) {
    Result<std::string> record = co_await state.kept.find(id, owner);
    records.push_back(record ? std::optional(std::move(*record)) : std::nullopt);
  }
  const auto work = [&] { return exchange.endpoint->resume(call, records); };
  const api::ApiResult<void> resumed = co_await on_pool(state.intake, work);
  co_return resumed ? std::nullopt : std::optional(resumed.error());
}

}  // namespace

asio::awaitable<Reply> answer_call(ServiceState& state, const Exchange& exchange) {
  const HttpRequest& request = exchange.request;
  LiveRequest& live = exchange.live;
  const api::Endpoint& endpoint = *exchange.endpoint;
  const auto refusal = [&](const ApiError& error) { return error_response(exchange.dialect, error); };
  live.generates = true;
  live.client = client_of(request, {});
  auto parsed = co_await on_pool(state.intake, [&] { return endpoint.parse(request.body); });
  if (!parsed) co_return refusal(parsed.error());
  GenerationCall call = std::move(*parsed);
  live.model = call.model;
  live.client = client_of(request, call.user);
  live.priority = call.priority.value_or(parse_priority(request.header("priority")));
  if (!call.unknown_fields.empty()) {
    spdlog::warn("request {}: unknown fields are ignored: {}", live.id, api::names_text(call.unknown_fields));
  }
  if (const auto unkept = co_await resume_call(state, exchange, call)) co_return refusal(*unkept);

  auto file = co_await find_model(state, call.model);
  if (!file) co_return refusal(file.error());
  live.model = file->name;
  if (call.model.empty()) call.model = file->name;
  const bool only_loads = endpoint.load_answer != nullptr && call.empty();
  if (only_loads && call.keep_alive_ns == 0) {
    state.host.unload_when_idle(live.model);  // it is not loaded for that
    const api::AnswerTimes times{.total_ns = state.clocks.engine.now_ns() - request.arrived_ns};
    co_return json_response(endpoint.load_answer(call.model, "unload", state.clocks.unix_ns(), times));
  }
  const int64_t load_begin_ns = state.clocks.engine.now_ns();
  auto lease = co_await wait_for_model(state.host, std::move(*file), call, request, live);
  if (!lease) co_return refused(exchange, lease.error());
  const int64_t load_ns = state.clocks.engine.now_ns() - load_begin_ns;
  if (call.keep_alive_ns) lease->keep_alive(*call.keep_alive_ns);
  if (only_loads) {
    const api::AnswerTimes times{.total_ns = state.clocks.engine.now_ns() - request.arrived_ns, .load_ns = load_ns};
    co_return json_response(endpoint.load_answer(call.model, "load", state.clocks.unix_ns(), times));
  }

  if (const auto applied = api::apply_stored(lease->model().stored(), call); !applied)
    co_return refusal(applied.error());
  const int64_t now_unix_s = state.clocks.unix_ns() / 1'000'000'000;
  const auto prepare = [&] { return make_prompts(call, lease->model(), now_unix_s); };
  auto prompts = co_await on_pool(state.intake, prepare);
  if (endpoint.count_answer != nullptr) {
    if (const auto count = prompt_tokens(prompts)) co_return json_response(endpoint.count_answer(*count));
  }
  if (!prompts) {
    if (prompts.error().too_large) live.record.refusal = Refusal::too_large;
    co_return refusal(prompts.error());
  }
  for (const Prompt& prompt : *prompts) {
    if (prompt.truncated()) log_truncated(live, prompt, context_limit(call, lease->model()));
  }
  if (call.renders_only) {
    co_return json_response(endpoint.render_answer(call.model, prompts->front().text, state.clocks.unix_ns()));
  }
  const auto shape = [&] { return shape_answers(live, call, *prompts, lease->model()); };
  api::ApiResult<Shaped> shaped = co_await on_pool(state.intake, shape);
  if (!shaped) co_return refusal(shaped.error());
  if (const auto refused = refuse_to_go_on(live, state.clocks.engine.now_ns())) co_return refusal(*refused);
  co_return make_generation(state, exchange, call, std::move(*prompts), std::move(*shaped), std::move(*lease), load_ns);
}

}  // namespace quire::server
