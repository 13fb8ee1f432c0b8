#include "text/constraint/schema/document.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>

#include "text/constraint/schema/address.h"

namespace quire::constraint {
namespace {

using Kind = SchemaJson::Kind;

// Where a schema has schemas: as the value itself, in a list, or as the members of an object.
constexpr auto holds_schema = std::to_array<std::string_view>(
    {"additionalItems", "additionalProperties", "contains", "contentSchema", "else", "if", "items", "not",
     "propertyNames", "then", "unevaluatedItems", "unevaluatedProperties"});
constexpr auto holds_list = std::to_array<std::string_view>({"allOf", "anyOf", "oneOf", "prefixItems", "items"});
constexpr auto holds_members = std::to_array<std::string_view>(
    {"$defs", "definitions", "dependencies", "properties", "patternProperties", "dependentSchemas"});

bool is_one_of(std::string_view word, std::span<const std::string_view> words) {
  return std::ranges::find(words, word) != words.end();
}

// The schemas right below this one.
std::vector<Place> subschemas(const SchemaJson& json, Place schema) {
  std::vector<Place> found;
  const auto add = [&](Place place) {
    if (json.is(place, Kind::object)) found.push_back(place);
  };
  const SchemaJson::Node& node = json.node(schema);
  for (size_t i = 0; i < node.keys.size(); ++i) {
    const Place value = node.items[i];
    const std::string_view key = node.keys[i];
    if (is_one_of(key, holds_schema)) add(value);
    const bool list = json.is(value, Kind::array) && is_one_of(key, holds_list);
    const bool members = json.is(value, Kind::object) && is_one_of(key, holds_members);
    if (!list && !members) continue;
    for (const Place item : json.node(value).items) add(item);
  }
  return found;
}

Draft draft_of(const SchemaJson& json) {
  if (!json.is(SchemaJson::root, Kind::object)) return Draft::newest;
  const std::optional<Place> place = json.find(SchemaJson::root, "$schema");
  if (!place || !json.is(*place, Kind::string)) return Draft::newest;
  const std::string& name = json.node(*place).text;
  for (const std::string_view old : {"draft-04", "draft-03", "draft-05"}) {
    if (name.find(old) != std::string::npos) return Draft::draft_4;
  }
  if (name.find("draft-06") != std::string::npos) return Draft::draft_6;
  if (name.find("draft-07") != std::string::npos) return Draft::draft_7;
  return Draft::newest;
}

// A step of a JSON pointer as it is in a fragment: percent signs first, then '~'.
std::string unescape_step(std::string_view step) {
  const std::string bytes = percent_decoded(step);
  std::string text;
  for (size_t i = 0; i < bytes.size(); ++i) {
    const bool escaped = bytes[i] == '~' && i + 1 < bytes.size() && (bytes[i + 1] == '0' || bytes[i + 1] == '1');
    text += !escaped ? bytes[i] : bytes[++i] == '0' ? '~' : '/';
  }
  return text;
}

std::optional<Place> follow(const SchemaJson& json, Place from, std::string_view pointer) {
  while (!pointer.empty()) {
    pointer.remove_prefix(1);  // '/'
    const size_t end = std::min(pointer.find('/'), pointer.size());
    const std::string step = unescape_step(pointer.substr(0, end));
    pointer.remove_prefix(end);
    if (json.is(from, Kind::object)) {
      const std::optional<Place> next = json.find(from, step);
      if (!next) return std::nullopt;
      from = *next;
    } else if (json.is(from, Kind::array)) {
      const std::vector<Place>& items = json.node(from).items;
      const bool digits =
          !step.empty() && step.size() < 9 && std::ranges::all_of(step, [](char c) { return c >= '0' && c <= '9'; });
      if (!digits || std::stoul(step) >= items.size()) return std::nullopt;
      from = items[std::stoul(step)];
    } else {
      return std::nullopt;
    }
  }
  return from;
}

}  // namespace

Result<SchemaDocument> SchemaDocument::parse(std::string_view text) {
  SchemaDocument document;
  QUIRE_TRY(document.json_, SchemaJson::parse(text));
  const Kind kind = document.json_.node(SchemaJson::root).kind;
  if (kind != Kind::object && kind != Kind::boolean) {
    return fail(ErrorKind::invalid, "a schema is an object, true or false");
  }
  document.draft_ = draft_of(document.json_);
  QUIRE_TRY_VOID(document.find_names());
  return document;
}

Result<void> SchemaDocument::find_names() {
  resources_[""] = SchemaJson::root;
  struct Pending {
    Place schema = 0;
    const std::string* base = nullptr;  // in bases_
  };
  std::vector<Pending> pending{{SchemaJson::root, &bases_[SchemaJson::root]}};
  while (!pending.empty()) {
    const Pending at = pending.back();
    pending.pop_back();
    QUIRE_TRY_VOID(add_names(at.schema, *at.base));
    const auto own = bases_.find(at.schema);
    for (const Place below : subschemas(json_, at.schema)) {
      pending.push_back({.schema = below, .base = own == bases_.end() ? at.base : &own->second});
    }
  }
  return {};
}

Result<std::string> SchemaDocument::resolved(Place schema, std::string_view keyword, const std::string& base,
                                             const std::string& reference) const {
  if (base.size() + reference.size() > address_bytes_max) {
    return fail(ErrorKind::too_large, fmt::format("schema: '{}' at {}: its address has over {} bytes", keyword,
                                                  json_.pointer(schema), address_bytes_max));
  }
  return resolved_address(base, reference);
}

// Counts what is about to be kept.
Result<void> SchemaDocument::keep_address(Place schema, std::string_view keyword, const std::string& address) {
  addresses_bytes_ += address.size();
  if (addresses_bytes_ <= addresses_bytes_max) return {};
  return fail(ErrorKind::too_large, fmt::format("schema: '{}' at {}: all addresses up to it have over {} bytes",
                                                keyword, json_.pointer(schema), addresses_bytes_max));
}

Result<void> SchemaDocument::add_names(Place schema, const std::string& base) {
  const auto text_of = [&](std::string_view key) -> const std::string* {
    const std::optional<Place> place = json_.find(schema, key);
    return place && json_.is(*place, Kind::string) ? &json_.node(*place).text : nullptr;
  };
  const bool siblings_count = draft_ == Draft::newest || !json_.find(schema, "$ref");
  std::string own = base;
  const char* id_keyword = draft_ == Draft::draft_4 ? "id" : "$id";
  const std::string* id = text_of(id_keyword);
  if (id != nullptr && siblings_count) {
    QUIRE_TRY(const std::string address, resolved(schema, id_keyword, base, *id));
    QUIRE_TRY_VOID(keep_address(schema, id_keyword, address));
    const size_t hash = std::min(address.find('#'), address.size());
    if (hash + 1 < address.size()) {
      anchors_.emplace(address, schema);
    } else {
      own = address.substr(0, hash);
      resources_.emplace(own, schema);
      bases_[schema] = own;
    }
  }
  for (const char* keyword : {"$anchor", "$dynamicAnchor"}) {
    const std::string* name = text_of(keyword);
    if (name == nullptr) continue;
    const std::string address = own + "#" + *name;
    QUIRE_TRY_VOID(keep_address(schema, keyword, address));
    anchors_.emplace(address, schema);
    if (std::string_view(keyword) == "$dynamicAnchor") ++dynamic_anchors_[*name];
  }
  return {};
}

Result<Place> SchemaDocument::target(Place schema, Place reference) const {
  const std::string_view keyword = json_.node(schema).keys[json_.node(reference).index];
  if (!json_.is(reference, Kind::string)) return invalid(schema, keyword, "it is no text");
  const std::string& text = json_.node(reference).text;
  Place resource = schema;
  while (!bases_.contains(resource)) resource = json_.node(resource).parent;
  QUIRE_TRY(const std::string address, resolved(schema, keyword, bases_.at(resource), text));
  const size_t hash = std::min(address.find('#'), address.size());
  const auto found = resources_.find(address.substr(0, hash));
  if (found == resources_.end()) {
    return unsupported(schema, keyword, fmt::format("'{}' is in another document", text));
  }
  const std::string fragment = hash < address.size() ? address.substr(hash + 1) : "";
  std::optional<Place> place;
  if (fragment.empty() || fragment[0] == '/') {
    place = follow(json_, found->second, fragment);
  } else if (const auto anchor = anchors_.find(address); anchor != anchors_.end()) {
    const auto dynamic = dynamic_anchors_.find(fragment);
    if (keyword == "$dynamicRef" && dynamic != dynamic_anchors_.end() && dynamic->second > 1) {
      return unsupported(schema, keyword, fmt::format("'{}' has several meanings", text));
    }
    place = anchor->second;
  }
  if (!place) return invalid(schema, keyword, fmt::format("'{}' points at nothing", text));
  if (!json_.is(*place, Kind::object) && !json_.is(*place, Kind::boolean)) {
    return invalid(schema, keyword, fmt::format("'{}' points at what is no schema", text));
  }
  return *place;
}

std::unexpected<Error> SchemaDocument::unsupported(Place schema, std::string_view keyword, std::string_view why) const {
  return fail(ErrorKind::unsupported, fmt::format("schema: '{}' at {}: {}", keyword, json_.pointer(schema), why));
}

std::unexpected<Error> SchemaDocument::invalid(Place schema, std::string_view keyword, std::string_view why) const {
  return fail(ErrorKind::invalid, fmt::format("schema: '{}' at {}: {}", keyword, json_.pointer(schema), why));
}

Error SchemaDocument::placed(Error error, Place schema, std::string_view keyword) const {
  if (error.message.starts_with("schema: ")) return error;
  const std::string place = fmt::format("schema: '{}' at {}: ", keyword, json_.pointer(schema));
  return {error.kind, place + error.message};
}

}  // namespace quire::constraint
