#include "server/requests/prompt.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "api/chat_input.h"
#include "base/check.h"

namespace quire::server {
namespace {

using api::ApiResult;
using api::GenerationCall;
using api::Message;
using api::refuse;

std::unexpected<api::ApiError> too_long(const std::string& found, int32_t limit) {
  auto refused = refuse(400, fmt::format("the prompt is longer than the context length currently available to the "
                                         "model; it has {} tokens, the context {}",
                                         found, limit));
  refused.error().too_large = true;
  return refused;
}

ApiResult<void> check_ids(const std::vector<TokenId>& tokens, const LoadedModel& model, const char* field) {
  for (const TokenId token : tokens) {
    if (token < 0 || token >= model.vocab_size()) {
      return refuse(400,
                    fmt::format("\"{}\" holds the token id {}, the model's vocabulary has {} tokens", field, token,
                                model.vocab_size()),
                    field);
    }
  }
  return {};
}

ApiResult<PromptText> render(const std::vector<Message>& messages, const LoadedModel& model, int64_t now_unix_s) {
  Result<PromptText> text = model.render(api::chat_input(messages, now_unix_s));
  if (!text) return refuse(400, fmt::format("the model's chat template: {}", text.error().message));
  return std::move(*text);
}

// A text that cannot fit is not worth tokenizing.
bool certainly_too_long(const std::string& text, const LoadedModel& model, int32_t limit) {
  return text.size() / model.token_bytes_max() >= static_cast<size_t>(limit);
}

// `messages` without the `dropped` oldest ones that may go: all but the system's and the last.
std::vector<Message> without_oldest(const std::vector<Message>& messages, size_t dropped) {
  std::vector<Message> kept;
  for (size_t i = 0; i < messages.size(); ++i) {
    const bool may_go = messages[i].role != "system" && i + 1 < messages.size();
    if (may_go && dropped > 0) {
      --dropped;
    } else {
      kept.push_back(messages[i]);
    }
  }
  return kept;
}

// Finds the fewest messages to drop by bisection: dropping one more never makes a prompt longer.
ApiResult<std::vector<TokenId>> chat_prompt(const GenerationCall& call, const LoadedModel& model, int64_t now_unix_s,
                                            int32_t limit) {
  std::string length = fmt::format("at least {}", limit);
  // The prompt's tokens after dropping; none when it is too long.
  const auto attempt = [&](size_t dropped) -> ApiResult<std::vector<TokenId>> {
    QUIRE_TRY(const PromptText text, render(without_oldest(call.messages, dropped), model, now_unix_s));
    if (certainly_too_long(text.text, model, limit)) return std::vector<TokenId>();
    std::vector<TokenId> tokens = model.encode(text);
    if (tokens.empty()) return refuse(400, "the prompt has no tokens");
    if (tokens.size() < static_cast<size_t>(limit)) return tokens;
    length = fmt::format("{}", tokens.size());
    return std::vector<TokenId>();
  };

  QUIRE_TRY(std::vector<TokenId> best, attempt(0));
  if (!best.empty()) return best;
  size_t too_few = 0;
  size_t enough = call.messages.size() - without_oldest(call.messages, call.messages.size()).size();
  if (!call.truncate || enough == 0) return too_long(length, limit);
  QUIRE_TRY(best, attempt(enough));
  if (best.empty()) return too_long(length, limit);
  while (enough - too_few > 1) {
    const size_t middle = too_few + (enough - too_few) / 2;
    QUIRE_TRY(std::vector<TokenId> tokens, attempt(middle));
    if (tokens.empty()) {
      too_few = middle;
    } else {
      enough = middle;
      best = std::move(tokens);
    }
  }
  return best;
}

// The first byte of a UTF-8 character at or after `at`.
size_t character_begin(const std::string& text, size_t at) {
  while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) ++at;
  return at;
}

// Takes out of the middle what cut_middle would drop for certain, so that tokenizing has a bound.
void shorten_text(std::string& text, const LoadedModel& model, int32_t keep, int32_t limit) {
  const size_t head = (static_cast<size_t>(std::min(keep, limit)) + 1) * model.token_bytes_max();
  const size_t tail = static_cast<size_t>(limit) * model.token_bytes_max();
  if (text.size() / 2 <= head + tail) return;
  const size_t begin = character_begin(text, head);
  text.erase(begin, character_begin(text, text.size() - tail) - begin);
}

ApiResult<std::vector<TokenId>> text_tokens(const GenerationCall& call, std::string prompt, const LoadedModel& model,
                                            int64_t now_unix_s, int32_t limit) {
  if (call.truncate) {
    shorten_text(prompt, model, call.options.num_keep, limit);
  } else if (certainly_too_long(prompt, model, limit)) {
    return too_long(fmt::format("at least {}", limit), limit);
  }
  if (call.raw) return model.encode_raw(prompt);
  std::vector<Message> messages;
  if (!call.system.empty()) messages.push_back({.role = "system", .content = call.system});
  messages.push_back({.role = "user", .content = std::move(prompt)});
  QUIRE_TRY(const PromptText text, render(messages, model, now_unix_s));
  return model.encode(text);
}

}  // namespace

