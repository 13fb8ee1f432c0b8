#include "api/openai/models.h"

#include <nlohmann/json.hpp>

#include "api/json_text.h"

namespace quire::api::openai {
namespace {

using Json = nlohmann::ordered_json;

Json model_json(const ModelSummary& model) {
  return {{"id", model.name}, {"object", "model"}, {"created", model.modified.unix_s}, {"owned_by", "library"}};
}

}  // namespace

std::string models_body(std::span<const ModelSummary> models) {
  Json list = Json::array();
  for (const ModelSummary& model : models) list.push_back(model_json(model));
  return to_text({{"object", "list"}, {"data", std::move(list)}});
}

std::string model_body(const ModelSummary& model) { return to_text(model_json(model)); }

}  // namespace quire::api::openai
