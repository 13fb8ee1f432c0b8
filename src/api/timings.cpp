#include "api/timings.h"

#include <nlohmann/json.hpp>
#include <string>

namespace quire::api {
namespace {

// NAME_n, NAME_ms, NAME_per_token_ms, NAME_per_second.
void put_rate(nlohmann::ordered_json& timings, const std::string& name, int64_t tokens, int64_t ns) {
  const double ms = static_cast<double>(ns) * 1e-6;
  timings[name + "_n"] = tokens;
  timings[name + "_ms"] = ms;
  timings[name + "_per_token_ms"] = tokens > 0 ? ms / static_cast<double>(tokens) : 0.0;
  timings[name + "_per_second"] = ns > 0 ? static_cast<double>(tokens) * 1e9 / static_cast<double>(ns) : 0.0;
}

}  // namespace

nlohmann::ordered_json timings_json(const RequestStats& stats) {
  nlohmann::ordered_json timings = {{"cache_n", stats.cached_tokens}};
  put_rate(timings, "prompt", stats.prompt_tokens - stats.cached_tokens, stats.prompt_ns);
  put_rate(timings, "predicted", stats.generated_tokens, stats.generate_ns);
  if (stats.draft_tokens > 0) {
    timings["draft_n"] = stats.draft_tokens;
    timings["draft_n_accepted"] = stats.accepted_tokens;
  }
  return timings;
}

}  // namespace quire::api
