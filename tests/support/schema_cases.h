// Schemas with instances that keep to them and some that do not, as published suites have them; and instances as a
// writer would write them. Header only: those who use it link quire_text.
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "text/constraint/schema/document.h"
#include "text/constraint/schema/expansion.h"
#include "text/constraint/schema/json.h"
#include "text/constraint/schema/number.h"
#include "text/constraint/schema/text.h"

namespace quire::test {

using constraint::Place;
using constraint::SchemaJson;
using Kind = SchemaJson::Kind;

inline std::string json_quoted(std::string_view text) { return "\"" + constraint::json_escaped(text) + "\""; }

// How an instance is written.
struct Writing {
  std::string comma = ",", colon = ":";
  bool whole_as_digits = true;  // 1.0 is written 1
};

// A JSON value as text; numbers keep their digits. Members in the order that `order` gives (indices of an object's
// items).
inline std::string written(const SchemaJson& json, Place place, const Writing& writing,
                           const std::map<Place, std::vector<size_t>>& order = {}) {
  const SchemaJson::Node& node = json.node(place);
  std::string out;
  switch (node.kind) {
    case Kind::null:
      return "null";
    case Kind::boolean:
      return node.truth ? "true" : "false";
    case Kind::string:
      return json_quoted(node.text);
    case Kind::number: {
      const auto number = constraint::Decimal::parse(node.text);
      if (!writing.whole_as_digits || !number || !number->is_whole()) return node.text;
      return (number->negative ? "-" : "") + (number->is_zero() ? "0" : number->whole);
    }
    case Kind::array:
      for (const Place item : node.items) {
        out += out.empty() ? "" : writing.comma;
        out += written(json, item, writing, order);
      }
      return "[" + out + "]";
    case Kind::object:
      const auto known = order.find(place);
      for (size_t i = 0; i < node.items.size(); ++i) {
        const size_t index = known == order.end() ? i : known->second[i];
        out += out.empty() ? "" : writing.comma;
        out += json_quoted(node.keys[index]) + writing.colon + written(json, node.items[index], writing, order);
      }
      return "{" + out + "}";
  }
  return out;
}

// Finds for each object of an instance the order that a schema gives its members: those the schema names first. Of
// branches ("anyOf", "oneOf", "if"), all count, or with `branch` that one alone.
class SchemaOrder {
 public:
  SchemaOrder(const constraint::SchemaDocument& document, const SchemaJson& instance, std::optional<size_t> branch)
      : document_(document), schema_(document.json()), instance_(instance), branch_(branch) {}

  std::map<Place, std::vector<size_t>> find(Place instance) {
    visit(instance, {SchemaJson::root});
    return std::move(order_);
  }

 private:
  // The schemas that may hold for one value, each where its own members are named.
  void add(Place schema, std::vector<Place>& out, std::set<Place>& seen) {
    if (!schema_.is(schema, Kind::object) || !seen.insert(schema).second || seen.size() > 300) return;
    const SchemaJson::Node& node = schema_.node(schema);
    bool listed = false;
    for (const size_t index : constraint::keyword_order(document_, schema)) {
      const std::string& key = node.keys[index];
      const Place value = node.items[index];
      if (key == "properties") {
        out.push_back(schema);
        listed = true;
      } else if (key == "$ref" || key == "$dynamicRef") {
        if (const auto target = document_.target(schema, value)) add(*target, out, seen);
      } else if (key == "allOf") {
        for (const Place item : schema_.node(value).items) add(item, out, seen);
      } else if (key == "anyOf" || key == "oneOf") {
        const std::vector<Place>& items = schema_.node(value).items;
        for (size_t i = 0; i < items.size(); ++i) {
          if (!branch_ || i == *branch_ % items.size()) add(items[i], out, seen);
        }
      } else if (key == "if" || key == "not" || (key == "then" && branch_.value_or(0) % 2 == 0) ||
                 (key == "else" && branch_.value_or(1) % 2 == 1)) {
        add(value, out, seen);
      } else if ((key == "dependentSchemas" || key == "dependencies") && schema_.is(value, Kind::object)) {
        for (const Place item : schema_.node(value).items) add(item, out, seen);
      }
    }
    if (!listed) out.push_back(schema);
  }

