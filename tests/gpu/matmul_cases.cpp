// Matmuls of every type of weights: of one matrix, of a stack that has rows of its own each, and of experts.
#include <algorithm>

#include "gpu/cases.h"
#include "gpu/matmul_launch.h"
#include "kernels/weights.h"

namespace quire::test {
namespace {

struct Shape {
  ElementType type;
  MatmulKind kind;
  int64_t matrices;
  int64_t outputs;
  int64_t inputs;
  int64_t rows;  // of each matrix

  std::string name() const {
    constexpr const char* kinds[] = {"row", "few", "stream", "many"};
    return fmt::format("matmul of {} by {}, {} x {} x {}, {} rows", element_traits(type).name,
                       kinds[static_cast<size_t>(kind)], matrices, outputs, inputs, rows);
  }
};

// A stack of matrices, packed one after another, and rows in the forms that kernels read.
class Problem {
 public:
  Problem(const Shape& shape, int64_t x_rows) : shape_(shape), random_(41) {
    matrix_bytes_ = static_cast<int64_t>(packed_size_bytes(shape.type, shape.outputs, shape.inputs));
    packed_.resize(static_cast<size_t>(shape.matrices * matrix_bytes_ + 64));
    bytes_ = packed_.data() + (64 - reinterpret_cast<uintptr_t>(packed_.data()) % 64) % 64;
    for (int64_t m = 0; m < shape.matrices; ++m) {
      const std::vector<std::byte> rows = random_rows(shape.type, shape.outputs, shape.inputs, random_);
      pack_panels(shape.type, shape.outputs, shape.inputs, rows.data(), 0,
                  (shape.outputs + panel_outputs - 1) / panel_outputs, bytes_ + m * matrix_bytes_);
    }
    x_ = random_floats(x_rows * shape.inputs, random_);
    bias_ = random_floats(shape.matrices * shape.outputs, random_);
    if (!reads_quantized_activations(shape.type)) return;
    form_.resize(static_cast<size_t>(x_rows * shape.inputs / quant_group));
    for (int64_t row = 0; row < x_rows; ++row) {
      scalar_table().quantize_activations(
          {.x = x_.data() + row * shape.inputs,
           .rows = 1,
           .inputs = shape.inputs,
           .tile = reinterpret_cast<std::byte*>(form_.data() + row * shape.inputs / quant_group)});
    }
  }

  gpu::MatmulArgs args() const {
    return {.weights = reinterpret_cast<const uint8_t*>(bytes_),
            .matrix_bytes = matrix_bytes_,
            .matrices = shape_.matrices,
            .outputs = shape_.outputs,
            .inputs = shape_.inputs,
            .form = form_.empty() ? nullptr : form_.data(),
            .x = form_.empty() ? x_.data() : nullptr,
            .x_stride = shape_.inputs,
            .x_matrix_stride = shape_.rows * shape_.inputs,
            .rows = shape_.rows};
  }
  const float* bias() const { return bias_.data(); }

  // What the scalar table makes of a row and a matrix.
  std::vector<float> product(int64_t matrix, int64_t row) const {
    std::vector<float> y(static_cast<size_t>(shape_.outputs));
    const float* const x = x_.data() + row * shape_.inputs;
    const gpu::QuantizedGroup* const form = form_.empty() ? nullptr : form_.data() + row * shape_.inputs / quant_group;
    scalar_table().matmul({.weights = {.type = shape_.type,
                                       .outputs = shape_.outputs,
                                       .inputs = shape_.inputs,
                                       .bytes = bytes_ + matrix * matrix_bytes_},
                           .x = {.rows = 1,
                                 .inputs = shape_.inputs,
                                 .values = x,
                                 .quantized = reinterpret_cast<const std::byte*>(form),
                                 .tile_rows = 1},
                           .y = y.data(),
                           .y_stride = shape_.outputs,
                           .panel_begin = 0,
                           .panel_end = (shape_.outputs + panel_outputs - 1) / panel_outputs});
    return y;
  }

