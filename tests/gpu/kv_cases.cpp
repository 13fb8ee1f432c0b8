// How keys and values are stored, and the two halves of heads in f32.
#include <algorithm>
#include <limits>

#include "gpu/cases.h"
#include "gpu/kv_problem.h"
#include "kernels/constants.h"
#include "kernels/scalar/half.h"

namespace quire::test {
namespace {

void add_split(std::vector<Case>& cases) {
  constexpr int64_t heads = 7, head_dim = 40, first = 8, size = 32;
  const auto x = [] {
    Random random(3);
    return random_floats(heads * head_dim, random, 50.0F);
  };
  const auto args = [](const std::vector<float>& from, std::vector<float>& to) {
    return gpu::SplitArgs{
        .x = from.data(), .y = to.data(), .heads = heads, .head_dim = head_dim, .first = first, .size = size};
  };
  cases.push_back({"split_stored", [=](Machine& machine) {
                     const std::vector<float> from = x();
                     std::vector<float> found(2 * from.size(), 7.0F), wanted = found;
                     machine.launch<gpu::SplitHeads<gpu::StoredHalves>>(args(from, found));
                     for (int64_t head = 0; head < heads; ++head) {
                       for (int64_t d = 0; d < size; ++d) {
                         const float value = from[static_cast<size_t>(head * head_dim + first + d)];
                         const float rounded = scalar::f32_of_f16(scalar::f16_of_f32(value));
                         float* const to = wanted.data() + 2 * (head * head_dim + first) + d;
                         to[0] = rounded;
                         to[size] = (value - rounded) * split_scale;
                       }
                     }
                     return difference(found, wanted);
                   }});
  cases.push_back({"split_query", [=](Machine& machine) {
                     const std::vector<float> from = x();
                     std::vector<float> found(2 * from.size(), 7.0F), wanted = found;
                     machine.launch<gpu::SplitHeads<gpu::QueryHalves>>(args(from, found));
                     for (int64_t head = 0; head < heads; ++head) {
                       for (int64_t d = 0; d < size; ++d) {
                         const float value = from[static_cast<size_t>(head * head_dim + first + d)];
                         float* const to = wanted.data() + 2 * (head * head_dim + first) + d;
                         to[0] = value;
                         to[size] = value / split_scale;
                       }
                     }
                     return difference(found, wanted);
                   }});
  cases.push_back({"merge_heads", [=](Machine& machine) {
                     const std::vector<float> from = x();
                     std::vector<float> found(from.size() / 2, 7.0F), wanted = found;
                     machine.launch<gpu::MergeHeads>(
                         {.x = from.data(), .y = found.data(), .heads = heads, .head_dim = head_dim / 2});
                     for (int64_t head = 0; head < heads; ++head) {
                       for (int64_t d = 0; d < head_dim / 2; ++d) {
                         const float* const at = from.data() + head * head_dim + d;
                         wanted[static_cast<size_t>(head * head_dim / 2 + d)] = at[0] + at[head_dim / 2] / split_scale;
                       }
                     }
                     return difference(found, wanted);
                   }});
}

}  // namespace

std::vector<Case> kv_cases() {
  std::vector<Case> cases;
  for (const ElementType type : {ElementType::f16, ElementType::q8_0}) {
    for (const KvShape& shape : {KvShape{64, 2, 64, 0}, KvShape{40, 3, 32, 0}, KvShape{7, 1, 96, 0},
                                 KvShape{80, 1, 32, 64}, KvShape{33, 2, 64, 32}}) {
      cases.push_back(
          {fmt::format("kv_write of {} as {}", shape.name(), element_traits(type).name), [=](Machine& machine) {
             KvProblem problem(type, shape, {{.position = 0, .rows = 40}, {.position = 91, .rows = 9}});
             const std::vector<std::byte> before = problem.bytes();
             problem.write_by_scalar();
             const std::vector<std::byte> wanted = problem.bytes();
             problem.set_bytes(before);
             problem.write(machine);
             return problem.bytes() == wanted ? std::nullopt : std::optional<std::string>("bytes");
           }});
    }
  }
  add_split(cases);
  return cases;
}

}  // namespace quire::test
