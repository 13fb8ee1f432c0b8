// What is known of a model, as text; for `quire show` and for a conversation's /show.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace quire::cli {

// The sections that an answer of /api/show has something for: Model, Capabilities, Projector, Parameters, Metadata and
// Tensors (those two with `verbose`), System, License.
std::string overview_text(const nlohmann::json& shown, bool verbose);

}  // namespace quire::cli
