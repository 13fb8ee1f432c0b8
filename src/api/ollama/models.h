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
std::string version_body(std::string_view version);

}  // namespace quire::api::ollama
