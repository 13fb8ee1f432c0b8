// AVX-VNNI's matmul has the bits of the scalar table; by VnniTrap where the processor does not have it.
#include <gtest/gtest.h>

#include <cstring>
#include <memory>

#include "kernels/isa_functions.h"
#include "kernels/tile_test.h"
#include "kernels/vnni_trap.h"

namespace quire::test {
namespace {

// The processor's own vpdpbusd, or VnniTrap where it has none.
template <class Base>
class OnVnni : public Base {
 protected:
  void SetUp() override {
    if (find_kernel_table("avx2_vnni") != nullptr) return;
    if (find_kernel_table("avx2") == nullptr) GTEST_SKIP() << "the kernel's other instructions are not here";
    trap_ = std::make_unique<VnniTrap>();
  }

 private:
  std::unique_ptr<VnniTrap> trap_;
};

class VnniMatmul : public OnVnni<testing::TestWithParam<ElementType>> {
 protected:
  void expect_scalar_bits(const PackedMatrix& weights, const Activations& x) {
    const auto multiply = [&](void (*matmul)(const MatmulArgs&)) {
      const int64_t panels = (weights.outputs + panel_outputs - 1) / panel_outputs;
      std::vector<float> y(static_cast<size_t>(x.rows * weights.outputs), -1.0F);
      matmul({.weights = weights,
              .x = x,
              .y = y.data(),
              .y_stride = weights.outputs,
              .panel_begin = 0,
              .panel_end = panels});
      return y;
    };
    const std::vector<float> expected = multiply(find_kernel_table("scalar")->matmul);
    const std::vector<float> actual = multiply(avx2_vnni::matmul);
    EXPECT_EQ(std::memcmp(expected.data(), actual.data(), expected.size() * sizeof(float)), 0)
        << weights.outputs << "x" << weights.inputs << ", " << x.rows << " rows in tiles of " << x.tile_rows;
  }

  Random random_{41};
};

INSTANTIATE_TEST_SUITE_P(types, VnniMatmul, quantized_types(), type_name);

TEST_P(VnniMatmul, has_the_scalar_tables_bits_for_any_number_of_rows) {
  const int64_t outputs = 19;
  const int64_t block = element_traits(GetParam()).block_elements;
  const int64_t inputs = block == 32 ? 3 * block : block;
  const int64_t rows = block == 32 ? 40 : 14;  // a trap takes its time
  const Packed packed(GetParam(), outputs, inputs, random_rows(GetParam(), outputs, inputs, random_));
  const Rows x(*find_kernel_table("scalar"), random_floats(rows * inputs, random_, 3.0F), rows, inputs);
  for (int64_t count = 1; count <= rows; count += count < 9 ? 1 : 5) {
    expect_scalar_bits(packed.matrix(), x.rows(0, count, 4));
    if (count % 7 == 0) expect_scalar_bits(packed.matrix(), x.rows(0, count, 1 + count % 16));
  }
}

// The largest products and sums: quants of -127 and 127, and of weights every pattern.
TEST_P(VnniMatmul, has_the_scalar_tables_bits_for_the_largest_sums) {
  const int64_t outputs = 48, rows = 5, inputs = 512;
  const Packed packed(GetParam(), outputs, inputs, random_rows(GetParam(), outputs, inputs, random_));
  std::vector<float> values(static_cast<size_t>(rows * inputs), 1.0F);
  for (size_t i = inputs; i < values.size(); ++i) values[i] = i < 2 * inputs || random_() % 2 == 0 ? -1.0F : 1.0F;
  const Rows x(*find_kernel_table("scalar"), std::move(values), rows, inputs);
  expect_scalar_bits(packed.matrix(), x.all());
}

using PeakOfVnni = OnVnni<testing::Test>;

TEST_F(PeakOfVnni, counts_the_products_of_ten_registers_a_round) {
  for (const int64_t rounds : {0, 1, 5}) EXPECT_EQ(avx2_vnni::peak_int8(rounds), rounds * 10 * 32);
}

}  // namespace
}  // namespace quire::test
