// JSON documents as values of a template.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "base/result.h"
#include "text/jinja/heap.h"

namespace quire::jinja {

// Every text in it, keys included, is the user's. An error when it is nested too deeply or too large for the heap.
Result<Value> value_of_json(Heap& heap, const nlohmann::ordered_json& json);

}  // namespace quire::jinja
