// What Ollama's API says of models: /api/tags, /api/ps, /api/show, /api/version.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/models.h"

namespace quire::api::ollama {

std::string tags_body(std::span<const ModelSummary> models);
// Longest-lived first.
std::string ps_body(std::vector<RunningModel> models);
// Tensors are shown when verbose.
std::string show_body(const ModelDescription& model, bool verbose);
// The version of Ollama whose API this is: clients compare it with the one that they need.
inline constexpr std::string_view api_version = "0.33.0";
std::string version_body(std::string_view own_version);

}  // namespace quire::api::ollama