 private:
  Shape shape_;
  Random random_;
  int64_t matrix_bytes_;
  std::vector<std::byte> packed_;
  std::byte* bytes_;
  std::vector<float> x_;
  std::vector<float> bias_;
  std::vector<gpu::QuantizedGroup> form_;
};

// Each matrix with rows of its own; what else y has stays.
std::optional<std::string> stack_difference(Machine& machine, const Shape& shape) {
  constexpr float scale = 0.75F;
  const Problem problem(shape, shape.matrices * shape.rows);
  const int64_t head = shape.outputs + 3, stride = shape.matrices * head;
  std::vector<float> found(static_cast<size_t>(shape.rows * stride), 7.0F), wanted = found;
  gpu::MatmulArgs args = problem.args();
  args.y = found.data();
  args.y_stride = stride;
  args.y_matrix_stride = head;
  args.scale = scale;
  launch_matmul(machine, shape.type, shape.kind, args);
  for (int64_t m = 0; m < shape.matrices; ++m) {
    for (int64_t r = 0; r < shape.rows; ++r) {
      std::vector<float> y = problem.product(m, m * shape.rows + r);
      scalar_table().scale(y.data(), scale, shape.outputs);
      std::ranges::copy(y, wanted.begin() + r * stride + m * head);
    }
  }
  return difference(found, wanted);
}

// Pairs of a row and an expert, sorted by expert: of each so many, the last of them in a tile that is not full.
std::optional<std::string> expert_difference(Machine& machine, const Shape& shape) {
  constexpr int32_t counts[] = {1, 0, 9, 33, 2};
  const int64_t height = tile_rows(shape.type, shape.kind);
  std::vector<gpu::MatrixRows> tiles;
  std::vector<int32_t> x_rows, experts;
  for (int32_t expert = 0; expert < std::ssize(counts); ++expert) {
    const auto first = static_cast<int32_t>(x_rows.size());
    for (int32_t i = 0; i < counts[expert]; ++i) {
      x_rows.push_back((7 * i + 3 * expert) % static_cast<int32_t>(shape.rows));
      experts.push_back(expert);
    }
    for (int32_t begin = first; begin < first + counts[expert]; begin += static_cast<int32_t>(height)) {
      const auto end = std::min(begin + static_cast<int32_t>(height), first + counts[expert]);
      tiles.push_back({.matrix = expert, .begin = begin, .end = end});
    }
  }
  tiles.insert(tiles.begin() + 1, 2, {.matrix = 0, .begin = 0, .end = 0});
  const Problem problem(shape, shape.rows);
  std::vector<float> found(x_rows.size() * static_cast<size_t>(shape.outputs), 7.0F), wanted;
  gpu::MatmulArgs args = problem.args();
  args.tiles = tiles.data();
  args.tile_count = std::ssize(tiles);
  args.x_rows = x_rows.data();
  args.y = found.data();
  args.y_stride = shape.outputs;
  args.bias = problem.bias();
  launch_matmul(machine, shape.type, shape.kind, args);
  for (size_t pair = 0; pair < x_rows.size(); ++pair) {
    std::vector<float> y = problem.product(experts[pair], x_rows[pair]);
    scalar_table().add(y.data(), problem.bias() + experts[pair] * shape.outputs, shape.outputs);
    wanted.insert(wanted.end(), y.begin(), y.end());
  }
  return difference(found, wanted);
}

void add_shape(std::vector<Case>& cases, const Shape& shape) {
  cases.push_back({shape.name(), [shape](Machine& machine) { return stack_difference(machine, shape); }});
}

}  // namespace

std::vector<Case> matmul_cases() {
  std::vector<Case> cases;
  for (const ElementTraits& traits : element_traits_table) {
    const ElementType type = traits.type;
    for (const MatmulKind kind : {MatmulKind::row, MatmulKind::few, MatmulKind::stream, MatmulKind::many}) {
      if (!reads_quantized_activations(type)) {
        if (kind != MatmulKind::few && kind != MatmulKind::many) continue;
        for (const int64_t inputs : {1, 7, 64, 131}) {
          add_shape(cases, {type, kind, 1, 17, inputs, 9});
        }
        if (kind == MatmulKind::many) add_shape(cases, {type, kind, 1, 70, 65, 70});
        add_shape(cases, {type, kind, 2, 5, 66, 17});
        continue;
      }
      // More than a slab of groups, outputs that fill no panel, rows that fill no tile.
      const int64_t inputs = traits.block_elements == 256 ? 2304 : 2112;
      add_shape(cases, {type, kind, 1, 20, inputs, kind == MatmulKind::row ? 1 : 9});
      add_shape(cases, {type, kind, 2, 17, 256, 2});
      if (traits.block_elements == 32) add_shape(cases, {type, kind, 1, 33, 352, 3});  // groups that fill no step
      if (kind == MatmulKind::many) add_shape(cases, {type, kind, 1, 65, 256, 70});
      if (kind == MatmulKind::stream) add_shape(cases, {type, kind, 1, 17, 512, 37});
    }
  }
  // Every number of rows that a tile may have, and pieces that are not full.
  for (int64_t rows = 1; rows <= 70; ++rows) {
    add_shape(cases, {ElementType::q4_0, MatmulKind::many, 1, 16, 32 * (1 + rows % 6), rows});
  }
  add_shape(cases, {ElementType::q4_0, MatmulKind::many, 1, 16, 32, 512});
  add_shape(cases, {ElementType::q4_0, MatmulKind::few, 1, 16, 32, 512});
  for (const ElementType type : {ElementType::q4_k, ElementType::mxfp4, ElementType::f16}) {
    for (const MatmulKind kind : {MatmulKind::row, MatmulKind::few, MatmulKind::stream, MatmulKind::many}) {
      if (type == ElementType::f16 && kind != MatmulKind::few && kind != MatmulKind::many) continue;
      const Shape shape = {type, kind, 5, 24, 256, 11};
      cases.push_back(
          {shape.name() + ", of experts", [shape](Machine& machine) { return expert_difference(machine, shape); }});
    }
  }
  return cases;
}

}  // namespace quire::test
