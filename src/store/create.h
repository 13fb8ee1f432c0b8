// Making, copying and deleting models of a StoreFolder.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/catalog.h"
#include "store/folder.h"

namespace quire::store {

// What a model is made from, and what is put over it. Empty texts are not given, as on Ollama's wire.
struct CreateRequest {
  struct File {
    std::string name;    // as the client calls it; relative
    std::string digest;  // of a blob that is in the folder
  };
  ModelName name;
  std::string from;         // a model of the catalog, "sha256:..." of a blob, or the absolute path of a GGUF file
  std::vector<File> files;  // instead of `from`: the weights, a projector beside them, or the parts of a split model
  std::string template_;
  std::string system;
  std::string parameters;             // a JSON object; each replaces the base's of its name
  std::string messages;               // a JSON array; replaces the base's
  std::vector<std::string> licenses;  // come to the base's
  std::string renderer;
  std::string parser;
  std::string requires_;
  std::string quantize;  // a type of gguf::file_type_names(), in any case
  // Refused by name where they are not empty.
  std::vector<std::string> adapters;
  std::vector<std::string> draft_files;
  std::string remote_host;
};

// In Ollama's words: "parsing GGUF", "quantizing F16 model to Q4_K_M" with sizes, "using existing layer sha256:...",
// "creating new layer sha256:...", "writing manifest", "success".
struct CreateStatus {
  std::string status;
  std::string digest;  // with sizes only
  uint64_t total_bytes = 0;
  uint64_t completed_bytes = 0;
};

struct DetectedTemplate {
  std::string name;
  std::string text;
  std::string parameters;  // a JSON object; may be empty
};

struct CreateHooks {
  std::function<void(const CreateStatus&)> report = [](const CreateStatus&) {};
  // Whether a template can be used; the error is the caller's answer.
  std::function<Result<void>(std::string_view)> check_template = [](std::string_view) { return Result<void>(); };
  // A template of Ollama's that says the same as the GGUF file's own.
  std::function<std::optional<DetectedTemplate>(std::string_view)> detect_template = [](std::string_view) {
    return std::nullopt;
  };
  // Asked between two steps; true ends the work with ErrorKind::cancelled, and nothing is changed.
  std::function<bool()> cancelled = [] { return false; };
  int threads = 1;  // for quantizing
};

// Takes minutes where it quantizes or copies. Until the manifest is written nothing has changed but blobs that no
// manifest names; then the blobs go that only the replaced model named.
// ErrorKind::not_found: there is no model `from` (it may be pulled first). ErrorKind::invalid and unsupported: the
// request is wrong, in words that name the part.
Result<void> create_model(const StoreFolder& folder, const Catalog& catalog, const CreateRequest& request,
                          const CreateHooks& hooks);

// The same model under a second name. ErrorKind::not_found when there is no source. Blobs are shared; a model of
// another folder, or a file that stands alone, is copied into this one.
Result<void> copy_model(const StoreFolder& folder, const Catalog& catalog, std::string_view source,
                        std::string_view destination);

// Deletes a model of `folder` and what only it used. ErrorKind::not_found; ErrorKind::unsupported for a model that is
// not the folder's own: another program's, or a file that was not made by quire.
Result<void> remove_model(const StoreFolder& folder, const Catalog& catalog, std::string_view name);

}  // namespace quire::store
