// A Modelfile as a client sends it: files become digests, and the rest the fields of /api/create.
#pragma once

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/function_ref.h"
#include "base/result.h"
#include "store/modelfile.h"

namespace quire::cli {

struct CreateRequest {
  struct File {
    std::filesystem::path path;
    std::string digest;  // "sha256:..."
    uint64_t size_bytes = 0;
  };
  std::vector<File> files;  // to be sent before the body
  nlohmann::json body;      // without "model"
  std::vector<std::string> warnings;
};

// Of what is hashed: the file, and how much of it is done.
using OnHashed = FunctionRef<void(const std::filesystem::path& file, uint64_t done_bytes, uint64_t total_bytes)>;

// FROM is a file, a folder of GGUF files or a pattern of file names, relative to `folder` or to the home directory
// after "~"; else it is the name of a model. Adapters, draft models and safetensors files are refused by name.
Result<CreateRequest> create_request(const store::Modelfile& modelfile, const std::filesystem::path& folder,
                                     OnHashed on_hashed);

}  // namespace quire::cli
