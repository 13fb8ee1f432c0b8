#include "store/registry/part_state.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>

namespace quire::store::registry {
namespace {

namespace fs = std::filesystem;

constexpr size_t text_bytes = 128;  // four numbers of 20 digits and their names fit
constexpr uint64_t part_count_max = 10'000;
constexpr uint64_t blob_bytes_max = uint64_t{1} << 62;

std::optional<uint64_t> number_at(const nlohmann::json& object, const char* key) {
  const auto member = object.find(key);
  if (member == object.end() || !member->is_number_integer()) return std::nullopt;
  if (!member->is_number_unsigned() && member->get<int64_t>() < 0) return std::nullopt;
  const auto number = member->get<uint64_t>();
  return number <= blob_bytes_max ? std::optional(number) : std::nullopt;
}

std::vector<fs::path> state_files(const fs::path& partial) {
  const std::string prefix = partial.filename().string() + "-";
  std::vector<fs::path> found;
  // A folder that cannot be read has no state that could be used.
  (void)each_entry(partial.parent_path(), [&](const char* name, EntryKind) {
    if (std::string_view(name).starts_with(prefix)) found.push_back(partial.parent_path() / name);
  });
  return found;
}

// Every byte of the blob belongs to one part, in order, and what counts as complete is in a file of that size.
bool fits(const std::vector<Part>& parts, uint64_t blob_bytes, uint64_t file_bytes) {
  uint64_t offset = 0;
  for (const Part& part : parts) {
    if (part.offset != offset || part.size_bytes == 0 || part.size_bytes > blob_bytes - offset) return false;
    if (part.completed_bytes > 0 && part.next_offset() > file_bytes) return false;
    offset += part.size_bytes;
  }
  return offset == blob_bytes;
}

}  // namespace

std::vector<Part> plan_parts(uint64_t blob_bytes, uint64_t bytes_min, uint64_t bytes_max) {
  const uint64_t size = std::clamp(blob_bytes / 16, bytes_min, bytes_max);
  std::vector<Part> parts;
  for (uint64_t offset = 0; offset < blob_bytes; offset += size) {
    parts.push_back({.offset = offset, .size_bytes = std::min(size, blob_bytes - offset)});
  }
  return parts;
}

std::string part_to_text(size_t index, const Part& part) {
  std::string text = fmt::format(R"({{"N":{},"Offset":{},"Size":{},"Completed":{}}})", index, part.offset,
                                 part.size_bytes, part.completed_bytes);
  text.resize(text_bytes - 1, ' ');
  return text + "\n";
}

Result<std::pair<size_t, Part>> part_of_text(std::string_view text) {
  const auto flat = [](int depth, nlohmann::json::parse_event_t, nlohmann::json&) { return depth <= 1; };
  const nlohmann::json object = nlohmann::json::parse(text, flat, false);
  const auto invalid = [] { return fail(ErrorKind::invalid, "this is no state of a part"); };
  if (!object.is_object()) return invalid();
  const auto index = number_at(object, "N");
  const auto offset = number_at(object, "Offset");
  const auto size = number_at(object, "Size");
  const auto completed = number_at(object, "Completed");
  if (!index || !offset || !size || !completed || *index >= part_count_max || *completed > *size) return invalid();
  return std::pair(static_cast<size_t>(*index),
                   Part{.offset = *offset, .size_bytes = *size, .completed_bytes = *completed});
}

fs::path PartFiles::path_of(size_t index) const { return fmt::format("{}-{}", partial_.string(), index); }

Result<PartFiles> PartFiles::open(const fs::path& partial, uint64_t blob_bytes, uint64_t file_bytes) {
  PartFiles files(partial);
  const size_t count = state_files(partial).size();
  for (size_t index = 0; index < count; ++index) {
    const Result<std::string> text = read_file(files.path_of(index), text_bytes * 4);
    if (!text) break;
    const auto part = part_of_text(*text);
    if (!part || part->first != index) break;
    Descriptor file(::open(files.path_of(index).c_str(), O_RDWR | O_CLOEXEC));
    if (!file) return disk_failure("write", files.path_of(index), errno);
    files.parts.push_back(part->second);
    files.files_.push_back(std::move(file));
  }
  if (files.parts.size() != count || !fits(files.parts, blob_bytes, file_bytes)) {
    files.parts.clear();
    files.files_.clear();
  }
  return files;
}

Result<void> PartFiles::replace(std::vector<Part> new_parts) {
  remove_all();
  for (size_t index = 0; index < new_parts.size(); ++index) {
    Descriptor file(::open(path_of(index).c_str(), O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC, 0644));
    if (!file) return disk_failure("write", path_of(index), errno);
    files_.push_back(std::move(file));
  }
  parts = std::move(new_parts);
  for (size_t index = 0; index < parts.size(); ++index) QUIRE_TRY_VOID(save(index));
  return {};
}

Result<void> PartFiles::save(size_t index) const {
  const std::string text = part_to_text(index, parts[index]);
  const ssize_t written = ::pwrite(files_[index].get(), text.data(), text.size(), 0);
  if (written == static_cast<ssize_t>(text.size())) return {};
  return disk_failure("write", path_of(index), written < 0 ? errno : ENOSPC);
}

void PartFiles::remove_all() {
  parts.clear();
  files_.clear();
  remove_part_files(partial_);
}

void remove_part_files(const fs::path& partial) {
  for (const fs::path& path : state_files(partial)) ::unlink(path.c_str());
}

}  // namespace quire::store::registry
