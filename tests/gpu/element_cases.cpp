// Operations on single elements.
#include <limits>

#include "gpu/cases.h"
#include "kernels/gpu/elementwise.h"
#include "kernels/weights.h"

namespace quire::test {
namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float nan = std::numeric_limits<float>::quiet_NaN();
constexpr int64_t widths[] = {1, 7, 32, 1024, 1031};

// Numbers of every size, and those that functions treat apart.
std::vector<float> numbers(int64_t count, uint64_t seed) {
  constexpr float special[] = {0.0F,  -0.0F,     infinity, -infinity, nan,   1e-40F, -1e-40F, 88.5F,
                               -88.F, 1.17e-38F, 7.0F,     -7.0F,     1e30F, -1e30F, 14.0F,   -14.0F};
  Random random(seed);
  std::vector<float> values = random_floats(count, random, 4.0F);
  for (size_t i = 0; i < values.size(); i += 5) values[i] = special[random() % std::size(special)];
  return values;
}

using Alone = void (*)(float* x, int64_t n);
using Gated = void (*)(float* y, const float* x, int64_t n);

template <typename Function>
void add_map(std::vector<Case>& cases, const char* name, const std::function<void(float*, int64_t)>& expected,
             float operand = 0.0F) {
  for (const int64_t width : widths) {
    cases.push_back({fmt::format("{} of {}", name, width), [=](Machine& machine) {
                       std::vector<float> found = numbers(width, 1), wanted = found;
                       machine.launch<gpu::Map<Function>>({.x = found.data(), .count = width, .operand = operand});
                       expected(wanted.data(), width);
                       return difference(found, wanted);
                     }});
  }
}

template <typename Function>
void add_combine(std::vector<Case>& cases, const char* name, Gated expected) {
  for (const int64_t width : widths) {
    for (const bool one_row : {false, true}) {
      cases.push_back(
          {fmt::format("{} of 3 x {}{}", name, width, one_row ? ", one row for all" : ""), [=](Machine& machine) {
             const std::vector<float> x = numbers((one_row ? 1 : 3) * width, 2);
             std::vector<float> found = numbers(3 * width, 3), wanted = found;
             machine.launch<gpu::Combine<Function>>(
                 {.y = found.data(), .x = x.data(), .rows = 3, .width = width, .x_stride = one_row ? 0 : width});
             for (int64_t r = 0; r < 3; ++r) {
               expected(wanted.data() + r * width, x.data() + (one_row ? 0 : r * width), width);
             }
             return difference(found, wanted);
           }});
    }
  }
}

template <typename Function>
void add_gate(std::vector<Case>& cases, const char* name, Alone function) {
  for (const int64_t neighbours : {1, 3, 400}) {
    constexpr int64_t rows = 5, gates = 7;
    const int64_t width = gates * neighbours;
    cases.push_back({fmt::format("{} for {} neighbours", name, neighbours), [=](Machine& machine) {
                       const std::vector<float> gate = numbers(rows * gates, 4);
                       std::vector<float> found = numbers(rows * width, 5), wanted = found, of_gate = gate;
                       machine.launch<gpu::Gate<Function>>(
                           {.x = found.data(), .gate = gate.data(), .rows = rows, .width = width, .gate_width = gates});
                       if (function != nullptr) function(of_gate.data(), rows * gates);
                       for (int64_t i = 0; i < rows * gates; ++i) {
                         scalar_table().scale(wanted.data() + i * neighbours, of_gate[static_cast<size_t>(i)],
                                              neighbours);
                       }
                       return difference(found, wanted);
                     }});
  }
}

}  // namespace

std::vector<Case> element_cases() {
  const KernelTable& table = scalar_table();
  std::vector<Case> cases;
  add_map<gpu::Gelu>(cases, "gelu", table.gelu);
  add_map<gpu::GeluErf>(cases, "gelu_erf", table.gelu_erf);
  add_map<gpu::ReluSquared>(cases, "relu_squared", table.relu_squared);
  add_map<gpu::Sigmoid>(cases, "sigmoid", table.sigmoid);
  add_map<gpu::Scale>(
      cases, "scale", [&table](float* x, int64_t n) { table.scale(x, 0.3F, n); }, 0.3F);
  add_map<gpu::Softcap>(
      cases, "softcap", [&table](float* x, int64_t n) { table.softcap(x, 30.0F, n); }, 30.0F);
  add_combine<gpu::Add>(cases, "add", table.add);
  add_combine<gpu::Multiply>(cases, "multiply", table.multiply);
  add_combine<gpu::SiluMultiply>(cases, "silu_multiply", table.silu_mul);
  add_combine<gpu::GeluMultiply>(cases, "gelu_multiply", table.gelu_mul);
  add_combine<gpu::GeluErfMultiply>(cases, "gelu_erf_multiply", table.gelu_erf_mul);
  add_combine<gpu::ClampedSwiglu>(cases, "clamped_swiglu", table.clamped_swiglu);
  add_gate<gpu::GateItself>(cases, "gate", nullptr);
  add_gate<gpu::GateSigmoid>(cases, "gate_sigmoid", table.sigmoid);
  add_gate<gpu::GateSoftplus>(cases, "gate_softplus", table.softplus);
  return cases;
}

}  // namespace quire::test
