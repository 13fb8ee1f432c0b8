// How high the trees below a node are, for the parser's bound.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "text/jinja/ast.h"

namespace quire::jinja {

inline uint32_t height_of(const ExprPtr& node) { return node ? node->height : 0; }

template <typename... Nodes>
uint32_t tallest(const Nodes&... nodes) {
  return std::max({height_of(nodes)...});
}

inline uint32_t tallest_of(const std::vector<ExprPtr>& nodes) {
  uint32_t height = 0;
  for (const ExprPtr& node : nodes) height = std::max(height, node->height);
  return height;
}

inline uint32_t tallest_of(const Arguments& arguments) {
  uint32_t height =
      std::max({tallest_of(arguments.positional), height_of(arguments.star), height_of(arguments.double_star)});
  for (const auto& [name, value] : arguments.named) height = std::max(height, value->height);
  return height;
}

}  // namespace quire::jinja
