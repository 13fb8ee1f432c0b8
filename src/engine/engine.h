// The step loop: plan, run, sample, commit, report. Where plans may be made ahead, the next step is planned and what
// the last one said is reported while a step runs.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "core/event.h"
#include "core/limits.h"
#include "core/request.h"
#include "core/view.h"
#include "engine/batch_builder.h"
#include "engine/drafter.h"
#include "engine/engine_totals.h"
#include "engine/executor.h"
#include "engine/prompt_reading.h"
#include "engine/sampler.h"
#include "sched/scheduler.h"
#include "text/text_stream.h"
#include "text/tokenizer.h"

namespace quire {

// Receives all events of a step at once, on the engine's thread. It must not wait, nor throw.
using EventSink = std::function<void(std::vector<Event>&&)>;

// A step that took far longer than steps of as many rows: what there is to say why.
struct SlowStep {
  int64_t step_ns = 0;
  int64_t expected_ns = 0;
  int32_t streams = 0;  // sequences that computed one token, without guesses
  int32_t prompt_rows = 0;
};

// What an engine shows of itself after each step.
struct EngineSnapshot {
  SchedulerCounts scheduler;
  ControllerView controller;
  int64_t prompt_tokens_computed = 0;
  int64_t generated_tokens = 0;
  int64_t finished_requests = 0;
  int64_t steps = 0;
  int64_t last_step_tokens = 0;
  int64_t last_step_ns = 0;
  bool broken = false;     // a step threw: every request ends with an error from now on
  std::string why_broken;  // what was thrown last
  SlowStep slow_step;      // the last of totals.slow_steps
  EngineTotals totals;
  std::array<int64_t, band_count> on_their_way{};  // submitted, and not taken by the engine yet
};

// Runs many sequences on one executor. Owns no thread and reads no clock but the given one: EngineThread runs it in
// production, the simulator runs the same object. One thread, but for sampling, which the executor's workers share.
// Invariant: each submitted request leaves exactly one Finished event, and nothing after it.
class Engine {
 public:
  // Borrows everything for its life. REQUIRES: limits.block_count > 0, limits.context_tokens > 1. Contexts are
  // shortened to what the whole KV pool can hold; whether prompt rows differ is what the executor says.
  // No drafter: nothing is guessed.
  Engine(const Limits& limits, Executor& executor, const Tokenizer& tokenizer, const Clock& clock, EventSink sink,
         std::unique_ptr<Drafter> drafter = nullptr);

  // Every outcome leaves as an event, a refusal too; where it throws (no memory) the caller gives up.
  void submit(Request request);
  // No effect when the request is unknown or has ended.
  void cancel(SequenceId id);
  // Ends every request that is left as cancelled and posts the events.
  void cancel_all();
  // After an exception in one of the others: ends every request with an error and posts the events. Nothing of the
  // scheduler can be trusted then, so nothing is asked of it. From now on a request that is submitted ends at once.
  void give_up(const char* why);
  // Ends one step and posts its events; where the next one was planned ahead, that runs then. False when there was
  // nothing to compute.
  bool step();
  // No request is there, and no step runs.
  bool idle() const { return contexts_.empty() && running_.plan == nullptr; }
  bool broken() const { return totals_.broken; }

  const Limits& limits() const { return limits_; }
  const Scheduler& scheduler() const { return scheduler_; }
  EngineSnapshot snapshot() const;
  // Replaces `views` by one of each sequence, running ones first, then in the order in which they get their turn.
  void view_sequences(std::vector<SequenceView>& views) const;
  // Blocks of a class (or states) that may be in use from now on; what is over is evicted, then parked. It never goes
  // below what the largest request that was let in needs, nor above what limits() has.
  void set_block_limit(int32_t blocks, MemoryClass of = MemoryClass::full) { scheduler_.set_block_limit(blocks, of); }

 private:
  // A request's own side of the engine: the rest of a context is its Sequence and blocks.
  struct Context {
    Request request;
    TextStream stream;
    std::unique_ptr<PromptReading> reading;       // of its prompt; null: nothing is wanted of it
    bool answers = true;                          // else it ends with its prompt
    std::unique_ptr<ConstraintState> constraint;  // null: none
    std::span<const uint64_t> allowed;            // by it, for the token that is chosen in this step
    int32_t generated = 0;
    int32_t drafted = 0, accepted = 0;  // guesses that were computed, and those that were right
    int32_t context_prompt = 0;         // tokens of its context that it has not generated since that began
    int32_t context_length = 0;         // ... and those that it has
    bool forces = false;                // tokens that its constraint forces are not chosen
    std::vector<TokenId> forced;        // ... that come one by one, in the next steps
    std::vector<TokenId> too_early;     // never chosen before request.generated_min tokens
    std::optional<double> mirostat_mu;  // a function of the tokens that were chosen, as SamplingPlace's
    bool started = false;               // something of it was in a step
    bool has_line_break = false;        // in what it has said
    int64_t first_token_ns = -1;
    int64_t last_token_ns = -1;
  };

