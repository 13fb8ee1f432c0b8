// What a step costs before and after the model: planned and committed, with many sequences.
#include <benchmark/benchmark.h>

#include <chrono>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

#include "engine/batch_builder.h"
#include "sched/scheduler.h"

namespace {

using namespace quire;

// Sequences that all stream, of 8 clients in one band, with as many in the queue behind them.
class Streams {
 public:
  Streams(int32_t count, int32_t plans_ahead)
      : scheduler({.block_tokens = 32,
                   .block_count = 4'000'000,
                   .context_tokens = 200'000,
                   .running_max = count,
                   .queue_max = 2 * count,
                   .step_tokens_max = 512,
                   .plans_ahead = plans_ahead,
                   .parallel_adapts = false}) {
    constexpr int32_t prompt_tokens = 40, answer_tokens = 100'000;
    for (int32_t index = 0; index < 2 * count; ++index) {
      SequenceDemand demand{.id = {static_cast<uint64_t>(index + 1)}, .prompt = {}, .client = {}};
      demand.prompt.resize(prompt_tokens);
      std::iota(demand.prompt.begin(), demand.prompt.end(), index * prompt_tokens);
      demand.client = "client" + std::to_string(index % 8);
      demand.length_max = prompt_tokens + answer_tokens;
      admitted = admitted && scheduler.admit(std::move(demand)).has_value();
    }
  }

  void answer(const StepPlan& plan) {
    outcomes.clear();
    for (const Slice& slice : plan.slices) {
      const auto sampled = slice.samples ? std::optional<TokenId>(7) : std::nullopt;
      outcomes.push_back({.sequence = slice.sequence, .sampled = sampled});
    }
  }
  void commit() {
    const auto streams = static_cast<int32_t>(outcomes.size());
    scheduler.commit(outcomes);
    scheduler.observe({.streams = streams, .prompt_rows = 0, .step_ns = 30'000'000});
  }

  bool admitted = true;
  Scheduler scheduler;
  std::vector<SliceOutcome> outcomes;
  int64_t now_ns = 0;
};

void plan_and_commit(benchmark::State& state) {
  const auto count = static_cast<int32_t>(state.range(0));
  Streams streams(count, 0);
  if (!streams.admitted) return state.SkipWithError("the queue is full");
  const auto step = [&] {
    streams.answer(streams.scheduler.plan(++streams.now_ns));
    streams.commit();
  };
  for (int warm_up = 0; warm_up < 400; ++warm_up) step();
  if (streams.scheduler.counts().running != count) return state.SkipWithError("not all of them run");
  for (auto iteration : state) step();
}

// What a device waits for between two steps, besides sampling: the commit of one, and the batch of the next, which was
// planned while that ran.
void between_two_steps(benchmark::State& state) {
  const auto count = static_cast<int32_t>(state.range(0));
  Streams streams(count, 1);
  if (!streams.admitted) return state.SkipWithError("the queue is full");
  BatchBuilder builder;
  const StepPlan* running = &streams.scheduler.plan(0);
  const auto step = [&] {
    const StepPlan& ahead = streams.scheduler.plan(++streams.now_ns);
    streams.answer(*running);
    const auto begin = std::chrono::steady_clock::now();
    streams.commit();
    benchmark::DoNotOptimize(
        builder.build(ahead, streams.scheduler, [](SequenceId) { return ChoiceNeeds::likeliest; }));
    const auto end = std::chrono::steady_clock::now();
    running = &ahead;
    return std::chrono::duration<double>(end - begin).count();
  };
  for (int warm_up = 0; warm_up < 400; ++warm_up) step();
  if (streams.scheduler.counts().running != count) return state.SkipWithError("not all of them run");
  for (auto iteration : state) state.SetIterationTime(step());
}

BENCHMARK(plan_and_commit)->Arg(1)->Arg(8)->Arg(64)->Arg(256)->Unit(benchmark::kMicrosecond)->Iterations(20'000);
BENCHMARK(between_two_steps)->Arg(32)->Arg(256)->Unit(benchmark::kMicrosecond)->UseManualTime()->Iterations(20'000);

}  // namespace

BENCHMARK_MAIN();
