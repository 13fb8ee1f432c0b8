// map, select and the like, and the attribute paths they take.
#include <fmt/format.h>

#include <algorithm>

#include "text/jinja/attribute_path.h"
#include "text/jinja/operators.h"
#include "text/jinja/render.h"
#include "text/jinja/text_operations.h"

namespace quire::jinja {

Result<AttributePath> AttributePath::parse(Render& render, const Value* attribute) {
  AttributePath path;
  if (!attribute || attribute->is_none()) return path;
  if (!attribute->text()) {
    path.keys_.push_back(*attribute);
    return path;
  }
  QUIRE_TRY(const Value parts, split(render, *attribute->as<Str>(), shared_text("."), -1, false));
  for (const Value& part : parts.sequence()->items) {
    const std::string& name = part.text()->bytes;
    const bool is_number = !name.empty() && name.size() < 10 &&
                           std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; });
    path.keys_.push_back(is_number ? integer(int64_t{std::stoi(name)}) : part);
  }
  return path;
}

Result<Value> AttributePath::get(Render& render, const Value& item, const Value* otherwise) const {
  Value value = item;
  for (const Value& key : keys_) {
    QUIRE_TRY(value, render.get_item(value, key));
    if (otherwise && !otherwise->is_none() && value.is_undefined()) value = *otherwise;
  }
  return value;
}

Result<Value> without_case(Render& render, const Value& value) {
  return value.text() ? map_case(render, *value.as<Str>(), CaseChange::lower) : Result<Value>(value);
}

namespace {

// As Jinja's: what is false, none too, has no items for these filters.
Result<std::vector<Value>> items_of(Render& render, const Value& subject) {
  return is_true(subject) ? render.collect(subject) : std::vector<Value>();
}

Result<Value> map(Render& render, const Value& subject, const Args& args) {
  QUIRE_TRY(const std::vector<Value> items, items_of(render, subject));
  std::vector<Value> mapped;
  if (args.positional.empty()) {
    QUIRE_TRY(const auto bound, bind(args, "map", {"attribute", "default"}));
    if (!bound[0]) return template_error("map requires a filter argument");
    QUIRE_TRY(const AttributePath path, AttributePath::parse(render, bound[0]));
    for (const Value& item : items) {
      QUIRE_TRY(Value value, path.get(render, item, bound[1]));
      mapped.push_back(std::move(value));
    }
  } else {
    QUIRE_TRY(const Str name, text_argument(&args.positional[0], "map"));
    const FilterEntry* filter = find_filter(name->bytes);
    if (!filter) return template_error(fmt::format("there is no filter '{}'", name->bytes));
    const Args rest{.positional = {args.positional.begin() + 1, args.positional.end()}, .named = args.named};
    // A filter that maps by itself could be stacked as deep as a list of arguments is long.
    if (filter->function == &map) return template_error("map cannot be mapped");
    for (const Value& item : items) {
      QUIRE_TRY(Value value, filter->function(render, item, rest));
      mapped.push_back(std::move(value));
    }
  }
  return render.heap().sequence(SequenceType::generator, std::move(mapped));
}

template <bool by_attribute, bool keeps>
Result<Value> select(Render& render, const Value& subject, const Args& args) {
  AttributePath path;
  size_t used = 0;
  if (by_attribute) {
    if (args.positional.empty()) return template_error("missing parameter for attribute name");
    QUIRE_TRY(path, AttributePath::parse(render, &args.positional[0]));
    used = 1;
  }
  const TestEntry* test = nullptr;
  if (used < args.positional.size()) {
    QUIRE_TRY(const Str name, text_argument(&args.positional[used++], "select"));
    test = find_test(name->bytes);
    if (!test) return template_error(fmt::format("there is no test '{}'", name->bytes));
  }
  const Args rest{.positional = {args.positional.begin() + static_cast<ptrdiff_t>(used), args.positional.end()},
                  .named = args.named};
  QUIRE_TRY(const std::vector<Value> items, items_of(render, subject));
  std::vector<Value> selected;
  for (const Value& item : items) {
    QUIRE_TRY(Value tested, path.get(render, item));
    if (test) {
      QUIRE_TRY(tested, test->function(render, tested, rest));
    }
    if (is_true(tested) == keeps) selected.push_back(item);
  }
  return render.heap().sequence(SequenceType::generator, std::move(selected));
}

constexpr FilterEntry filters[] = {
    {{"map", map}},
    {{"select", select<false, true>}},
    {{"reject", select<false, false>}},
    {{"selectattr", select<true, true>}},
    {{"rejectattr", select<true, false>}},
};

}  // namespace

std::span<const FilterEntry> selection_filters() { return filters; }

}  // namespace quire::jinja