  struct Chosen {
    TokenId token = 0;
    std::optional<double> mirostat_mu;
    std::optional<PositionLogprobs> logprobs;  // where they are asked for, without texts
  };
  // What became of one slice in the executor: its next token where it samples and the logits are numbers, and where
  // that was guessed the one behind it, and so on.
  struct Sampled {
    bool voided = false;  // its request has ended while the step ran
    const SliceFailure* failure = nullptr;
    std::vector<Chosen> chosen;
    std::vector<TokenId> behind;  // the first token: others that were chosen, what the constraint forces
    std::vector<TokenId> anew;    // what its context goes on as; empty: as it is
    bool numbers = true;          // no token, yet the logits are numbers: all are forbidden
  };

  // One that the executor computes. What its batch borrows of sequences is theirs of then, and not read any more.
  struct RunningStep {
    const StepPlan* plan = nullptr;  // null: none
    Batch batch;
    StepObservation observation;
    int64_t begin_ns = 0;
    int64_t guessing_ns = 0;  // of the time since
  };

  void end_expired(int64_t now_ns);
  int64_t guess();
  const StepPlan* plan_ahead();
  void issue(const StepPlan& plan, int64_t begin_ns, int64_t guessing_ns);
  void finish();
  Context* find_context(SequenceId id);
  void tell_computed(const StepPlan& plan, const Batch& batch);
  void forget_fresh();
  void discard_withheld();
  void keep();
  void constrain(const StepPlan& plan);
  void read_prompts(const Batch& batch);
  void sample(const StepPlan& plan, const Batch& batch, const Logits& logits);
  std::span<const TokenId> forbidden(const Context& context, int32_t generated) const;
  ChoiceNeeds needs(const Context& context) const;
  std::optional<Chosen> choose(const Context& context, std::span<const TokenId> history, int32_t ahead,
                               std::span<const float> logits, Sampler& sampler,
                               std::optional<double> mirostat_mu) const;
  void choose_all(const Slice& slice, const BatchSlice& rows, const Logits& logits, Sampler& sampler,
                  Sampled& sampled) const;
  void apply(const StepPlan& plan, const Batch& batch);
  static bool is_out_of_time(Context& context, std::string_view bytes, int64_t now_ns);
  SliceOutcome advance(const Slice& slice, Sampled& sampled, int64_t now_ns);
  SliceOutcome conclude(SequenceId id);
  void post_prompt_logprobs(SequenceId id, PromptReading& reading);
  static void take_forced(const Context& context, std::span<const float> logits, Sampler& sampler, Sampled& sampled);
  static void follow_forced(Context& context, std::vector<TokenId>& forced);
  std::optional<Finished> append(const Sequence& sequence, Context& context, TokenId token, int64_t now_ns,
                                 TextDelta& delta);
  void shift_context(const Sequence& sequence, Context& context, Sampled& sampled);
  void add_texts(PositionLogprobs& logprobs) const;
  static Finished failure(ErrorKind kind, std::string why);
  void end(SequenceId id, Finished finished);
  RequestStats stats_of(const Context& context) const;
  void count_start(Context& context);
  void count_token(Context& context, int64_t now_ns);
  void count_draft(Context& context, int32_t drafted, int32_t accepted);
  void count_end(const Context& context, const Finished& finished);
  void count_step(const StepObservation& step);
  int32_t context_of(const Request& request) const;
  void admit(Request request);
  void end_given_up(const Context& context);
  void post();

  // const after construction
  const Limits limits_;
  Executor& executor_;
  const Tokenizer& tokenizer_;
  const Clock& clock_;
  const EventSink sink_;
  const std::unique_ptr<Drafter> drafter_;  // null: nothing is guessed
  std::vector<TokenId> end_tokens_;         // of the vocabulary

  Scheduler scheduler_;
  std::unordered_map<SequenceId, Context> contexts_;  // every request that has not ended
  BatchBuilder batch_builder_;
  RunningStep running_;
  int32_t ahead_in_a_row_ = 0;     // steps that were planned ahead, so that nothing could be guessed
  std::vector<Sampler> samplers_;  // one for each of the executor's workers
  std::vector<SliceFailure> failures_;
  std::vector<Sampled> sampled_;                                     // of each slice of the step
  std::vector<std::pair<const Constraint*, Context*>> constrained_;  // those that sample in this step, by constraint
  std::vector<size_t> constraint_begins_;                            // of each constraint's, in constrained_
  std::vector<SliceOutcome> outcomes_;
  std::vector<int32_t> accepted_;  // of each slice, guesses that were right
  std::vector<DraftPlace> places_;
  std::vector<GuessBound> guess_bounds_;     // of each place
  std::vector<ComputedRows> computed_rows_;  // of the step
  std::vector<TokenId> computed_next_;       // behind each of them
  std::vector<Event> events_;
  EngineSnapshot totals_;
};

}  // namespace quire
