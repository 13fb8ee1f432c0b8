// What a request says about which tokens may come, through the engine.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "engine/mirostat.h"
#include "engine/tiny_world.h"
#include "text/constraint/compiled.h"
#include "text/constraint/front_end.h"

namespace quire::test {
namespace {

class TokenRules : public TinyWorld {
 protected:
  // The answer is tokens 9 and 11 only, between `least` and `most` of them.
  std::shared_ptr<const Constraint> nines_and_elevens(int least, int most) {
    const Tokenizer& tokenizer = *loaded_.tokenizer;
    const std::string pattern = fmt::format("({}|{}){{{},{}}}", tokenizer.bytes(9), tokenizer.bytes(11), least, most);
    const auto grammar = take(constraint::grammar_of({.kind = constraint::Kind::regex, .text = pattern}));
    auto trie = std::make_shared<const constraint::TokenTrie>(constraint::TokenTrie::of(tokenizer));
    return take(constraint::CompiledConstraint::create(grammar, std::move(trie), {end_token}));
  }

  static constexpr TokenId end_token = 2;
};

TEST_F(TokenRules, a_stop_token_is_not_chosen_before_the_least_length) {
  const Answer free = answer_to({.generated_max = 30});
  const TokenId second = free.tokens.at(1);
  const Answer stopped = answer_to({.generated_max = 30, .stop_tokens = {second}});
  EXPECT_EQ(stopped.finished.reason, FinishReason::stop);
  EXPECT_LE(stopped.tokens.size(), 1U);
  const Answer kept = answer_to({.generated_max = 30, .generated_min = 10, .stop_tokens = {second}});
  EXPECT_GE(kept.tokens.size(), 10U);
  EXPECT_THAT(std::span(kept.tokens).first(10), testing::Not(testing::Contains(second)));
}

TEST_F(TokenRules, an_end_token_is_not_chosen_before_the_least_length) {
  SamplingParams wants_to_end;
  wants_to_end.logit_bias = {{2, 100.0F}};
  EXPECT_EQ(answer_to({.generated_max = 30, .sampling = wants_to_end}).tokens.size(), 0U);
  const Answer late = answer_to({.generated_max = 30, .generated_min = 7, .sampling = wants_to_end});
  EXPECT_EQ(late.tokens.size(), 7U);
  EXPECT_EQ(late.finished.reason, FinishReason::stop);
}

TEST_F(TokenRules, a_text_does_not_stop_an_answer_before_the_least_length) {
  const Answer free = answer_to({.generated_max = 30});
  const std::string first = free.text.substr(0, 1);
  EXPECT_EQ(answer_to({.generated_max = 30, .stop = {first}}).text, "");
  const Answer kept = answer_to({.generated_max = 30, .generated_min = 4, .stop = {first}});
  EXPECT_GE(kept.tokens.size(), 4U);
  EXPECT_TRUE(kept.text.starts_with(first));
}

TEST_F(TokenRules, only_allowed_tokens_come) {
  SamplingParams sampling{.temperature = 2.0F, .seed = 3};
  sampling.allowed_tokens = {9, 11, 40};
  const Answer answer = answer_to({.generated_max = 40, .sampling = sampling, .logprobs_top_n = 1});
  EXPECT_EQ(answer.tokens.size(), 40U);
  EXPECT_THAT(answer.tokens, testing::Each(testing::AnyOf(9, 11, 40)));
  EXPECT_EQ(answer.logprobs.size(), 80U) << "the model's own best is shown beside it";
}

TEST_F(TokenRules, a_bad_word_is_begun_but_never_completed) {
  SamplingParams sampling{.temperature = 5.0F, .seed = 3};
  sampling.allowed_tokens = {9, 11};
  sampling.bad_words = {{9, 9}, {11, 9, 11}};
  const Answer answer = answer_to({.generated_max = 40, .sampling = sampling});
  std::string letters;
  for (const TokenId token : answer.tokens) letters += token == 9 ? 'a' : 'b';
  EXPECT_EQ(letters.find("aa"), std::string::npos) << letters;
  EXPECT_EQ(letters.find("bab"), std::string::npos) << letters;
  EXPECT_NE(letters.find('b'), std::string::npos) << letters;
}

TEST_F(TokenRules, a_request_that_forbids_every_token_says_so) {
  SamplingParams sampling;
  sampling.allowed_tokens = {9};
  sampling.bad_words = {{9}};
  const Answer answer = answer_to({.generated_max = 5, .sampling = sampling});
  EXPECT_EQ(answer.finished.reason, FinishReason::error);
  EXPECT_EQ(answer.finished.error_kind, ErrorKind::invalid);
  EXPECT_EQ(answer.finished.error, "the request forbids every token that could come here");
}

TEST_F(TokenRules, a_constrained_answer_is_what_its_constraint_allows) {
  SamplingParams sampling{.temperature = 2.0F, .seed = 3};
  const Answer answer = answer_to({.generated_max = 40, .sampling = sampling, .constraint = nines_and_elevens(3, 6)});
  EXPECT_THAT(answer.tokens, testing::Each(testing::AnyOf(9, 11)));
  EXPECT_THAT(answer.tokens.size(), testing::AllOf(testing::Ge(3U), testing::Le(6U)));
  EXPECT_EQ(answer.finished.reason, FinishReason::stop);
  const Answer cut = answer_to({.generated_max = 2, .sampling = sampling, .constraint = nines_and_elevens(3, 6)});
  EXPECT_EQ(cut.tokens.size(), 2U);
  EXPECT_EQ(cut.finished.reason, FinishReason::length);
}

// Whatever wants the answer to go on, a text that is complete has nothing that could follow.
TEST_F(TokenRules, an_answer_ends_where_its_constraint_allows_nothing_but_the_end) {
  SamplingParams wants_to_end;
  wants_to_end.logit_bias = {{end_token, 100.0F}};
  for (const Request& request :
       {Request{.generated_max = 30, .sampling = wants_to_end, .ignore_eos = true},
        Request{.generated_max = 30, .generated_min = 20, .sampling = wants_to_end},
        Request{.generated_max = 30, .generated_min = 20, .sampling = wants_to_end, .ignore_eos = true}}) {
    Request constrained = request;
    constrained.constraint = nines_and_elevens(3, 6);
    const Answer answer = answer_to(std::move(constrained));
    EXPECT_EQ(answer.tokens.size(), 6U) << "it does not end before";
    EXPECT_EQ(answer.finished.reason, FinishReason::stop);
  }
}

TEST_F(TokenRules, a_constraint_of_which_the_request_forbids_all_is_an_error_that_says_so) {
  SamplingParams elsewhere;
  elsewhere.allowed_tokens = {40, 41};
  SamplingParams one_in_three;
  one_in_three.bad_words = {{9, 9, 9}, {9, 9, 11}, {11}};
  for (const auto& [sampling, said] : {std::pair{elsewhere, 0U}, {one_in_three, 2U}}) {
    const Answer answer = answer_to(
        {.generated_max = 5, .sampling = sampling, .ignore_eos = true, .constraint = nines_and_elevens(3, 6)});
    EXPECT_EQ(answer.tokens.size(), said);
    EXPECT_EQ(answer.finished.error_kind, ErrorKind::invalid);
    EXPECT_EQ(answer.finished.error, "the request forbids every token that could come here");
  }
}

TEST_F(TokenRules, answers_of_one_constraint_do_not_see_each_other) {
  SamplingParams sampling{.temperature = 2.0F};
  std::vector<Answer> alone;
  for (uint64_t seed = 1; seed <= 6; ++seed) {
    sampling.seed = seed;
    alone.push_back(answer_to({.generated_max = 40, .sampling = sampling, .constraint = nines_and_elevens(2, 20)}));
  }
  const auto shared = nines_and_elevens(2, 20);
  for (uint64_t seed = 1; seed <= 6; ++seed) {
    sampling.seed = seed;
    world_.engine().submit(
        {.id = {100 + seed}, .prompt = {1, 5, 6}, .generated_max = 40, .sampling = sampling, .constraint = shared});
  }
  world_.engine().submit({.id = {200}, .prompt = {1, 5, 6}, .generated_max = 40, .constraint = shared});
  world_.step();
  world_.engine().cancel({200});
  world_.run();
  for (uint64_t seed = 1; seed <= 6; ++seed) {
    EXPECT_TRUE(alone[seed - 1].same_output(world_.answers()[{100 + seed}])) << seed;
  }
}

// Of a row whose surprise can be had at any level, the chosen tokens' mean surprise is the one asked for. 4,000 tokens
// with a deviation of about 2 bits: the mean's is 0.03, so 0.15 is five of them.
TEST(Mirostat, keeps_the_mean_surprise_where_it_was_asked_for) {
  std::vector<float> logits;
  double total = 0.0;
  for (int rank = 1; rank <= 2000; ++rank) logits.push_back(-1.1F * std::log(static_cast<float>(rank)));
  for (const float logit : logits) total += std::exp(double{logit});
  for (const uint8_t version : {uint8_t{1}, uint8_t{2}}) {
    for (const float tau : {3.0F, 5.0F}) {
      SamplingParams params{.temperature = 1.0F, .seed = 8};
      params.mirostat = {.version = version, .tau = tau, .eta = 0.1F};
      Sampler sampler;
      std::vector<TokenId> history;
      std::optional<double> mu;
      double error = 0.0;
      for (int position = 0; position < 4000; ++position) {
        const double before = mu.value_or(mirostat_begin(params.mirostat));
        const auto choice = sampler.choose(logits, params, {.history = history, .mirostat_mu = mu});
        error += (before - *choice->mirostat_mu) / double{params.mirostat.eta};
        mu = choice->mirostat_mu;
        history.push_back(choice->token);
      }
      EXPECT_NEAR(error / 4000, 0.0, 0.15) << "version " << int{version} << ", tau " << tau;
    }
  }
}

}  // namespace
}  // namespace quire::test
