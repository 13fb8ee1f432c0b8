#include "tree/layer_table.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <sstream>

namespace quire::tree {
namespace {

std::string trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(' ');
  if (begin == std::string_view::npos) return {};
  return std::string(text.substr(begin, text.find_last_not_of(' ') + 1 - begin));
}

void add_row(LayerTable& table, const std::string& row) {
  std::istringstream in(row);
  std::string name, description, includes;
  std::getline(in, name, '|');
  std::getline(in, description, '|');
  std::getline(in, includes);
  if (std::count(row.begin(), row.end(), '|') != 2 || trimmed(name).empty() || trimmed(description).empty()) {
    table.wrong.push_back(fmt::format("not a row of three fields: {}", row));
    return;
  }
  Layer layer{.name = trimmed(name), .description = trimmed(description), .includes = {}};
  std::istringstream words(includes);
  for (std::string word; words >> word;) layer.includes.push_back(word);
  if (layer.includes == std::vector<std::string>{"all"}) {
    layer.includes_all = true;
    layer.includes.clear();
    for (const Layer& above : table.layers) layer.includes.push_back(above.name);
  }
  for (const std::string& include : layer.includes) {
    const Layer* above = table.find(include);
    if (above == nullptr) {
      table.wrong.push_back(fmt::format("{} may include {}, which is in no row above it", layer.name, include));
    } else {
      layer.level = std::max(layer.level, above->level + 1);
    }
  }
  table.layers.push_back(std::move(layer));
}

}  // namespace

bool Layer::may_include(std::string_view other) const {
  return other == name || std::find(includes.begin(), includes.end(), other) != includes.end();
}

const Layer* LayerTable::find(std::string_view name) const {
  for (const Layer& layer : layers) {
    if (layer.name == name) return &layer;
  }
  return nullptr;
}

LayerTable parse_layers(std::string_view text) {
  LayerTable table;
  std::istringstream in{std::string(text)};
  for (std::string line; std::getline(in, line);) {
    if (!line.empty() && line[0] != '#') add_row(table, line);
  }
  return table;
}

std::string layers_as_markdown(const LayerTable& table) {
  std::string text = "| level | folder | what it is | may include |\n|---|---|---|---|\n";
  for (const Layer& layer : table.layers) {
    const std::string includes = layer.includes_all ? "all" : fmt::format("{}", fmt::join(layer.includes, " "));
    text += fmt::format("| {} | `{}/` | {} | {}{}|\n", layer.level, layer.name, layer.description, includes,
                        includes.empty() ? "" : " ");
  }
  return text;
}

}  // namespace quire::tree
