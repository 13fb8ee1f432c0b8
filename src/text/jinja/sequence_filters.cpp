// Filters on sequences. Those that choose items by tests are in selection_filters.cpp.
#include <fmt/format.h>

#include <algorithm>

#include "text/jinja/attribute_path.h"
#include "text/jinja/operators.h"
#include "text/jinja/render.h"
#include "text/jinja/text_operations.h"

namespace quire::jinja {

namespace {

Result<Value> length_filter(Render& render, const Value& subject, const Args&) {
  if (subject.text()) QUIRE_TRY_VOID(render.read(subject.text()->bytes.size()));
  if (subject.loop()) return render.loop_attribute(*subject.loop(), "length");
  const std::optional<size_t> size = length(subject);
  if (!size) return template_error(fmt::format("object of type '{}' has no len()", type_name(subject)));
  return integer(*size);
}

Result<Value> first(Render& render, const Value& subject, const Args&) {
  if (!Cursor::is_iterable(subject))
    return template_error(fmt::format("'{}' object is not iterable", type_name(subject)));
  Cursor cursor(subject);
  std::optional<Value> item = cursor.next(render.heap());
  return item ? *std::move(item) : render.undefined("no first item, sequence was empty");
}

Result<Value> last(Render& render, const Value& subject, const Args&) {
  if (subject.sequence() && subject.sequence()->type == SequenceType::generator) {
    return template_error("'generator' object is not reversible");
  }
  QUIRE_TRY(const std::vector<Value> items, render.collect(subject));
  return items.empty() ? render.undefined("no last item, sequence was empty") : items.back();
}

Result<Value> to_list(Render& render, const Value& subject, const Args&) {
  QUIRE_TRY(std::vector<Value> items, render.collect(subject));
  return render.heap().list(std::move(items));
}

Result<Value> reverse(Render& render, const Value& subject, const Args&) {
  if (subject.text()) return reverse_text(render, *subject.as<Str>());
  QUIRE_TRY(std::vector<Value> items, render.collect(subject));
  std::reverse(items.begin(), items.end());
  return render.heap().sequence(SequenceType::generator, std::move(items));
}

Result<Value> join_filter(Render& render, const Value& subject, const Args& args) {
  QUIRE_TRY(const auto bound, bind(args, "join", {"d", "attribute"}));
  QUIRE_TRY(const AttributePath path, AttributePath::parse(render, bound[1]));
  QUIRE_TRY(std::vector<Value> items, render.collect(subject));
  for (Value& item : items) {
    QUIRE_TRY(item, path.get(render, item));
  }
  Str separator = shared_text("");
  if (bound[0]) {
    QUIRE_TRY(separator, render.to_text(*bound[0]));
  }
  return join(render, items, *separator);
}

Result<Value> items_filter(Render& render, const Value& subject, const Args&) {
  if (!subject.is_undefined() && !subject.dict()) return template_error("can only get item pairs from a mapping");
  std::vector<Value> pairs;
  if (const Dict* dict = subject.dict()) {
    QUIRE_TRY_VOID(render.step(dict->items.size()));
    for (const auto& [key, value] : dict->items) {
      pairs.push_back(render.heap().sequence(SequenceType::tuple, {key, value}));
    }
  }
  return render.heap().sequence(SequenceType::generator, std::move(pairs));
}

struct Keyed {
  Value key;
  Value item;
};

// Stable; the first comparison that fails is the error.
Result<std::monostate> sort_by_key(Render& render, std::vector<Keyed>& items, bool is_reversed) {
  Result<std::monostate> status;
  std::stable_sort(items.begin(), items.end(), [&](const Keyed& a, const Keyed& b) {
    if (!status) return false;
    auto is_less = is_reversed ? less(render, b.key, a.key) : less(render, a.key, b.key);
    if (!is_less) status = std::unexpected(std::move(is_less).error());
    return status && *is_less;
  });
  return status;
}

std::vector<Value> items_of(std::vector<Keyed> keyed) {
  std::vector<Value> items;
  for (Keyed& entry : keyed) items.push_back(std::move(entry.item));
  return items;
}

// The key that sort, unique and the like compare.
Result<Value> key_of(Render& render, const Value& item, const AttributePath& path, bool case_sensitive) {
  QUIRE_TRY(Value key, path.get(render, item));
  return case_sensitive ? Result<Value>(std::move(key)) : without_case(render, key);
}

// "a,b" sorts by a, then by b.
Result<std::vector<AttributePath>> parse_paths(Render& render, const Value* attribute) {
  std::vector<AttributePath> paths;
  if (!attribute || !attribute->text()) {
    QUIRE_TRY(AttributePath path, AttributePath::parse(render, attribute));
    paths.push_back(std::move(path));
    return paths;
  }
  QUIRE_TRY(const Value parts, split(render, *attribute->as<Str>(), shared_text(","), -1, false));
  for (const Value& part : parts.sequence()->items) {
    QUIRE_TRY(AttributePath path, AttributePath::parse(render, &part));
    paths.push_back(std::move(path));
  }
  return paths;
}

Result<Value> sort(Render& render, const Value& subject, const Args& args) {
  QUIRE_TRY(const auto bound, bind(args, "sort", {"reverse", "case_sensitive", "attribute"}));
  QUIRE_TRY(const std::vector<AttributePath> paths, parse_paths(render, bound[2]));
  QUIRE_TRY(const std::vector<Value> items, render.collect(subject));
  std::vector<Keyed> keyed;
  for (const Value& item : items) {
    std::vector<Value> keys;
    for (const AttributePath& path : paths) {
      QUIRE_TRY(Value key, key_of(render, item, path, flag_argument(bound[1], false)));
      keys.push_back(std::move(key));
    }
    keyed.push_back({.key = render.heap().list(std::move(keys)), .item = item});
  }
  QUIRE_TRY_VOID(sort_by_key(render, keyed, flag_argument(bound[0], false)));
  return render.heap().list(items_of(std::move(keyed)));
}

Result<Value> dict_sort(Render& render, const Value& subject, const Args& args) {
  QUIRE_TRY(const auto bound, bind(args, "dictsort", {"case_sensitive", "by", "reverse"}));
  QUIRE_TRY(const Str by, text_argument(bound[1], "dictsort", shared_text("key")));
  if (by->bytes != "key" && by->bytes != "value")
    return template_error("you can only sort by either \"key\" or \"value\"");
  if (!subject.dict()) return template_error(fmt::format("'{}' object has no attribute 'items'", type_name(subject)));
  std::vector<Keyed> keyed;
  for (const auto& [key, value] : subject.dict()->items) {
    QUIRE_TRY_VOID(render.step());
    QUIRE_TRY(Value order,
              key_of(render, by->bytes == "key" ? key : value, AttributePath(), flag_argument(bound[0], false)));
    keyed.push_back({.key = std::move(order), .item = render.heap().sequence(SequenceType::tuple, {key, value})});
  }
  QUIRE_TRY_VOID(sort_by_key(render, keyed, flag_argument(bound[2], false)));
  return render.heap().list(items_of(std::move(keyed)));
}

Result<Value> unique(Render& render, const Value& subject, const Args& args) {
  QUIRE_TRY(const auto bound, bind(args, "unique", {"case_sensitive", "attribute"}));
  QUIRE_TRY(const AttributePath path, AttributePath::parse(render, bound[1]));
  QUIRE_TRY(const std::vector<Value> items, render.collect(subject));
  std::vector<Value> seen, kept;
  for (const Value& item : items) {
    QUIRE_TRY(const Value key, key_of(render, item, path, flag_argument(bound[0], false)));
    bool is_new = true;
    for (size_t i = 0; i < seen.size() && is_new; ++i) {
      QUIRE_TRY(const bool is_same, equals(render, seen[i], key));
      is_new = !is_same;
    }
    if (!is_new) continue;
    seen.push_back(key);
    kept.push_back(item);
  }
  return render.heap().sequence(SequenceType::generator, std::move(kept));
}

template <bool largest>
Result<Value> extreme(Render& render, const Value& subject, const Args& args) {
  QUIRE_TRY(const auto bound, bind(args, largest ? "max" : "min", {"case_sensitive", "attribute"}));
  QUIRE_TRY(const AttributePath path, AttributePath::parse(render, bound[1]));
  QUIRE_TRY(const std::vector<Value> items, render.collect(subject));
  if (items.empty()) return render.undefined("no aggregated item, sequence was empty");
  std::optional<Keyed> best;
  for (const Value& item : items) {
    QUIRE_TRY(const Value key, key_of(render, item, path, flag_argument(bound[0], false)));
    bool is_better = !best;
    if (best) {
      QUIRE_TRY(is_better, largest ? less(render, best->key, key) : less(render, key, best->key));
    }
    if (is_better) best = Keyed{.key = key, .item = item};
  }
  return best->item;
}

Result<Value> sum(Render& render, const Value& subject, const Args& args) {
  QUIRE_TRY(const auto bound, bind(args, "sum", {"attribute", "start"}));
  QUIRE_TRY(const AttributePath path, AttributePath::parse(render, bound[0]));
  QUIRE_TRY(const std::vector<Value> items, render.collect(subject));
  Value total = bound[1] ? *bound[1] : integer(int64_t{0});
  for (const Value& item : items) {
    QUIRE_TRY(const Value value, path.get(render, item));
    QUIRE_TRY(total, binary(render, BinaryOp::add, total, value));
  }
  return total;
}

Result<Value> group_by(Render& render, const Value& subject, const Args& args) {
  QUIRE_TRY(const auto bound, bind(args, "groupby", {"attribute", "default", "case_sensitive"}, 1));
  QUIRE_TRY(const AttributePath path, AttributePath::parse(render, bound[0]));
  QUIRE_TRY(const std::vector<Value> items, render.collect(subject));
  const bool case_sensitive = flag_argument(bound[2], false);
  std::vector<Keyed> keyed;
  for (const Value& item : items) {
    QUIRE_TRY(Value key, path.get(render, item, bound[1]));
    if (!case_sensitive) {
      QUIRE_TRY(key, without_case(render, key));
    }
    keyed.push_back({.key = std::move(key), .item = item});
  }
  QUIRE_TRY_VOID(sort_by_key(render, keyed, false));
  std::vector<Value> groups;
  for (size_t begin = 0; begin < keyed.size();) {
    std::vector<Value> members;
    size_t end = begin;
    for (; end < keyed.size(); ++end) {
      QUIRE_TRY(const bool is_member, equals(render, keyed[begin].key, keyed[end].key));
      if (!is_member) break;
      members.push_back(keyed[end].item);
    }
    if (end == begin) end = begin + 1;  // a key that does not equal itself: not a number
    QUIRE_TRY(const Value grouper, path.get(render, keyed[begin].item, bound[1]));
    const Value group = render.heap().sequence(SequenceType::tuple, {grouper, render.heap().list(std::move(members))});
    group.sequence()->is_group = true;
    groups.push_back(group);
    begin = end;
  }
  return render.heap().list(std::move(groups));
}

Result<Value> batch(Render& render, const Value& subject, const Args& args) {
  QUIRE_TRY(const auto bound, bind(args, "batch", {"linecount", "fill_with"}, 1));
  QUIRE_TRY(const Int size, int_argument(bound[0], "batch", 1));
  QUIRE_TRY(const std::vector<Value> items, render.collect(subject));
  if (size < 1 || size > 100'000) return template_error("batch(): the size is out of range");
  std::vector<Value> batches;
  for (size_t begin = 0; begin < items.size(); begin += static_cast<size_t>(size)) {
    const size_t end = std::min(items.size(), begin + static_cast<size_t>(size));
    std::vector<Value> part(items.begin() + static_cast<ptrdiff_t>(begin), items.begin() + static_cast<ptrdiff_t>(end));
    if (bound[1] && !bound[1]->is_none()) part.resize(static_cast<size_t>(size), *bound[1]);
    batches.push_back(render.heap().list(std::move(part)));
  }
  return render.heap().sequence(SequenceType::generator, std::move(batches));
}

Result<Value> slice_filter(Render& render, const Value& subject, const Args& args) {
  QUIRE_TRY(const auto bound, bind(args, "slice", {"slices", "fill_with"}, 1));
  QUIRE_TRY(const Int wanted, int_argument(bound[0], "slice", 1));
  QUIRE_TRY(const std::vector<Value> items, render.collect(subject));
  if (wanted < 1 || wanted > 100'000) return template_error("slice(): the number of slices is out of range");
  const auto count = static_cast<size_t>(wanted);
  QUIRE_TRY_VOID(render.step(count));
  const size_t size = items.size() / count, longer = items.size() % count;
  std::vector<Value> slices;
  size_t begin = 0;
  for (size_t i = 0; i < count; ++i) {
    const size_t end = begin + size + (i < longer ? 1 : 0);
    std::vector<Value> part(items.begin() + static_cast<ptrdiff_t>(begin), items.begin() + static_cast<ptrdiff_t>(end));
    if (bound[1] && !bound[1]->is_none() && i >= longer) part.push_back(*bound[1]);
    slices.push_back(render.heap().list(std::move(part)));
    begin = end;
  }
  return render.heap().sequence(SequenceType::generator, std::move(slices));
}

constexpr FilterEntry filters[] = {
    {{"length", length_filter}},
    {{"count", length_filter}},
    {{"first", first}},
    {{"last", last}},
    {{"list", to_list}},
    {{"reverse", reverse}},
    {{"join", join_filter}},
    {{"items", items_filter}},
    {{"sort", sort}},
    {{"dictsort", dict_sort}},
    {{"unique", unique}},
    {{"min", extreme<false>}},
    {{"max", extreme<true>}},
    {{"sum", sum}},
    {{"groupby", group_by}},
    {{"batch", batch}},
    {{"slice", slice_filter}},
};

}  // namespace

std::span<const FilterEntry> sequence_filters() { return filters; }

}  // namespace quire::jinja
