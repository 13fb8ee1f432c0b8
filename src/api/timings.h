// llama.cpp's `timings`: what a request has cost so far.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "core/event.h"

namespace quire::api {

// {"cache_n", "prompt_n", "prompt_ms", ..., "predicted_per_second"}, and where answers were guessed at "draft_n" and
// "draft_n_accepted". Rates are 0 where no time has passed.
nlohmann::ordered_json timings_json(const RequestStats& stats);

}  // namespace quire::api