int32_t context_limit(const GenerationCall& call, const LoadedModel& model) {
  return std::min(call.options.num_ctx.value_or(model.context_tokens()), model.context_tokens());
}

std::vector<TokenId> cut_middle(std::vector<TokenId> tokens, int32_t keep, int32_t limit) {
  QUIRE_CHECK(limit > 1, "a context has room for a prompt and an answer");
  if (tokens.size() < static_cast<size_t>(limit)) return tokens;
  const int32_t kept = std::clamp(keep, 0, limit - 2);
  const int32_t newest = std::max(1, (limit - kept) / 2);
  tokens.erase(tokens.begin() + kept, tokens.end() - newest);
  return tokens;
}

ApiResult<std::vector<TokenId>> make_prompt(const GenerationCall& call, const LoadedModel& model, int64_t now_unix_s) {
  const int32_t limit = context_limit(call, model);
  if (limit < 2) {
    return refuse(400, fmt::format("option \"num_ctx\" must be at least 2, got {}", limit), "num_ctx");
  }
  QUIRE_TRY_VOID(check_ids(call.context, model, "context"));
  QUIRE_TRY_VOID(check_ids(call.prompt_tokens, model, "prompt"));
  for (const auto& [token, bias] : call.options.sampling.logit_bias) {
    QUIRE_TRY_VOID(check_ids({token}, model, "logit_bias"));
  }
  if (!call.messages.empty()) return chat_prompt(call, model, now_unix_s, limit);

  std::vector<TokenId> tokens = call.prompt_tokens;
  if (tokens.empty()) {
    QUIRE_TRY(tokens, text_tokens(call, call.prompt, model, now_unix_s, limit));
  }
  if (!call.context.empty()) {
    const bool doubled = !tokens.empty() && tokens.front() == model.bos();
    tokens.erase(tokens.begin(), tokens.begin() + (doubled ? 1 : 0));
    tokens.insert(tokens.begin(), call.context.begin(), call.context.end());
  }
  if (tokens.empty()) return refuse(400, "the prompt has no tokens", "prompt");
  if (tokens.size() < static_cast<size_t>(limit)) return tokens;
  if (!call.truncate) return too_long(fmt::format("{}", tokens.size()), limit);
  const int32_t bos = tokens.front() == model.bos() ? 1 : 0;
  return cut_middle(std::move(tokens), std::min(call.options.num_keep, limit) + bos, limit);
}

ApiResult<std::vector<std::vector<TokenId>>> make_prompts(GenerationCall& call, const LoadedModel& model,
                                                          int64_t now_unix_s) {
  std::vector<std::vector<TokenId>> prompts(1);
  QUIRE_TRY(prompts.front(), make_prompt(call, model, now_unix_s));
  for (api::TextPrompt& next : std::exchange(call.more_prompts, {})) {
    call.prompt = std::move(next.text);
    call.prompt_tokens = std::move(next.tokens);
    QUIRE_TRY(std::vector<TokenId> tokens, make_prompt(call, model, now_unix_s));
    prompts.push_back(std::move(tokens));
  }
  return prompts;
}

}  // namespace quire::server
