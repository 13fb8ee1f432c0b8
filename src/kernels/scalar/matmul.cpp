// The specification of matmul. Slow on purpose where speed would hide the order of operations.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "kernels/isa_functions.h"
#include "kernels/packed_layout.h"
#include "kernels/scalar/half.h"

namespace quire::scalar {
namespace {

constexpr int64_t lanes = packed::lanes;
constexpr int64_t tile_rows = 8;  // rows for which a group is unpacked once; no effect on bits

// One group of a panel: quants as the integers that multiply activations.
struct Group {
  std::array<std::array<int32_t, quant_group>, lanes> quants;
  std::array<std::array<int32_t, 2>, lanes> sub_scales;  // of the two halves; 1 but for Q6_K
  std::array<float, lanes> scales;
  std::array<float, lanes> minima;  // added times the group's sum of activations; read if has_minima
};

bool has_minima(ElementType type) {
  return type == ElementType::q4_1 || type == ElementType::q5_1 || type == ElementType::q4_k ||
         type == ElementType::q5_k;
}

float load_f16(const uint8_t* bytes, int64_t index) {
  uint16_t half = 0;
  std::memcpy(&half, bytes + 2 * index, 2);
  return f32_of_f16(half);
}

// The low 4 bits of input k of an output.
int32_t low_bits(const uint8_t* low, int64_t lane, int64_t k) {
  const int64_t line = k % 16 / 4;
  const int32_t byte = low[line * 64 + lane * 4 + k % 4];
  return k < 16 ? byte & 15 : byte >> 4;
}

int32_t fifth_bit(const uint8_t* fifth, int64_t lane, int64_t k) { return (fifth[lane * 4 + k % 4] >> (k / 4)) & 1; }

int32_t sixth_bits(const uint8_t* sixth, int64_t lane, int64_t k) {
  return (sixth[k / 16 * 64 + lane * 4 + k % 4] >> (2 * (k % 16 / 4))) & 3;
}

// Where the parts of a group are.
struct GroupBytes {
  const uint8_t* scales;  // f16; of the super-block for K-quants
  const uint8_t* minima;
  const uint8_t* sub_scales;  // K-quants
  const uint8_t* sub_minima;
  const uint8_t* quants;
  const uint8_t* high;  // fifth or sixth bits
};

GroupBytes find_group(ElementType type, const uint8_t* panel, int64_t g) {
  const packed::Step step = packed::step_of(type);
  const int64_t step_groups = step.inputs / quant_group;
  const uint8_t* base = panel + g / step_groups * step.bytes;
  const int64_t i = g % step_groups;
  GroupBytes at{};
  at.scales = base;
  int64_t quants_offset = 64;
  int64_t high_bytes = 0;
  if (type == ElementType::q5_0 || type == ElementType::q5_1 || type == ElementType::q5_k) {
    high_bytes = packed::fifth_bytes;
  }
  if (type == ElementType::q6_k) high_bytes = packed::sixth_bytes;
  const int64_t low_bytes = type == ElementType::q8_0 ? packed::whole_bytes : packed::low_bytes;
  if (step_groups == 2) {
    at.scales = base + i * packed::scales_bytes;
  } else {
    at.minima = base + packed::scales_bytes;
  }
  if (step_groups == packed::k_groups) {
    quants_offset = packed::k_quants_offset;
    const int64_t sub_bytes = type == ElementType::q6_k ? 2 * lanes : lanes;
    at.sub_scales = base + packed::k_head_bytes + i * sub_bytes;
    at.sub_minima = base + packed::k_head_bytes + packed::k_groups * lanes + i * lanes;
  }
  at.quants = base + quants_offset + i * (low_bytes + high_bytes);
  at.high = at.quants + low_bytes;
  return at;
}

int32_t quant_of(ElementType type, const GroupBytes& at, int64_t lane, int64_t k) {
  switch (type) {
    case ElementType::q4_0:
      return low_bits(at.quants, lane, k) - 8;
    case ElementType::q4_1:
    case ElementType::q4_k:
      return low_bits(at.quants, lane, k);
    case ElementType::q5_0:
      return (low_bits(at.quants, lane, k) | fifth_bit(at.high, lane, k) << 4) - 16;
    case ElementType::q5_1:
    case ElementType::q5_k:
      return low_bits(at.quants, lane, k) | fifth_bit(at.high, lane, k) << 4;
    case ElementType::q6_k:
      return (low_bits(at.quants, lane, k) | sixth_bits(at.high, lane, k) << 4) - 32;
    default:
      return at.quants[k / 4 * 64 + lane * 4 + k % 4] - 128;
  }
}

void unpack_group(ElementType type, const uint8_t* panel, int64_t g, Group& group) {
  const GroupBytes at = find_group(type, panel, g);
  for (int64_t lane = 0; lane < lanes; ++lane) {
    const size_t o = static_cast<size_t>(lane);
    for (int64_t k = 0; k < quant_group; ++k) group.quants[o][static_cast<size_t>(k)] = quant_of(type, at, lane, k);
    group.scales[o] = load_f16(at.scales, lane);
    group.sub_scales[o] = {1, 1};
    if (has_minima(type)) group.minima[o] = load_f16(at.minima, lane);
    if (type == ElementType::q4_k || type == ElementType::q5_k) {  // both products are exact
      group.scales[o] = group.scales[o] * static_cast<float>(at.sub_scales[lane]);
      group.minima[o] = -(group.minima[o] * static_cast<float>(at.sub_minima[lane]));
    }
    if (type == ElementType::q6_k) {
      group.sub_scales[o] = {static_cast<int8_t>(at.sub_scales[lane]), static_cast<int8_t>(at.sub_scales[16 + lane])};
    }
  }
}

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

void add_group(const Group& group, bool minima, const int8_t* x, float x_scale, float x_sum,
               std::array<float, lanes>& acc) {
  for (size_t o = 0; o < lanes; ++o) {
    int32_t first = 0;
    int32_t second = 0;
    for (size_t k = 0; k < 16; ++k) first += group.quants[o][k] * x[k];
    for (size_t k = 16; k < 32; ++k) second += group.quants[o][k] * x[k];
    const int32_t sum = group.sub_scales[o][0] * first + group.sub_scales[o][1] * second;
    acc[o] = std::fma(static_cast<float>(sum), group.scales[o] * x_scale, acc[o]);
    if (minima) acc[o] = std::fma(group.minima[o], x_sum, acc[o]);
  }
}

void matmul_quantized(const MatmulArgs& args) {
  const ElementType type = args.weights.type;
  const int64_t inputs = args.weights.inputs;
  const int64_t groups = inputs / quant_group;
  const bool minima = has_minima(type);
  Group group;
  for (int64_t panel = args.panel_begin; panel < args.panel_end; ++panel) {
    const auto* bytes =
        reinterpret_cast<const uint8_t*>(args.weights.bytes) + panel * packed::panel_bytes(type, inputs);
    for (int64_t row = 0; row < args.x.rows; row += tile_rows) {
      const int64_t rows = std::min(tile_rows, args.x.rows - row);
      Tile tile;
      for (int64_t g = 0; g < groups; ++g) {
        unpack_group(type, bytes, g, group);
        for (int64_t r = 0; r < rows; ++r) {
          const int64_t at = (row + r) * groups + g;
          add_group(group, minima, args.x.quants + at * quant_group, args.x.scales[at], args.x.group_sums[at],
                    tile.acc[static_cast<size_t>(r)]);
        }
      }
      store(args, tile, panel, row, rows);
    }
  }
}

float load_weight(ElementType type, const uint8_t* panel, int64_t index) {
  if (type == ElementType::f32) {
    float value = 0.0F;
    std::memcpy(&value, panel + 4 * index, 4);
    return value;
  }
  uint16_t bits = 0;
  std::memcpy(&bits, panel + 2 * index, 2);
  return type == ElementType::f16 ? f32_of_f16(bits) : f32_of_bf16(bits);
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
          const float weight = load_weight(type, bytes, k * lanes + lane);
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
