// Which models there are: GGUF files in a folder, and files given by name.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_time.h"
#include "base/result.h"

namespace quire::store {

// "NAME" -> "NAME:latest"; a name with a tag stays as it is.
std::string with_tag(std::string_view name);

// A file that a model is read from.
struct ModelFile {
  std::string name;  // name:tag
  std::filesystem::path path;
  uint64_t size_bytes = 0;
  FileTime modified;
  auto operator<=>(const ModelFile&) const = default;
};

// Immutable; any thread. Reads the folder anew for each question, so that a file is a model as soon as it is there.
class Catalog {
 public:
  // `folder` may be empty (none) or not exist yet. FOLDER/NAME.gguf is NAME:latest, FOLDER/NAME/TAG.gguf is NAME:TAG.
  explicit Catalog(std::filesystem::path folder) : folder_(std::move(folder)) {}

  // A model given on the command line: "FILE.gguf", whose name is the file's, or "NAME=FILE.gguf". It comes before a
  // file of the folder with its name. An error when there is no such file.
  Result<void> add(std::string_view spec);

  // Sorted by name.
  std::vector<ModelFile> list() const;
  // By name, the tag being "latest" when not given; letters count alike in either case.
  Result<ModelFile> find(std::string_view name) const;

 private:
  struct Named {
    std::string name;
    std::filesystem::path path;
  };

  const std::filesystem::path folder_;
  std::vector<Named> named_;
};

// A name for the file's content, 64 hexadecimal digits: the SHA-256 of its size, its first and its last MiB. Reading
// all of a file of gigabytes only to list it would take seconds; what a GGUF file is, its first MiB says.
Result<std::string> content_name(const ModelFile& file);

}  // namespace quire::store
