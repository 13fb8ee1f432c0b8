#include "api/answer.h"

#include <nlohmann/json.hpp>

#include "api/json_text.h"

namespace quire::api {
namespace {

nlohmann::ordered_json one_logprob(const TokenLogprob& token) {
  return {{"token", token.text}, {"logprob", token.logprob}, {"bytes", bytes_json(token.text)}};
}

}  // namespace

void put_event(std::string_view data, std::string& out, std::string_view name) {
  if (!name.empty()) out.append("event: ").append(name).append("\n");
  out.append("data: ").append(data).append("\n\n");
}

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
