// What OpenAI's API says of models: /v1/models and /v1/models/NAME.
#pragma once

#include <span>
#include <string>

#include "api/models.h"

namespace quire::api::openai {

std::string models_body(std::span<const ModelSummary> models);
std::string model_body(const ModelSummary& model);

}  // namespace quire::api::openai
