// The engine's choices: each a function of its own row and sequence.
#include <algorithm>

#include "base/check.h"
#include "engine/engine.h"

namespace quire {

// Chooses the next tokens, each a function of its own row and sequence: nothing but sampled_ is written.
void Engine::sample(const StepPlan& plan, const Batch& batch, const Logits& logits) {
  sampled_.assign(plan.slices.size(), {});
  executor_.parallel_for(static_cast<int64_t>(plan.slices.size()), [&](int64_t at, int worker) {
    const auto index = static_cast<size_t>(at);
    const Slice& slice = plan.slices[index];
    Sampled& sampled = sampled_[index];
    sampled.voided = limits_.plans_ahead > 0 && !contexts_.contains(slice.sequence);
    const auto failed = std::ranges::find(failures_, slice.sequence, &SliceFailure::sequence);
    if (sampled.voided) return;
    if (failed != failures_.end()) {
      sampled.failure = &*failed;
    } else if (batch.slices[index].logits_row >= 0) {
      choose_all(slice, batch.slices[index], logits, samplers_[static_cast<size_t>(worker)], sampled);
    }
  });
}

std::span<const TokenId> Engine::forbidden(const Context& context, int32_t generated) const {
  if (generated < context.request.generated_min) return context.too_early;
  return context.request.ignore_eos ? std::span<const TokenId>(end_tokens_) : std::span<const TokenId>();
}

ChoiceNeeds Engine::needs(const Context& context) const {
  if (!context.answers) return ChoiceNeeds::nothing;
  const Request& request = context.request;
  const bool any_token =
      context.constraint == nullptr && context.forced.empty() && forbidden(context, context.generated).empty();
  const bool token_alone = request.logprobs_top_n < 0 && takes_likeliest(request.sampling);
  return any_token && token_alone ? ChoiceNeeds::likeliest : ChoiceNeeds::logits;
}

// The token behind `history`, which is `ahead` tokens longer than what was said.
std::optional<Engine::Chosen> Engine::choose(const Context& context, std::span<const TokenId> history, int32_t ahead,
                                             std::span<const float> logits, Sampler& sampler,
                                             std::optional<double> mirostat_mu) const {
  const Request& request = context.request;
  SamplingPlace place{.history = history,
                      .prompt_tokens = static_cast<size_t>(context.context_prompt),
                      .forbidden = forbidden(context, context.generated + ahead),
                      .mask = context.allowed,
                      .mirostat_mu = mirostat_mu};
  std::optional<SamplingChoice> choice = sampler.choose(logits, request.sampling, place);
  if (!choice && !place.mask.empty() && !place.forbidden.empty()) {
    place.forbidden = {};  // a text that is complete can go on with its end alone, whatever was asked
    choice = sampler.choose(logits, request.sampling, place);
  }
  if (!choice) return std::nullopt;
  Chosen chosen{.token = choice->token, .mirostat_mu = choice->mirostat_mu, .logprobs = {}};
  if (request.logprobs_top_n >= 0) {
    chosen.logprobs = sampler.logprobs(logits, choice->token, request.logprobs_top_n);
  }
  return chosen;
}

// The next token, and as long as it is the one that was guessed the one behind it. A row behind a wrong guess says
// nothing, and one whose logits are no numbers is computed again, as the first of its step.
void Engine::choose_all(const Slice& slice, const BatchSlice& rows, const Logits& logits, Sampler& sampler,
                        Sampled& sampled) const {
  const Context& context = contexts_.at(slice.sequence);
  if (!context.forced.empty()) return take_forced(context, logits.row(rows.logits_row), sampler, sampled);
  const Sequence& sequence = *scheduler_.find(slice.sequence);
  std::vector<TokenId> ahead;  // the history of later rows
  std::optional<double> mirostat_mu = context.mirostat_mu;
  for (int32_t guessed = 0; guessed <= slice.drafted; ++guessed) {
    const int32_t row = rows.logits_row + guessed;
    std::optional<Chosen> chosen;
    if (rows.likeliest) {
      const TokenId token = logits.likeliest[static_cast<size_t>(row)];
      if (token != no_likeliest) chosen = Chosen{.token = token, .mirostat_mu = mirostat_mu, .logprobs = {}};
    } else {
      const std::span<const TokenId> history = guessed == 0 ? std::span(sequence.tokens) : std::span(ahead);
      chosen = choose(context, history, guessed, logits.row(row), sampler, mirostat_mu);
    }
    if (!chosen) break;
    const TokenId token = chosen->token;
    mirostat_mu = chosen->mirostat_mu;
    sampled.chosen.push_back(std::move(*chosen));
    if (guessed == slice.drafted || token != sequence.draft[static_cast<size_t>(guessed)]) break;
    if (guessed == 0) ahead = sequence.tokens;
    ahead.push_back(token);
  }
  if (!sampled.chosen.empty()) return;
  sampled.numbers = !rows.likeliest && sampler.choose(logits.row(rows.logits_row), {}, {}).has_value();
}

// The next token is known; what is wanted is how likely it was.
void Engine::take_forced(const Context& context, std::span<const float> logits, Sampler& sampler, Sampled& sampled) {
  sampled.numbers = sampler.choose(logits, {}, {}).has_value();
  if (!sampled.numbers) return;
  const TokenId token = context.forced.front();
  sampled.chosen.push_back({.token = token,
                            .mirostat_mu = context.mirostat_mu,
                            .logprobs = sampler.logprobs(logits, token, context.request.logprobs_top_n)});
}

}  // namespace quire
