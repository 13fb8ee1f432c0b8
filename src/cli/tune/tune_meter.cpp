#include "cli/tune/tune_meter.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/call.h"
#include "base/bytes.h"
#include "engine/engine.h"
#include "engine/executor.h"
#include "model/kv_store.h"
#include "model/workspace.h"

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

// Numbers of ordinary size as f16 and, where a chunk holds int8, as scales of ordinary size and any quants. Of blocks
// [begin, end) of one layer.
void fill(const KvView& view, int64_t begin, int64_t end) {
  const int64_t head_chunks = view.layer.kv_heads * (view.layer.block_tokens / attention_chunk);
  const int64_t block_bytes = head_chunks * kv_chunk_size_bytes(view.layer.type, view.layer.head_dim);
  auto state = static_cast<uint32_t>(begin) + 1;
  for (std::byte* part : {view.layer.keys, view.layer.values}) {
    for (int64_t at = begin * block_bytes; at + 2 <= end * block_bytes; at += 2) {
      state = state * 1664525U + 1013904223U;
      store_value(part + at, static_cast<uint16_t>(0x2800U | (state >> 16 & 0x83ffU)));  // 1/32 to 1/16, either sign
    }
  }
}

}  // namespace

// The model's executor, but for steps that are not to be computed.
class TuneMeter::Executor final : public quire::Executor {
 public:
  Executor(LocalModel& local, KvStore kv, Workspace space, const Limits& limits)
      : limits_(limits), local_(local), kv_(std::move(kv)), space_(std::move(space)) {}

  Logits forward(const Batch& batch, std::vector<SliceFailure>& failures) override {
    if (computes_) {
      const Result<Logits> logits = local_.model().forward(batch, local_.backend(), kv_, space_);
      if (logits) return *logits;
      fail_all(batch, logits.error().message, failures);
      return {};
    }
    blank_.resize(static_cast<size_t>(batch.logits_rows) * static_cast<size_t>(vocab_size()));
    return {.values = blank_, .vocab = vocab_size()};
  }
  Logits logits(std::span<const int32_t> rows) override {
    return local_.model().logits(rows, local_.backend(), space_);
  }
  int32_t logits_rows_max() const override { return static_cast<int32_t>(space_.logits_count_max()); }
  HiddenStates states(std::span<const int32_t> rows) override {
    return local_.model().states(rows, local_.backend(), space_);
  }
  void forget(std::span<const BlockId>) override {}
  void discard(std::span<const BlockId>) override {}  // what it was filled with stays
  int32_t vocab_size() const override { return local_.model().vocab_size(); }
  bool prompt_rows_differ() const override { return local_.backend().prompt_rows_differ(); }
  void parallel_for(int64_t count, FunctionRef<void(int64_t index, int worker)> body) override {
    local_.backend().parallel_for(count, body);
  }
  int worker_count() const override { return local_.backend().worker_count(); }

  void set_computes(bool computes) { computes_ = computes; }
  const Limits& limits() const { return limits_; }
  // The first `blocks` blocks hold numbers: a block that was never written is the system's one page of zeros, and
  // reading it would cost nothing.
  void fill_blocks(int32_t blocks) {
    if (blocks <= filled_) return;
    local_.backend().parallel_for(local_.model().config().layers,
                                  [&](int64_t layer, int) { fill(kv_.layer(layer), filled_, blocks); });
    filled_ = blocks;
  }

 private:
  const Limits limits_;
  LocalModel& local_;
  KvStore kv_;
  Workspace space_;
  std::vector<float> blank_;  // zeros
  int32_t filled_ = 0;        // blocks
  bool computes_ = false;
};

Result<TuneMeter> TuneMeter::create(LocalModel& local, const Tokenizer& tokenizer, const Sizes& sizes,
                                    const Clock& clock) {
  const Limits limits{.block_count = sizes.contexts_max * blocks_of_context(sizes),
                      .context_tokens = length_max(sizes) + 1,
                      .running_max = sizes.contexts_max,
                      .step_tokens_max = sizes.contexts_max};
  QUIRE_TRY(KvStore kv, KvStore::create(local.model().config(), limits));
  QUIRE_TRY(Workspace space, Workspace::create(local.model().config(), limits));
  auto executor = std::make_unique<Executor>(local, std::move(kv), std::move(space), limits);
  return TuneMeter(std::move(executor), tokenizer, sizes, clock);
}

TuneMeter::TuneMeter(std::unique_ptr<Executor> executor, const Tokenizer& tokenizer, const Sizes& sizes,
                     const Clock& clock)
    : executor_(std::move(executor)), tokenizer_(tokenizer), sizes_(sizes), clock_(clock) {}
TuneMeter::TuneMeter(TuneMeter&&) noexcept = default;
TuneMeter::~TuneMeter() = default;

uint64_t TuneMeter::kv_bytes(const Model& model, const Sizes& sizes) {
  return static_cast<uint64_t>(KvStore::block_size_bytes(model.config(), Limits{}.block_tokens)) *
         static_cast<uint64_t>(blocks_of_context(sizes));
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
