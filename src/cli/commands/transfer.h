// Calls whose answer is a stream of progress: pull, push, create.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string_view>

#include "base/result.h"
#include "cli/client.h"
#include "cli/terminal/progress_board.h"

namespace quire::cli {

// Shows each line of the answer on the board; `verb` ("pulling") is for lines that have a digest. An error line ends
// it, and so does an answer that ends without "success".
Result<void> follow_progress(Client& client, std::string_view target, const nlohmann::json& body, std::string_view verb,
                             ProgressBoard& board, const net::KeepGoing& keep_going = {});

// The same for a model that is not here yet.
Result<void> pull_model(Client& client, std::string_view model, bool insecure, const net::KeepGoing& keep_going = {});

}  // namespace quire::cli
