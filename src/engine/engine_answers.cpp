// What becomes of an answer with the tokens of a step.
#include <algorithm>
#include <utility>

#include "engine/context_shift.h"
#include "engine/engine.h"

namespace quire {
namespace {

bool contains(const std::vector<TokenId>& tokens, TokenId token) {
  return std::find(tokens.begin(), tokens.end(), token) != tokens.end();
}

}  // namespace

// Whether it has had its time with this token, whose bytes these are. A text is not cut within its first line.
bool Engine::is_out_of_time(Context& context, std::string_view bytes, int64_t now_ns) {
  const int64_t most_ns = context.request.generate_ns_max;
  if (most_ns < 0) return false;
  context.has_line_break = context.has_line_break || bytes.find('\n') != std::string_view::npos;
  return context.has_line_break && now_ns - context.first_token_ns > most_ns;
}

// Sends the text of a sequence's next tokens, or ends it: the chosen one, and those that can be known behind it.
SliceOutcome Engine::advance(const Slice& slice, Sampled& sampled, int64_t now_ns) {
  Context& context = contexts_.at(slice.sequence);
  const Sequence& sequence = *scheduler_.find(slice.sequence);
  if (sampled.chosen.empty()) {
    end(slice.sequence, sampled.numbers
                            ? failure(ErrorKind::invalid, "the request forbids every token that could come here")
                            : failure(ErrorKind::internal, "the model's logits are not numbers"));
    return {.sequence = slice.sequence, .sampled = {}, .finished = true, .failed = true};  // its rows are not shared
  }
  TextDelta delta;
  std::optional<Finished> finished;
  const auto full = [&] { return context.context_length >= sequence.length_max; };
  size_t said = 0;
  for (; said < sampled.chosen.size() && !finished && (said == 0 || !full()); ++said) {
    Chosen& chosen = sampled.chosen[said];
    context.mirostat_mu = chosen.mirostat_mu;
    const size_t shown = delta.tokens.size();
    finished = append(sequence, context, chosen.token, now_ns, delta);
    if (chosen.logprobs && delta.tokens.size() > shown) {
      add_texts(*chosen.logprobs);
      delta.logprobs.push_back(std::move(*chosen.logprobs));
    }
    if (said > 0) sampled.behind.push_back(chosen.token);
  }
  // All but the last one that was chosen had been guessed.
  const auto accepted = static_cast<int32_t>(std::min(said, sampled.chosen.size() - 1));
  count_draft(context, slice.drafted, accepted);
  std::vector<TokenId> forced;
  if (!finished) follow_forced(context, forced);
  for (size_t next = 0; next < forced.size() && !finished && !full(); ++next) {
    finished = append(sequence, context, forced[next], now_ns, delta);
    sampled.behind.push_back(forced[next]);
  }
  const TokenId first = sampled.chosen.front().token;
  if (!finished && full()) shift_context(sequence, context, sampled);
  if (finished) delta.text += context.stream.finish();
  if (context.request.reports_stats) delta.stats = stats_of(context);
  if (!delta.text.empty() || !delta.tokens.empty()) events_.push_back({slice.sequence, std::move(delta)});
  const bool ends = finished.has_value();
  if (ends) end(slice.sequence, std::move(*finished));
  return {.sequence = slice.sequence,
          .sampled = first,
          .forced = sampled.behind,
          .anew = sampled.anew,
          .accepted = accepted,
          .finished = ends};
}

// The context is full, and the answer goes on in a new one, with tokens of this one for a prompt. Its constraint, and
// what is held back of its text, know all that it has said; what is still forced is found again.
void Engine::shift_context(const Sequence& sequence, Context& context, Sampled& sampled) {
  std::vector<TokenId> timeline = sequence.tokens;
  timeline.push_back(sampled.chosen.front().token);
  timeline.insert(timeline.end(), sampled.behind.begin(), sampled.behind.end());
  sampled.anew = shifted_context(timeline, context.request.shift_keep);
  context.context_prompt = context.context_length = static_cast<int32_t>(sampled.anew.size());
  context.forced.clear();
  context.mirostat_mu.reset();
  context.reading.reset();
  ++totals_.totals.context_shifts;
}

// After a token: what is forced behind it, in this step or one by one in the next ones.
void Engine::follow_forced(Context& context, std::vector<TokenId>& forced) {
  if (!context.forces) return;
  if (!context.forced.empty()) {
    context.forced.erase(context.forced.begin());
    return;  // what comes behind the last of them is chosen, as it is where they come in one step
  }
  context.constraint->append_forced(forced);
  // A stop token ends an answer only where it is chosen.
  const auto stops = [&](TokenId token) { return contains(context.request.stop_tokens, token); };
  forced.erase(std::ranges::find_if(forced, stops), forced.end());
  if (context.request.logprobs_top_n >= 0) context.forced = std::exchange(forced, {});
}

// The answer goes on with a token; what ends it then.
std::optional<Finished> Engine::append(const Sequence& sequence, Context& context, TokenId token, int64_t now_ns,
                                       TextDelta& delta) {
  const Request& request = context.request;
  count_token(context, now_ns);
  ++context.context_length;
  if (context.constraint != nullptr) context.constraint->accept(token);
  if (tokenizer_.is_end(token) || contains(request.stop_tokens, token)) return Finished{.reason = FinishReason::stop};
  delta.tokens.push_back(token);
  const bool shown = contains(request.shown_tokens, token);
  const std::string_view bytes = shown ? tokenizer_.name(token) : tokenizer_.bytes(token);
  const bool may_stop = context.generated > request.generated_min;
  delta.text += may_stop ? context.stream.push(bytes) : context.stream.push_unstopped(bytes);
  if (context.stream.stopped()) {
    return Finished{.reason = FinishReason::stop, .stop_text = context.stream.stop_text()};
  }
  const bool full = request.shift_keep < 0 && context.context_length >= sequence.length_max;
  const bool enough = request.generated_max >= 0 && context.generated >= request.generated_max;
  if (full || enough || is_out_of_time(context, bytes, now_ns)) return Finished{.reason = FinishReason::length};
  return std::nullopt;
}

void Engine::post_prompt_logprobs(SequenceId id, PromptReading& reading) {
  PromptLogprobs prompt{.positions = reading.take_logprobs()};
  if (prompt.positions.empty()) return;
  for (PositionLogprobs& position : prompt.positions) add_texts(position);
  events_.push_back({id, std::move(prompt)});
}

// Ends what has nothing to say after its prompt.
SliceOutcome Engine::conclude(SequenceId id) {
  const Context& context = contexts_.at(id);
  if (context.request.pooling != Pooling::none) {
    end(id, {.reason = FinishReason::stop, .embedding = context.reading->embedding()});
  } else {
    end(id, {.reason = FinishReason::length});
  }
  return {.sequence = id, .sampled = {}, .finished = true};
}

void Engine::add_texts(PositionLogprobs& logprobs) const {
  logprobs.chosen.text = tokenizer_.bytes(logprobs.chosen.token);
  for (TokenLogprob& one : logprobs.top) one.text = tokenizer_.bytes(one.token);
}

}  // namespace quire
