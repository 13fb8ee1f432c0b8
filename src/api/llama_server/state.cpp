#include "api/llama_server/state.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "api/json_text.h"
#include "api/llama_server/answer.h"
#include "api/llama_server/request.h"

namespace quire::api::llama_server {
namespace {

using Json = nlohmann::ordered_json;

Json idle_slot(size_t number, int32_t context_tokens) {
  return {{"id", number},
          {"n_ctx", context_tokens},
          {"speculative", false},
          {"is_processing", false},
          {"n_prompt_tokens", 0},
          {"n_prompt_tokens_processed", 0},
          {"n_prompt_tokens_cache", 0},
          {"next_token", Json::array({{{"has_next_token", false}, {"n_remain", 0}, {"n_decoded", 0}}})}};
}

void put_context(Json& slot, const SequenceView& view) {
  const int32_t computed = std::min(view.computed_tokens, view.prompt_tokens);
  slot["id_task"] = view.id.value;
  slot["is_processing"] = true;
  slot["n_prompt_tokens"] = view.prompt_tokens;
  slot["n_prompt_tokens_processed"] = std::max(0, computed - view.cached_tokens);
  slot["n_prompt_tokens_cache"] = view.cached_tokens;
  slot["next_token"] = Json::array({{{"has_next_token", true},
                                     {"n_remain", view.length_max - view.prompt_tokens - view.generated_tokens},
                                     {"n_decoded", view.generated_tokens}}});
}

}  // namespace

std::string props_body(const Properties& properties) {
  const auto defaults = parse_completion(R"({"prompt":""})");
  Json params = Json::parse(generation_settings(*defaults, UINT32_MAX), nullptr, false);
  return to_text(
      {{"default_generation_settings", {{"params", std::move(params)}, {"n_ctx", properties.context_tokens}}},
       {"total_slots", properties.contexts_max},
       {"model_alias", properties.model},
       {"model_path", properties.path},
       {"modalities", {{"vision", false}, {"audio", false}}},
       {"endpoint_slots", true},
       {"endpoint_props", false},
       {"endpoint_metrics", true},
       {"chat_template", properties.chat_template},
       {"bos_token", properties.bos},
       {"eos_token", properties.eos},
       {"build_info", "quire " + properties.version},
       {"is_sleeping", false}});
}

std::string slots_body(std::span<const ContextLine> contexts, const Properties& properties) {
  const size_t count = std::max(contexts.size(), static_cast<size_t>(std::max(0, properties.contexts_max)));
  Json slots = Json::array();
  for (size_t number = 0; number < count; ++number) {
    Json slot = idle_slot(number, properties.context_tokens);
    if (number < contexts.size()) put_context(slot, contexts[number].view);
    slots.push_back(std::move(slot));
  }
  return to_text(slots);
}

}  // namespace quire::api::llama_server
