#include "gpu/cases.h"

#include <iterator>

namespace quire::test {

std::vector<Case> all_cases() {
  std::vector<Case> all;
  for (const auto cases : {element_cases, row_cases, matmul_cases, kv_cases, attention_cases, expert_cases,
                           recurrent_cases, stream_cases}) {
    std::vector<Case> some = cases();
    std::ranges::move(some, std::back_inserter(all));
  }
  return all;
}

}  // namespace quire::test
