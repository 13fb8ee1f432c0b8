#include "api/ollama/models.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "api/duration.h"
#include "api/json_text.h"
#include "api/ollama/model_json.h"
#include "api/stored.h"

namespace quire::api::ollama {
namespace {

using Json = nlohmann::ordered_json;

Json details_json(const ModelDetails& details) {
  Json result = {{"parent_model", ""},
                 {"format", "gguf"},
                 {"family", details.family},
                 {"families", Json::array({details.family})},
                 {"parameter_size", details.parameter_size},
                 {"quantization_level", details.quantization_level}};
  if (details.context_length > 0) result["context_length"] = details.context_length;
  if (details.embedding_length > 0) result["embedding_length"] = details.embedding_length;
  return result;
}

// Milliseconds with three digits after the point; null for what is not known.
Json milliseconds(int64_t ns, bool known) {
  return known ? Json(std::round(static_cast<double>(ns) * 1e-3) * 1e-3) : Json();
}

constexpr int64_t forever = std::numeric_limits<int64_t>::max();

Json controller_json(const ControllerView& controller) {
  Json curve = Json::array();
  for (int32_t index = 0; index < controller.curve_points; ++index) {
    const CurvePoint& point = controller.curve[static_cast<size_t>(index)];
    curve.push_back({{"streams", point.streams}, {"step_ms", milliseconds(point.step_ns, true)}});
  }
  return {{"parallel", controller.parallel},
          {"parallel_max", controller.parallel_max},
          {"target_gap_ms", milliseconds(controller.target_gap_ns, controller.target_gap_ns > 0)},
          {"prompt_row_ms", milliseconds(controller.prompt_row_ns, controller.prompt_row_ns > 0)},
          {"step_tokens", controller.step_tokens},
          {"start_interval_ms", milliseconds(controller.start_interval_ns, controller.start_interval_ns >= 0)},
          {"curve", std::move(curve)}};
}

// Clients offer tools, and a switch for thinking, where these words are; whoever shows a list of models to talk to
// leaves those of vectors out.
Json capabilities_json(const ModelSummary& model) {
  Json words = Json::array({model.embeds ? "embedding" : "completion"});
  if (model.calls) words.push_back("tools");
  if (model.fills_in) words.push_back("insert");
  if (model.thinks) words.push_back("thinking");
  return words;
}

}  // namespace

std::string tags_body(std::span<const ModelSummary> models) {
  Json list = Json::array();
  for (const ModelSummary& model : models) {
    list.push_back({{"name", model.name},
                    {"model", model.name},
                    {"modified_at", rfc3339(model.modified)},
                    {"size", model.size_bytes},
                    {"digest", model.digest},
                    {"details", details_json(model.details)},
                    {"capabilities", capabilities_json(model)}});
  }
  return to_text({{"models", std::move(list)}});
}

// Null: the model has none.
Json class_json(const std::optional<ClassMemory>& memory) {
  if (!memory) return {};
  Json item = {{"total", memory->total},
               {"limit", memory->limit},
               {"held", memory->held},
               {"cached", memory->cached},
               {"bytes", memory->bytes}};
  if (!memory->type.empty()) item["type"] = memory->type;
  return item;
}

Json context_bytes_json(const ContextBytes& bytes) {
  return {{"held", bytes.held}, {"cached", bytes.cached}, {"limit", bytes.limit}, {"total", bytes.total}};
}

Json devices_json(const std::vector<DevicePart>& devices) {
  Json list = Json::array();
  for (const DevicePart& part : devices) {
    list.push_back({{"device", part.device},
                    {"layers", part.layers},
                    {"weights_bytes", part.weights_bytes},
                    {"workspace_bytes", part.workspace_bytes},
                    {"context_bytes", context_bytes_json(part.context_bytes)}});
  }
  return list;
}

// Of its size, the share of its weights that lies on devices with memory of their own.
uint64_t size_on_devices(const RunningModel& model) {
  uint64_t all = 0, on_devices = 0;
  for (const DevicePart& part : model.devices) {
    if (part.layers == 0) continue;  // another model's
    all += part.weights_bytes;
    on_devices += part.on_host ? 0 : part.weights_bytes;
  }
  if (on_devices == all) return all > 0 ? model.summary.size_bytes : 0;
  const double share = static_cast<double>(on_devices) / static_cast<double>(all);
  return static_cast<uint64_t>(share * static_cast<double>(model.summary.size_bytes));
}

Json running_model_json(const RunningModel& model) {
  return {{"name", model.summary.name},
          {"model", model.summary.name},
          {"size", model.summary.size_bytes},
          {"digest", model.summary.digest},
          {"details", details_json(model.summary.details)},
          {"expires_at", rfc3339_ns(model.expires_unix_ns.value_or(forever))},
          {"size_vram", size_on_devices(model)},
          {"context_length", model.context_length},
          {"requests_running", model.requests_running},
          {"requests_waiting", model.requests_waiting},
          {"controller", controller_json(model.controller)},
          {"kv_blocks", class_json(model.kv_blocks)},
          {"window_blocks", class_json(model.window_blocks)},
          {"states", class_json(model.states)},
          {"context_bytes", context_bytes_json(model.context_bytes)},
          {"devices", devices_json(model.devices)},
          {"since_load",
           {{"steps", model.since_load.steps},
            {"prompt_tokens_computed", model.since_load.prompt_tokens_computed},
            {"prefix_hit_tokens", model.since_load.prefix_hit_tokens},
            {"generated_tokens", model.since_load.generated_tokens},
            {"preemptions", model.since_load.preemptions},
            {"recomputed_tokens", model.since_load.recomputed_tokens},
            {"evicted_blocks", model.since_load.evicted_blocks},
            {"draft_tokens", model.since_load.draft_tokens},
            {"accepted_tokens", model.since_load.accepted_tokens}}}};
}

std::string ps_body(std::vector<RunningModel> models) {
  std::ranges::stable_sort(models, std::greater{},
                           [&](const RunningModel& model) { return model.expires_unix_ns.value_or(forever); });
  Json list = Json::array();
  for (const RunningModel& model : models) list.push_back(running_model_json(model));
  return to_text({{"models", std::move(list)}});
}

std::string show_body(const ModelDescription& model, bool verbose) {
  Json body;
  body["license"] = model.license;
  body["modelfile"] = model.modelfile;
  body["parameters"] = parameters_text(model.options);
  body["template"] = model.chat_template;
  body["system"] = model.system;
  for (const auto& [name, text] : {std::pair{"renderer", &model.renderer}, std::pair{"parser", &model.parser},
                                   std::pair{"requires", &model.requires_}}) {
    if (!text->empty()) body[name] = *text;
  }
  body["details"] = details_json(model.summary.details);
  body["messages"] = Json::parse(model.messages, nullptr, false);
  body["model_info"] = Json::parse(model.metadata, nullptr, false);
  if (verbose) {
    Json& tensors = body["tensors"] = Json::array();
    for (const TensorLine& tensor : model.tensors) {
      tensors.push_back({{"name", tensor.name}, {"type", tensor.type}, {"shape", tensor.shape}});
    }
  }
  body["capabilities"] = capabilities_json(model.summary);
  body["modified_at"] = rfc3339(model.summary.modified);
  return to_text(body);
}

std::string version_body(std::string_view own_version) {
  return to_text({{"version", api_version}, {"quire", own_version}});
}

}  // namespace quire::api::ollama
