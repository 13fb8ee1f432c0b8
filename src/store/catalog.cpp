#include "store/catalog.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <vector>

#include "store/sha256.h"

namespace quire::store {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view extension = ".gguf";

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

std::optional<ModelFile> describe(std::string name, const fs::path& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
  return ModelFile{.name = std::move(name),
                   .path = path,
                   .size_bytes = static_cast<uint64_t>(status.st_size),
                   .modified = file_time(status.st_mtim)};
}

void add_new(std::vector<ModelFile>& models, std::string name, const fs::path& path) {
  const auto same = [&](const ModelFile& model) { return lower(model.name) == lower(name); };
  if (std::ranges::any_of(models, same)) return;
  if (std::optional<ModelFile> model = describe(std::move(name), path)) models.push_back(std::move(*model));
}

// The .gguf files and the folders directly inside `folder`, in order of name. A folder that cannot be read is empty.
struct FolderContent {
  std::vector<fs::path> files;
  std::vector<fs::path> folders;
};

FolderContent read_folder(const fs::path& folder) {
  FolderContent content;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    std::error_code ignored;
    if (it->path().extension() == extension) {
      content.files.push_back(it->path());
    } else if (it->is_directory(ignored)) {
      content.folders.push_back(it->path());
    }
  }
  std::ranges::sort(content.files);
  std::ranges::sort(content.folders);
  return content;
}

}  // namespace

std::string with_tag(std::string_view name) {
  // A colon before the last slash belongs to a host and port.
  const size_t slash = name.rfind('/');
  const size_t colon = name.rfind(':');
  const bool has_tag = colon != std::string_view::npos && (slash == std::string_view::npos || colon > slash);
  return has_tag ? std::string(name) : fmt::format("{}:latest", name);
}

Result<void> Catalog::add(std::string_view spec) {
  const size_t equals = spec.find('=');
  const fs::path path(equals == std::string_view::npos ? spec : spec.substr(equals + 1));
  const std::string name = equals == std::string_view::npos ? path.stem().string() : std::string(spec.substr(0, equals));
  if (name.empty()) return fail(ErrorKind::invalid, fmt::format("\"{}\": expected FILE.gguf or NAME=FILE.gguf", spec));
  std::error_code error;
  if (!fs::is_regular_file(path, error)) {
    return fail(ErrorKind::not_found, fmt::format("there is no model file {}", path.string()));
  }
  named_.push_back({with_tag(name), fs::absolute(path)});
  return {};
}

std::vector<ModelFile> Catalog::list() const {
  std::vector<ModelFile> models;
  for (const Named& named : named_) add_new(models, named.name, named.path);
  if (!folder_.empty()) {
    const FolderContent top = read_folder(folder_);
    for (const fs::path& file : top.files) add_new(models, with_tag(file.stem().string()), file);
    for (const fs::path& folder : top.folders) {
      for (const fs::path& file : read_folder(folder).files) {
        add_new(models, fmt::format("{}:{}", folder.filename().string(), file.stem().string()), file);
      }
    }
  }
  std::ranges::sort(models);
  return models;
}

Result<ModelFile> Catalog::find(std::string_view name) const {
  const std::string wanted = lower(with_tag(name));
  for (ModelFile& model : list()) {
    if (lower(model.name) == wanted) return std::move(model);
  }
  return fail(ErrorKind::not_found, fmt::format("model '{}' not found", name));
}

Result<std::string> content_name(const ModelFile& file) {
  constexpr uint64_t part_bytes = 1 << 20;
  std::ifstream stream(file.path, std::ios::binary);
  Sha256 hash;
  hash.update(std::as_bytes(std::span(&file.size_bytes, 1)));
  std::vector<char> part(std::min(part_bytes, file.size_bytes));
  for (const uint64_t offset : {uint64_t{0}, file.size_bytes - part.size()}) {
    stream.seekg(static_cast<std::streamoff>(offset));
    if (!stream.read(part.data(), static_cast<std::streamsize>(part.size()))) {
      return fail(ErrorKind::io, fmt::format("cannot read {}", file.path.string()));
    }
    hash.update(std::as_bytes(std::span(part)));
  }
  return hash.finish_hex();
}

}  // namespace quire::store
