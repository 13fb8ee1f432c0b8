#include "gguf/split.h"

#include <fmt/format.h>

#include <string>
#include <string_view>

#include "gguf/printable.h"

namespace quire::gguf {
namespace {

constexpr std::string_view number_key = "split.no";
constexpr std::string_view count_key = "split.count";
constexpr std::string_view tensor_count_key = "split.tensors.count";

// A descriptor each; the largest models that people publish have some hundred.
constexpr int64_t parts_max = 1000;

}  // namespace

Result<SplitPlace> read_split_place(const Metadata& metadata) {
  SplitPlace place;
  QUIRE_TRY(place.count, metadata.get_int_or(count_key, 1, 0, parts_max));
  if (place.count == 0) place.count = 1;  // written by tools for a file that was never split
  QUIRE_TRY(place.number, metadata.get_int_or(number_key, 0, 0, place.count - 1));
  return place;
}

Result<int64_t> read_split_tensor_count(const Metadata& metadata) {
  return metadata.get_int_or(tensor_count_key, -1, 0, INT64_MAX);
}

void erase_split_keys(Metadata& metadata) {
  for (const std::string_view key : {number_key, count_key, tensor_count_key}) metadata.erase(key);
}

Result<std::vector<std::filesystem::path>> split_siblings(const std::filesystem::path& first, int64_t count) {
  const std::string name = first.filename().string();
  const std::string ending = fmt::format("-00001-of-{:05}", count);
  const std::string extension = first.extension().string();
  const std::string stem = first.stem().string();
  if (!stem.ends_with(ending)) {
    return fail(ErrorKind::invalid, fmt::format("it is the first of {} parts, but its name does not end in {}{}, which "
                                                "says where the others are",
                                                count, ending, printable(extension).substr(1, extension.size())));
  }
  const std::string model = stem.substr(0, stem.size() - ending.size());
  std::vector<std::filesystem::path> parts;
  for (int64_t part = 1; part <= count; ++part) {
    std::filesystem::path path = first;
    parts.push_back(path.replace_filename(fmt::format("{}-{:05}-of-{:05}{}", model, part, count, extension)));
  }
  return parts;
}

}  // namespace quire::gguf
