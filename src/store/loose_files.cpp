#include "store/loose_files.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <map>
#include <utility>

#include "gguf/split.h"

namespace quire::store {
namespace {

namespace fs = std::filesystem;

// The files and the folders directly inside of a folder, in order of name.
struct Content {
  std::vector<fs::path> files;
  std::vector<fs::path> folders;
};

Content read_folder(const fs::path& folder, bool with_folders, std::vector<std::string>& problems) {
  Content content;
  const Result<void> read = each_entry(folder, [&](const char* name, EntryKind kind) {
    // Ollama's layout below the same root: no files of their own, and thousands of entries.
    for (const std::string_view store : {"blobs", "manifests", "manifests-v2"}) {
      if (with_folders && store == name) return;
    }
    fs::path path = folder / name;
    std::error_code ignored;
    if (lower_case(path.extension().native()) == ".gguf") {
      content.files.push_back(std::move(path));
    } else if (with_folders && name[0] != '.' && kind != EntryKind::other && fs::is_directory(path, ignored)) {
      content.folders.push_back(std::move(path));
    }
  });
  if (!read && read.error().kind != ErrorKind::not_found) problems.push_back(read.error().message);
  std::ranges::sort(content.files);
  std::ranges::sort(content.folders);
  return content;
}

class LooseFiles {
 public:
  explicit LooseFiles(std::vector<std::string>& problems) : problems_(problems) {}

  // `name_of` makes a model's name of a file's stem.
  void add(const std::vector<fs::path>& files, FunctionRef<std::string(const std::string&)> name_of) {
    // Of each split model the parts that are there; its first says how many there must be.
    std::map<std::pair<std::string, int64_t>, std::vector<ModelFile>> split;
    for (const fs::path& file : files) {
      const std::optional<gguf::SplitName> part = gguf::parse_split_name(file.stem().native());
      std::optional<ModelFile> model = describe_file(name_of(part ? part->model : file.stem().string()), file);
      if (!model) {
        problems_.push_back(fmt::format("{} is no file or a link to nothing", file.string()));
      } else if (!part) {
        models_.push_back(std::move(*model));
      } else {
        split[{part->model, part->count}].push_back(std::move(*model));
      }
    }
    for (auto& [whole, parts] : split) join(whole.first, whole.second, parts);
  }

  std::vector<ModelFile> take() && { return std::move(models_); }

 private:
  // The parts are in order, since their names are.
  void join(const std::string& name, int64_t count, std::vector<ModelFile>& parts) {
    ModelFile whole = parts.front();
    if (static_cast<int64_t>(parts.size()) != count) {
      problems_.push_back(fmt::format("of the {} files of {} only {} are there", count,
                                      (whole.path.parent_path() / name).string(), parts.size()));
      return;
    }
    whole.size_bytes = 0;
    for (ModelFile& part : parts) {
      whole.size_bytes += part.size_bytes;
      whole.modified = std::max(whole.modified, part.modified);
      whole.parts.push_back(std::move(part.path));
    }
    if (whole.parts.size() == 1) whole.parts.clear();
    models_.push_back(std::move(whole));
  }

  std::vector<std::string>& problems_;
  std::vector<ModelFile> models_;
};

}  // namespace

std::optional<ModelFile> describe_file(std::string name, const fs::path& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
  return ModelFile{.name = std::move(name),
                   .path = path,
                   .size_bytes = static_cast<uint64_t>(status.st_size),
                   .modified = file_time(status.st_mtim)};
}

std::vector<ModelFile> loose_files(const fs::path& folder, std::vector<std::string>& problems) {
  LooseFiles found(problems);
  const Content top = read_folder(folder, true, problems);
  found.add(top.files, [](const std::string& stem) { return with_tag(stem); });
  for (const fs::path& below : top.folders) {
    const std::string name = below.filename().string();
    found.add(read_folder(below, false, problems).files,
              [&](const std::string& stem) { return fmt::format("{}:{}", name, stem); });
  }
  return std::move(found).take();
}

}  // namespace quire::store
