// One model file made into another of a different type.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/function_ref.h"
#include "base/result.h"
#include "base/team.h"
#include "gguf/file.h"
#include "gguf/file_type.h"
#include "gguf/importance.h"

namespace quire::gguf {

// Which matrices of a conversion an importance matrix weighs the errors of, by their names.
struct ImportanceUse {
  std::vector<std::string> weighed;
  std::vector<std::string> without;  // could be weighed, and have no importance
  std::vector<std::string> unused;   // have importance, and are not in the file, or get a type that weighs no errors
};
// An error when an importance has not the shape of its tensor.
Result<ImportanceUse> find_importance_use(const File& source, FileType type, const Importance& importance);

// Writes `source` to `path` with the element types of `type`; metadata is kept but for general.file_type,
// general.quantization_version and, where importance weighs errors (not null), quantize.imatrix.*. A tensor that has
// its type already is copied. progress(done, total) counts bytes of the new file's tensors. Nothing appears under
// `path` unless all went well; `path` may be the source's own.
Result<void> convert_file(const File& source, FileType type, const std::filesystem::path& path, Team& team,
                          FunctionRef<void(uint64_t done_bytes, uint64_t total_bytes)> progress,
                          const Importance* importance = nullptr);

}  // namespace quire::gguf
