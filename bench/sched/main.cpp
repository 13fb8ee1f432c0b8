// What a step costs before and after the model: planned and committed, with many sequences.
#include <benchmark/benchmark.h>

#include <numeric>

#include "sched/scheduler.h"

namespace {

using namespace quire;

// `count` sequences that all stream, of 8 clients in one band, with as many in the queue behind them.
void plan_and_commit(benchmark::State& state) {
  const auto count = static_cast<int32_t>(state.range(0));
  constexpr int32_t prompt_tokens = 40, answer_tokens = 100'000;
  Scheduler scheduler({.block_tokens = 32,
                       .block_count = 4'000'000,
                       .context_tokens = 200'000,
                       .running_max = count,
                       .queue_max = 2 * count,
                       .step_tokens_max = 512,
                       .parallel_adapts = false});
  std::vector<SliceOutcome> outcomes;
  for (int32_t index = 0; index < 2 * count; ++index) {
    SequenceDemand demand{.id = {static_cast<uint64_t>(index + 1)}, .prompt = {}, .client = {}};
    demand.prompt.resize(prompt_tokens);
    std::iota(demand.prompt.begin(), demand.prompt.end(), index * prompt_tokens);
    demand.client = "client" + std::to_string(index % 8);
    demand.length_max = prompt_tokens + answer_tokens;
    if (!scheduler.admit(std::move(demand))) return state.SkipWithError("the queue is full");
  }
  int64_t now_ns = 0;
  const auto step = [&] {
    const StepPlan& plan = scheduler.plan(++now_ns);
    outcomes.clear();
    for (const Slice& slice : plan.slices) {
      outcomes.push_back({.sequence = slice.sequence, .sampled = slice.samples ? std::optional<TokenId>(7) : std::nullopt});
    }
    const auto streams = static_cast<int32_t>(plan.slices.size());
    scheduler.commit(outcomes);
    scheduler.observe({.streams = streams, .prompt_rows = 0, .step_ns = 30'000'000});
  };
  for (int warm_up = 0; warm_up < 400; ++warm_up) step();
  if (scheduler.counts().running != count) return state.SkipWithError("not all of them run");
  for (auto iteration : state) step();
}
BENCHMARK(plan_and_commit)->Arg(1)->Arg(8)->Arg(64)->Arg(256)->Unit(benchmark::kMicrosecond)->Iterations(20'000);

}  // namespace

BENCHMARK_MAIN();
