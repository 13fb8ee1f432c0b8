// Options whose values are lists or texts: tokens that may or may not come, where an answer stops, the samplers' order.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string_view>

#include "api/call.h"
#include "api/error.h"

namespace quire::api {

struct ListOption {
  std::string_view name;
  ApiResult<void> (*apply)(const nlohmann::json& value, GenerationOptions& target);
};

// "top_k": as `samplers` names it.
std::string_view sampler_name(SamplingStep step);

// Null: no such option.
const ListOption* find_list_option(std::string_view name);

}  // namespace quire::api
