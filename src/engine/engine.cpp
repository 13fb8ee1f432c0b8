#include "engine/engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/insist.h"
#include "kv/memory_counts.h"

namespace quire {
namespace {

Limits fitted(Limits limits, const Executor& executor) {
  QUIRE_CHECK(limits.block_count > 0 && limits.block_tokens > 0 && limits.context_tokens > 1, "limits are set");
  const int64_t pool_tokens = int64_t{limits.block_count} * limits.block_tokens;
  limits.context_tokens = static_cast<int32_t>(std::min<int64_t>(limits.context_tokens, pool_tokens));
  limits.prompt_rows_differ = executor.prompt_rows_differ();
  limits.whole_texts = executor.whole_texts();
  return limits;
}

// Whether tokens that the constraint forces come without being chosen: by what the request says alone, so that it is
// the same in any company. Not where something else has a say in which tokens spell the text.
bool takes_forced(const Request& request) {
  const SamplingParams& sampling = request.sampling;
  return request.constraint != nullptr && sampling.logit_bias.empty() && sampling.allowed_tokens.empty() &&
         sampling.bad_words.empty();
}

// Those that come in one step. Where each token's log-probability is wanted, forced ones come one by one, as their rows
// do. What a constraint allows behind a guess is not asked for, so where there is one nothing is guessed.
int32_t step_tokens_max(const Request& request, bool drafts) {
  if (request.constraint == nullptr) return drafts ? 1 + draft_tokens_max : 1;
  return takes_forced(request) && request.logprobs_top_n < 0 ? 1 + request.constraint->forced_max() : 1;
}

}  // namespace

Engine::Engine(const Limits& limits, Executor& executor, const Tokenizer& tokenizer, const Clock& clock, EventSink sink,
               std::unique_ptr<Drafter> drafter)
    : limits_(fitted(limits, executor)),
      executor_(executor),
      tokenizer_(tokenizer),
      clock_(clock),
      sink_(std::move(sink)),
      drafter_(std::move(drafter)),
      scheduler_(limits_),
      samplers_(static_cast<size_t>(executor.worker_count())) {
  for (TokenId token = 0; token < tokenizer_.vocab_size(); ++token) {
    if (tokenizer_.is_end(token)) end_tokens_.push_back(token);
  }
}

Finished Engine::failure(ErrorKind kind, std::string why) {
  return {.reason = FinishReason::error, .error_kind = kind, .error = std::move(why)};
}

void Engine::submit(Request request) {
  const SequenceId id = request.id;
  QUIRE_CHECK(!contexts_.contains(id) && !request.prompt.empty(), "a request has an id of its own and a token");
  QUIRE_CHECK(request.priority < band_count, "a band is one of eight");
  QUIRE_CHECK(request.shift_keep < 0 || request.generated_max >= 0, "what goes on behind a full context has an end");
  QUIRE_CHECK(!limits_.whole_texts || request.pooling != Pooling::none, "a whole text becomes a vector");
  ++totals_.totals.submitted[request.priority];
  if (totals_.broken) return end_given_up({.request = std::move(request), .stream = TextStream({})});
  try {
    admit(std::move(request));
  } catch (const std::exception& error) {
    insist([&] { totals_.why_broken = error.what(); });
    // What is among the contexts ends when the engine gives up; nobody else knows this one.
    if (!contexts_.contains(id)) {
      Request lost{.id = id};
      end_given_up({.request = std::move(lost), .stream = TextStream({})});
    }
    throw;
  }
}

int32_t Engine::context_of(const Request& request) const {
  return request.context_max > 0 ? std::min(request.context_max, limits_.context_tokens) : limits_.context_tokens;
}

void Engine::admit(Request request) {
  const SequenceId id = request.id;
  const auto prompt_length = static_cast<int64_t>(request.prompt.size());
  const int32_t context_tokens = context_of(request);
  const int64_t room = context_tokens - prompt_length;
  const int64_t wanted = request.generated_max < 0 ? room : request.generated_max;

  std::unique_ptr<PromptReading> reading = PromptReading::of(request);
  const bool answers = request.pooling == Pooling::none && (request.generated_max != 0 || reading == nullptr);
  SequenceDemand demand{.id = id,
                        .prompt = request.prompt,
                        .length_max = static_cast<int32_t>(prompt_length + (answers ? std::min(room, wanted) : 0)),
                        .step_tokens_max = step_tokens_max(request, drafter_ != nullptr),
                        .waits_for_tokens = request.constraint != nullptr,
                        .use_cache = request.use_cache && (reading == nullptr || !reading->reads_all()),
                        .priority = request.priority,
                        .cache_salt = request.cache_salt,
                        .client = request.client,
                        .client_weight = request.client_weight,
                        .arrived_ns = request.arrived_ns,
                        .deadline_ns = request.deadline_ns,
                        .queue_deadline_ns = request.queue_deadline_ns};
  TextStream stream(request.stop);
  std::vector<TokenId> too_early;
  if (request.generated_min > 0) {
    too_early = end_tokens_;
    too_early.insert(too_early.end(), request.stop_tokens.begin(), request.stop_tokens.end());
  }
  auto constraint = request.constraint == nullptr ? nullptr : request.constraint->begin();
  const bool forces = takes_forced(request);
  contexts_.emplace(id, Context{.request = std::move(request),
                                .stream = std::move(stream),
                                .reading = std::move(reading),
                                .answers = answers,
                                .constraint = std::move(constraint),
                                .context_prompt = static_cast<int32_t>(prompt_length),
                                .context_length = static_cast<int32_t>(prompt_length),
                                .forces = forces,
                                .too_early = std::move(too_early)});
  if (room < (answers ? 1 : 0)) {
    end(id, failure(ErrorKind::too_large, fmt::format("the prompt of {} tokens is longer than the context of {} tokens",
                                                      prompt_length, context_tokens)));
  } else if (answers && wanted == 0) {
    end(id, {.reason = FinishReason::length});
  } else if (Result<void> admitted = scheduler_.admit(std::move(demand)); !admitted) {
    end(id, failure(admitted.error().kind, admitted.error().message));
  }
}

void Engine::cancel(SequenceId id) {
  if (totals_.broken || !contexts_.contains(id)) return;
  end(id, {.reason = FinishReason::cancelled});
  scheduler_.cancel(id);
}

void Engine::cancel_all() {
  std::vector<SequenceId> ids;
  for (const auto& [id, context] : contexts_) ids.push_back(id);
  std::sort(ids.begin(), ids.end());
  for (SequenceId id : ids) cancel(id);
  if (running_.plan != nullptr) finish();  // nobody takes its memory away from a step that runs
  post();
}

void Engine::give_up(const char* why) {
  totals_.broken = true;
  running_ = {};
  insist([&] { totals_.why_broken = why; });
  post();  // ends that were decided before
  while (!contexts_.empty()) {
    end_given_up(contexts_.begin()->second);
    contexts_.erase(contexts_.begin());
  }
}

// As end() counts it, but for what only the scheduler knows.
void Engine::end_given_up(const Context& context) {
  EngineTotals& totals = totals_.totals;
  const Request& request = context.request;
  ++totals.finished[static_cast<size_t>(FinishReason::error)];
  totals.request_time.observe(clock_.now_ns() - request.arrived_ns);
  totals.prompt_lengths.observe(static_cast<int64_t>(request.prompt.size()));
  totals.answer_lengths.observe(context.generated);
  if (context.first_token_ns >= 0) {
    const int64_t decode_ns = context.last_token_ns - context.first_token_ns;
    totals.decode_time.observe(decode_ns);
    totals.inference_time.observe(decode_ns);
    if (context.generated > 1) totals.mean_gap.observe(decode_ns / (context.generated - 1));
  }
  ++totals_.finished_requests;
  insist([&] {
    events_.clear();
    Finished finished = failure(ErrorKind::internal, totals_.why_broken);
    finished.stats = {.prompt_tokens = static_cast<int64_t>(request.prompt.size()),
                      .generated_tokens = context.generated,
                      .seed = request.sampling.seed};
    events_.push_back({request.id, std::move(finished)});
  });
  post();
}

void Engine::forget_fresh() {
  for (const MemoryClass of : memory_classes) executor_.forget(of, scheduler_.fresh_blocks(of));
  if (drafter_) drafter_->forget(scheduler_.fresh_blocks());
}

void Engine::discard_withheld() {
  for (const MemoryClass of : memory_classes) executor_.discard(of, scheduler_.withheld_blocks(of));
  if (drafter_) drafter_->discard(scheduler_.withheld_blocks());
}

bool Engine::step() {
  const int64_t begin_ns = clock_.now_ns();
  end_expired(begin_ns);
  if (running_.plan == nullptr) {
    const int64_t guessing_ns = guess();
    issue(scheduler_.plan(begin_ns), begin_ns, guessing_ns);
    QUIRE_CHECK(running_.plan != nullptr || contexts_.empty(), "a step computes something while a request is there");
  }
  const bool working = running_.plan != nullptr;
  if (working) {
    const StepPlan* ahead = plan_ahead();
    finish();
    if (ahead != nullptr) {
      if (drafter_) drafter_->guess({});
      issue(*ahead, clock_.now_ns(), 0);
    }
  }
  post();
  return working;
}

// What comes behind the step that runs, where it is time to plan that; else null. Guesses are made of tokens that are
// known, so after a step that had some, and now and then where there may be some, nothing is planned ahead. Nor where
// more than a quarter would wait: they lose more than the others gain.
const StepPlan* Engine::plan_ahead() {
  constexpr int32_t in_a_row_max = 15;
  if (limits_.plans_ahead == 0) return nullptr;
  const bool guesses = running_.observation.draft_rows > 0 || (drafter_ && ahead_in_a_row_ >= in_a_row_max);
  const auto waiting = std::ranges::count_if(running_.plan->slices, [&](const Slice& slice) {
    const Context* context = slice.samples ? find_context(slice.sequence) : nullptr;
    return context != nullptr && context->constraint != nullptr;
  });
  if (guesses || waiting * 4 > std::ssize(running_.plan->slices)) {
    ahead_in_a_row_ = 0;
    return nullptr;
  }
  ++ahead_in_a_row_;
  return &scheduler_.plan(clock_.now_ns());
}

void Engine::issue(const StepPlan& plan, int64_t begin_ns, int64_t guessing_ns) {
  discard_withheld();
  if (plan.slices.empty()) return;
  forget_fresh();
  const Batch batch = batch_builder_.build(plan, scheduler_, [this](SequenceId id) { return needs(contexts_.at(id)); });
  executor_.issue(batch);
  StepObservation observation;
  for (const Slice& slice : plan.slices) {
    const bool one_token = slice.samples && slice.end - slice.begin - slice.drafted == 1;
    observation.streams += one_token && !limits_.whole_texts ? 1 : 0;
    observation.draft_rows += slice.drafted;
  }
  observation.prompt_rows = static_cast<int32_t>(batch.tokens.size()) - observation.streams - observation.draft_rows;
  running_ = {
      .plan = &plan, .batch = batch, .observation = observation, .begin_ns = begin_ns, .guessing_ns = guessing_ns};
}

// Makes of the step that runs what it gives.
void Engine::finish() {
  const StepPlan& plan = *running_.plan;
  const Batch& batch = running_.batch;
  failures_.clear();
  const Logits logits = executor_.finish(failures_);
  constrain(plan);
  sample(plan, batch, logits);
  read_prompts(batch);
  apply(plan, batch);
  ++totals_.steps;
  totals_.last_step_tokens = static_cast<int64_t>(batch.tokens.size());
  totals_.last_step_ns = clock_.now_ns() - running_.begin_ns;
  // Guesses that had rows are part of what these cost; others are no part of what steps cost.
  StepObservation observation = running_.observation;
  observation.step_ns = totals_.last_step_ns - (observation.draft_rows > 0 ? 0 : running_.guessing_ns);
  count_step(observation);
  scheduler_.observe(observation);
  running_ = {};
}

// Null: it has ended.
Engine::Context* Engine::find_context(SequenceId id) {
  const auto at = contexts_.find(id);
  return at == contexts_.end() ? nullptr : &at->second;
}

void Engine::end_expired(int64_t now_ns) {
  for (SequenceId id : scheduler_.expired(now_ns)) {
    const Sequence& sequence = *scheduler_.find(id);
    const bool over = sequence.deadline_ns >= 0 && sequence.deadline_ns <= now_ns;
    end(id, {.reason = FinishReason::deadline,
             .error_kind = ErrorKind::cancelled,
             .error = over ? "the deadline passed before the answer was complete"
                           : "the request waited in the queue for longer than its queue_timeout_ms"});
    scheduler_.cancel(id);
  }
}

// Asks every constraint what may come next. Answers of one constraint share what it has learned, so one worker asks for
// all of them.
void Engine::constrain(const StepPlan& plan) {
  constrained_.clear();
  constraint_begins_.clear();
  for (const Slice& slice : plan.slices) {
    Context* context = slice.samples ? find_context(slice.sequence) : nullptr;
    if (context == nullptr || context->constraint == nullptr) continue;
    if (context->answers && context->forced.empty())
      constrained_.emplace_back(context->request.constraint.get(), context);
  }
  if (constrained_.empty()) return;
  std::ranges::stable_sort(constrained_, std::less{}, &std::pair<const Constraint*, Context*>::first);
  for (size_t at = 0; at < constrained_.size(); ++at) {
    if (at == 0 || constrained_[at].first != constrained_[at - 1].first) constraint_begins_.push_back(at);
  }
  executor_.parallel_for(static_cast<int64_t>(constraint_begins_.size()), [&](int64_t index, int) {
    const Constraint* own = constrained_[constraint_begins_[static_cast<size_t>(index)]].first;
    for (size_t at = constraint_begins_[static_cast<size_t>(index)];
         at < constrained_.size() && constrained_[at].first == own; ++at) {
      Context& context = *constrained_[at].second;
      context.allowed = context.constraint->allowed();
    }
  });
}

// After sampling, whose logits are not needed any more.
void Engine::read_prompts(const Batch& batch) {
  for (const BatchSlice& slice : batch.slices) {
    Context* context = find_context(slice.sequence);
    if (context == nullptr || context->reading == nullptr) continue;
    if (std::ranges::find(failures_, slice.sequence, &SliceFailure::sequence) != failures_.end()) continue;
    context->reading->read(slice, context->request.prompt, executor_, samplers_);
  }
}

// Turns the step's results into outcomes and events, then commits. A sequence that ends leaves the scheduler in
// commit, so its Finished event is made from what the scheduler knows before.
void Engine::apply(const StepPlan& plan, const Batch& batch) {
  outcomes_.clear();
  const int64_t now_ns = clock_.now_ns();
  for (size_t index = 0; index < plan.slices.size(); ++index) {
    const Slice& slice = plan.slices[index];
    const BatchSlice& rows = batch.slices[index];
    if (sampled_[index].voided) {
      outcomes_.push_back({.sequence = slice.sequence, .sampled = {}, .voided = true});
      continue;
    }
    count_start(contexts_.at(slice.sequence));
    if (const SliceFailure* failed = sampled_[index].failure) {
      end(slice.sequence, failure(ErrorKind::internal, failed->why));
      outcomes_.push_back({.sequence = slice.sequence, .sampled = {}, .finished = true, .failed = true});
      continue;
    }
    totals_.prompt_tokens_computed +=
        std::count(batch.origins.begin() + rows.row_begin, batch.origins.begin() + rows.row_end, RowOrigin::prompt);
    const Context& context = contexts_.at(slice.sequence);
    if (context.reading != nullptr && !context.reading->failure().empty()) {
      end(slice.sequence, failure(ErrorKind::internal, context.reading->failure()));
      outcomes_.push_back({.sequence = slice.sequence, .sampled = {}, .finished = true, .failed = true});
      continue;
    }
    if (context.reading != nullptr) post_prompt_logprobs(slice.sequence, *context.reading);
    if (!slice.samples) {
      outcomes_.push_back({.sequence = slice.sequence, .sampled = {}});
    } else {
      outcomes_.push_back(context.answers ? advance(slice, sampled_[index], now_ns) : conclude(slice.sequence));
    }
  }
  keep();
  tell_computed(plan, batch);
  scheduler_.commit(outcomes_);
}

// Of what was guessed, states have seen nothing yet. Where nothing was right there is nothing to see, nor anything to
// see it with when the step has failed.
void Engine::keep() {
  const bool was_right =
      std::ranges::any_of(outcomes_, [](const SliceOutcome& outcome) { return outcome.accepted > 0; });
  if (!was_right || limits_.state_count == 0) return;
  accepted_.clear();
  for (const SliceOutcome& outcome : outcomes_) accepted_.push_back(outcome.accepted);
  executor_.keep(accepted_);
}

// The one place where a request's last event is made.
void Engine::end(SequenceId id, Finished finished) {
  const auto context = contexts_.find(id);
  finished.stats = stats_of(context->second);
  const Sequence* sequence = scheduler_.find(id);
  if (drafter_ && sequence != nullptr && context->second.generated > 0) {
    drafter_->ended(context->second.request, sequence->tokens, static_cast<size_t>(context->second.context_prompt));
  }
  count_end(context->second, finished);
  events_.push_back({id, std::move(finished)});
  contexts_.erase(context);
  ++totals_.finished_requests;
}

void Engine::post() {
  if (!events_.empty()) sink_(std::exchange(events_, {}));
}

void Engine::view_sequences(std::vector<SequenceView>& views) const {
  scheduler_.view(views);
  // What the scheduler knows is of the context, which may be a later one.
  for (SequenceView& view : views) {
    const auto at = contexts_.find(view.id);
    if (at == contexts_.end()) continue;
    view.prompt_tokens = static_cast<int32_t>(at->second.request.prompt.size());
    view.generated_tokens = at->second.generated;
  }
}

}  // namespace quire
