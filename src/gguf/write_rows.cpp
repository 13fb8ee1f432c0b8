#include "gguf/write_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "gguf/printable.h"
#include "tensor/quantize.h"

namespace quire::gguf {
namespace {

// What is computed between two writes: large enough that a write and a fork cost little, small enough to stay in memory
// of any machine.
constexpr int64_t slab_bytes = 8 << 20;
constexpr int64_t tiles_per_worker = 8;

bool is_wide_range(ElementType type) { return type == ElementType::f32 || type == ElementType::bf16; }

// The first value that `type` cannot hold.
std::optional<float> find_unfit(ElementType type, const std::vector<float>& values) {
  const float limit = is_wide_range(type) ? std::numeric_limits<float>::max() : quantizable_max;
  for (const float value : values) {
    if (!(std::fabs(value) <= limit)) return value;
  }
  return std::nullopt;
}

Error unfit_error(const TensorSpec& tensor, int64_t row, float value) {
  const std::string_view type = element_traits(tensor.type).name;
  const std::string expected = is_wide_range(tensor.type) ? std::string("a finite number")
                                                          : fmt::format("at most {} in magnitude", quantizable_max);
  return {ErrorKind::invalid,
          fmt::format("tensor {} holds {} in row {}; {} needs {}", printable(tensor.name), value, row, type, expected)};
}

}  // namespace

Result<void> write_rows(Writer& writer, const TensorSpec& tensor, Team& team,
                        FunctionRef<Result<void>(int64_t row, int worker, float* values)> row_values,
                        FunctionRef<void(uint64_t written_bytes)> on_written, std::span<const float> importance) {
  const int64_t rows = tensor.row_count();
  const int64_t row_bytes = row_size_bytes(tensor.type, tensor.shape[0]);
  const int64_t slab_rows = std::min(rows, std::max<int64_t>(slab_bytes / row_bytes, 1));
  const int64_t tile_rows = ceil_div(slab_rows, team.worker_count() * tiles_per_worker);
  const auto matrix_of = [&](int64_t row) { return static_cast<size_t>(row / tensor.shape[1]); };
  std::vector<std::byte> slab(static_cast<size_t>(slab_rows * row_bytes));
  std::vector<std::vector<float>> values(static_cast<size_t>(team.worker_count()));  // a row for each worker
  for (std::vector<float>& row : values) row.resize(static_cast<size_t>(tensor.shape[0]));
  std::vector<std::optional<Error>> errors(static_cast<size_t>(ceil_div(slab_rows, tile_rows)));  // one for each tile

  for (int64_t begin = 0; begin < rows; begin += slab_rows) {
    const int64_t end = std::min(rows, begin + slab_rows);
    team.parallel_for(ceil_div(end - begin, tile_rows), [&](int64_t tile, int worker) {
      std::vector<float>& row_buffer = values[static_cast<size_t>(worker)];
      const int64_t tile_begin = begin + tile * tile_rows;
      for (int64_t row = tile_begin; row < std::min(end, tile_begin + tile_rows); ++row) {
        std::optional<Error>& error = errors[static_cast<size_t>(tile)];
        if (auto made = row_values(row, worker, row_buffer.data()); !made) {
          error = std::move(made).error();
        } else if (const auto value = find_unfit(tensor.type, row_buffer)) {
          error = unfit_error(tensor, row, *value);
        }
        if (error) return;
        const float* weights = importance.empty() ? nullptr : &importance[matrix_of(row) * row_buffer.size()];
        quantize(tensor.type, row_buffer.data(), tensor.shape[0], slab.data() + (row - begin) * row_bytes, weights);
      }
    });
    for (const auto& error : errors) {
      if (error) return std::unexpected(*error);
    }
    const auto written = std::span(slab).first(static_cast<size_t>((end - begin) * row_bytes));
    QUIRE_TRY_VOID(writer.append(written));
    on_written(written.size());
  }
  return {};
}

}  // namespace quire::gguf
