// What choosing a token costs: one row of 128,256 logits, one thread.
#include <benchmark/benchmark.h>

#include <random>

#include "engine/sampler.h"

namespace {

using namespace quire;

constexpr size_t vocab = 128'256;

// Some likely tokens above a normal distribution: 90 % of the probability on 15 tokens.
std::vector<float> peaked_logits() {
  std::mt19937 random(1);
  std::normal_distribution<float> normal(0.0F, 2.0F);
  std::vector<float> logits(vocab);
  for (float& logit : logits) logit = normal(random);
  for (size_t index = 0; index < 40; ++index) logits[index * 3001 + 17] = 18.0F - 0.15F * static_cast<float>(index);
  return logits;
}

// As random weights make them: 90 % of the probability on 5,300 tokens.
std::vector<float> flat_logits() {
  std::mt19937 random(2);
  std::normal_distribution<float> normal(0.0F, 3.0F);
  std::vector<float> logits(vocab);
  for (float& logit : logits) logit = normal(random);
  return logits;
}

void sample(benchmark::State& state, const std::vector<float>& logits, const SamplingParams& params,
            const std::vector<TokenId>& forbidden = {}) {
  Sampler sampler;
  std::vector<TokenId> history(16);
  for (auto iteration : state) {
    history.push_back(0);  // another position, another draw
    benchmark::DoNotOptimize(sampler.choose(logits, params, {.history = history, .forbidden = forbidden}));
  }
}

const SamplingParams defaults{.temperature = 0.8F, .top_k = 40, .top_p = 0.9F};
const SamplingParams top_p{.temperature = 0.8F, .top_p = 0.9F};
const SamplingParams temperature{.temperature = 1.0F};
const SamplingParams min_p{.temperature = 0.8F, .min_p = 0.05F};

BENCHMARK_CAPTURE(sample, greedy, peaked_logits(), SamplingParams{})->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(sample, greedy_without_end, peaked_logits(), SamplingParams{}, {5})->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(sample, top_k_40_top_p_09, peaked_logits(), defaults)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(sample, top_p_09, peaked_logits(), top_p)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(sample, top_p_09_flat, flat_logits(), top_p)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(sample, temperature_alone, peaked_logits(), temperature)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(sample, min_p, peaked_logits(), min_p)->Unit(benchmark::kMicrosecond);

// What looks at the text before, which is long here and repeats itself.
void sample_after_text(benchmark::State& state, const SamplingParams& params) {
  const std::vector<float> logits = peaked_logits();
  Sampler sampler;
  std::mt19937 random(3);
  std::vector<TokenId> history(32'768);
  for (TokenId& token : history) token = static_cast<TokenId>(random() % 1000);
  for (auto iteration : state) {
    history.push_back(history[history.size() - 5000]);
    benchmark::DoNotOptimize(sampler.choose(logits, params, {.history = history}));
  }
}

const SamplingParams dry{.temperature = 0.8F, .top_k = 40, .dry = {.multiplier = 0.8F}};
const SamplingParams repetition{.temperature = 0.8F, .top_k = 40, .repetition_penalty = 1.1F};
const SamplingParams xtc{.temperature = 1.0F, .xtc = {.probability = 1.0F}};
const SamplingParams sigma{.temperature = 1.0F, .top_n_sigma = 1.0F};
const SamplingParams mirostat_1{.temperature = 1.0F, .mirostat = {.version = 1}};
const SamplingParams mirostat_2{.temperature = 1.0F, .mirostat = {.version = 2}};
const SamplingParams dynamic{.temperature = 0.8F, .dynatemp_range = 0.5F, .top_k = 40};

BENCHMARK_CAPTURE(sample_after_text, dry, dry)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(sample_after_text, repetition_penalty, repetition)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(sample, xtc, peaked_logits(), xtc)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(sample, top_n_sigma, peaked_logits(), sigma)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(sample, mirostat_1, peaked_logits(), mirostat_1)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(sample, mirostat_2, peaked_logits(), mirostat_2)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(sample, dynatemp_top_k_40, peaked_logits(), dynamic)->Unit(benchmark::kMicrosecond);

void logprobs(benchmark::State& state) {
  const std::vector<float> logits = peaked_logits();
  Sampler sampler;
  for (auto iteration : state) benchmark::DoNotOptimize(sampler.logprobs(logits, 17, 5));
}
BENCHMARK(logprobs)->Unit(benchmark::kMicrosecond);

}  // namespace

BENCHMARK_MAIN();
