#include "api/openai/logprobs.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

#include "text/utf8.h"

namespace quire::api::openai {
namespace {

using LogprobsJson = nlohmann::ordered_json;

// A token's text; bytes that are no whole characters as OpenAI writes them, "bytes:\\xe2\\x80": two such tokens would
// be one key otherwise.
std::string token_name(std::string_view text) {
  if (has_whole_characters(text)) return std::string(text);
  std::string name = "bytes:";
  for (const char c : text) name += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
  return name;
}

std::span<const TokenLogprob> first_of(const std::vector<TokenLogprob>& top, int32_t count) {
  return std::span(top).first(std::min(top.size(), static_cast<size_t>(std::max(0, count))));
}

LogprobsJson names_and_logprobs(std::span<const TokenLogprob> tokens) {
  LogprobsJson object = LogprobsJson::object();
  for (const TokenLogprob& token : tokens) object[token_name(token.text)] = token.logprob;
  return object;
}

}  // namespace

LogprobsJson completion_logprobs() {
  return {{"tokens", LogprobsJson::array()},
          {"token_logprobs", LogprobsJson::array()},
          {"top_logprobs", LogprobsJson::array()},
          {"text_offset", LogprobsJson::array()}};
}

void add_prompt(const ShownPrompt& prompt, std::span<const PositionLogprobs> positions, int32_t top_n,
                LogprobsJson& logprobs) {
  for (size_t index = 0; index < prompt.tokens.size(); ++index) {
    const bool known = index > 0 && index <= positions.size();
    logprobs["tokens"].push_back(token_name(prompt.names[index]));
    logprobs["token_logprobs"].push_back(known ? LogprobsJson(positions[index - 1].chosen.logprob) : LogprobsJson());
    logprobs["top_logprobs"].push_back(known ? names_and_logprobs(first_of(positions[index - 1].top, top_n))
                                             : LogprobsJson());
    logprobs["text_offset"].push_back(prompt.offsets[index]);
  }
}

void add_answer(std::span<const PositionLogprobs> positions, size_t& text_offset, LogprobsJson& logprobs) {
  for (const PositionLogprobs& position : positions) {
    logprobs["tokens"].push_back(token_name(position.chosen.text));
    logprobs["token_logprobs"].push_back(position.chosen.logprob);
    logprobs["text_offset"].push_back(text_offset);
    text_offset += utf8_characters_begun(position.chosen.text);
    logprobs["top_logprobs"].push_back(names_and_logprobs(position.top));
  }
}

LogprobsJson prompt_logprobs(std::span<const PositionLogprobs> positions, int32_t top_n) {
  LogprobsJson list = LogprobsJson::array({nullptr});
  for (const PositionLogprobs& position : positions) {
    LogprobsJson& object = list.emplace_back(LogprobsJson::object());
    // A rank is known of what is among the best.
    const auto put = [&](const TokenLogprob& token) {
      const auto found = std::ranges::find(position.top, token.token, &TokenLogprob::token);
      const bool ranked = found != position.top.end();
      object[std::to_string(token.token)] = {
          {"logprob", token.logprob},
          {"rank", ranked ? LogprobsJson(found - position.top.begin() + 1) : LogprobsJson()},
          {"decoded_token", token.text}};
    };
    put(position.chosen);
    for (const TokenLogprob& token : first_of(position.top, top_n)) put(token);
  }
  return list;
}

}  // namespace quire::api::openai
