#include "api/llama_server/answer.h"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

#include "api/gathered_parts.h"
#include "api/json_text.h"
#include "api/list_options.h"
#include "api/timings.h"

namespace quire::api::llama_server {
namespace {

using Json = nlohmann::ordered_json;

// JSON has no number for a token that cannot come.
float finite(float logprob) { return std::max(logprob, std::numeric_limits<float>::lowest()); }

Json token_json(const TokenLogprob& token) {
  return {{"id", token.token},
          {"token", token.text},
          {"bytes", bytes_json(token.text)},
          {"logprob", finite(token.logprob)}};
}

Json probabilities_json(const std::vector<PositionLogprobs>& positions) {
  Json list = Json::array();
  for (const PositionLogprobs& position : positions) {
    Json entry = token_json(position.chosen);
    Json& top = entry["top_logprobs"] = Json::array();
    for (const TokenLogprob& token : position.top) top.push_back(token_json(token));
    list.push_back(std::move(entry));
  }
  return list;
}

std::string_view stop_type(const Finished& finished) {
  if (finished.reason == FinishReason::length) return "limit";
  return finished.stop_text.empty() ? "eos" : "word";
}

// Those members of an object that the paths name, each under its path; what is not there is left out.
Json picked_fields(const Json& object, const std::vector<std::string>& paths) {
  Json picked = Json::object();
  for (const std::string& path : paths) {
    const Json* found = &object;
    for (size_t begin = 0; found != nullptr && begin <= path.size();) {
      const size_t end = std::min(path.find('/', begin), path.size());
      const auto member = found->is_object() ? found->find(path.substr(begin, end - begin)) : found->end();
      found = found->is_object() && member != found->end() ? &*member : nullptr;
      begin = end + 1;
    }
    if (found != nullptr) picked[path] = *found;
  }
  return picked;
}

class CompletionWriter final : public AnswerWriter {
 public:
  explicit CompletionWriter(AnswerHead head) : head_(std::move(head)), choices_(head_.choices) {}

  std::string_view content_type() const override {
    return head_.stream ? "text/event-stream" : "application/json; charset=utf-8";
  }

  void delta(size_t index, const AnswerDelta& delta, int64_t, std::string& out) override {
    Choice& choice = choices_[index];
    const size_t known_bytes = choice.parts.content.size();
    choice.parts.add(delta.parts, head_.id, index);
    choice.predicted += static_cast<int64_t>(delta.tokens.size());
    if (head_.stream || head_.reported.tokens) {
      choice.tokens.insert(choice.tokens.end(), delta.tokens.begin(), delta.tokens.end());
    }
    choice.has_line_break = choice.has_line_break || choice.parts.content.find('\n', known_bytes) != std::string::npos;
    if (head_.wants_logprobs) {
      choice.logprobs.insert(choice.logprobs.end(), delta.logprobs.begin(), delta.logprobs.end());
    }
    if (!head_.stream || (choice.parts.content.empty() && choice.logprobs.empty())) return;
    Json piece = {{"index", index},
                  {"content", choice.parts.content},
                  {"tokens", choice.tokens},
                  {"stop", false},
                  {"id_slot", id_slot},
                  {"tokens_predicted", choice.predicted},
                  {"tokens_evaluated", prompt_of(index).tokens}};
    if (head_.reported.timings_per_token && delta.stats) piece["timings"] = timings_json(*delta.stats);
    if (!choice.logprobs.empty()) piece["completion_probabilities"] = probabilities_json(choice.logprobs);
    choice.forget_sent();
    put_event(to_text(piece), out);
  }

  void finish(size_t index, const Finished& finished, const AnswerTimes&, int64_t, std::string& out) override {
    const Json end = end_json(index, finished);
    ++ended_;
    if (head_.stream) {
      put_event(to_text(end), out);
      return;
    }
    whole_.push_back(end);
    if (ended_ < choices_.size()) return;
    std::ranges::stable_sort(whole_, {}, [](const Json& answer) { return answer["index"].get<size_t>(); });
    for (Json& answer : whole_) answer = shown(std::move(answer));
    out += to_text(whole_.size() == 1 ? whole_.front() : Json(whole_));
  }

  void fail(const ApiError& error, bool after_first_byte, std::string& out) override {
    if (after_first_byte) {
      put_event(error_body(error), out);
    } else {
      out += error_body(error);
    }
  }

 private:
  static constexpr int id_slot = -1;  // contexts have no numbers here

  struct Choice {
    GatheredParts parts;                     // not sent yet
    std::vector<TokenId> tokens;             // the same
    std::vector<PositionLogprobs> logprobs;  // the same
    int64_t predicted = 0;
    bool has_line_break = false;

    void forget_sent() {
      parts.clear();
      tokens.clear();
      logprobs.clear();
    }
  };

  const AskedPrompt& prompt_of(size_t index) const { return head_.prompts[index / head_.choices_per_prompt]; }

