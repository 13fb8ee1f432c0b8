#include "api/answer.h"

#include <nlohmann/json.hpp>

namespace quire::api {
namespace {

nlohmann::ordered_json one_logprob(const TokenLogprob& token) {
  nlohmann::ordered_json bytes = nlohmann::ordered_json::array();
  for (const char c : token.text) bytes.push_back(static_cast<unsigned char>(c));
  return {{"token", token.text}, {"logprob", token.logprob}, {"bytes", std::move(bytes)}};
}

}  // namespace

nlohmann::ordered_json logprob_object(const PositionLogprobs& position) {
  nlohmann::ordered_json result = one_logprob(position.chosen);
  nlohmann::ordered_json& top = result["top_logprobs"] = nlohmann::ordered_json::array();
  for (const TokenLogprob& token : position.top) top.push_back(one_logprob(token));
  return result;
}

std::string_view finish_text(FinishReason reason) {
  switch (reason) {
    case FinishReason::stop:
      return "stop";
    case FinishReason::length:
      return "length";
    case FinishReason::cancelled:
      return "cancelled";
    case FinishReason::deadline:
      return "deadline";
    case FinishReason::error:
      break;
  }
  return "error";
}

}  // namespace quire::api
