// What a Go template computes with: the values that Go's text/template sees through reflection.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "text/marked_text.h"

namespace quire::gotemplate {

struct List;
struct Map;
struct Record;

struct Absent {};  // no value at all, as of a missing key at the end of a pipeline; prints as "<no value>"
struct Null {};    // null inside a list, map or record: an interface that holds nothing
struct Image {};   // the bytes of an image: counted and iterated over, never printed

// A scalar, a text, or a reference to something that never changes: templates cannot modify what they are given.
class Value {
 public:
  using Storage = std::variant<Absent, Null, Image, bool, int64_t, double, Str, std::shared_ptr<const List>,
                               std::shared_ptr<const Map>, std::shared_ptr<const Record>>;

  Value() = default;
  template <typename T>
  requires(std::same_as<T, Null> || std::same_as<T, Image> || std::same_as<T, bool> || std::same_as<T, int64_t> ||
           std::same_as<T, double> || std::same_as<T, Str>) explicit Value(T value)
      : storage_(std::in_place_type<T>, std::move(value)) {}
  explicit Value(List list);
  explicit Value(Map map);
  explicit Value(Record record);

  // The value as a T, or null when it is something else.
  template <typename T>
  const T* as() const {
    return std::get_if<T>(&storage_);
  }
  template <typename T>
  bool is() const {
    return std::holds_alternative<T>(storage_);
  }
  const MarkedText* text() const { return object<MarkedText>(); }
  const List* list() const { return object<List>(); }
  const Map* map() const { return object<Map>(); }
  const Record* record() const { return object<Record>(); }
  // Nothing, in whichever way. Functions do not tell the ways apart.
  bool is_nil() const { return is<Absent>() || is<Null>(); }

 private:
  template <typename T>
  const T* object() const {
    const auto* found = std::get_if<std::shared_ptr<const T>>(&storage_);
    return found ? found->get() : nullptr;
  }

  Storage storage_;
};

// How a list, map or record prints when it has a say in it (its String method, in Go).
enum class Prints : unsigned char {
  as_go,  // [a b], map[a:1], {x y}
  as_json,
  as_alternatives  // of a list of texts: nothing for none, the text itself for one, else as Go prints lists
};

struct ListType {
  std::string_view go_name;
  Prints prints = Prints::as_go;
};

struct MapType {
  std::string_view go_name;
  Prints prints = Prints::as_go;
  // The record that a missing key stands for, in which every field is zero; null: nothing.
  Value (*zero)() = nullptr;
  // A map that templates can neither index nor iterate over, only print as JSON: its keys stay in the order they came.
  bool is_sealed = false;
};

struct FieldType {
  std::string_view name;  // in templates
  std::string_view json_name;
  bool omits_empty = false;  // in JSON
};

struct RecordType {
  std::string_view go_name;
  std::span<const FieldType> fields;
  Prints prints = Prints::as_go;
  bool is_pointer = false;
};

// Items [begin, end) of a vector that slices of the list share.
struct List {
  const ListType* type = nullptr;
  std::shared_ptr<const std::vector<Value>> shared;
  size_t begin = 0;
  size_t end = 0;
  bool is_nil = false;  // an empty list that JSON shows as null

  size_t size() const { return end - begin; }
  std::span<const Value> items() const;
};

// Sorted by the bytes of the keys unless it is sealed; each key is there once.
struct Map {
  const MapType* type = nullptr;
  std::vector<std::pair<Str, Value>> items;
  bool is_nil = false;

  const Value* find(std::string_view key) const;
};

struct Record {
  const RecordType* type = nullptr;
  std::vector<Value> fields;  // as many as the type has

  const Value* find(std::string_view name) const;
};

// What a template's own JSON consists of.
extern const ListType any_list;
extern const MapType any_map;

Value list_of(const ListType& type, std::vector<Value> items);
Value nil_list(const ListType& type);
Value map_of(const MapType& type, std::vector<std::pair<Str, Value>> items);
Value nil_map(const MapType& type);
Value record_of(const RecordType& type, std::vector<Value> fields);
Value plain(std::string_view bytes);  // a text of the template's own

// Whether `if` takes its branch.
bool is_true(const Value& value);
// What fmt.Printf("%T") would show.
std::string_view type_name(const Value& value);

}  // namespace quire::gotemplate
