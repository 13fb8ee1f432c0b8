// The JSON of a schema as an array of nodes: numbers keep their digits, members their order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace quire::constraint {

// The number of a node: children come after their parents.
using Place = uint32_t;

// Read once, then only looked at. Invariant: nesting is at most nesting_max, so that what follows children may recurse.
class SchemaJson {
 public:
  enum class Kind : uint8_t { null, boolean, number, string, array, object };
  static constexpr size_t bytes_max = size_t{1} << 20;
  static constexpr size_t nodes_max = 100'000;
  static constexpr size_t nesting_max = 128;  // 64 schemas inside each other, each a member of `properties`
  struct Node {
    Kind kind = Kind::null;
    bool truth = false;                  // boolean
    std::string text = {};               // string: what it says; number: as it is written
    std::vector<Place> items = {};       // array, object
    std::vector<std::string> keys = {};  // object: one an item, no two alike
    std::vector<uint32_t> sorted = {};   // object: the keys' indices by their names
    Place parent = 0;
    uint32_t index = 0;  // among the parent's items
  };

  // ErrorKind::invalid for what is no JSON, or has a member twice; too_large over one of the bounds.
  static Result<SchemaJson> parse(std::string_view text);

  static constexpr Place root = 0;
  const Node& node(Place place) const { return nodes_[place]; }
  bool is(Place place, Kind kind) const { return nodes_[place].kind == kind; }
  std::optional<Place> find(Place object, std::string_view key) const;
  size_t size() const { return nodes_.size(); }
  // "#/properties/a/items", as errors name it: of a long key its beginning.
  std::string pointer(Place place) const;

 private:
  std::vector<Node> nodes_;
  friend class SchemaJsonReader;
};

}  // namespace quire::constraint
