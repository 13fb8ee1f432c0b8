// len, index and slice.
#include <fmt/format.h>

#include <array>

#include "text/gotemplate/functions.h"
#include "text/gotemplate/render.h"

namespace quire::gotemplate {

namespace {

// A place in a list or text of `size` items, its end included.
Result<size_t> place(const Value& index, size_t size) {
  const int64_t* number = index.as<int64_t>();
  if (!number) return template_error(fmt::format("{} is no index", type_name(index)));
  if (*number < 0 || static_cast<uint64_t>(*number) > size) {
    return template_error(fmt::format("the index {} is out of range", *number));
  }
  return static_cast<size_t>(*number);
}

Result<size_t> place_of_item(const Value& index, size_t size) {
  QUIRE_TRY(const size_t at, place(index, size));
  if (at == size) return template_error(fmt::format("the index {} is out of range", at));
  return at;
}

Result<Value> item_of(const Value& container, const Value& index) {
  if (const List* list = container.list()) {
    QUIRE_TRY(const size_t at, place_of_item(index, list->size()));
    return list->items()[at];
  }
  if (const MarkedText* text = container.text()) {
    QUIRE_TRY(const size_t at, place_of_item(index, text->bytes.size()));
    return Value(static_cast<int64_t>(static_cast<unsigned char>(text->bytes[at])));
  }
  const Map* map = container.map();
  if (!map || map->type->is_sealed) return template_error(fmt::format("cannot index {}", type_name(container)));
  if (!index.text()) return template_error(fmt::format("{} is no key", type_name(index)));
  if (const Value* found = map->find(index.text()->bytes)) return *found;
  return map->type->zero ? map->type->zero() : Value(Null{});
}

}  // namespace

Result<Value> call_len(Render&, Arguments arguments) {
  const Value& value = arguments[0];
  size_t size = 0;
  if (value.text()) {
    size = value.text()->bytes.size();
  } else if (value.list()) {
    size = value.list()->size();
  } else if (value.map() && !value.map()->type->is_sealed) {
    size = value.map()->items.size();
  } else {
    return template_error(fmt::format("{} has no length", type_name(value)));
  }
  return Value(static_cast<int64_t>(size));
}

// index x 1 2 is x[1][2].
Result<Value> call_index(Render& render, Arguments arguments) {
  Value value = arguments[0];
  if (value.is_nil()) return template_error("cannot index nil");
  for (const Value& index : arguments.subspan(1)) {
    QUIRE_TRY_VOID(render.budget().step());
    QUIRE_TRY(value, item_of(value, index));
  }
  return value;
}

// slice x 1 2 is x[1:2]. A third bound, which Go keeps as the capacity, is only checked.
Result<Value> call_slice(Render& render, Arguments arguments) {
  const Value& value = arguments[0];
  const List* list = value.list();
  const MarkedText* text = value.text();
  if (!list && !text) return template_error(fmt::format("cannot slice {}", type_name(value)));
  if (text && arguments.size() > 3) return template_error("a string is sliced with two bounds at most");
  const size_t size = list ? list->size() : text->bytes.size();
  std::array<size_t, 3> bounds = {0, size, size};
  for (size_t i = 1; i < arguments.size(); ++i) {
    QUIRE_TRY(bounds[i - 1], place(arguments[i], size));
  }
  if (bounds[0] > bounds[1] || bounds[1] > bounds[2]) return template_error("the bounds of a slice are not in order");
  if (text) {
    QUIRE_TRY_VOID(render.budget().read(bounds[1] - bounds[0]));
    return render.text(slice(*text, bounds[0], bounds[1]));
  }
  List part = *list;
  part.end = part.begin + bounds[1];
  part.begin += bounds[0];
  return Value(std::move(part));
}

}  // namespace quire::gotemplate
