#include "gguf/split.h"

#include <fmt/format.h>

#include <charconv>

#include "base/shown.h"

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

std::optional<SplitName> parse_split_name(std::string_view stem) {
  constexpr std::string_view between = "-of-";
  constexpr size_t digits = 5;
  constexpr size_t suffix_bytes = 1 + digits + between.size() + digits;
  if (stem.size() <= suffix_bytes) return std::nullopt;
  const std::string_view suffix = stem.substr(stem.size() - suffix_bytes);
  if (suffix[0] != '-' || suffix.substr(1 + digits, between.size()) != between) return std::nullopt;
  const auto number = [](std::string_view text) {
    int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && end == text.data() + text.size() ? value : 0;
  };
  SplitName name{.model = std::string(stem.substr(0, stem.size() - suffix_bytes)),
                 .number = number(suffix.substr(1, digits)),
                 .count = number(suffix.substr(1 + digits + between.size()))};
  if (name.number < 1 || name.number > name.count) return std::nullopt;
  return name;
}

Result<std::vector<std::filesystem::path>> split_siblings(const std::filesystem::path& first, int64_t count) {
  const std::string extension = first.extension().string();
  const std::optional<SplitName> name = parse_split_name(first.stem().native());
  if (!name || name->number != 1 || name->count != count) {
    return fail(ErrorKind::invalid, fmt::format("it is the first of {} parts, but its name does not end in "
                                                "-00001-of-{:05}{}, which says where the others are",
                                                count, count, shown(extension)));
  }
  std::vector<std::filesystem::path> parts;
  for (int64_t part = 1; part <= count; ++part) {
    std::filesystem::path path = first;
    parts.push_back(path.replace_filename(fmt::format("{}-{:05}-of-{:05}{}", name->model, part, count, extension)));
  }
  return parts;
}

}  // namespace quire::gguf
