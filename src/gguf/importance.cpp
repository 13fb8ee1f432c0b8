#include "gguf/importance.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <utility>

#include "gguf/file.h"
#include "gguf/file_source.h"
#include "gguf/format.h"
#include "gguf/printable.h"
#include "gguf/reader.h"
#include "gguf/writer.h"

namespace quire::gguf {
namespace {

constexpr std::string_view datasets_key = "imatrix.datasets";
constexpr std::string_view chunk_count_key = "imatrix.chunk_count";
constexpr std::string_view chunk_size_key = "imatrix.chunk_size";
constexpr std::string_view sums_suffix = ".in_sum2";
constexpr std::string_view counts_suffix = ".counts";
constexpr float weight_min = 1e-6F;

std::unexpected<Error> refuse(std::string message) { return fail(ErrorKind::invalid, std::move(message)); }

Result<void> check_amounts(std::string_view tensor, std::span<const float> amounts) {
  for (const float amount : amounts) {
    if (!(amount >= 0) || !std::isfinite(amount)) {
      return refuse(fmt::format("importance of {} holds {}; expected a finite number that is not negative",
                                printable(tensor), amount));
    }
  }
  return {};
}

Result<std::vector<float>> read_floats(const TensorView& view) {
  if (view.type != ElementType::f32) {
    return refuse(
        fmt::format("tensor {} has type {}; expected F32", printable(view.name), element_traits(view.type).name));
  }
  std::vector<float> values(static_cast<size_t>(view.element_count()));
  QUIRE_TRY_VOID(view.read(0, std::as_writable_bytes(std::span(values))));
  return values;
}

// The two tensors that a matrix has in the GGUF form.
struct SumsAndCounts {
  const TensorView* sums = nullptr;
  const TensorView* counts = nullptr;
};

Result<std::map<std::string, SumsAndCounts>> find_pairs(const File& file) {
  std::map<std::string, SumsAndCounts> pairs;
  for (const TensorView& view : file.tensors()) {
    const std::string_view name = view.name;
    if (name.ends_with(sums_suffix)) {
      pairs[std::string(name.substr(0, name.size() - sums_suffix.size()))].sums = &view;
    } else if (name.ends_with(counts_suffix)) {
      pairs[std::string(name.substr(0, name.size() - counts_suffix.size()))].counts = &view;
    } else {
      return refuse(fmt::format("tensor {} is no part of an importance matrix; expected names that end in {} or {}",
                                printable(name), sums_suffix, counts_suffix));
    }
  }
  for (const auto& [name, pair] : pairs) {
    if (pair.sums != nullptr && pair.counts != nullptr) continue;
    return refuse(fmt::format("importance of {} has no tensor that ends in {}", printable(name),
                              pair.sums == nullptr ? sums_suffix : counts_suffix));
  }
  return pairs;
}

Result<Importance> from_gguf(const File& file) {
  const Metadata& metadata = file.metadata();
  QUIRE_TRY(const auto pairs, find_pairs(file));
  Importance importance;
  if (metadata.contains(datasets_key)) {
    QUIRE_TRY(const auto names, metadata.get_strings(datasets_key));
    importance.datasets = names.get();
  }
  QUIRE_TRY(const int64_t chunk_count, metadata.get_int(chunk_count_key, 0, UINT32_MAX));
  QUIRE_TRY(const int64_t chunk_size, metadata.get_int(chunk_size_key, 0, UINT32_MAX));
  importance.chunk_count = static_cast<uint32_t>(chunk_count);
  importance.chunk_size = static_cast<uint32_t>(chunk_size);
  for (const auto& [name, pair] : pairs) {
    SquareSums sums = {.tensor = name, .inputs = pair.sums->shape[0], .sums = {}, .counts = {}};
    if (pair.counts->element_count() != pair.sums->row_count()) {
      return refuse(fmt::format("importance of {} has counts of {} matrices and sums of {}", printable(name),
                                pair.counts->element_count(), pair.sums->row_count()));
    }
    QUIRE_TRY(sums.sums, read_floats(*pair.sums));
    QUIRE_TRY(sums.counts, read_floats(*pair.counts));
    QUIRE_TRY_VOID(check_amounts(name, sums.sums));
    QUIRE_TRY_VOID(check_amounts(name, sums.counts));
    importance.tensors.push_back(std::move(sums));
  }
  return importance;
}

// A number of the older form, which is at least `min`.
Result<uint32_t> read_count(Reader& reader, int32_t min, std::string_view what) {
  QUIRE_TRY(const int32_t count, reader.number<int32_t>(what));
  if (count < min) return refuse(fmt::format("{} is {}; expected at least {}", what, count, min));
  return static_cast<uint32_t>(count);
}

Result<std::string> read_text(Reader& reader, uint64_t length, uint64_t length_max, std::string_view what) {
  if (length > length_max) return refuse(fmt::format("{} has {} bytes; expected at most {}", what, length, length_max));
  std::string text(length, '\0');
  QUIRE_TRY_VOID(reader.fill(std::as_writable_bytes(std::span(text)), what));
  return text;
}

// In the older form sums are divided by the tokens and multiplied by the calls, whose number stands beside them.
Result<SquareSums> read_older_entry(Reader& reader, uint32_t index) {
  QUIRE_TRY(const uint32_t length, read_count(reader, 1, fmt::format("the length of the name of entry {}", index)));
  SquareSums sums;
  QUIRE_TRY(sums.tensor, read_text(reader, length, tensor_name_bytes_max, fmt::format("the name of entry {}", index)));
  const std::string name = printable(sums.tensor);
  QUIRE_TRY(const uint32_t calls, read_count(reader, 0, fmt::format("the number of calls of {}", name)));
  QUIRE_TRY(const uint32_t values, read_count(reader, 1, fmt::format("the number of values of {}", name)));
  if (values > reader.remaining() / sizeof(float)) {
    return refuse(fmt::format("{} claims {} values; {} bytes are left in the file", name, values, reader.remaining()));
  }
  sums.inputs = values;
  sums.counts = {static_cast<float>(std::max(calls, uint32_t{1}))};
  sums.sums.resize(values);
  QUIRE_TRY_VOID(reader.fill(std::as_writable_bytes(std::span(sums.sums)), fmt::format("the values of {}", name)));
  QUIRE_TRY_VOID(check_amounts(sums.tensor, sums.sums));
  return sums;
}

Result<Importance> from_older(const ByteSource& source) {
  Reader reader(source);
  Importance importance;
  QUIRE_TRY(const uint32_t count, read_count(reader, 1, "the number of entries"));
  for (uint32_t i = 0; i < count; ++i) {
    QUIRE_TRY(SquareSums sums, read_older_entry(reader, i));
    importance.tensors.push_back(std::move(sums));
  }
  if (reader.remaining() > 0) {
    QUIRE_TRY(importance.chunk_count, read_count(reader, 0, "the number of chunks"));
  }
  if (reader.remaining() > 0) {
    QUIRE_TRY(const uint32_t length, read_count(reader, 0, "the length of the text's name"));
    QUIRE_TRY(std::string dataset, read_text(reader, length, key_bytes_max, "the text's name"));
    if (!dataset.empty()) importance.datasets.push_back(std::move(dataset));
  }
  if (reader.remaining() > 0) return refuse(fmt::format("{} bytes follow the last entry", reader.remaining()));
  std::ranges::sort(importance.tensors, {}, &SquareSums::tensor);
  const auto twice = std::ranges::adjacent_find(importance.tensors, {}, &SquareSums::tensor);
  if (twice != importance.tensors.end()) return refuse(fmt::format("{} appears twice", printable(twice->tensor)));
  return importance;
}

bool is_gguf(const ByteSource& source) {
  uint32_t magic = 0;
  if (source.size_bytes() < sizeof(magic)) return false;
  const auto read = source.read(0, std::as_writable_bytes(std::span(&magic, 1)));
  return read && magic == file_magic;
}

Result<Importance> not_empty(Result<Importance> importance) {
  if (importance && importance->tensors.empty()) return refuse("it has no matrices");
  return importance;
}

}  // namespace

const SquareSums* Importance::find(std::string_view tensor) const {
  const auto name = [](const SquareSums& sums) -> std::string_view { return sums.tensor; };
  const auto found = std::ranges::lower_bound(tensors, tensor, {}, name);
  return found != tensors.end() && found->tensor == tensor ? &*found : nullptr;
}

Result<Importance> read_importance(const std::filesystem::path& path) {
  QUIRE_TRY(const std::unique_ptr<const FileSource> source, FileSource::open(path));
  Result<Importance> importance = Importance{};
  if (is_gguf(*source)) {
    QUIRE_TRY(const File file, File::open_alone(path));
    importance = not_empty(from_gguf(file));
  } else {
    importance = not_empty(from_older(*source));
  }
  if (!importance) {
    return fail(importance.error().kind,
                fmt::format("{} is no importance matrix: {}", printable_path(path), importance.error().message));
  }
  QUIRE_TRY_VOID(source->check_unchanged());
  importance->file = path.filename().native();
  return importance;
}

Result<Importance> parse_importance(std::span<const std::byte> bytes) {
  const MemorySource source(bytes);
  if (!is_gguf(source)) return not_empty(from_older(source));
  QUIRE_TRY(const File file, File::parse(bytes));
  return not_empty(from_gguf(file));
}

Result<void> write_importance(const Importance& importance, const std::filesystem::path& path) {
  Metadata metadata;
  metadata.set("general.type", std::string("imatrix"));
  metadata.set(std::string(datasets_key), importance.datasets);
  metadata.set(std::string(chunk_count_key), importance.chunk_count);
  metadata.set(std::string(chunk_size_key), importance.chunk_size);
  std::vector<TensorSpec> specs;
  for (const SquareSums& sums : importance.tensors) {
    const auto matrices = static_cast<int64_t>(sums.counts.size());
    specs.push_back({sums.tensor + std::string(sums_suffix), ElementType::f32, {sums.inputs, matrices, 1, 1}});
    specs.push_back({sums.tensor + std::string(counts_suffix), ElementType::f32, {1, matrices, 1, 1}});
  }
  QUIRE_TRY(Writer writer, Writer::create(path, metadata, std::move(specs)));
  for (const SquareSums& sums : importance.tensors) {
    QUIRE_TRY_VOID(writer.append(std::as_bytes(std::span(sums.sums))));
    QUIRE_TRY_VOID(writer.append(std::as_bytes(std::span(sums.counts))));
  }
  return writer.finish();
}

Result<void> check_importance(const SquareSums& sums, const std::array<int64_t, 4>& shape) {
  const int64_t matrices = shape[2] * shape[3];
  const auto found = static_cast<int64_t>(sums.sums.size());
  const auto counts = static_cast<int64_t>(sums.counts.size());
  if (found == shape[0] * matrices && (counts == 1 || counts == matrices)) return {};
  return refuse(fmt::format("importance of {} has {} values of {} matrices; the tensor has {} inputs of {}",
                            printable(sums.tensor), found, counts, shape[0], matrices));
}

std::vector<float> importance_weights(const SquareSums& sums, const std::array<int64_t, 4>& shape) {
  const auto inputs = static_cast<size_t>(shape[0]);
  std::vector<float> weights = sums.sums;
  for (size_t begin = 0; begin < weights.size(); begin += inputs) {
    const auto matrix = std::span(weights).subspan(begin, inputs);
    const float tokens = sums.counts.size() == 1 ? sums.counts[0] : sums.counts[begin / inputs];
    double mean = 0;
    for (const float weight : matrix) mean += static_cast<double>(weight) / static_cast<double>(inputs);
    for (float& weight : matrix) {
      const double relative = tokens > 0 && mean > 0 ? static_cast<double>(weight) / mean : 1.0;
      weight = std::max(static_cast<float>(relative), weight_min);
    }
  }
  return weights;
}

}  // namespace quire::gguf
