// One model file made into another of a different type.
#pragma once

#include <cstdint>
#include <filesystem>

#include "base/function_ref.h"
#include "base/result.h"
#include "base/team.h"
#include "gguf/file.h"
#include "gguf/file_type.h"

namespace quire::gguf {

// Writes `source` to `path` with the element types of `type`; metadata is kept but for general.file_type and
// general.quantization_version. A tensor that has its type already is copied. progress(done, total) counts bytes of the
// new file's tensors. Nothing appears under `path` unless all went well; `path` may be the source's own.
Result<void> convert_file(const File& source, FileType type, const std::filesystem::path& path, Team& team,
                          FunctionRef<void(uint64_t done_bytes, uint64_t total_bytes)> progress);

}  // namespace quire::gguf
