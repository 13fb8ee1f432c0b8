// Which models there are, of all places: files given by name, files in a folder, and manifests in several folders.
#pragma once

#include <compare>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/file_time.h"
#include "base/function_ref.h"
#include "base/result.h"
#include "base/snapshot.h"
#include "store/folder.h"
#include "store/manifest.h"

namespace quire::store {

// "NAME" -> "NAME:latest"; a name with a tag stays as it is.
std::string with_tag(std::string_view name);

// A model as it is given on the command line: "FILE.gguf", whose name is the file's, or "NAME=FILE.gguf". A file's own
// name may hold a '=': what is a file as it stands is one.
struct ModelSpec {
  std::string name;  // without a tag that was not given; may be empty
  std::filesystem::path path;
};
ModelSpec parse_model_spec(std::string_view spec);

// What a manifest says of a model.
struct StoredModel {
  ModelName name;
  std::filesystem::path folder;  // the root of the StoreFolder that it is in
  bool writable = false;         // false: served in place, another program's
  ModelConfig config;
  std::vector<Layer> layers;

  // The files of the layers with this type, in the manifest's order.
  std::vector<std::filesystem::path> paths(std::string_view type) const;
};

// What a model is read from. Equal when name, path, size, time and digest are.
struct ModelFile {
  std::string name;            // as shown: "llama3.2:latest", "hf.co/a/b:Q4_0"
  std::filesystem::path path;  // the weights; of a split model its first file
  uint64_t size_bytes = 0;     // of everything that belongs to the model
  FileTime modified;
  std::string digest;                        // of its manifest, 64 hexadecimal digits; empty: content_name() names it
  std::vector<std::filesystem::path> parts;  // of a split model all its files, in order; else empty
  std::optional<StoredModel> stored;         // none: a file that stands alone

  bool operator==(const ModelFile& other) const { return std::is_eq(*this <=> other); }
  std::strong_ordering operator<=>(const ModelFile& other) const;
};

// Any thread. Reads the folders anew for each question, so that a model is there as soon as its file or manifest is;
// what a manifest says is kept as long as the manifest stays the same.
//
// Names are those of ModelName: registry.ollama.ai/library/x, library/x, x and x:latest are one, letters count alike in
// either case. Of two models with one name the first in this order is served:
//  1. files that were added by name,
//  2. files FOLDER/NAME.gguf (NAME:latest) and FOLDER/NAME/TAG.gguf (NAME:TAG), also .GGUF; their names may be such
//     that no ModelName has them, and they are found by them all the same,
//  3. FOLDER's manifests,
//  4. the manifests of the other folders, in their order.
class Catalog {
 public:
  struct Listing {
    std::vector<ModelFile> models;      // sorted by name
    std::vector<std::string> problems;  // what is there and cannot be served or read, one sentence each
  };

  // `folder` may be empty (none) or not exist yet. Nothing is ever written.
  explicit Catalog(std::filesystem::path folder, std::vector<std::filesystem::path> others = {});

  // A model given on the command line. An error when there is no such file.
  Result<void> add(std::string_view spec);

  Listing read() const;
  std::vector<ModelFile> list() const { return read().models; }
  // ErrorKind::invalid, "invalid model name", where neither a file is called so nor a model may be; not_found; for a
  // model that is there and cannot be served, the reason.
  Result<ModelFile> find(std::string_view name) const;

 private:
  // What a manifest was when it was read, and the model that it said. One that could not be read is read again: what it
  // lacked (its config, a file that could be opened) may be there by now.
  struct Known {
    ManifestEntry entry;
    ModelFile model;
  };
  static Result<ModelFile> read_model(const StoreFolder& store, const ManifestEntry& entry);
  using KnownByPath = std::unordered_map<std::string, Known>;
  void add_stored(Listing& listing, FunctionRef<void(ModelFile)> add) const;

  std::vector<StoreFolder> stores_;  // FOLDER's manifests first
  std::filesystem::path folder_;
  std::vector<ModelSpec> named_;
  // Two that list at the same time may both read a manifest, and one's knowledge replaces the other's.
  std::unique_ptr<Snapshot<KnownByPath>> known_;
};

// Where Ollama keeps its models on Linux: of `home`, and of its service as its installer and distributions set it up.
// Those that are there and are not `own`; what cannot be looked into is a problem, one sentence each.
struct OllamaFolders {
  std::vector<std::filesystem::path> folders;
  std::vector<std::string> problems;
};
OllamaFolders find_ollama_folders(const std::filesystem::path& home, const std::filesystem::path& own);

// A name for the content of the weights, 64 hexadecimal digits: the SHA-256 of the size, the first and the last MiB of
// the first file. Reading all of a file of gigabytes only to list it would take seconds; what a GGUF file is, its first
// MiB says.
Result<std::string> content_name(const ModelFile& file);

}  // namespace quire::store
