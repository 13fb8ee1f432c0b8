// The folder with models, before anything is looked for in it.
#pragma once

#include <filesystem>
#include <string_view>

#include "base/result.h"

namespace quire::server {

// Makes the folder where it is missing. An error begins with `name`, the variable that says where it is, and tells what
// is in the way: a file, or rights that this process does not have. Reading and writing are both needed: models are
// pulled into it and measurements kept there.
Result<void> prepare_models_folder(const std::filesystem::path& folder, std::string_view name);

}  // namespace quire::server
