#include "sim/reference.h"

#include <algorithm>

#include "base/check.h"
#include "engine/sampler.h"
#include "sim/fake_model.h"
#include "sim/vocabulary.h"
#include "text/text_stream.h"

namespace quire::sim {

void add_logprobs(const std::vector<PositionLogprobs>& positions, std::vector<float>& to) {
  for (const PositionLogprobs& position : positions) {
    to.push_back(position.chosen.logprob);
    for (const TokenLogprob& one : position.top) to.push_back(one.logprob);
  }
}

Answer answer_alone(const Request& request, int32_t context_tokens, const Tokenizer& tokenizer) {
  const std::vector<TokenId> end_tokens = {end_token};
  std::vector<TokenId> too_early = request.stop_tokens;
  too_early.push_back(end_token);
  Answer answer;
  TextStream stream(request.stop);
  Sampler sampler;
  FakeAttention attention;
  std::vector<TokenId> timeline;
  std::optional<double> mirostat_mu;
  std::vector<float> logits(static_cast<size_t>(tokenizer.vocab_size()));
  const auto append = [&](TokenId token, RowOrigin origin) {
    attention.read(attention.row(token, static_cast<int32_t>(timeline.size()), origin));
    timeline.push_back(token);
  };
  std::vector<double> pooled(fake_state_width, 0.0);
  for (const TokenId token : request.prompt) {
    if (!timeline.empty() && request.prompt_logprobs_top_n >= 0) {
      attention.logits(logits);
      add_logprobs({sampler.logprobs(logits, token, request.prompt_logprobs_top_n)}, answer.prompt_logprobs);
    }
    append(token, RowOrigin::prompt);
    const bool last = timeline.size() == request.prompt.size();
    if (request.pooling == Pooling::mean || last) {
      std::vector<float> state(fake_state_width);
      attention.logits(state);
      for (size_t at = 0; at < state.size(); ++at) pooled[at] += static_cast<double>(state[at]);
    }
  }
  if (request.pooling != Pooling::none) {
    const double rows = request.pooling == Pooling::mean ? static_cast<double>(timeline.size()) : 1.0;
    for (const double sum : pooled) answer.embedding.push_back(static_cast<float>(sum / rows));
    answer.reason = FinishReason::stop;
    return answer;
  }
  const int64_t room = context_tokens - std::ssize(request.prompt);
  const int64_t wanted = request.generated_max < 0 ? room : std::min<int64_t>(room, request.generated_max);
  while (std::ssize(answer.tokens) < wanted && !stream.stopped()) {
    attention.logits(logits);
    const bool may_stop = std::ssize(answer.tokens) >= request.generated_min;
    SamplingPlace place{.history = timeline, .prompt_tokens = request.prompt.size(), .mirostat_mu = mirostat_mu};
    if (request.ignore_eos) place.forbidden = end_tokens;
    if (!may_stop) place.forbidden = too_early;
    const std::optional<SamplingChoice> choice = sampler.choose(logits, request.sampling, place);
    QUIRE_CHECK(choice.has_value(), "the fake model's logits are numbers");
    const TokenId token = choice->token;
    mirostat_mu = choice->mirostat_mu;
    if (token == end_token || std::ranges::find(request.stop_tokens, token) != request.stop_tokens.end()) {
      answer.reason = FinishReason::stop;
      break;
    }
    answer.tokens.push_back(token);
    const std::string_view bytes = tokenizer.bytes(token);
    answer.text += may_stop ? stream.push(bytes) : stream.push_unstopped(bytes);
    append(token, RowOrigin::generated);
  }
  if (stream.stopped()) answer.reason = FinishReason::stop;
  answer.text += stream.finish();
  return answer;
}

}  // namespace quire::sim
