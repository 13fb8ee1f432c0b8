// The types that tests of quantized weights go through.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tensor/element_type.h"

namespace quire::test {

inline auto quantized_types() {
  std::vector<ElementType> types;
  for (const ElementTraits& traits : element_traits_table) {
    if (traits.block_elements > 1) types.push_back(traits.type);
  }
  return testing::ValuesIn(types);
}

inline std::string type_name(const testing::TestParamInfo<ElementType>& type) {
  return std::string(element_traits(type.param).name);
}

}  // namespace quire::test
