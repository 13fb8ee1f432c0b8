// The specification of matmul. Slow on purpose where speed would hide the order of operations.
#include <algorithm>
#include <array>
#include <cstring>

#include "kernels/isa_functions.h"
#include "kernels/packed_layout.h"
#include "kernels/quantized_rows.h"
#include "kernels/scalar/group_sum.h"
#include "kernels/scalar/unpack.h"

namespace quire::scalar {
namespace {

constexpr int64_t tile_rows = 16;  // at most, for which a group is unpacked once; no effect on bits

struct Tile {
  std::array<std::array<float, lanes>, tile_rows> acc{};
};

void store(const MatmulArgs& args, const Tile& tile, int64_t panel, int64_t row, int64_t rows) {
  const int64_t first = panel * lanes;
  const size_t count = static_cast<size_t>(std::min(lanes, args.weights.outputs - first));
  for (int64_t r = 0; r < rows; ++r) {
    std::memcpy(args.y + (row + r) * args.y_stride + first, tile.acc[static_cast<size_t>(r)].data(),
                count * sizeof(float));
  }
}

void add_group(const Group& group, const int8_t* x, const GroupTerms& terms, std::array<float, lanes>& acc) {
  for (size_t o = 0; o < lanes; ++o) {
    int32_t first = 0;
    int32_t second = 0;
    for (size_t k = 0; k < 16; ++k) first += group.quants[o][k] * x[k];
    for (size_t k = 16; k < 32; ++k) second += group.quants[o][k] * x[k];
    const OutputScales& scales = group.scales[o];
    const float minimum = group.minima_of == Minima::of_halves ? scales.minima_scale : scales.minima[0];
    acc[o] = add_group(group.minima_of, scaled_sum(scales, static_cast<float>(first), static_cast<float>(second)),
                       scales.scale, minimum, minima_sum(scales, terms), terms, acc[o]);
  }
}

void matmul_quantized(const MatmulArgs& args) {
  const ElementType type = args.weights.type;
  const int64_t inputs = args.weights.inputs;
  const int64_t groups = inputs / quant_group;
  Group group;
  for (int64_t panel = args.panel_begin; panel < args.panel_end; ++panel) {
    const auto* bytes =
        reinterpret_cast<const uint8_t*>(args.weights.bytes) + panel * packed::panel_bytes(type, inputs);
    for (int64_t i = 0; i < row_tile_count(args.x.rows, args.x.tile_rows); ++i) {
      const RowTile rows = row_tile(args.x.rows, args.x.tile_rows, i);
      const std::byte* x = args.x.quantized + rows.begin * groups * quantized_group_bytes;
      Tile tile;
      for (int64_t g = 0; g < groups; ++g, x += rows.height() * quantized_group_bytes) {
        unpack_group(type, bytes, g, group);
        const auto* const quants = reinterpret_cast<const int8_t*>(x);
        const auto* const terms = reinterpret_cast<const GroupTerms*>(x + rows.height() * quant_group);
        for (int64_t r = 0; r < rows.height(); ++r) {
          add_group(group, quants + r * quant_group, terms[r], tile.acc[static_cast<size_t>(r)]);
        }
      }
      store(args, tile, panel, rows.begin, rows.height());
    }
  }
}

void matmul_float(const MatmulArgs& args) {
  const ElementType type = args.weights.type;
  const int64_t inputs = args.weights.inputs;
  for (int64_t panel = args.panel_begin; panel < args.panel_end; ++panel) {
    const auto* bytes =
        reinterpret_cast<const uint8_t*>(args.weights.bytes) + panel * packed::panel_bytes(type, inputs);
    for (int64_t row = 0; row < args.x.rows; row += tile_rows) {
      const int64_t rows = std::min(tile_rows, args.x.rows - row);
      Tile tile;
      for (int64_t k = 0; k < inputs; ++k) {
        for (int64_t lane = 0; lane < lanes; ++lane) {
          const float weight = load_weight(type, bytes, k, lane);
          for (int64_t r = 0; r < rows; ++r) {
            float& acc = tile.acc[static_cast<size_t>(r)][static_cast<size_t>(lane)];
            acc = std::fma(weight, args.x.values[(row + r) * inputs + k], acc);
          }
        }
      }
      store(args, tile, panel, row, rows);
    }
  }
}

}  // namespace

void matmul(const MatmulArgs& args) {
  if (reads_quantized_activations(args.weights.type)) {
    matmul_quantized(args);
  } else {
    matmul_float(args);
  }
}

}  // namespace quire::scalar
