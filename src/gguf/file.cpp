#include "gguf/file.h"

#include <fmt/format.h>

#include <utility>

#include "base/check.h"
#include "gguf/directory.h"
#include "gguf/file_source.h"
#include "gguf/printable.h"
#include "gguf/published_fixes.h"
#include "gguf/published_names.h"
#include "gguf/split.h"

namespace quire::gguf {
namespace {

std::unexpected<Error> in_file(const std::filesystem::path& path, const Error& error) {
  return fail(error.kind, fmt::format("cannot read {}: {}", printable_path(path), error.message));
}

struct Part {
  std::unique_ptr<const ByteSource> source;
  Directory directory;
};

Result<Part> open_part(const std::filesystem::path& path) {
  QUIRE_TRY(std::unique_ptr<const ByteSource> source, FileSource::open(path));
  Result<Directory> directory = read_directory(*source);
  if (!directory) return in_file(path, directory.error());
  QUIRE_TRY_VOID(source->check_unchanged());
  return Part{.source = std::move(source), .directory = std::move(*directory)};
}

Result<void> check_place(const Metadata& metadata, const SplitPlace& expected) {
  QUIRE_TRY(const SplitPlace found, read_split_place(metadata));
  if (found.number == expected.number && found.count == expected.count) return {};
  return fail(ErrorKind::invalid, fmt::format("it says that it is part {} of {}; expected part {} of {}",
                                              found.number + 1, found.count, expected.number + 1, expected.count));
}

}  // namespace

Result<void> File::add_part(std::unique_ptr<const ByteSource> source, Directory directory) {
  if (sources_.empty()) {
    version_ = directory.version;
    metadata_ = std::move(directory.metadata);  // the first part has all of it
    fixes_ = apply_published_names(metadata_, directory.tensors);
    for (std::string& fix : apply_published_fixes(metadata_)) fixes_.push_back(std::move(fix));
  }
  for (TensorView& tensor : directory.tensors) {
    const auto [place, is_new] = tensor_by_name_.try_emplace(tensor.name, tensors_.size());
    if (!is_new) return fail(ErrorKind::invalid, fmt::format("tensor {} appears twice", printable(tensor.name)));
    tensors_.push_back(std::move(tensor));
  }
  sources_.push_back(std::move(source));
  return {};
}

Result<void> File::add_other_parts(std::span<const std::filesystem::path> parts) {
  const auto count = static_cast<int64_t>(parts.size());
  if (const auto place = check_place(metadata_, {.number = 0, .count = count}); !place) {
    return in_file(parts[0], place.error());
  }
  for (int64_t number = 1; number < count; ++number) {
    const std::filesystem::path& path = parts[static_cast<size_t>(number)];
    Result<Part> part = open_part(path);
    if (!part) {
      return fail(part.error().kind, fmt::format("part {} of {}: {}", number + 1, count, part.error().message));
    }
    if (const auto place = check_place(part->directory.metadata, {.number = number, .count = count}); !place) {
      return in_file(path, place.error());
    }
    if (const auto added = add_part(std::move(part->source), std::move(part->directory)); !added) {
      return in_file(path, added.error());
    }
  }
  const Result<int64_t> tensor_count = read_split_tensor_count(metadata_);
  if (!tensor_count) return in_file(parts[0], tensor_count.error());
  if (*tensor_count >= 0 && *tensor_count != static_cast<int64_t>(tensors_.size())) {
    return in_file(parts[0], {ErrorKind::invalid, fmt::format("its {} parts have {} tensors; expected {}", count,
                                                              tensors_.size(), *tensor_count)});
  }
  erase_split_keys(metadata_);
  return {};
}

Result<File> File::open_alone(const std::filesystem::path& path) {
  QUIRE_TRY(Part part, open_part(path));
  File file;
  if (const auto added = file.add_part(std::move(part.source), std::move(part.directory)); !added) {
    return in_file(path, added.error());
  }
  return file;
}

Result<File> File::open(const std::filesystem::path& path) {
  QUIRE_TRY(File file, open_alone(path));
  const Result<SplitPlace> place = read_split_place(file.metadata());
  if (!place) return in_file(path, place.error());
  if (place->count == 1) return file;
  if (place->number != 0) {
    return in_file(path, {ErrorKind::invalid, fmt::format("it is part {} of {} of a model; open the first one",
                                                          place->number + 1, place->count)});
  }
  const Result<std::vector<std::filesystem::path>> parts = split_siblings(path, place->count);
  if (!parts) return in_file(path, parts.error());
  QUIRE_TRY_VOID(file.add_other_parts(*parts));
  return file;
}

Result<File> File::open(std::span<const std::filesystem::path> parts) {
  QUIRE_CHECK(!parts.empty(), "a model has at least one part");
  QUIRE_TRY(File file, open_alone(parts[0]));
  QUIRE_TRY_VOID(file.add_other_parts(parts));
  return file;
}

Result<File> File::parse(std::span<const std::byte> bytes) {
  auto source = std::make_unique<const MemorySource>(bytes);
  QUIRE_TRY(Directory directory, read_directory(*source));
  File file;
  QUIRE_TRY_VOID(file.add_part(std::move(source), std::move(directory)));
  return file;
}

const TensorView* File::find_tensor(std::string_view name) const {
  const auto found = tensor_by_name_.find(name);
  return found == tensor_by_name_.end() ? nullptr : &tensors_[found->second];
}

uint64_t File::size_bytes() const {
  uint64_t size = 0;
  for (const auto& source : sources_) size += source->size_bytes();
  return size;
}

Result<void> File::check_unchanged() const {
  for (const auto& source : sources_) QUIRE_TRY_VOID(source->check_unchanged());
  return {};
}

}  // namespace quire::gguf
