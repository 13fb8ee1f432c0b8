// Each kernel of the GPU has the scalar table's bits, whatever order its threads run in.
#include <gtest/gtest.h>

#include "gpu/cases.h"

namespace quire::test {
namespace {

constexpr uint64_t order_seed = 0x5EED;  // of the threads' order

void expect_same(const std::vector<Case>& cases) {
  Machine machine(order_seed);
  for (const Case& one : cases) {
    if (const auto found = one.difference(machine)) ADD_FAILURE() << one.name << ": " << *found;
  }
}

TEST(GpuKernels, of_single_elements_have_the_scalar_tables_bits) { expect_same(element_cases()); }
TEST(GpuKernels, of_rows_have_the_scalar_tables_bits) { expect_same(row_cases()); }
TEST(GpuKernels, of_matmuls_have_the_scalar_tables_bits) { expect_same(matmul_cases()); }
TEST(GpuKernels, of_keys_and_values_have_the_scalar_tables_bits) { expect_same(kv_cases()); }
TEST(GpuKernels, of_attention_have_the_scalar_tables_bits) { expect_same(attention_cases()); }
TEST(GpuKernels, of_experts_have_the_scalar_tables_bits) { expect_same(expert_cases()); }
TEST(GpuKernels, of_recurrent_layers_have_the_scalar_tables_bits) { expect_same(recurrent_cases()); }

}  // namespace
}  // namespace quire::test
