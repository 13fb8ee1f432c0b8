// Methods of list and dict. Unlike the strictest sandbox of Jinja, lists and dicts may be changed: templates of real
// models do so, and all that they can reach belongs to this one render.
#include <fmt/format.h>

#include <algorithm>

#include "text/jinja/operators.h"
#include "text/jinja/render.h"
#include "text/jinja/to_text.h"

namespace quire::jinja {

namespace {

std::vector<Value>& items_of(const Value& self) { return self.sequence()->items; }

Result<Value> list_append(Render& render, const Value& self, const Args& args) {
  QUIRE_TRY(const auto bound, bind(args, "append", {"object"}, 1));
  render.heap().charge(2 * Heap::value_bytes);  // a vector grows by doubling
  items_of(self).push_back(*bound[0]);
  return Value(None{});
}

Result<Value> list_extend(Render& render, const Value& self, const Args& args) {
  QUIRE_TRY(const auto bound, bind(args, "extend", {"iterable"}, 1));
  QUIRE_TRY(const std::vector<Value> more, render.collect(*bound[0]));
  QUIRE_TRY_VOID(render.reserve(2 * Heap::value_bytes * more.size()));
  render.heap().charge(2 * Heap::value_bytes * more.size());
  items_of(self).insert(items_of(self).end(), more.begin(), more.end());
  return Value(None{});
}

Result<Value> list_insert(Render& render, const Value& self, const Args& args) {
  QUIRE_TRY(const auto bound, bind(args, "insert", {"index", "object"}, 2));
  QUIRE_TRY(const Int index, int_argument(bound[0], "insert", 0));
  std::vector<Value>& items = items_of(self);
  const auto size = static_cast<Int>(items.size());
  QUIRE_TRY_VOID(render.step(items.size() / 16));
  render.heap().charge(2 * Heap::value_bytes);
  const Int at = std::clamp<Int>(index < 0 ? index + size : index, 0, size);
  items.insert(items.begin() + static_cast<ptrdiff_t>(at), *bound[1]);
  return Value(None{});
}

Result<Value> list_pop(Render& render, const Value& self, const Args& args) {
  QUIRE_TRY(const auto bound, bind(args, "pop", {"index"}));
  QUIRE_TRY(const Int index, int_argument(bound[0], "pop", -1));
  std::vector<Value>& items = items_of(self);
  if (items.empty()) return template_error("pop from empty list");
  const auto size = static_cast<Int>(items.size());
  const Int at = index < 0 ? index + size : index;
  if (at < 0 || at >= size) return template_error("pop index out of range");
  QUIRE_TRY_VOID(render.step(items.size() / 16));
  Value taken = items[static_cast<size_t>(at)];
  items.erase(items.begin() + static_cast<ptrdiff_t>(at));
  return taken;
}

Result<std::optional<size_t>> position_of(Render& render, const Value& self, const Value& wanted) {
  const std::vector<Value>& items = items_of(self);
  for (size_t i = 0; i < items.size(); ++i) {
    QUIRE_TRY(const bool is_it, equals(render, items[i], wanted));
    if (is_it) return i;
  }
  return std::nullopt;
}

Result<Value> list_remove(Render& render, const Value& self, const Args& args) {
  QUIRE_TRY(const auto bound, bind(args, "remove", {"value"}, 1));
  QUIRE_TRY(const auto position, position_of(render, self, *bound[0]));
  if (!position) return template_error("list.remove(x): x not in list");
  items_of(self).erase(items_of(self).begin() + static_cast<ptrdiff_t>(*position));
  return Value(None{});
}

Result<Value> list_index(Render& render, const Value& self, const Args& args) {
  QUIRE_TRY(const auto bound, bind(args, "index", {"value"}, 1));
  QUIRE_TRY(const auto position, position_of(render, self, *bound[0]));
  if (!position) return template_error("the value is not in the list");
  return integer(*position);
}

Result<Value> list_count(Render& render, const Value& self, const Args& args) {
  QUIRE_TRY(const auto bound, bind(args, "count", {"value"}, 1));
  size_t count = 0;
  for (const Value& item : items_of(self)) {
    QUIRE_TRY(const bool is_it, equals(render, item, *bound[0]));
    count += is_it ? 1 : 0;
  }
  return integer(count);
}

Result<Value> list_reverse(Render& render, const Value& self, const Args&) {
  QUIRE_TRY_VOID(render.step(items_of(self).size() / 16));
  std::reverse(items_of(self).begin(), items_of(self).end());
  return Value(None{});
}

Result<Value> list_clear(Render&, const Value& self, const Args&) {
  items_of(self).clear();
  return Value(None{});
}

Result<Value> list_copy(Render& render, const Value& self, const Args&) {
  QUIRE_TRY_VOID(render.step(items_of(self).size() / 16));
  QUIRE_TRY_VOID(render.reserve(items_of(self).size() * Heap::value_bytes));
  return render.heap().list(items_of(self));
}

std::unexpected<Error> no_key(Render& render, const Value& key) {
  TextBuilder shown;
  if (auto status = append_repr(render, shown, key); !status) return std::unexpected(std::move(status).error());
  return template_error(fmt::format("there is no key {}", shown.take().bytes));
}

Result<Value> dict_get(Render& render, const Value& self, const Args& args) {
  QUIRE_TRY(const auto bound, bind(args, "get", {"key", "default"}, 1));
  if (!is_hashable(*bound[0])) return template_error(fmt::format("unhashable type: '{}'", type_name(*bound[0])));
  QUIRE_TRY(const Value* found, find_key(render, *self.dict(), *bound[0]));
  if (found) return *found;
  return bound[1] ? *bound[1] : Value(None{});
}

Result<Value> dict_keys(Render& render, const Value& self, const Args&) {
  std::vector<Value> keys;
  for (const auto& [key, value] : self.dict()->items) keys.push_back(key);
  QUIRE_TRY_VOID(render.step(keys.size() / 4));
  return render.heap().sequence(SequenceType::dict_keys, std::move(keys));
}

Result<Value> dict_values(Render& render, const Value& self, const Args&) {
  std::vector<Value> values;
  for (const auto& [key, value] : self.dict()->items) values.push_back(value);
  QUIRE_TRY_VOID(render.step(values.size() / 4));
  return render.heap().sequence(SequenceType::dict_values, std::move(values));
}

Result<Value> dict_items(Render& render, const Value& self, const Args&) {
  std::vector<Value> items;
  QUIRE_TRY_VOID(render.step(self.dict()->items.size()));
  for (const auto& [key, value] : self.dict()->items) {
    items.push_back(render.heap().sequence(SequenceType::tuple, {key, value}));
  }
  return render.heap().sequence(SequenceType::dict_items, std::move(items));
}

Result<Value> dict_pop(Render& render, const Value& self, const Args& args) {
  QUIRE_TRY(const auto bound, bind(args, "pop", {"key", "default"}, 1));
  QUIRE_TRY(const Value* found, find_key(render, *self.dict(), *bound[0]));
  if (!found) return bound[1] ? Result<Value>(*bound[1]) : no_key(render, *bound[0]);
  Value taken = *found;
  QUIRE_TRY_VOID(render.step(self.dict()->items.size() / 16));
  self.dict()->erase(*bound[0]);
  return taken;
}

Result<std::monostate> put(Render& render, Dict& dict, const Value& key, const Value& value) {
  if (!is_hashable(key)) return template_error(fmt::format("unhashable type: '{}'", type_name(key)));
  QUIRE_TRY(Value * found, find_key(render, dict, key));
  if (found) {
    *found = value;
  } else {
    render.heap().charge(4 * Heap::value_bytes);
    dict.items.emplace_back(key, value);
  }
  return {};
}

Result<Value> dict_update(Render& render, const Value& self, const Args& args) {
  if (args.positional.size() > 1) return template_error("update() takes at most one argument");
  if (!args.positional.empty()) {
    const Dict* other = args.positional[0].dict();
    if (!other) return template_error("update() expects a mapping");
    const std::vector<std::pair<Value, Value>> items = other->items;  // a copy: it may be the same dict
    QUIRE_TRY_VOID(render.step(items.size()));
    for (const auto& [key, value] : items) QUIRE_TRY_VOID(put(render, *self.dict(), key, value));
  }
  for (const auto& [name, value] : args.named)
    QUIRE_TRY_VOID(put(render, *self.dict(), render.heap().text(args.key(name)), value));
  return Value(None{});
}

Result<Value> dict_setdefault(Render& render, const Value& self, const Args& args) {
  QUIRE_TRY(const auto bound, bind(args, "setdefault", {"key", "default"}, 1));
  QUIRE_TRY(const Value* found, find_key(render, *self.dict(), *bound[0]));
  if (found) return *found;
  Value value = bound[1] ? *bound[1] : Value(None{});
  QUIRE_TRY_VOID(put(render, *self.dict(), *bound[0], value));
  return value;
}

Result<Value> dict_copy(Render& render, const Value& self, const Args&) {
  Dict* copy = render.heap().dict();
  const size_t size = self.dict()->items.size();
  QUIRE_TRY_VOID(render.step(size / 8));
  QUIRE_TRY_VOID(render.reserve(2 * size * Heap::value_bytes));
  render.heap().charge(2 * size * Heap::value_bytes);
  copy->items = self.dict()->items;
  return Value(copy);
}

Result<Value> dict_clear(Render&, const Value& self, const Args&) {
  self.dict()->items.clear();
  return Value(None{});
}

Result<Value> dict_popitem(Render& render, const Value& self, const Args&) {
  auto& items = self.dict()->items;
  if (items.empty()) return template_error("popitem(): dictionary is empty");
  auto [key, value] = std::move(items.back());
  items.pop_back();
  return render.heap().sequence(SequenceType::tuple, {key, value});
}

constexpr NamedFunction of_list[] = {
    {"append", list_append}, {"extend", list_extend}, {"insert", list_insert}, {"pop", list_pop},
    {"remove", list_remove}, {"index", list_index},   {"count", list_count},   {"reverse", list_reverse},
    {"clear", list_clear},   {"copy", list_copy},
};

constexpr NamedFunction of_dict[] = {
    {"get", dict_get},     {"keys", dict_keys},       {"values", dict_values},         {"items", dict_items},
    {"pop", dict_pop},     {"update", dict_update},   {"setdefault", dict_setdefault}, {"copy", dict_copy},
    {"clear", dict_clear}, {"popitem", dict_popitem},
};

}  // namespace

std::span<const NamedFunction> list_methods() { return of_list; }
std::span<const NamedFunction> dict_methods() { return of_dict; }

}  // namespace quire::jinja