  void visit(Place instance, const std::vector<Place>& schemas) {
    std::vector<Place> all;
    std::set<Place> seen;
    for (const Place schema : schemas) add(schema, all, seen);
    const SchemaJson::Node& node = instance_.node(instance);
    if (node.kind == Kind::array) {
      for (size_t i = 0; i < node.items.size(); ++i) visit(node.items[i], item_schemas(all, i));
    }
    if (node.kind != Kind::object) return;
    std::vector<std::string> names;
    for (const char* keyword : {"properties", "const", "enum", "required", "dependentRequired", "dependencies"}) {
      for (const Place schema : all) add_names(schema, keyword, names);
    }
    std::vector<size_t> order(node.keys.size());
    for (size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::ranges::stable_sort(order, {},
                             [&](size_t i) { return std::ranges::find(names, node.keys[i]) - names.begin(); });
    order_[instance] = order;
    for (size_t i = 0; i < node.items.size(); ++i) visit(node.items[i], member_schemas(all, node.keys[i]));
  }

  void add_names(Place schema, std::string_view keyword, std::vector<std::string>& names) {
    const auto value = schema_.find(schema, keyword);
    if (!value) return;
    const SchemaJson::Node& node = schema_.node(*value);
    if (keyword == "required") {
      for (const Place item : node.items) names.push_back(schema_.node(item).text);
    } else if (keyword == "enum") {
      for (const Place item : node.items)
        names.insert(names.end(), schema_.node(item).keys.begin(), schema_.node(item).keys.end());
    } else {
      names.insert(names.end(), node.keys.begin(), node.keys.end());
      for (const Place item : keyword.starts_with("depend") ? node.items : std::vector<Place>()) {
        for (const Place name : schema_.node(item).items) names.push_back(schema_.node(name).text);
      }
    }
  }

  std::vector<Place> member_schemas(const std::vector<Place>& schemas, const std::string& name) {
    std::vector<Place> out;
    for (const Place schema : schemas) {
      if (const auto properties = schema_.find(schema, "properties")) {
        if (const auto found = schema_.find(*properties, name)) out.push_back(*found);
      }
      if (const auto patterns = schema_.find(schema, "patternProperties")) {
        for (const Place item : schema_.node(*patterns).items) out.push_back(item);
      }
      for (const char* keyword : {"additionalProperties", "unevaluatedProperties"}) {
        if (const auto found = schema_.find(schema, keyword)) out.push_back(*found);
      }
    }
    return out;
  }

  std::vector<Place> item_schemas(const std::vector<Place>& schemas, size_t index) {
    std::vector<Place> out;
    for (const Place schema : schemas) {
      for (const char* keyword : {"prefixItems", "items", "additionalItems", "contains", "unevaluatedItems"}) {
        const auto found = schema_.find(schema, keyword);
        if (!found) continue;
        if (schema_.is(*found, Kind::object)) out.push_back(*found);
        if (schema_.is(*found, Kind::array) && index < schema_.node(*found).items.size()) {
          out.push_back(schema_.node(*found).items[index]);
        }
      }
    }
    return out;
  }

  const constraint::SchemaDocument& document_;
  const SchemaJson& schema_;
  const SchemaJson& instance_;
  std::optional<size_t> branch_;
  std::map<Place, std::vector<size_t>> order_;
};

// Every text that a writer may have chosen for an instance: its members in an order of the schema, compact or with
// spaces.
inline std::vector<std::string> writings(const constraint::SchemaDocument& document, const SchemaJson& instance,
                                         Place place, bool spaced) {
  std::vector<std::string> out;
  for (size_t branch = 0; branch <= 8; ++branch) {
    const auto order =
        SchemaOrder(document, instance, branch == 0 ? std::nullopt : std::optional(branch - 1)).find(place);
    for (const bool digits : {true, false}) {
      Writing writing{.whole_as_digits = digits};
      if (spaced) writing = {.comma = ", ", .colon = ": ", .whole_as_digits = digits};
      std::string text = written(instance, place, writing, order);
      if (std::ranges::find(out, text) == out.end()) out.push_back(std::move(text));
    }
  }
  return out;
}

inline std::string file_text(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace quire::test
