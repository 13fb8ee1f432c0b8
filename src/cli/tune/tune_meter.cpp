#include "cli/tune/tune_meter.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/call.h"
#include "base/bytes.h"
#include "engine/engine.h"
#include "engine/executor.h"
#include "engine/model_executor.h"
#include "model/context_memory.h"
#include "model/instance.h"

namespace quire::cli {
namespace {

constexpr int32_t steps_min = 4;
constexpr int32_t warm_up_steps = 2;  // caches and the workers' start are not what is measured
constexpr int32_t fill_steps_max = 8;
constexpr int64_t no_target_ns = int64_t{1} << 50;

// Contexts grow by an eighth at most before they begin anew, so that all steps are ones of contexts of that length.
int32_t steps_max(const TuneMeter::Sizes& sizes) { return std::clamp(sizes.context_tokens / 8, 48, 1024); }

// Longest that a context becomes: by the steps that take prompts in, and those that are measured.
int32_t length_max(const TuneMeter::Sizes& sizes) {
  return sizes.context_tokens + fill_steps_max + warm_up_steps + steps_max(sizes);
}

int32_t blocks_of_context(const TuneMeter::Sizes& sizes) {
  return ceil_div(length_max(sizes), Limits{}.block_tokens) + 1;
}

}  // namespace

// The model's executor, but for steps that are not to be computed.
class TuneMeter::Executor final : public quire::Executor {
 public:
  Executor(ModelInstance instance, Team& workers, const Limits& limits)
      : limits_(limits), instance_(std::move(instance)), workers_(workers) {}

  void issue(const Batch& batch) override {
    failures_.clear();
    if (computes_) {
      const Result<void> issued = instance_.issue(batch);
      if (!issued) fail_all(batch, issued.error().message, failures_);
      return;
    }
    for (const BatchSlice& slice : batch.slices) pass_over(slice);
    blank_.resize(static_cast<size_t>(batch.logits_rows) * static_cast<size_t>(vocab_size()));
  }
  Logits finish(std::vector<SliceFailure>& failures) override {
    if (!computes_) return {.values = blank_, .vocab = vocab_size()};
    if (!failures_.empty()) {
      failures.insert(failures.end(), failures_.begin(), failures_.end());
      return {};
    }
    const Result<Logits> logits = instance_.finish();
    if (!logits) throw DeviceLost(logits.error());
    return *logits;
  }
  Result<Logits> logits(std::span<const int32_t> rows) override { return instance_.logits(rows); }
  int32_t logits_rows_max() const override { return static_cast<int32_t>(instance_.logits_count_max()); }
  Result<HiddenStates> states(std::span<const int32_t> rows) override { return instance_.states(rows); }
  Result<std::span<const float>> head(std::span<const float> pooled) override { return instance_.head(pooled); }
  void keep(std::span<const int32_t> accepted) override { instance_.keep(accepted); }
  void forget(MemoryClass, std::span<const BlockId>) override {}
  void discard(MemoryClass, std::span<const BlockId>) override {}  // what it was filled with stays
  int32_t vocab_size() const override { return instance_.model().vocab_size(); }
  bool prompt_rows_differ() const override { return instance_.prompt_rows_differ(); }
  bool whole_texts() const override { return instance_.model().config().whole_texts; }
  void parallel_for(int64_t count, FunctionRef<void(int64_t index, int worker)> body) override {
    workers_.parallel_for(count, body);
  }
  int worker_count() const override { return workers_.worker_count(); }

  void set_computes(bool computes) { computes_ = computes; }
  const Limits& limits() const { return limits_; }
  // The first `blocks` blocks hold numbers: a block that was never written is the system's one page of zeros, and
  // reading it would cost nothing.
  void fill_blocks(int32_t blocks) {
    constexpr std::byte ordinary{0x2c};  // 0x2c2c is 0.065 in f16, and as q8_0's scale
    std::vector<BlockId> fresh;
    for (; filled_ < blocks; ++filled_) fresh.push_back({filled_});
    instance_.kv().fill(MemoryClass::full, fresh, ordinary);
  }

 private:
  // States stand where they would if its rows had been computed.
  void pass_over(const BatchSlice& slice) {
    if (!slice.state.valid()) return;
    StateStore& states = instance_.recurrent_states();
    for (const StateSnapshot& snapshot : slice.snapshots) states.stand(snapshot.state, snapshot.position);
    states.stand(slice.state, slice.position_begin + slice.row_end - slice.row_begin - slice.drafted);
  }

