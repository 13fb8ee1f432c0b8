// The int8 form by tiles of bytes has the bits of the scalar table, and tiles multiply as much as their loops say.
#include <gtest/gtest.h>

#include <limits>

#include "kernels/isa_functions.h"
#include "kernels/same_results.h"
#include "kernels/tile_test.h"

namespace quire::test {
namespace {

constexpr float untouched = -12345.0F;

struct Panels {
  int64_t begin;
  int64_t end;
};

std::vector<float> multiply(void (*matmul)(const MatmulArgs&), const PackedMatrix& weights, const Activations& x,
                            const Panels& panels) {
  const int64_t stride = weights.outputs + 3;
  std::vector<float> y(static_cast<size_t>(x.rows * stride), untouched);
  matmul({.weights = weights,
          .x = x,
          .y = y.data(),
          .y_stride = stride,
          .panel_begin = panels.begin,
          .panel_end = panels.end});
  return y;
}

class TileMatmul : public TileTest {
 protected:
  void expect_scalar_bits(int64_t outputs, int64_t inputs, int64_t count, std::vector<float> values) {
    const KernelTable& scalar = *find_kernel_table("scalar");
    const Packed packed(GetParam(), outputs, inputs, random_rows(GetParam(), outputs, inputs, random_));
    const Rows x(scalar, std::move(values), count, inputs);
    const Panels all = {0, (outputs + panel_outputs - 1) / panel_outputs};
    EXPECT_TRUE(same_results(multiply(amx::matmul, packed.matrix(), x.all(), all),
                             multiply(scalar.matmul, packed.matrix(), x.all(), all)))
        << outputs << "x" << inputs << ", " << count << " rows";
  }
  void expect_scalar_bits(int64_t outputs, int64_t inputs, int64_t count) {
    expect_scalar_bits(outputs, inputs, count, random_floats(count * inputs, random_, 3.0F));
  }
};

INSTANTIATE_TEST_SUITE_P(types, TileMatmul, quantized_types(), type_name);

// All heights of a tile, and more rows than a block's 64.
TEST_P(TileMatmul, has_the_scalar_tables_bits_for_any_number_of_rows) {
  for (int64_t count = 1; count <= 70; ++count) expect_scalar_bits(19, 3 * block(), count);
  expect_scalar_bits(17, block(), 131);
}

// One group, odd groups, more than a chunk of 512 and a span of 4,096 inputs, more than a block of 16 panels.
TEST_P(TileMatmul, has_the_scalar_tables_bits_for_any_shape) {
  for (const int64_t outputs : {1, 16, 33, 290}) {
    for (const int64_t blocks : {1, 3, 17}) {
      expect_scalar_bits(outputs, std::min<int64_t>(blocks, 1024 / block() + 1) * block(), 18);
    }
  }
  expect_scalar_bits(33, 4096 + block(), 9);
}

TEST_P(TileMatmul, a_row_that_is_no_number_spoils_no_other) {
  const int64_t inputs = 2 * block();
  std::vector<float> values = random_floats(20 * inputs, random_);
  values[static_cast<size_t>(3 * inputs + 5)] = std::numeric_limits<float>::quiet_NaN();
  values[static_cast<size_t>(19 * inputs)] = std::numeric_limits<float>::infinity();
  expect_scalar_bits(33, inputs, 20, values);
}

TEST_P(TileMatmul, writes_the_panels_that_were_asked_for_and_nothing_else) {
  const int64_t outputs = 100, inputs = block(), rows = 9;
  const Packed packed(GetParam(), outputs, inputs, random_rows(GetParam(), outputs, inputs, random_));
  const Rows x(*find_kernel_table("scalar"), random_floats(rows * inputs, random_), rows, inputs);
  const auto whole = multiply(amx::matmul, packed.matrix(), x.all(), {0, 7});
  for (const Panels& panels : {Panels{0, 0}, Panels{0, 3}, Panels{2, 3}, Panels{3, 7}, Panels{6, 7}}) {
    const auto part = multiply(amx::matmul, packed.matrix(), x.all(), panels);
    for (int64_t i = 0; i < rows * (outputs + 3); ++i) {
      const int64_t output = i % (outputs + 3);
      const int64_t panel = output / panel_outputs;
      const bool asked = output < outputs && panel >= panels.begin && panel < panels.end;
      ASSERT_EQ(part[static_cast<size_t>(i)], asked ? whole[static_cast<size_t>(i)] : untouched) << i;
    }
  }
}

using PeakOfTiles = OnTiles<testing::Test>;

TEST_F(PeakOfTiles, counts_the_products_of_four_tiles_a_round) {
  for (const int64_t rounds : {0, 1, 5}) {
    EXPECT_EQ(amx::peak_bf16(rounds), rounds * 4 * 16 * 16 * 32);
    EXPECT_EQ(amx::peak_int8(rounds), rounds * 4 * 16 * 16 * 64);
  }
}

}  // namespace
}  // namespace quire::test
