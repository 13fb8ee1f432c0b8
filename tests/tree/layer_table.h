// The layers of src/layers.txt, and what follows from them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace quire::tree {

struct Layer {
  std::string name;  // its folder in src/
  std::string description;
  std::vector<std::string> includes;  // layers above it in the table
  bool includes_all = false;          // "all" stands for them
  int level = 0;                      // one more than the highest level that it includes

  bool may_include(std::string_view other) const;
};

struct LayerTable {
  std::vector<Layer> layers;
  std::vector<std::string> wrong;  // lines that are no rows, and rows that include what is not above them

  const Layer* find(std::string_view name) const;
};
LayerTable parse_layers(std::string_view text);

// The table as docs/architecture.md has it, from its head to the last row.
std::string layers_as_markdown(const LayerTable& table);

}  // namespace quire::tree
