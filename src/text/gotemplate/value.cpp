#include "text/gotemplate/value.h"

#include <algorithm>
#include <string>

namespace quire::gotemplate {

const ListType any_list = {.go_name = "[]interface {}"};
const MapType any_map = {.go_name = "map[string]interface {}"};

Value::Value(List list) : storage_(std::make_shared<const List>(std::move(list))) {}
Value::Value(Map map) : storage_(std::make_shared<const Map>(std::move(map))) {}
Value::Value(Record record) : storage_(std::make_shared<const Record>(std::move(record))) {}

std::span<const Value> List::items() const {
  return shared ? std::span(*shared).subspan(begin, size()) : std::span<const Value>();
}

const Value* Map::find(std::string_view key) const {
  const auto found = std::lower_bound(items.begin(), items.end(), key, [](const auto& item, std::string_view wanted) {
    return item.first->bytes < wanted;
  });
  return found != items.end() && found->first->bytes == key ? &found->second : nullptr;
}

const Value* Record::find(std::string_view name) const {
  for (size_t i = 0; i < type->fields.size(); ++i) {
    if (type->fields[i].name == name) return &fields[i];
  }
  return nullptr;
}

Value list_of(const ListType& type, std::vector<Value> items) {
  const size_t size = items.size();
  return Value(List{
      .type = &type, .shared = std::make_shared<const std::vector<Value>>(std::move(items)), .begin = 0, .end = size});
}

Value nil_list(const ListType& type) { return Value(List{.type = &type, .is_nil = true}); }

Value map_of(const MapType& type, std::vector<std::pair<Str, Value>> items) {
  if (!type.is_sealed) {
    std::stable_sort(items.begin(), items.end(),
                     [](const auto& a, const auto& b) { return a.first->bytes < b.first->bytes; });
  }
  return Value(Map{.type = &type, .items = std::move(items)});
}

Value nil_map(const MapType& type) { return Value(Map{.type = &type, .items = {}, .is_nil = true}); }

Value record_of(const RecordType& type, std::vector<Value> fields) {
  return Value(Record{.type = &type, .fields = std::move(fields)});
}

Value plain(std::string_view bytes) {
  return Value(Str(std::make_shared<const MarkedText>(plain_text(std::string(bytes)))));
}

bool is_true(const Value& value) {
  if (const bool* flag = value.as<bool>()) return *flag;
  if (const int64_t* number = value.as<int64_t>()) return *number != 0;
  if (const double* number = value.as<double>()) return *number != 0;
  if (const MarkedText* text = value.text()) return !text->bytes.empty();
  if (const List* list = value.list()) return list->size() > 0;
  if (const Map* map = value.map()) return map->type->is_sealed ? !map->is_nil : !map->items.empty();
  return !value.is_nil();
}

std::string_view type_name(const Value& value) {
  if (value.is<bool>()) return "bool";
  if (value.is<int64_t>()) return "int";
  if (value.is<double>()) return "float64";
  if (value.text()) return "string";
  if (value.list()) return value.list()->type->go_name;
  if (value.map()) return value.map()->type->go_name;
  if (value.record()) return value.record()->type->go_name;
  return value.is<Image>() ? "api.ImageData" : "nil";
}

}  // namespace quire::gotemplate
