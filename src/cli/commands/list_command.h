// The table of models; for `quire list` and for a conversation's /list.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "cli/client.h"

namespace quire::cli {

// Of the models whose names begin with the prefix, in whatever case.
Result<std::string> list_text(Client& client, std::string_view prefix);

}  // namespace quire::cli
