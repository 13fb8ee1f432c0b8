// What the chain leaves of a row, beside what llama.cpp's samplers leave (tools/goldens/sampler_goldens.py).
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "engine/mirostat.h"
#include "engine/sampler.h"
#include "engine/world.h"
#include "test_data.h"
#include "text/token_texts.h"

namespace quire::test {
namespace {

using Json = nlohmann::json;

std::filesystem::path data(const char* name) { return std::filesystem::path(QUIRE_SOURCE_DIR) / "tests/data" / name; }

SamplingOrder order_of(const Json& names) {
  const std::map<std::string, SamplingStep> steps = {{"penalties", SamplingStep::penalties},
                                                     {"dry", SamplingStep::dry},
                                                     {"top_n_sigma", SamplingStep::top_n_sigma},
                                                     {"top_k", SamplingStep::top_k},
                                                     {"typ_p", SamplingStep::typical_p},
                                                     {"top_p", SamplingStep::top_p},
                                                     {"min_p", SamplingStep::min_p},
                                                     {"xtc", SamplingStep::xtc},
                                                     {"temperature", SamplingStep::temperature}};
  std::vector<SamplingStep> order;
  for (const Json& name : names) order.push_back(steps.at(name));
  return SamplingOrder::of(order);
}

SamplingParams params_of(const Json& json, const Tokenizer& tokenizer) {
  SamplingParams params{.temperature = json["temperature"],
                        .dynatemp_range = json["dynatemp_range"],
                        .dynatemp_exponent = json["dynatemp_exponent"],
                        .top_k = json["top_k"],
                        .top_p = json["top_p"],
                        .min_p = json["min_p"],
                        .typical_p = json["typical_p"],
                        .top_n_sigma = json["top_n_sigma"],
                        .min_keep = json["min_keep"],
                        .repeat_penalty = json["repeat_penalty"],
                        .presence_penalty = json["presence_penalty"],
                        .frequency_penalty = json["frequency_penalty"],
                        .repeat_last_n = json["repeat_last_n"],
                        .xtc = {.probability = json["xtc_probability"], .threshold = json["xtc_threshold"]}};
  params.dry = {.multiplier = json["dry_multiplier"],
                .base = json["dry_base"],
                .allowed_length = json["dry_allowed_length"],
                .penalty_last_n = json["dry_penalty_last_n"],
                .breakers = dry_breakers(json["dry_sequence_breakers"].get<std::vector<std::string>>(), tokenizer)};
  params.order = order_of(json["samplers"]);
  return params;
}

// The same tokens with the same probabilities: theirs are of 32 bits and written with six digits.
void expect_kept(std::span<const Candidate> found, const Json& wanted) {
  double total = 0.0;
  for (const Candidate& one : found) total += one.weight;
  std::map<std::string, double> probabilities;
  for (const Candidate& one : found) probabilities[std::to_string(one.token)] = one.weight / total;
  EXPECT_EQ(probabilities.size(), wanted.size());
  for (const auto& [token, probability] : wanted.items()) {
    ASSERT_TRUE(probabilities.contains(token)) << "token " << token;
    EXPECT_NEAR(probabilities[token], probability.get<double>(), 2e-5) << "token " << token;
  }
}

TEST(SamplerGolden, chains_leave_what_llama_cpps_leave) {
  QUIRE_TEST_DATA_OR_SKIP(path, "models/stories260K.gguf");
  const auto tokenizer = take(Tokenizer::create(take(gguf::File::open(path)).metadata()));
  std::ifstream file(data("samplers/chains.jsonl"));
  Sampler sampler;
  int count = 0;
  for (std::string line; std::getline(file, line); ++count) {
    const Json golden = Json::parse(line);
    SCOPED_TRACE(golden["params"].dump());
    const auto history = golden["history"].get<std::vector<TokenId>>();
    const auto logits = golden["logits"].get<std::vector<float>>();
    const SamplingParams params = params_of(golden["params"], *tokenizer);
    expect_kept(sampler.distribution(logits, params, {.history = history}), golden["kept"]);
  }
  EXPECT_EQ(count, 160);
}

// Each row is cut by what the tokens that llama.cpp drew before have made of mu.
TEST(SamplerGolden, mirostat_leaves_what_llama_cpps_leaves_after_the_same_tokens) {
  std::ifstream file(data("samplers/mirostat.jsonl"));
  Sampler sampler;
  int count = 0;
  for (std::string line; std::getline(file, line); ++count) {
    const Json golden = Json::parse(line);
    SamplingParams params{.temperature = golden["temperature"]};
    params.mirostat = {.version = golden["mirostat"], .tau = golden["tau"], .eta = golden["eta"]};
    double mu = mirostat_begin(params.mirostat);
    for (const Json& step : golden["steps"]) {
      SCOPED_TRACE(fmt::format("walk {}, mu {}", count, mu));
      const auto logits = step["logits"].get<std::vector<float>>();
      const auto found = sampler.distribution(logits, params, {.mirostat_mu = mu});
      ASSERT_NO_FATAL_FAILURE(expect_kept(found, step["kept"]));
      double total = 0.0;
      for (const Candidate& one : found) total += one.weight;
      const auto drawn = std::ranges::find(found, step["drawn"].get<TokenId>(), &Candidate::token);
      mu = mirostat_next(params.mirostat, mu, drawn->weight / total);
    }
  }
  EXPECT_EQ(count, 12);
}

}  // namespace
}  // namespace quire::test
