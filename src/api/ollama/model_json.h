// A model in memory as /api/ps and the live page's report have it.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "api/models.h"

namespace quire::api::ollama {

nlohmann::ordered_json running_model_json(const RunningModel& model);

}  // namespace quire::api::ollama
