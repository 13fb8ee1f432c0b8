// Each kernel of the GPU has the scalar table's bits, whatever order its threads run in: where the compiler announces
// accesses they give way to each other between any two of them, and no two accesses of different threads to one byte,
// of which one writes, lack a barrier between them.
#include <gtest/gtest.h>

#include <set>
#include <string_view>

#include "gpu/cases.h"
#include "gpu/race_detector.h"
#include "kernels/gpu/kernel_list.h"

namespace quire::test {
namespace {

constexpr uint64_t order_seed = 0x5EED;  // of the threads' order
constexpr uint32_t accesses_between = 64;

void expect_same(const std::vector<Case>& cases) {
  RaceDetector detector;
  Machine machine(order_seed);
  machine.interleave(accesses_between);
  if (announces_accesses) machine.observe(&detector);
  for (const Case& one : cases) {
    const size_t races_before = detector.races().size();
    if (const auto found = one.difference(machine)) ADD_FAILURE() << one.name << ": " << *found;
    for (size_t i = races_before; i < detector.races().size(); ++i) {
      ADD_FAILURE() << one.name << ": " << detector.races()[i];
    }
  }
}

TEST(GpuKernels, of_single_elements_have_the_scalar_tables_bits) { expect_same(element_cases()); }
TEST(GpuKernels, of_rows_have_the_scalar_tables_bits) { expect_same(row_cases()); }
TEST(GpuKernels, of_matmuls_have_the_scalar_tables_bits) { expect_same(matmul_cases()); }
TEST(GpuKernels, of_keys_and_values_have_the_scalar_tables_bits) { expect_same(kv_cases()); }
TEST(GpuKernels, of_attention_have_the_scalar_tables_bits) { expect_same(attention_cases()); }
TEST(GpuKernels, of_experts_have_the_scalar_tables_bits) { expect_same(expert_cases()); }
TEST(GpuKernels, of_recurrent_layers_have_the_scalar_tables_bits) { expect_same(recurrent_cases()); }
TEST(GpuKernels, of_streams_have_the_scalar_tables_bits) { expect_same(stream_cases()); }

TEST(GpuKernels, are_all_in_some_case) {
  using namespace gpu;  // NOLINT: the list's names are of it
  Machine machine(order_seed);
  machine.note_launches();
  machine.skip_launches();
  for (const Case& one : all_cases()) (void)one.difference(machine);
  const std::set<std::string_view> launched(machine.launched().begin(), machine.launched().end());
#define QUIRE_EXPECT_LAUNCHED(name, ...) EXPECT_TRUE(launched.contains(kernel_name<__VA_ARGS__>())) << #name;
  QUIRE_GPU_KERNELS(QUIRE_EXPECT_LAUNCHED)
  QUIRE_GPU_DOT_KERNELS(QUIRE_EXPECT_LAUNCHED)
  QUIRE_GPU_TENSOR_KERNELS(QUIRE_EXPECT_LAUNCHED)
}

}  // namespace
}  // namespace quire::test
