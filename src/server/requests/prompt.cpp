#include "server/requests/prompt.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "api/chat_input.h"
#include "api/tools.h"
#include "base/check.h"
#include "server/requests/fill_in.h"
#include "server/requests/shown_prompt.h"
#include "text/gotemplate/go_template.h"
#include "text/utf8.h"

namespace quire::server {
namespace {

using api::ApiResult;
using api::GenerationCall;
using api::Message;
using api::refuse;

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

// More than any syntax needs to see whether the template has begun the answer's thinking.
std::string end_of(const std::string& text) {
  constexpr size_t bytes = 256;
  return text.substr(text.size() - std::min(text.size(), bytes));
}

Prompt templated_prompt(const PromptText& text, const LoadedModel& model) {
  return {.tokens = model.encode(text), .text = text.text, .text_end = end_of(text.text)};
}

ApiResult<PromptText> render(const std::vector<Message>& messages, const GenerationCall& call, const LoadedModel& model,
                             int64_t now_unix_s) {
  ChatTemplateInput input = api::chat_input(messages, call, now_unix_s);
  const api::LastTurn last_turn = call.last_turn;
  const bool begun = !messages.empty() && messages.back().role == "assistant";
  input.leaves_open = last_turn == api::LastTurn::open || (last_turn == api::LastTurn::automatic && begun);
  input.add_generation_prompt = !input.leaves_open && last_turn != api::LastTurn::closed;
  Result<PromptText> text = model.render(input);
  if (!text && api::describe_tools(input.tools)) text = model.render(input);
  if (!text) return refuse(400, fmt::format("the model's chat template: {}", text.error().message));
  return std::move(*text);
}

// A text that cannot fit is not worth tokenizing.
bool certainly_too_long(const std::string& text, const LoadedModel& model, int32_t limit) {
  return text.size() / model.token_bytes_max() > static_cast<size_t>(limit);
}

// An answer needs a place behind its prompt; where a text is only judged, by each of its choices, it may be all of the
// context.
bool has_room(const GenerationCall& call, size_t tokens, int32_t limit) {
  const bool answers = call.options.num_predict != 0 || call.computed_prompt_logprobs() < 0;
  return tokens + (answers ? 1U : 0U) <= static_cast<size_t>(limit);
}

bool always_stays(const Message& message) { return message.role == "system" || message.role == "developer"; }

// Where the turns of a conversation begin: each is a user's message with all up to the next one, and what comes before
// the first is one too.
std::vector<size_t> turn_begins(const std::vector<Message>& messages) {
  std::vector<size_t> begins;
  for (size_t i = 0; i < messages.size(); ++i) {
    if (always_stays(messages[i])) continue;
    if (begins.empty() || messages[i].role == "user") begins.push_back(i);
  }
  return begins;
}

// `messages` without those before number `begin` that may go.
std::vector<Message> without_oldest(const std::vector<Message>& messages, size_t begin) {
  std::vector<Message> kept;
  for (size_t i = 0; i < messages.size(); ++i) {
    if (i >= begin || always_stays(messages[i])) kept.push_back(messages[i]);
  }
  return kept;
}

// Finds the fewest turns to drop by bisection: dropping one more never makes a prompt longer. Turns go as a whole:
// templates insist that user and assistant take turns, and that a result of a tool has its call.
ApiResult<Prompt> chat_prompt(const GenerationCall& call, const LoadedModel& model, int64_t now_unix_s, int32_t limit) {
  std::optional<size_t> length;
  const std::vector<Message>& messages = call.messages;
  const std::vector<size_t> turns = turn_begins(messages);
  // The prompt after dropping; without tokens when it is too long.
  const auto attempt = [&](size_t dropped) -> ApiResult<Prompt> {
    const std::vector<Message> kept = dropped == 0 ? messages : without_oldest(messages, turns[dropped]);
    QUIRE_TRY(const PromptText text, render(kept, call, model, now_unix_s));
    if (certainly_too_long(text.text, model, limit)) return Prompt();
    Prompt prompt = templated_prompt(text, model);
    prompt.dropped_messages = messages.size() - kept.size();
    if (prompt.tokens.empty()) return refuse(400, "the prompt has no tokens");
    if (prompt.tokens.size() < static_cast<size_t>(limit)) return prompt;
    length = prompt.tokens.size();
    return Prompt();
  };

  QUIRE_TRY(Prompt best, attempt(0));
  if (!best.tokens.empty()) return best;
  size_t too_few = 0;
  size_t enough = turns.empty() ? 0 : turns.size() - 1;  // the last turn stays
  if (!call.truncate || enough == 0) return prompt_too_long(length, limit);
  QUIRE_TRY(best, attempt(enough));
  if (best.tokens.empty()) return prompt_too_long(length, limit);
  while (enough - too_few > 1) {
    const size_t middle = too_few + (enough - too_few) / 2;
    QUIRE_TRY(Prompt prompt, attempt(middle));
    if (prompt.tokens.empty()) {
      too_few = middle;
    } else {
      enough = middle;
      best = std::move(prompt);
    }
  }
  return best;
}

// Takes out of the middle what cut_middle would drop for certain, so that tokenizing has a bound.
void shorten_text(std::string& text, const LoadedModel& model, int32_t keep, int32_t limit) {
  const size_t head = (static_cast<size_t>(std::min(keep, limit)) + 1) * model.token_bytes_max();
  const size_t tail = static_cast<size_t>(limit) * model.token_bytes_max();
  if (text.size() / 2 <= head + tail) return;
  const size_t begin = utf8_character_begin(text, head);
  text.erase(begin, utf8_character_begin(text, text.size() - tail) - begin);
}

// A template of the client's own, which is one of Go's.
ApiResult<Prompt> own_template_prompt(const GenerationCall& call, std::string prompt, const LoadedModel& model,
                                      int64_t now_unix_s) {
  const Result<GoTemplate> own = GoTemplate::parse(call.template_text);
  if (!own) return refuse(400, fmt::format("\"template\": {}", own.error().message), "template");
  const GenerateTemplateInput input{.system = call.system,
                                    .messages = api::chat_input(call.turns_before, call, now_unix_s).messages,
                                    .prompt = std::move(prompt),
                                    .suffix = call.fill_in ? call.fill_in->after.text : std::string(),
                                    .think = call.think,
                                    .now_unix_s = now_unix_s};
  const Result<PromptText> text = own->render(input);
  if (!text) return refuse(400, fmt::format("\"template\": {}", text.error().message), "template");
  return templated_prompt(*text, model);
}

ApiResult<Prompt> text_prompt(const GenerationCall& call, std::string prompt, const LoadedModel& model,
                              int64_t now_unix_s, int32_t limit) {
  if (call.truncate) {
    shorten_text(prompt, model, call.options.num_keep, limit);
  } else if (certainly_too_long(prompt, model, limit)) {
    return prompt_too_long(std::nullopt, limit);
  }
  if (call.raw) {
    std::vector<TokenId> tokens = model.encode_raw(prompt);
    return Prompt{.tokens = std::move(tokens), .text = std::move(prompt)};
  }
  if (!call.template_text.empty()) return own_template_prompt(call, std::move(prompt), model, now_unix_s);
  std::vector<Message> messages;
  if (!call.system.empty()) messages.push_back({.role = "system", .content = call.system});
  messages.insert(messages.end(), call.turns_before.begin(), call.turns_before.end());
  messages.push_back({.role = "user", .content = std::move(prompt)});
  QUIRE_TRY(const PromptText text, render(messages, call, model, now_unix_s));
  return templated_prompt(text, model);
}

ApiResult<void> check_vector(const api::VectorForm& form, const LoadedModel& model) {
  if (const Result<Pooling> pooling = model.pooling(); !pooling) return refuse(400, pooling.error().message, "model");
  if (form.rank && !model.ranks()) {
    return refuse(400, "the model ranks no documents: its file has no classifier (pooling_type 4)", "model");
  }
  if (!form.rank && model.ranks()) {
    return refuse(400, "the model ranks documents and has no vectors of texts: ask /v1/rerank", "model");
  }
  if (form.dimensions <= model.width() || form.or_fewer) return {};
  return refuse(
      400,
      fmt::format("\"dimensions\" must be at most {}, the width of the model, got {}", model.width(), form.dimensions),
      "dimensions");
}

// A document with the query that it is ranked for, which is never shortened.
ApiResult<Prompt> pair_prompt(const GenerationCall& call, const LoadedModel& model, int32_t limit) {
  const std::string& query = call.vector->rank->query;
  for (const std::string* text : {&query, &call.prompt}) {
    if (certainly_too_long(*text, model, limit)) return prompt_too_long(std::nullopt, limit);
  }
  Prompt prompt{.tokens = model.encode_pair(query, call.prompt)};
  if (prompt.tokens.empty()) return refuse(400, "the query and the document have no tokens", "documents");
  if (prompt.tokens.size() > static_cast<size_t>(limit)) return prompt_too_long(prompt.tokens.size(), limit);
  return prompt;
}

// The tokens of an input as the file has them around a text, for its vector; where it is too long, without the end of
// the text.
ApiResult<Prompt> input_prompt(const GenerationCall& call, const LoadedModel& model, int32_t limit) {
  if (call.vector->rank) return pair_prompt(call, model, limit);
  const auto room = static_cast<size_t>(limit);  // all of the context: nothing comes after it
  const auto refuse_long = [&](std::optional<size_t> tokens) {
    auto refused = prompt_too_long(tokens, limit);
    refused.error().message = "the input length exceeds the context length: " + refused.error().message;
    refused.error().param = "input";
    return refused;
  };
  Prompt prompt{.tokens = call.prompt_tokens};
  if (prompt.tokens.empty()) {
    std::string text = call.prompt;
    const size_t bytes_max = (room + 1) * 2 * model.token_bytes_max();  // what is behind them cannot be reached
    if (!call.truncate && certainly_too_long(text, model, limit)) return refuse_long(std::nullopt);
    if (text.size() > bytes_max) text.resize(utf8_character_begin(text, bytes_max));
    prompt.tokens = model.encode_raw(text);
  }
  if (prompt.tokens.empty()) return refuse(400, "the input has no tokens", "input");
  if (prompt.tokens.size() <= room) return prompt;
  if (!call.truncate) return refuse_long(prompt.tokens.size());
  const TextEnds ends = call.prompt_tokens.empty() ? text_ends(model) : TextEnds();
  prompt.tokens.resize(room);
  if (ends.after != no_token) prompt.tokens.back() = ends.after;
  prompt.lost_its_end = true;
  return prompt;
}

}  // namespace

std::unexpected<api::ApiError> prompt_too_long(std::optional<size_t> tokens, int32_t limit) {
  const api::ContextOverflow overflow{
      .prompt_tokens = static_cast<int64_t>(tokens.value_or(static_cast<size_t>(limit))),
      .at_least = !tokens,
      .context_tokens = limit};
  auto refused = refuse(400, fmt::format("the prompt is longer than the context length currently available to the "
                                         "model; it has {}{} tokens, the context {}",
                                         overflow.at_least ? "at least " : "", overflow.prompt_tokens, limit));
  refused.error().too_large = true;
  refused.error().overflow = overflow;
  return refused;
}

int32_t context_limit(const GenerationCall& call, const LoadedModel& model) {
  return std::min(call.options.num_ctx.value_or(model.context_tokens()), model.context_tokens());
}

TextEnds text_ends(const LoadedModel& model) {
  const std::vector<TokenId> empty = model.tokenize("", true, false);
  TextEnds ends;
  if (!empty.empty() && empty.front() == model.bos()) ends.before = model.bos();
  if (!empty.empty() && empty.back() != model.bos()) ends.after = empty.back();
  return ends;
}

std::vector<TokenId> prompt_tokens_of(const api::TextPrompt& prompt, const LoadedModel& model, bool add_special,
                                      bool parse_special) {
  if (!prompt.tokens.empty()) return prompt.tokens;
  if (prompt.pieces.empty()) return model.tokenize(prompt.text, add_special, parse_special);
  std::vector<TokenId> tokens;
  for (const api::TextPrompt& piece : prompt.pieces) {
    const std::vector<TokenId> more = prompt_tokens_of(piece, model, false, parse_special);
    tokens.insert(tokens.end(), more.begin(), more.end());
  }
  if (!add_special) return tokens;
  const TextEnds ends = text_ends(model);
  const bool begins_there = !tokens.empty() && tokens.front() == ends.before;
  const bool ends_there = !tokens.empty() && tokens.back() == ends.after;
  if (ends.before != no_token && !begins_there && prompt.pieces.front().tokens.empty()) {
    tokens.insert(tokens.begin(), ends.before);
  }
  if (ends.after != no_token && !ends_there && prompt.pieces.back().tokens.empty()) tokens.push_back(ends.after);
  return tokens;
}

ApiResult<void> check_prompt_ids(const api::TextPrompt& prompt, const LoadedModel& model, const char* field) {
  QUIRE_TRY_VOID(check_ids(prompt.tokens, model, field));
  for (const api::TextPrompt& piece : prompt.pieces) QUIRE_TRY_VOID(check_prompt_ids(piece, model, field));
  return {};
}

std::string text_of_tokens(const std::vector<TokenId>& tokens, const LoadedModel& model) {
  std::string text;
  for (const TokenPiece& piece : model.pieces(tokens)) text += piece.text;
  return text;
}

std::vector<TokenId> cut_middle(std::vector<TokenId> tokens, int32_t keep, int32_t limit) {
  QUIRE_CHECK(limit > 1, "a context has room for a prompt and an answer");
  if (tokens.size() < static_cast<size_t>(limit)) return tokens;
  const int32_t kept = std::clamp(keep, 0, limit - 2);
  const int32_t newest = std::max(1, (limit - kept) / 2);
  tokens.erase(tokens.begin() + kept, tokens.end() - newest);
  return tokens;
}

ApiResult<Prompt> make_prompt(const GenerationCall& call, const LoadedModel& model, int64_t now_unix_s) {
  // What is only rendered may be as long as it is, unless it is to be as a context would have it.
  const bool fits_always = call.renders_only && !call.truncate;
  const int32_t limit = fits_always ? std::numeric_limits<int32_t>::max() : context_limit(call, model);
  if (limit < (call.vector ? 1 : 2)) {
    return refuse(400, fmt::format("option \"num_ctx\" must be at least 2, got {}", limit), "num_ctx");
  }
  QUIRE_TRY_VOID(check_ids(call.context, model, "context"));
  QUIRE_TRY_VOID(check_prompt_ids({.tokens = call.prompt_tokens, .pieces = call.prompt_pieces}, model,
                                  call.vector ? "input" : "prompt"));
  QUIRE_TRY_VOID(check_ids(call.options.stop_tokens, model, "stop_token_ids"));
  QUIRE_TRY_VOID(check_ids(call.options.sampling.allowed_tokens, model, "allowed_token_ids"));
  for (const auto& [token, bias] : call.options.sampling.logit_bias) {
    QUIRE_TRY_VOID(check_ids({token}, model, "logit_bias"));
  }
  if (call.vector) return input_prompt(call, model, limit);
  if (!call.messages.empty()) return chat_prompt(call, model, now_unix_s, limit);

  Prompt prompt{.tokens = call.prompt_tokens};
  if (call.fill_in && call.template_text.empty()) {
    QUIRE_TRY(prompt, make_fill_in(call, model, now_unix_s, limit));
  } else if (!call.prompt_pieces.empty()) {
    prompt.tokens = prompt_tokens_of({.pieces = call.prompt_pieces}, model, true, true);
  } else if (prompt.tokens.empty()) {
    QUIRE_TRY(prompt, text_prompt(call, call.prompt, model, now_unix_s, limit));
  }
  std::vector<TokenId>& tokens = prompt.tokens;
  if (!call.context.empty()) {
    const bool doubled = !tokens.empty() && tokens.front() == model.bos();
    tokens.erase(tokens.begin(), tokens.begin() + (doubled ? 1 : 0));
    tokens.insert(tokens.begin(), call.context.begin(), call.context.end());
  }
  if (tokens.empty()) return refuse(400, "the prompt has no tokens", "prompt");
  if (has_room(call, tokens.size(), limit)) return prompt;
  if (!call.truncate) return prompt_too_long(tokens.size(), limit);
  const int32_t bos = tokens.front() == model.bos() ? 1 : 0;
  tokens = cut_middle(std::move(tokens), std::min(call.options.num_keep, limit) + bos, limit);
  prompt.lost_its_middle = true;
  return prompt;
}

ApiResult<std::vector<Prompt>> make_prompts(GenerationCall& call, const LoadedModel& model, int64_t now_unix_s) {
  if (call.vector) {
    QUIRE_TRY_VOID(check_vector(*call.vector, model));
  } else if (!model.generates() && !call.renders_only) {
    const bool is_chat = !call.messages.empty();
    return refuse(400, fmt::format("\"{}\" does not support {}", call.model, is_chat ? "chat" : "generate"), "model");
  }
  std::vector<Prompt> prompts(1);
  QUIRE_TRY(prompts.front(), make_prompt(call, model, now_unix_s));
  if (call.echo) prompts.front().shown = shown_prompt(call, prompts.front().tokens, model);
  for (api::TextPrompt& next : std::exchange(call.more_prompts, {})) {
    call.prompt = std::move(next.text);
    call.prompt_tokens = std::move(next.tokens);
    call.prompt_pieces = std::move(next.pieces);
    QUIRE_TRY(Prompt prompt, make_prompt(call, model, now_unix_s));
    if (call.echo) prompt.shown = shown_prompt(call, prompt.tokens, model);
    prompts.push_back(std::move(prompt));
  }
  if (call.reported.prompt) {
    for (Prompt& prompt : prompts) prompt.text = text_of_tokens(prompt.tokens, model);
  }
  if (call.fill_in) {
    const std::vector<TokenId> ends = model.fill_in_tokens().ends();
    call.options.stop_tokens.insert(call.options.stop_tokens.end(), ends.begin(), ends.end());
  }
  model.add_token_texts(call.options.texts, call.options.sampling);
  return prompts;
}

}  // namespace quire::server
