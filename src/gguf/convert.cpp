#include "gguf/convert.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "gguf/write_rows.h"
#include "gguf/writer.h"
#include "tensor/dequantize.h"
#include "tensor/quantize.h"

namespace quire::gguf {
namespace {

// A number of the architecture, of its first layer where each has its own; nothing where metadata lacks it.
std::optional<int64_t> shape_number(const File& source, std::string_view key) {
  const Metadata& metadata = source.metadata();
  const std::string name = fmt::format("{}.{}", metadata.get_string_or("general.architecture", "").value_or(""), key);
  if (const auto number = metadata.get_int(name, 0, INT32_MAX)) return *number;
  const auto numbers = metadata.get_ints(name);
  if (!numbers || numbers->empty()) return std::nullopt;
  return numbers->front();
}

// 0 where metadata does not say.
int64_t count_heads_per_kv_head(const File& source) {
  const int64_t heads = shape_number(source, "attention.head_count").value_or(0);
  const int64_t kv_heads = shape_number(source, "attention.head_count_kv").value_or(heads);
  return kv_heads > 0 ? heads / kv_heads : 0;
}

std::vector<TensorSpec> choose_types(const File& source, FileType type, bool has_importance) {
  const FileFacts facts = {
      .layers = shape_number(source, "block_count").value_or(0),
      .has_output = source.find_tensor("output.weight") != nullptr,
      .heads_per_kv_head = count_heads_per_kv_head(source),
      .has_importance = has_importance,
  };
  std::vector<TensorSpec> specs;
  specs.reserve(source.tensors().size());
  for (const TensorView& tensor : source.tensors()) {
    specs.push_back({tensor.name, choose_element_type(type, tensor.name, tensor.shape, facts), tensor.shape});
  }
  return specs;
}

Result<void> copy_bytes(const TensorView& tensor, Writer& writer,
                        FunctionRef<void(uint64_t written_bytes)> on_written) {
  constexpr uint64_t piece_bytes = 4 << 20;
  std::vector<std::byte> buffer(std::min(piece_bytes, tensor.size_bytes()));
  for (uint64_t begin = 0; begin < tensor.size_bytes(); begin += piece_bytes) {
    const auto piece = std::span(buffer).first(std::min(piece_bytes, tensor.size_bytes() - begin));
    QUIRE_TRY_VOID(tensor.read(begin, piece));
    QUIRE_TRY_VOID(writer.append(piece));
    on_written(piece.size());
  }
  return {};
}

// Whether the importance of its inputs says something about this conversion.
bool is_weighed(const TensorView& tensor, const TensorSpec& spec) {
  return tensor.type != spec.type && weighs_errors(spec.type);
}

void describe_importance(const Importance& importance, Metadata& metadata) {
  metadata.set("quantize.imatrix.file", importance.file);
  if (!importance.datasets.empty()) metadata.set("quantize.imatrix.dataset", importance.datasets.front());
  metadata.set("quantize.imatrix.entries_count", static_cast<uint32_t>(importance.tensors.size()));
  if (importance.chunk_count > 0) metadata.set("quantize.imatrix.chunks_count", importance.chunk_count);
}

Result<void> convert_tensor(const TensorView& tensor, const TensorSpec& spec, const Importance* importance,
                            Writer& writer, Team& team, FunctionRef<void(uint64_t written_bytes)> on_written) {
  if (tensor.type == spec.type) return copy_bytes(tensor, writer, on_written);
  const auto row_bytes = static_cast<size_t>(tensor.row_bytes());
  std::vector<std::byte> rows(row_bytes * static_cast<size_t>(team.worker_count()));  // one a worker
  const auto row_values = [&](int64_t row, int worker, float* values) -> Result<void> {
    const auto own = std::span(rows).subspan(row_bytes * static_cast<size_t>(worker), row_bytes);
    QUIRE_TRY_VOID(tensor.read(static_cast<uint64_t>(row) * row_bytes, own));
    dequantize(tensor.type, own.data(), tensor.shape[0], values);
    return {};
  };
  const SquareSums* sums = importance != nullptr && is_weighed(tensor, spec) ? importance->find(tensor.name) : nullptr;
  const std::vector<float> weights = sums != nullptr ? importance_weights(*sums, spec.shape) : std::vector<float>();
  return write_rows(writer, spec, team, row_values, on_written, weights);
}

}  // namespace

Result<ImportanceUse> find_importance_use(const File& source, FileType type, const Importance& importance) {
  ImportanceUse use;
  const std::vector<TensorSpec> specs = choose_types(source, type, true);
  for (size_t i = 0; i < specs.size(); ++i) {
    if (!is_weighed(source.tensors()[i], specs[i])) continue;
    const SquareSums* sums = importance.find(specs[i].name);
    if (sums != nullptr) QUIRE_TRY_VOID(check_importance(*sums, specs[i].shape));
    (sums != nullptr ? use.weighed : use.without).push_back(specs[i].name);
  }
  const std::set<std::string_view> weighed(use.weighed.begin(), use.weighed.end());
  for (const SquareSums& sums : importance.tensors) {
    if (!weighed.contains(sums.tensor)) use.unused.push_back(sums.tensor);
  }
  return use;
}

Result<void> convert_file(const File& source, FileType type, const std::filesystem::path& path, Team& team,
                          FunctionRef<void(uint64_t done_bytes, uint64_t total_bytes)> progress,
                          const Importance* importance) {
  if (importance != nullptr) QUIRE_TRY_VOID(find_importance_use(source, type, *importance));
  const std::vector<TensorSpec> specs = choose_types(source, type, importance != nullptr);
  Metadata metadata = source.metadata();
  metadata.set("general.file_type", static_cast<uint32_t>(type));
  metadata.set("general.quantization_version", uint32_t{2});
  if (importance != nullptr) describe_importance(*importance, metadata);
  QUIRE_TRY(Writer writer, Writer::create(path, metadata, specs));

  uint64_t done = 0;
  uint64_t total = 0;
  for (const TensorSpec& spec : specs) total += static_cast<uint64_t>(spec.size_bytes());
  const auto on_written = [&](uint64_t bytes) {
    done += bytes;
    progress(done, total);
  };
  for (size_t i = 0; i < specs.size(); ++i) {
    QUIRE_TRY_VOID(convert_tensor(source.tensors()[i], specs[i], importance, writer, team, on_written));
  }
  QUIRE_TRY_VOID(source.check_unchanged());
  return writer.finish();
}

}  // namespace quire::gguf
