#include "backend/cpu_backend.h"

#include <algorithm>
#include <cstring>

#include "base/bytes.h"
#include "base/check.h"
#include "tensor/dequantize.h"

namespace quire {
namespace {

// A fork and join costs a few microseconds; below this much work the caller does it alone.
constexpr int64_t fork_elements_min = 16 * 1024;  // of elementwise work, at about 4 elements a nanosecond

// Of a tensor that is being packed, what may be in memory twice: hundreds of forks a large model, some milliseconds
// each.
constexpr int64_t load_piece_bytes = int64_t{32} << 20;

}  // namespace

void CpuBackend::for_rows(int64_t count, int64_t width, FunctionRef<void(int64_t, int64_t)> body) {
  if (count <= 1 || count * width < fork_elements_min || team_.worker_count() == 1) {
    if (count > 0) body(0, count);
    return;
  }
  const int64_t tile_rows = std::max<int64_t>(1, count / (team_.worker_count() * tiles_per_worker));
  team_.parallel_for(ceil_div(count, tile_rows),
                     [&](int64_t tile, int) { body(tile * tile_rows, std::min(count, (tile + 1) * tile_rows)); });
}

Result<Matrix> CpuBackend::load_matrix(const TensorView& tensor, PageArena& memory,
                                       FunctionRef<void(std::span<const std::byte> piece)> copied) {
  const int64_t inputs = tensor.shape[0];
  const int64_t outputs = tensor.shape[1];
  QUIRE_CHECK(tensor.shape[2] == 1 && tensor.shape[3] == 1, "a matrix has two dimensions");
  QUIRE_TRY(std::byte* const bytes, memory.take(packed_size_bytes(tensor.type, outputs, inputs)));
  const int64_t panels = ceil_div(outputs, panel_outputs);
  const int64_t panel_bytes = panel_outputs * row_size_bytes(tensor.type, inputs);  // in the file
  const int64_t piece = std::clamp<int64_t>(load_piece_bytes / panel_bytes, 1, panels);
  for (int64_t begin = 0; begin < panels; begin += piece) {
    const int64_t end = std::min(panels, begin + piece);
    const int64_t tile = std::max<int64_t>(1, (end - begin) / (team_.worker_count() * tiles_per_worker));
    team_.parallel_for(ceil_div(end - begin, tile), [&](int64_t index, int) {
      pack_panels(tensor.type, outputs, inputs, tensor.bytes.data(), begin + index * tile,
                  std::min(end, begin + (index + 1) * tile), bytes);
    });
    const auto first = static_cast<size_t>(begin * panel_bytes);
    const auto last = std::min(static_cast<size_t>(end * panel_bytes), tensor.bytes.size());
    copied(tensor.bytes.subspan(first, last - first));
  }
  return Matrix{.packed = {.type = tensor.type, .outputs = outputs, .inputs = inputs, .bytes = bytes}};
}

void CpuBackend::embed(const TensorView& table, std::span<const int32_t> tokens, Rows x) {
  const int64_t row_bytes = row_size_bytes(table.type, x.width);
  for_rows(x.count, x.width, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      const int64_t token = tokens[static_cast<size_t>(r)];
      if (token < 0 || token >= table.shape[1]) {
        std::fill_n(x.row(r), x.width, 0.0F);
      } else {
        dequantize(table.type, table.bytes.data() + token * row_bytes, x.width, x.row(r));
      }
    }
  });
}

void CpuBackend::norm(Rows x, std::span<const float> weight, float epsilon, Rows y) {
  QUIRE_CHECK(static_cast<int64_t>(weight.size()) == x.width && y.width == x.width, "a weight for each element");
  for_rows(x.count, x.width, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) kernels_.rms_norm(x.row(r), weight.data(), epsilon, x.width, y.row(r));
  });
}

void CpuBackend::add_bias(Rows y, std::span<const float> bias) {
  QUIRE_CHECK(static_cast<int64_t>(bias.size()) == y.width, "a bias for each element");
  for_rows(y.count, y.width, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) kernels_.add(y.row(r), bias.data(), y.width);
  });
}

void CpuBackend::add(Rows y, Rows x) {
  QUIRE_CHECK(y.width == x.width && y.count == x.count, "shapes fit");
  for_rows(y.count, y.width,
           [&](int64_t begin, int64_t end) { kernels_.add(y.row(begin), x.row(begin), (end - begin) * y.width); });
}

void CpuBackend::rope(Rows heads, int64_t head_dim, const RopeRows& turns, RopePairs pairs) {
  const int64_t half = turns.rotary / 2;
  for_rows(heads.count, heads.width, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      kernels_.rope(heads.row(r), heads.width / head_dim, head_dim, turns.rotary, pairs == RopePairs::halves,
                    turns.cosines + r * half, turns.sines + r * half);
    }
  });
}

void CpuBackend::silu_mul(Rows gate, Rows up) {
  QUIRE_CHECK(gate.width == up.width && gate.count == up.count, "shapes fit");
  for_rows(gate.count, gate.width, [&](int64_t begin, int64_t end) {
    kernels_.silu_mul(gate.row(begin), up.row(begin), (end - begin) * gate.width);
  });
}

void CpuBackend::gather(Rows x, std::span<const int32_t> rows, Rows y) {
  QUIRE_CHECK(y.width == x.width && y.count == static_cast<int64_t>(rows.size()), "shapes fit");
  for (int64_t r = 0; r < y.count; ++r) {
    std::memcpy(y.row(r), x.row(rows[static_cast<size_t>(r)]), static_cast<size_t>(x.width) * sizeof(float));
  }
}

}  // namespace quire
