#include "backend/cpu_backend.h"

#include <algorithm>
#include <cstring>

#include "base/bytes.h"
#include "base/check.h"
#include "tensor/dequantize.h"

namespace quire {
namespace {

// A fork and join costs a few microseconds; below this much work the caller does it alone.
constexpr int64_t fork_elements_min = 16 * 1024;      // of elementwise work, at about 4 elements a nanosecond
constexpr int64_t fork_products_min = 64 * 1024;      // of multiply-adds, at about 16 a nanosecond

// Tiles a worker: enough that one which starts late or runs slowly costs little, few enough that taking a tile is
// nothing beside computing it.
constexpr int64_t tiles_per_worker = 8;

int64_t panel_count(const PackedMatrix& weights) { return ceil_div(weights.outputs, panel_outputs); }

}  // namespace

void CpuBackend::for_rows(int64_t count, int64_t width, FunctionRef<void(int64_t, int64_t)> body) {
  if (count <= 1 || count * width < fork_elements_min || team_.worker_count() == 1) {
    if (count > 0) body(0, count);
    return;
  }
  const int64_t tile_rows = std::max<int64_t>(1, count / (team_.worker_count() * tiles_per_worker));
  team_.parallel_for(ceil_div(count, tile_rows), [&](int64_t tile, int) {
    body(tile * tile_rows, std::min(count, (tile + 1) * tile_rows));
  });
}

Result<Matrix> CpuBackend::load_matrix(const TensorView& tensor) {
  const int64_t inputs = tensor.shape[0];
  const int64_t outputs = tensor.shape[1];
  QUIRE_CHECK(tensor.shape[2] == 1 && tensor.shape[3] == 1, "a matrix has two dimensions");
  QUIRE_TRY(PageMemory memory, PageMemory::allocate(packed_size_bytes(tensor.type, outputs, inputs),
                                                    PageMemory::Pages::huge, "weights"));
  const int64_t panels = ceil_div(outputs, panel_outputs);
  const int64_t tile = std::max<int64_t>(1, panels / (team_.worker_count() * tiles_per_worker));
  team_.parallel_for(ceil_div(panels, tile), [&](int64_t index, int) {
    pack_panels(tensor.type, outputs, inputs, tensor.bytes.data(), index * tile, std::min(panels, (index + 1) * tile),
                memory.bytes());
  });
  const PackedMatrix packed{.type = tensor.type, .outputs = outputs, .inputs = inputs, .bytes = memory.bytes()};
  return Matrix{.packed = packed, .memory = std::move(memory)};
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

Activations CpuBackend::prepare(Rows x, const Scratch& scratch, bool quantized) {
  Activations prepared{.rows = x.count, .inputs = x.width, .values = x.values};
  if (!quantized) return prepared;
  const int64_t groups = x.width / quant_group;
  for_rows(x.count, x.width, [&](int64_t begin, int64_t end) {
    kernels_.quantize_activations(x.row(begin), end - begin, x.width, scratch.quants + begin * x.width,
                                  scratch.scales + begin * groups, scratch.half_sums + begin * groups * 2,
                                  scratch.group_sums + begin * groups);
  });
  prepared.quants = scratch.quants;
  prepared.scales = scratch.scales;
  prepared.half_sums = scratch.half_sums;
  prepared.group_sums = scratch.group_sums;
  return prepared;
}

void CpuBackend::matmul(Rows x, const Scratch& scratch, std::initializer_list<Projection> projections) {
  bool quantized = false;
  int64_t panels = 0;
  for (const Projection& projection : projections) {
    const PackedMatrix& weights = projection.weights.packed;
    QUIRE_CHECK(weights.inputs == x.width && weights.outputs == projection.y.width && x.count == projection.y.count,
                "shapes fit");
    quantized = quantized || reads_quantized_activations(weights.type);
    panels += panel_count(weights);
  }
  const Activations input = prepare(x, scratch, quantized);
  const auto compute = [&](const Projection& projection, int64_t begin, int64_t end) {
    kernels_.matmul({.weights = projection.weights.packed,
                     .x = input,
                     .y = projection.y.values,
                     .y_stride = projection.y.width,
                     .panel_begin = begin,
                     .panel_end = end});
  };
  if (x.count * x.width * panels * panel_outputs < fork_products_min) {
    for (const Projection& projection : projections) compute(projection, 0, panel_count(projection.weights.packed));
    return;
  }
  const int64_t tile = std::max<int64_t>(1, panels / (team_.worker_count() * tiles_per_worker));
  int64_t tiles = 0;
  for (const Projection& projection : projections) tiles += ceil_div(panel_count(projection.weights.packed), tile);
  team_.parallel_for(tiles, [&](int64_t index, int) {
    for (const Projection& projection : projections) {
      const int64_t own_panels = panel_count(projection.weights.packed);
      const int64_t own_tiles = ceil_div(own_panels, tile);
      if (index < own_tiles) {
        compute(projection, index * tile, std::min(own_panels, (index + 1) * tile));
        return;
      }
      index -= own_tiles;
    }
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
  for_rows(y.count, y.width, [&](int64_t begin, int64_t end) {
    kernels_.add(y.row(begin), x.row(begin), (end - begin) * y.width);
  });
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