  const Limits limits_;
  ModelInstance instance_;
  Team& workers_;
  std::vector<float> blank_;            // zeros
  std::vector<SliceFailure> failures_;  // of the step that was issued
  int32_t filled_ = 0;                  // blocks
  bool computes_ = false;
};

Result<TuneMeter> TuneMeter::create(LocalModel& local, const Tokenizer& tokenizer, const Sizes& sizes,
                                    const Clock& clock) {
  Limits limits{.block_count = sizes.contexts_max * blocks_of_context(sizes),
                .context_tokens = length_max(sizes) + 1,
                .running_max = sizes.contexts_max,
                .step_tokens_max = sizes.contexts_max};
  add_states(local.model().config(), limits);
  QUIRE_TRY(ModelInstance instance, local.make_instance(limits));
  auto executor = std::make_unique<Executor>(std::move(instance), local.workers(), limits);
  return TuneMeter(std::move(executor), tokenizer, sizes, clock);
}

TuneMeter::TuneMeter(std::unique_ptr<Executor> executor, const Tokenizer& tokenizer, const Sizes& sizes,
                     const Clock& clock)
    : executor_(std::move(executor)), tokenizer_(tokenizer), sizes_(sizes), clock_(clock) {}
TuneMeter::TuneMeter(TuneMeter&&) noexcept = default;
TuneMeter::~TuneMeter() = default;

uint64_t TuneMeter::kv_bytes(const Model& model, const Sizes& sizes) {
  const ContextMemory memory = context_memory(model.config(), Limits{}.block_tokens);
  return static_cast<uint64_t>((memory.block_bytes + memory.window_block_bytes) * blocks_of_context(sizes) +
                               2 * memory.state_bytes);
}

Result<int64_t> TuneMeter::measure(int32_t contexts, int64_t visit_ns) {
  Steps all;
  while (all.count < steps_min || all.took_ns < visit_ns) {
    QUIRE_TRY(const Steps some, grow(contexts, visit_ns - all.took_ns));
    all.count += some.count;
    all.took_ns += some.took_ns;
  }
  return all.took_ns / all.count;
}

Result<TuneMeter::Steps> TuneMeter::grow(int32_t contexts, int64_t longest_ns) {
  // No policy is measured: all contexts run, and their prompts are taken in at once, so that all are equally long.
  Limits limits = executor_->limits();
  limits.block_count = contexts * blocks_of_context(sizes_);
  limits.running_max = contexts;
  limits.queue_max = contexts;
  limits.queue_tokens_max = 0;
  limits.step_tokens_max = contexts * (sizes_.context_tokens + 1);
  limits.target_gap_ns = no_target_ns;
  limits.parallel_adapts = false;
  std::string error;
  Engine engine(limits, *executor_, tokenizer_, clock_, [&](std::vector<Event>&& events) {
    for (const Event& event : events) {
      if (const auto* finished = std::get_if<Finished>(&event.body)) error = finished->error;
    }
  });
  for (int32_t index = 0; index < contexts; ++index) {
    Request request{.id = {static_cast<uint64_t>(index) + 1}, .ignore_eos = true, .use_cache = false};
    request.sampling = api::native_sampling();
    request.sampling.seed = static_cast<uint64_t>(index);
    for (int32_t at = 0; at < sizes_.context_tokens; ++at) {
      request.prompt.push_back(
          static_cast<TokenId>((int64_t{index} * 7919 + int64_t{at} * 104729) % tokenizer_.vocab_size()));
    }
    engine.submit(std::move(request));
  }
  executor_->fill_blocks(limits.block_count);
  executor_->set_computes(false);
  for (int32_t step = 0; engine.snapshot().generated_tokens < contexts && step < fill_steps_max; ++step) engine.step();
  executor_->set_computes(true);
  for (int32_t step = 0; step < warm_up_steps; ++step) engine.step();

  const int64_t generated_before = engine.snapshot().generated_tokens;
  const int64_t begin_ns = clock_.now_ns();
  Steps steps;
  while (steps.count < steps_max(sizes_) && (steps.count < steps_min || steps.took_ns < longest_ns)) {
    engine.step();
    ++steps.count;
    steps.took_ns = clock_.now_ns() - begin_ns;
  }
  const int64_t generated = engine.snapshot().generated_tokens - generated_before;
  engine.cancel_all();
  if (generated != int64_t{steps.count} * contexts) {
    return fail(ErrorKind::internal, fmt::format("{} contexts generated {} tokens in {} steps{}{}", contexts, generated,
                                                 steps.count, error.empty() ? "" : ": ", error));
  }
  return steps;
}

}  // namespace quire::cli
