// Models that are GGUF files in a folder, without a manifest.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "store/catalog.h"

namespace quire::store {

// A regular file as a model; none when it is not there.
std::optional<ModelFile> describe_file(std::string name, const std::filesystem::path& path);

// FOLDER/NAME.gguf is NAME:latest and FOLDER/NAME/TAG.gguf is NAME:TAG; files NAME-0000M-of-0000N.gguf are one model
// NAME, listed when all N are there. In order of the paths. A folder that is missing is empty; what cannot be read and
// what is not complete is added to `problems`.
std::vector<ModelFile> loose_files(const std::filesystem::path& folder, std::vector<std::string>& problems);

}  // namespace quire::store