  Json end_json(size_t index, const Finished& finished) {
    Choice& choice = choices_[index];
    const RequestStats& stats = finished.stats;
    // The key and value of the last token are nobody's need: it is not computed.
    const int64_t computed = stats.prompt_tokens + std::max<int64_t>(0, stats.generated_tokens - 1);
    Json end = {{"index", index},
                {"content", choice.parts.content},
                {"tokens", choice.tokens},
                {"id_slot", id_slot},
                {"stop", true},
                {"model", head_.model},
                {"tokens_predicted", stats.generated_tokens},
                {"tokens_evaluated", stats.prompt_tokens},
                {"generation_settings", Json::parse(head_.settings, nullptr, false)},
                {"prompt", prompt_of(index).text},
                {"has_new_line", choice.has_line_break},
                {"truncated", head_.prompt_truncated},
                {"stop_type", stop_type(finished)},
                {"stopping_word", finished.stop_text},
                {"tokens_cached", computed},
                {"timings", timings_json(stats)}};
    if (!choice.logprobs.empty()) end["completion_probabilities"] = probabilities_json(choice.logprobs);
    return head_.stream ? shown(std::move(end)) : end;
  }

  Json shown(Json end) const {
    return head_.reported.fields.empty() ? std::move(end) : picked_fields(end, head_.reported.fields);
  }

  const AnswerHead head_;
  std::vector<Choice> choices_;
  std::vector<Json> whole_;  // of choices that have ended
  size_t ended_ = 0;
};

std::string_view error_type(const ApiError& error) {
  if (error.overflow) return "exceed_context_size_error";
  switch (error.status) {
    case 401:
      return "authentication_error";
    case 403:
      return "permission_error";
    case 404:
      return "not_found_error";
    case 501:
      return "not_supported_error";
    case 503:
      return "unavailable_error";
    default:
      return error.status >= 400 && error.status < 500 ? "invalid_request_error" : "server_error";
  }
}

Json biases_json(const SamplingParams& sampling) {
  Json list = Json::array();
  for (const auto& [token, bias] : sampling.logit_bias) list.push_back({{"bias", bias}, {"token", token}});
  return list;
}

}  // namespace

std::unique_ptr<AnswerWriter> make_completion_writer(AnswerHead head) {
  return std::make_unique<CompletionWriter>(std::move(head));
}

std::string generation_settings(const GenerationCall& call, uint64_t seed) {
  const GenerationOptions& options = call.options;
  const SamplingParams& sampling = options.sampling;
  Json samplers = Json::array();
  for (const SamplingStep step : sampling.order.steps()) samplers.push_back(sampler_name(step));
  const bool has_grammar = call.constraint && call.constraint->kind == constraint::Kind::gbnf;
  return to_text({{"seed", seed},
                  {"temperature", sampling.temperature},
                  {"dynatemp_range", sampling.dynatemp_range},
                  {"dynatemp_exponent", sampling.dynatemp_exponent},
                  {"top_k", sampling.top_k},
                  {"top_p", sampling.top_p},
                  {"min_p", sampling.min_p},
                  {"top_n_sigma", sampling.top_n_sigma},
                  {"xtc_probability", sampling.xtc.probability},
                  {"xtc_threshold", sampling.xtc.threshold},
                  {"typical_p", sampling.typical_p},
                  {"repeat_last_n", sampling.repeat_last_n},
                  {"repeat_penalty", sampling.repeat_penalty},
                  {"presence_penalty", sampling.presence_penalty},
                  {"frequency_penalty", sampling.frequency_penalty},
                  {"dry_multiplier", sampling.dry.multiplier},
                  {"dry_base", sampling.dry.base},
                  {"dry_allowed_length", sampling.dry.allowed_length},
                  {"dry_penalty_last_n", sampling.dry.penalty_last_n},
                  {"dry_sequence_breakers", options.texts.dry_breakers},
                  {"mirostat", sampling.mirostat.version},
                  {"mirostat_tau", sampling.mirostat.tau},
                  {"mirostat_eta", sampling.mirostat.eta},
                  {"stop", options.stop},
                  {"max_tokens", options.num_predict},
                  {"n_predict", options.num_predict},
                  {"n_keep", options.num_keep},
                  {"ignore_eos", options.ignore_eos},
                  {"stream", call.stream},
                  {"logit_bias", biases_json(sampling)},
                  {"n_probs", std::max(0, call.logprobs_top_n)},
                  {"min_keep", sampling.min_keep},
                  {"grammar", has_grammar ? call.constraint->text : std::string()},
                  {"preserved_tokens", call.preserved_tokens},
                  {"samplers", std::move(samplers)},
                  {"timings_per_token", call.reported.timings_per_token},
                  {"post_sampling_probs", false},
                  {"lora", Json::array()}});
}

std::string prompt_body(const std::string&, const std::string& prompt, int64_t) {
  return to_text({{"prompt", prompt}});
}

std::string error_body(const ApiError& error) {
  Json body = {{"code", error.status}, {"message", error.message}, {"type", error_type(error)}};
  if (error.overflow) {
    body["n_prompt_tokens"] = error.overflow->prompt_tokens;
    body["n_ctx"] = error.overflow->context_tokens;
  }
  if (!error.reason.empty()) body["reason"] = error.reason;
  return to_text({{"error", std::move(body)}});
}

}  // namespace quire::api::llama_server
