// What is known of a model, printed; for `quire show` and for a conversation's /show.
#pragma once

#include "base/result.h"
#include "cli/commands/commands.h"
#include "load/http_client.h"

namespace quire::cli {

Result<void> print_model(const load::HttpEndpoint& endpoint, const ShowOptions& options);

}  // namespace quire::cli
