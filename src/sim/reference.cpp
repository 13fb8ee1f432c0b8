#include "sim/reference.h"

#include <algorithm>
#include <memory>
#include <utility>

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

namespace {

// One request and nothing else: a token, a row, a token.
class Alone {
 public:
  Alone(const Request& request, const Limits& limits, const Tokenizer& tokenizer)
      : request_(request),
        limits_(limits),
        tokenizer_(tokenizer),
        too_early_(request.stop_tokens),
        stream_(request.stop),
        prompt_tokens_(request.prompt.size()),
        logits_(static_cast<size_t>(tokenizer.vocab_size())),
        pooled_(fake_state_width, 0.0) {
    too_early_.push_back(end_token);
    attention_ = FakeAttention::begin(limits_);
    if (request.constraint != nullptr) constraint_ = request.constraint->begin();
  }

  Answer answer() {
    read_prompt();
    if (request_.pooling != Pooling::none) return pooled_answer();
    const int64_t context =
        request_.context_max > 0 ? std::min(request_.context_max, limits_.context_tokens) : limits_.context_tokens;
    const int64_t room = context - std::ssize(request_.prompt);
    int64_t wanted = request_.generated_max < 0 ? room : request_.generated_max;
    if (request_.shift_keep < 0) wanted = std::min(room, wanted);
    while (std::ssize(answer_.tokens) < wanted && !stream_.stopped()) {
      if (std::ssize(timeline_) == context) shift();
      if (!say(next())) break;
    }
    if (stream_.stopped()) answer_.reason = FinishReason::stop;
    answer_.text += stream_.finish();
    return std::move(answer_);
  }

 private:
  void read_prompt() {
    for (const TokenId token : request_.prompt) {
      if (!timeline_.empty() && request_.prompt_logprobs_top_n >= 0) {
        attention_.logits(logits_);
        add_logprobs({sampler_.logprobs(logits_, token, request_.prompt_logprobs_top_n)}, answer_.prompt_logprobs);
      }
      append(token, RowOrigin::prompt);
      if (!limits_.whole_texts && is_pooled(timeline_.size())) pool(attention_);
    }
    if (limits_.whole_texts) pool_whole_text();
  }

  // Whether the last of so many rows is.
  bool is_pooled(size_t rows) const {
    if (request_.pooling == Pooling::mean) return true;
    return rows == (request_.pooling == Pooling::first ? 1 : request_.prompt.size());
  }

  // All of it is known before the first row.
  void pool_whole_text() {
    for (size_t position = 0; position < timeline_.size(); ++position) {
      if (is_pooled(position + 1)) pool(attention_.from(static_cast<int32_t>(position)));
    }
  }

  void pool(const FakeAttention& attention) {
    std::vector<float> state(fake_state_width);
    attention.logits(state);
    for (size_t at = 0; at < state.size(); ++at) pooled_[at] += static_cast<double>(state[at]);
  }

  Answer pooled_answer() {
    const double rows = request_.pooling == Pooling::mean ? static_cast<double>(timeline_.size()) : 1.0;
    std::vector<float> vector;
    for (const double sum : pooled_) vector.push_back(static_cast<float>(sum / rows));
    answer_.embedding = fake_head(vector);
    answer_.reason = FinishReason::stop;
    return std::move(answer_);
  }

  // The first of its tokens and the newer half of the others are all there is, and a prompt.
  void shift() {
    const auto size = std::ssize(timeline_);
    const int64_t kept = std::min<int64_t>(request_.shift_keep, size - std::min<int64_t>(4, size));
    const std::vector<TokenId> before = std::exchange(timeline_, {});
    attention_ = FakeAttention::begin(limits_);
    rows_.clear();
    for (int64_t at = 0; at < size; ++at) {
      if (at < kept || at >= kept + (size - kept) / 2) append(before[static_cast<size_t>(at)], RowOrigin::prompt);
    }
    prompt_tokens_ = timeline_.size();
    mirostat_mu_.reset();
    forced_.clear();
  }

  void append(TokenId token, RowOrigin origin) {
    const RowOrigin counts = limits_.prompt_rows_differ ? origin : RowOrigin::prompt;
    see_window(1);
    const KvRow row = attention_.row(token, static_cast<int32_t>(timeline_.size()), counts);
    attention_.read(row);
    if (limits_.window_tokens > 0) rows_.push_back(row);
    see_window(0);
    timeline_.push_back(token);
  }

  // The last rows, but for those that are still to come.
  void see_window(int32_t to_come) {
    attention_.window = 0;
    const auto seen = static_cast<size_t>(std::max(0, limits_.window_tokens - to_come));
    for (size_t at = rows_.size() - std::min(seen, rows_.size()); at < rows_.size(); ++at) {
      attention_.window = fake_read(attention_.window, rows_[at]);
    }
  }

  bool may_stop() const { return std::ssize(answer_.tokens) >= request_.generated_min; }
  bool is_stop(TokenId token) const {
    return std::ranges::find(request_.stop_tokens, token) != request_.stop_tokens.end();
  }

  // What is forced, in front of what is chosen. A stop token ends an answer only where it is chosen.
  TokenId next() {
    chosen_ = forced_.empty() || is_stop(forced_.front());
    if (!chosen_) {
      const TokenId token = forced_.front();
      forced_.erase(forced_.begin());
      return token;
    }
    forced_.clear();
    attention_.logits(logits_);
    SamplingPlace place{.history = timeline_, .prompt_tokens = prompt_tokens_, .mirostat_mu = mirostat_mu_};
    if (request_.ignore_eos) place.forbidden = end_tokens_;
    if (!may_stop()) place.forbidden = too_early_;
    const std::optional<SamplingChoice> choice = sampler_.choose(logits_, request_.sampling, place);
    QUIRE_CHECK(choice.has_value(), "the fake model's logits are numbers");
    mirostat_mu_ = choice->mirostat_mu;
    return choice->token;
  }

  // False: that was the end.
  bool say(TokenId token) {
    if (token == end_token || is_stop(token)) {
      answer_.reason = FinishReason::stop;
      return false;
    }
    const std::string_view bytes = tokenizer_.bytes(token);
    answer_.text += may_stop() ? stream_.push(bytes) : stream_.push_unstopped(bytes);
    answer_.tokens.push_back(token);
    append(token, RowOrigin::generated);
    if (constraint_ == nullptr) return true;
    constraint_->accept(token);
    if (chosen_) constraint_->append_forced(forced_);
    return true;
  }

  const Request& request_;
  const Limits& limits_;
  const Tokenizer& tokenizer_;
  const std::vector<TokenId> end_tokens_ = {end_token};
  std::vector<TokenId> too_early_;
  TextStream stream_;
  Sampler sampler_;
  FakeAttention attention_;
  std::vector<KvRow> rows_;  // of the timeline, where there are windows
  std::vector<TokenId> timeline_;
  size_t prompt_tokens_;  // of it
  std::optional<double> mirostat_mu_;
  std::vector<float> logits_;
  std::vector<double> pooled_;
  std::unique_ptr<ConstraintState> constraint_;
  std::vector<TokenId> forced_;  // that are still to come
  bool chosen_ = false;          // the last token, and not forced
  Answer answer_;
};

}  // namespace

Answer answer_alone(const Request& request, const Limits& limits, const Tokenizer& tokenizer) {
  return Alone(request, limits, tokenizer).answer();
}

}  // namespace quire::sim
