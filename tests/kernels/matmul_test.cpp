#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "kernels/quantized_types.h"
#include "kernels/weights.h"

namespace quire::test {
namespace {

constexpr float untouched = -12345.0F;

std::vector<float> multiply(const KernelTable& table, const PackedMatrix& weights, const Activations& x,
                            int64_t panel_begin, int64_t panel_end, int64_t y_stride) {
  std::vector<float> y(static_cast<size_t>(x.rows * y_stride), untouched);
  table.matmul({.weights = weights,
                .x = x,
                .y = y.data(),
                .y_stride = y_stride,
                .panel_begin = panel_begin,
                .panel_end = panel_end});
  return y;
}

int64_t panels_of(int64_t outputs) { return (outputs + panel_outputs - 1) / panel_outputs; }

struct Shape {
  int64_t outputs;
  int64_t inputs;
};

// Block sizes need whole blocks; the float types take anything.
std::vector<Shape> shapes_of(ElementType type) {
  const int64_t block = element_traits(type).block_elements;
  if (block == 1) return {{1, 1}, {15, 7}, {16, 64}, {17, 33}, {33, 96}, {100, 50}, {64, 288}};
  if (block == 64) return {{1, 64}, {15, 128}, {16, 192}, {33, 320}, {64, 576}};
  if (block == 32) return {{1, 32}, {15, 64}, {16, 96}, {17, 32}, {33, 160}, {100, 64}, {64, 288}};
  return {{1, 256}, {15, 512}, {16, 256}, {17, 768}, {33, 256}, {100, 512}};
}

std::string label(ElementType type, const Shape& shape) {
  return std::string(element_traits(type).name) + " " + std::to_string(shape.outputs) + "x" +
         std::to_string(shape.inputs);
}

bool same_bits(const float* a, const float* b, int64_t count) {
  return std::memcmp(a, b, static_cast<size_t>(count) * sizeof(float)) == 0;
}

class Matmul : public testing::TestWithParam<ElementType> {};

INSTANTIATE_TEST_SUITE_P(floats, Matmul, testing::Values(ElementType::f32, ElementType::f16, ElementType::bf16),
                         type_name);
INSTANTIATE_TEST_SUITE_P(quantized, Matmul, quantized_types(), type_name);

// The reference multiplies the dequantized weights with the activations as the kernel reads them, in double. A chain
// of n fused operations on terms t is off by at most n * 2^-24 * sum |t| to first order: one an input, or for a group
// of quantized weights two, whose factors (scale * scale, scale * sum) are rounded once more. 1.01 covers the rest.
TEST_P(Matmul, is_as_near_to_double_precision_as_its_roundings_allow) {
  const ElementType type = GetParam();
  const bool quantized = reads_quantized_activations(type);
  const KernelTable& scalar_table = *find_kernel_table("scalar");
  Random random(7);
  for (const Shape& shape : shapes_of(type)) {
    const int64_t rows = 3;
    const auto bytes = random_rows(type, shape.outputs, shape.inputs, random);
    const Dequantized weights = dequantize_rows(type, bytes, shape.outputs, shape.inputs);
    const Packed packed(type, shape.outputs, shape.inputs, bytes);
    const Rows x(scalar_table, random_floats(rows * shape.inputs, random), rows, shape.inputs);
    const auto y = multiply(scalar_table, packed.matrix(), x.all(), 0, panels_of(shape.outputs), shape.outputs);
    const auto groups = quantized ? x.groups() : std::vector<QuantizedGroup>{};
    const double steps = static_cast<double>(quantized ? 2 * shape.inputs / 32 + 1 : shape.inputs);
    for (int64_t i = 0; i < rows * shape.outputs; ++i) {
      double sum = 0;
      double magnitude = 0;
      for (int64_t k = 0; k < shape.inputs; ++k) {
        const auto at = static_cast<size_t>(i / shape.outputs * shape.inputs + k);
        const auto weight = static_cast<size_t>(i % shape.outputs * shape.inputs + k);
        const double value =
            quantized ? double{groups[at / 32].terms.scale} * groups[at / 32].quants[at % 32] : x.values[at];
        sum += weights.values[weight] * value;
        magnitude += weights.magnitudes[weight] * std::abs(value);
      }
      EXPECT_NEAR(y[static_cast<size_t>(i)], sum, 1.01 * steps * 0x1p-24 * magnitude)
          << label(type, shape) << " row " << i / shape.outputs << " output " << i % shape.outputs;
    }
  }
}

TEST_P(Matmul, has_the_bits_of_its_specification_in_every_table) {
  const ElementType type = GetParam();
  const KernelTable& scalar_table = *find_kernel_table("scalar");
  Random random(11);
  for (const Shape& shape : shapes_of(type)) {
    const int64_t rows = 37;
    const Packed packed(type, shape.outputs, shape.inputs, random_rows(type, shape.outputs, shape.inputs, random));
    const Rows x(scalar_table, random_floats(rows * shape.inputs, random, 3.0F), rows, shape.inputs);
    const int64_t stride = shape.outputs + 3;
    for (const int64_t count : {1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 16, 37}) {
      const auto specified_by = [&](const KernelTable& table) {
        return multiply(table, packed.matrix(), x.rows(0, count), 0, panels_of(shape.outputs), stride);
      };
      const auto plain = specified_by(scalar_table);
      const auto in_pairs = type == ElementType::bf16 ? specified_by(avx512_bf16_specification()) : plain;
      for (const KernelTable* table : supported_kernel_tables()) {
        const auto& expected = table->round_activations != nullptr ? in_pairs : plain;
        for (const int64_t tile_rows : {table->tile_rows, 1 + count % 16}) {
          const Activations in_tiles = x.rows(0, count, tile_rows);
          const auto y = multiply(*table, packed.matrix(), in_tiles, 0, panels_of(shape.outputs), stride);
          EXPECT_TRUE(same_bits(y.data(), expected.data(), count * stride))
              << table->name << " " << label(type, shape) << " rows " << count << " in tiles of " << tile_rows;
        }
      }
    }
  }
}

// Long rows, so that few of them fill what the kernels keep near; an odd number of panels.
TEST_P(Matmul, has_the_bits_of_its_specification_for_more_rows_than_a_block) {
  const ElementType type = GetParam();
  Random random(27);
  const Shape shape = {.outputs = 37, .inputs = 16384};
  const int64_t rows = 40;
  const Packed packed(type, shape.outputs, shape.inputs, random_rows(type, shape.outputs, shape.inputs, random));
  const Rows x(*find_kernel_table("scalar"), random_floats(rows * shape.inputs, random), rows, shape.inputs);
  const auto specified_by = [&](const KernelTable& table) {
    return multiply(table, packed.matrix(), x.all(), 0, panels_of(shape.outputs), shape.outputs);
  };
  const auto plain = specified_by(*find_kernel_table("scalar"));
  const auto in_pairs = type == ElementType::bf16 ? specified_by(avx512_bf16_specification()) : plain;
  for (const KernelTable* table : supported_kernel_tables().subspan(1)) {
    const auto& expected = table->round_activations != nullptr ? in_pairs : plain;
    EXPECT_TRUE(same_bits(specified_by(*table).data(), expected.data(), rows * shape.outputs)) << table->name;
  }
}

TEST_P(Matmul, gives_a_row_the_same_bits_alone_and_among_any_neighbours) {
  const ElementType type = GetParam();
  Random random(13);
  const Shape shape = {.outputs = 49, .inputs = 512};
  const Packed packed(type, shape.outputs, shape.inputs, random_rows(type, shape.outputs, shape.inputs, random));
  const auto row = random_floats(shape.inputs, random);
  for (const KernelTable* table : supported_kernel_tables()) {
    const Rows one(*table, row, 1, shape.inputs);
    const auto alone = multiply(*table, packed.matrix(), one.all(), 0, panels_of(shape.outputs), shape.outputs);
    for (const int64_t rows : {1, 2, 3, 5, 8, 13, 31, 64}) {
      auto values = random_floats(rows * shape.inputs, random, 100.0F);
      const int64_t place = static_cast<int64_t>(random() % static_cast<uint64_t>(rows));
      std::memcpy(values.data() + place * shape.inputs, row.data(), row.size() * sizeof(float));
      const Rows batch(*table, std::move(values), rows, shape.inputs);
      const auto y = multiply(*table, packed.matrix(), batch.all(), 0, panels_of(shape.outputs), shape.outputs);
      EXPECT_TRUE(same_bits(y.data() + place * shape.outputs, alone.data(), shape.outputs))
          << table->name << " " << label(type, shape) << " row " << place << " of " << rows;
    }
  }
}

TEST_P(Matmul, writes_the_panels_that_were_asked_for_and_nothing_else) {
  const ElementType type = GetParam();
  Random random(17);
  const Shape shape = {.outputs = 100, .inputs = 256};
  const int64_t panels = panels_of(shape.outputs);
  const auto bytes = random_rows(type, shape.outputs, shape.inputs, random);
  const Packed packed(type, shape.outputs, shape.inputs, bytes);
  for (const KernelTable* table : supported_kernel_tables()) {
    const Rows x(*table, random_floats(5 * shape.inputs, random), 5, shape.inputs);
    const auto whole = multiply(*table, packed.matrix(), x.all(), 0, panels, shape.outputs);
    for (int64_t begin = 0; begin <= panels; ++begin) {
      for (int64_t end = begin; end <= panels; ++end) {
        const auto part = multiply(*table, packed.matrix(), x.all(), begin, end, shape.outputs);
        for (int64_t i = 0; i < 5 * shape.outputs; ++i) {
          const int64_t panel = i % shape.outputs / panel_outputs;
          const auto at = static_cast<size_t>(i);
          ASSERT_EQ(part[at], panel >= begin && panel < end ? whole[at] : untouched)
              << table->name << " " << label(type, shape) << " panels " << begin << " to " << end << " at " << i;
        }
      }
    }
  }
}

TEST_P(Matmul, packs_panels_alike_in_any_split) {
  const ElementType type = GetParam();
  Random random(19);
  const Shape shape = {.outputs = 70, .inputs = 512};
  const auto bytes = random_rows(type, shape.outputs, shape.inputs, random);
  const Packed whole(type, shape.outputs, shape.inputs, bytes);
  const size_t size = packed_size_bytes(type, shape.outputs, shape.inputs);
  EXPECT_EQ(size % 64, 0U);
  std::vector<std::byte> parts(size);
  for (int64_t p = 0; p < panels_of(shape.outputs); ++p) {
    pack_panels(type, shape.outputs, shape.inputs, bytes.data(), p, p + 1, parts.data());
  }
  EXPECT_EQ(std::memcmp(parts.data(), whole.matrix().bytes, size), 0);
}

TEST_P(Matmul, keeps_what_is_not_a_number_in_its_own_row) {
  const ElementType type = GetParam();
  Random random(23);
  const Shape shape = {.outputs = 16, .inputs = 256};
  const Packed packed(type, shape.outputs, shape.inputs, random_rows(type, shape.outputs, shape.inputs, random));
  for (const KernelTable* table : supported_kernel_tables()) {
    auto values = random_floats(3 * shape.inputs, random);
    const Rows healthy(*table, values, 3, shape.inputs);
    values[static_cast<size_t>(shape.inputs) + 40] = NAN;
    const Rows ill(*table, values, 3, shape.inputs);
    const auto expected = multiply(*table, packed.matrix(), healthy.all(), 0, 1, 16);
    const auto y = multiply(*table, packed.matrix(), ill.all(), 0, 1, 16);
    EXPECT_TRUE(same_bits(y.data(), expected.data(), 16)) << table->name;
    EXPECT_TRUE(same_bits(y.data() + 32, expected.data() + 32, 16)) << table->name;
    for (size_t o = 16; o < 32; ++o) EXPECT_TRUE(std::isnan(y[o])) << table->name;
  }
}

}  // namespace
}  // namespace quire::test
