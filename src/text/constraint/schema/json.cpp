#include "text/constraint/schema/json.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>

#include "base/shown.h"

namespace quire::constraint {
namespace {

constexpr size_t key_shown_max = 80;

}  // namespace

// The events of nlohmann's parser, which does not recurse, as nodes. Returning false ends the parse.
class SchemaJsonReader {
 public:
  using Kind = SchemaJson::Kind;
  using Node = SchemaJson::Node;

  bool null() { return add({.kind = Kind::null}); }
  bool boolean(bool value) { return add({.kind = Kind::boolean, .truth = value}); }
  bool number_integer(int64_t value) { return add({.kind = Kind::number, .text = std::to_string(value)}); }
  bool number_unsigned(uint64_t value) { return add({.kind = Kind::number, .text = std::to_string(value)}); }
  bool number_float(double, const std::string& text) { return add({.kind = Kind::number, .text = text}); }
  bool string(std::string& value) { return add({.kind = Kind::string, .text = std::move(value)}); }
  bool binary(nlohmann::ordered_json::binary_t&) { return false; }
  bool start_object(size_t) { return open(Kind::object); }
  bool start_array(size_t) { return open(Kind::array); }
  bool end_array() { return close(); }

  bool end_object() {
    Node& object = json_.nodes_[open_.back()];
    object.sorted.resize(object.keys.size());
    std::iota(object.sorted.begin(), object.sorted.end(), 0U);
    const auto name = [&](uint32_t index) -> const std::string& { return object.keys[index]; };
    std::ranges::sort(object.sorted, {}, name);
    const auto twice = std::ranges::adjacent_find(object.sorted, {}, name);
    if (twice != object.sorted.end()) {
      return stop(ErrorKind::invalid,
                  fmt::format("'{}' is twice in {}", shown(name(*twice), key_shown_max), json_.pointer(open_.back())));
    }
    return close();
  }

  bool key(std::string& name) {
    json_.nodes_[open_.back()].keys.push_back(std::move(name));
    return true;
  }

  bool parse_error(size_t position, const std::string&, const nlohmann::detail::exception&) {
    return stop(ErrorKind::invalid, fmt::format("the schema is no JSON: byte {} cannot be there", position));
  }

  Result<SchemaJson> finish() && {
    if (error_) return std::unexpected(std::move(*error_));
    return std::move(json_);
  }

 private:
  bool stop(ErrorKind kind, std::string message) {
    error_ = Error{kind, std::move(message)};
    return false;
  }

  bool add(Node node) {
    if (json_.nodes_.size() >= SchemaJson::nodes_max) {
      return stop(ErrorKind::too_large, fmt::format("the schema has over {} values", SchemaJson::nodes_max));
    }
    const Place place = static_cast<Place>(json_.nodes_.size());
    if (!open_.empty()) {
      Node& parent = json_.nodes_[open_.back()];
      node.parent = open_.back();
      node.index = static_cast<uint32_t>(parent.items.size());
      parent.items.push_back(place);
    }
    json_.nodes_.push_back(std::move(node));
    return true;
  }

  bool open(Kind kind) {
    if (open_.size() >= SchemaJson::nesting_max) {
      return stop(ErrorKind::too_large, fmt::format("the schema is over {} values deep at {}", SchemaJson::nesting_max,
                                                    json_.pointer(open_.back())));
    }
    if (!add({.kind = kind})) return false;
    open_.push_back(static_cast<Place>(json_.nodes_.size() - 1));
    return true;
  }

  bool close() {
    open_.pop_back();
    return true;
  }

  SchemaJson json_;
  std::vector<Place> open_;
  std::optional<Error> error_;
};

Result<SchemaJson> SchemaJson::parse(std::string_view text) {
  if (text.size() > bytes_max) {
    return fail(ErrorKind::too_large, fmt::format("the schema has {} bytes, over {}", text.size(), bytes_max));
  }
  SchemaJsonReader reader;
  try {
    nlohmann::ordered_json::sax_parse(text, &reader);
  } catch (const nlohmann::detail::exception&) {  // a number that no double holds
    return fail(ErrorKind::invalid, "the schema has a number out of range");
  }
  return std::move(reader).finish();
}

std::optional<Place> SchemaJson::find(Place object, std::string_view key) const {
  const Node& node = nodes_[object];
  const auto name = [&](uint32_t index) -> std::string_view { return node.keys[index]; };
  const auto found = std::ranges::lower_bound(node.sorted, key, {}, name);
  if (found == node.sorted.end() || name(*found) != key) return std::nullopt;
  return node.items[*found];
}

std::string SchemaJson::pointer(Place place) const {
  std::vector<std::string> steps;
  for (; place != root; place = nodes_[place].parent) {
    const Node& node = nodes_[place];
    const Node& parent = nodes_[node.parent];
    if (parent.kind == Kind::array) {
      steps.push_back(std::to_string(node.index));
      continue;
    }
    std::string step;
    for (const char c : shown(parent.keys[node.index], key_shown_max)) {
      step += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
    }
    steps.push_back(std::move(step));
  }
  std::string text = "#";
  for (size_t i = steps.size(); i-- > 0;) text += "/" + steps[i];
  return text;
}

}  // namespace quire::constraint
