// What a kernel computes on fibers beside what the scalar table computes of the same, case by case.
#pragma once

#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "gpu/machine.h"
#include "kernels/kernels.h"

namespace quire::test {

struct Case {
  std::string name;
  // Where the results first differ; nothing where they are the same.
  std::function<std::optional<std::string>(Machine&)> difference;
};

std::vector<Case> element_cases();
std::vector<Case> row_cases();
std::vector<Case> matmul_cases();
std::vector<Case> kv_cases();
std::vector<Case> attention_cases();
std::vector<Case> expert_cases();
std::vector<Case> recurrent_cases();
std::vector<Case> stream_cases();

// Of every kernel.
std::vector<Case> all_cases();

inline const KernelTable& scalar_table() { return *find_kernel_table("scalar"); }

// Equal bits, but that a NaN is a NaN: which one an operation gives is not stated.
inline bool same_value(float a, float b) {
  return std::bit_cast<uint32_t>(a) == std::bit_cast<uint32_t>(b) || (std::isnan(a) && std::isnan(b));
}
template <typename Value>
bool same_value(const Value& a, const Value& b) {
  return a == b;
}

template <typename Value>
std::optional<std::string> difference(const std::vector<Value>& found, const std::vector<Value>& expected) {
  if (found.size() != expected.size()) return "sizes";
  for (size_t i = 0; i < found.size(); ++i) {
    if (!same_value(found[i], expected[i])) {
      return fmt::format("at {} of {}: {}, expected {}", i, found.size(), found[i], expected[i]);
    }
  }
  return std::nullopt;
}

}  // namespace quire::test
