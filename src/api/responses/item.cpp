#include "api/responses/item.h"

#include <nlohmann/json.hpp>

#include "api/answer.h"
#include "api/responses/items.h"

namespace quire::api::responses {

using Json = nlohmann::ordered_json;

Json logprobs_json(const std::vector<PositionLogprobs>& logprobs) {
  Json list = Json::array();
  for (const PositionLogprobs& position : logprobs) list.push_back(logprob_object(position));
  return list;
}

Json part_json(const Item& item, const ReasoningForm& form) {
  if (item.kind == ItemKind::reasoning) {
    return {{"type", form.summarizes ? "summary_text" : "reasoning_text"}, {"text", item.text}};
  }
  return {{"type", "output_text"},
          {"text", item.text},
          {"annotations", Json::array()},
          {"logprobs", logprobs_json(item.logprobs)}};
}

Json item_json(const Item& item, std::string_view status, const ReasoningForm& form) {
  const bool begins = status == "in_progress";
  Json parts = Json::array();
  if (!begins) parts.push_back(part_json(item, form));
  switch (item.kind) {
    case ItemKind::message:
      return {{"id", item.id},
              {"type", "message"},
              {"status", status},
              {"role", "assistant"},
              {"content", std::move(parts)}};
    case ItemKind::call: {
      Json call = {{"id", item.id},           {"type", "function_call"}, {"status", status},
                   {"call_id", item.call_id}, {"name", item.name},       {"arguments", item.text}};
      if (!item.space.empty()) call["namespace"] = item.space;
      return call;
    }
    case ItemKind::reasoning:
      break;
  }
  Json reasoning = {{"id", item.id}, {"type", "reasoning"}, {"summary", Json::array()}};
  reasoning[form.summarizes ? "summary" : "content"] = std::move(parts);
  if (form.seals) reasoning["encrypted_content"] = begins ? Json() : Json(sealed_text(item.text));
  reasoning["status"] = status;
  return reasoning;
}

Json usage_json(const RequestStats& stats, size_t reasoning_tokens) {
  return {{"input_tokens", stats.prompt_tokens},
          {"input_tokens_details", {{"cached_tokens", stats.cached_tokens}, {"cache_write_tokens", 0}}},
          {"output_tokens", stats.generated_tokens},
          {"output_tokens_details", {{"reasoning_tokens", reasoning_tokens}}},
          {"total_tokens", stats.prompt_tokens + stats.generated_tokens}};
}

}  // namespace quire::api::responses
