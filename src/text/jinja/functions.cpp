// Argument binding, lookups by name, and the global functions.
#include "text/jinja/functions.h"

#include <fmt/format.h>

#include <algorithm>

#include "text/jinja/operators.h"
#include "text/jinja/render.h"
#include "text/strftime.h"
#include "text/jinja/text_operations.h"

namespace quire::jinja {

namespace {

template <typename Entry>
const Entry* find_in(std::span<const Entry> table, std::string_view name) {
  const auto found = std::find_if(table.begin(), table.end(), [&](const Entry& entry) { return entry.name == name; });
  return found == table.end() ? nullptr : &*found;
}

Result<Value> range(Render& render, const Value&, const Args& args) {
  constexpr Int length_max = 100'000;  // what Jinja's sandbox allows
  QUIRE_TRY(const auto bound, bind(args, "range", {"start", "stop", "step"}, 1));
  Int start = 0, stop = 0, step = 1;
  QUIRE_TRY(const Int first, int_argument(bound[0], "range", 0));
  if (bound[1]) {
    start = first;
    QUIRE_TRY(stop, int_argument(bound[1], "range", 0));
  } else {
    stop = first;
  }
  QUIRE_TRY(step, int_argument(bound[2], "range", 1));
  if (step == 0) return template_error("range() arg 3 must not be zero");
  const Int span = step > 0 ? stop - start : start - stop;
  const Int stride = step > 0 ? step : -step;
  const Int count = span <= 0 ? 0 : (span - 1) / stride + 1;
  if (count > length_max) return limit_error("range too big: at most 100000 items are allowed");
  std::vector<Value> items;
  items.reserve(static_cast<size_t>(count));
  for (Int i = 0; i < count; ++i) items.emplace_back(static_cast<Int>(start + i * step));
  QUIRE_TRY_VOID(render.step(static_cast<size_t>(count)));
  Value value = render.heap().sequence(SequenceType::range, std::move(items));
  value.sequence()->start = start;
  value.sequence()->stop = stop;
  value.sequence()->step = step;
  return value;
}

// Fills dict as dict(mapping_or_pairs, **named) does.
Result<std::monostate> fill_dict(Render& render, Dict& dict, const Args& args) {
  if (args.positional.size() > 1) return template_error("at most one positional argument is expected");
  if (!args.positional.empty()) {
    const Value& source = args.positional.front();
    if (const Dict* other = source.dict()) {
      dict.items = other->items;
    } else {
      QUIRE_TRY(const std::vector<Value> pairs, render.collect(source));
      for (const Value& pair : pairs) {
        QUIRE_TRY(const std::vector<Value> parts, render.collect(pair));
        if (parts.size() != 2 || !is_hashable(parts[0]))
          return template_error("pairs of a key and a value are expected");
        QUIRE_TRY_VOID(render.step(dict.items.size() / 16));
        dict.set(parts[0], parts[1]);
      }
    }
  }
  for (const auto& [name, value] : args.named) dict.set(render.heap().text(args.key(name)), value);
  QUIRE_TRY_VOID(render.step(dict.items.size()));
  render.heap().charge(2 * Heap::value_bytes * dict.items.size());
  return {};
}

Result<Value> make_dict(Render& render, const Value&, const Args& args) {
  Dict* dict = render.heap().dict();
  QUIRE_TRY_VOID(fill_dict(render, *dict, args));
  return Value(dict);
}

Result<Value> make_namespace(Render& render, const Value&, const Args& args) {
  auto* made = render.heap().make<Namespace>();
  QUIRE_TRY_VOID(fill_dict(render, made->attributes, args));
  return Value(made);
}

Result<Value> raise_exception(Render& render, const Value&, const Args& args) {
  QUIRE_TRY(const auto bound, bind(args, "raise_exception", {"message"}, 1));
  QUIRE_TRY(const Str message, render.to_text(*bound[0]));
  return template_error(message->bytes);
}

Result<Value> strftime_now(Render& render, const Value&, const Args& args) {
  QUIRE_TRY(const auto bound, bind(args, "strftime_now", {"format"}, 1));
  QUIRE_TRY(const Str format, text_argument(bound[0], "strftime_now"));
  QUIRE_TRY_VOID(render.read(64 * format->bytes.size()));
  return render.heap().text(marked_text(format_utc(render.now_unix_s(), format->bytes), format->has_user_text()));
}

constexpr NamedFunction globals[] = {
    {"range", range},
    {"dict", make_dict},
    {"namespace", make_namespace},
    {"raise_exception", raise_exception},
    {"strftime_now", strftime_now},
};

Result<Value> loop_cycle(Render&, const Value& self, const Args& args) {
  if (args.positional.empty()) return template_error("no items for cycling given");
  return args.positional[self.loop()->index0 % args.positional.size()];
}

Result<Value> loop_changed(Render& render, const Value& self, const Args& args) {
  const Value now = render.heap().sequence(SequenceType::tuple, args.positional);
  std::optional<Value>& last = self.loop()->changed_last;
  if (last) {
    QUIRE_TRY(const bool is_same, equals(render, *last, now));
    if (is_same) return Value(false);
  }
  last = now;
  return Value(true);
}

constexpr NamedFunction loop_methods[] = {{"cycle", loop_cycle}, {"changed", loop_changed}};

}  // namespace

const FilterEntry* find_filter(std::string_view name) {
  for (const auto table : {text_filters(), sequence_filters(), selection_filters(), value_filters()}) {
    if (const FilterEntry* found = find_in(table, name)) return found;
  }
  return nullptr;
}

const NamedFunction* find_method(const Value& object, std::string_view name) {
  if (object.text()) {
    if (const NamedFunction* found = find_in(text_methods(), name)) return found;
    return find_in(text_predicate_methods(), name);
  }
  if (object.dict()) return find_in(dict_methods(), name);
  if (const Sequence* sequence = object.sequence()) {
    const bool is_list = sequence->type == SequenceType::list;
    const bool only_reads = name == "index" || name == "count";
    const bool has_methods = is_list || (only_reads && sequence->type == SequenceType::tuple);
    return has_methods ? find_in(list_methods(), name) : nullptr;
  }
  if (object.loop()) return find_in(std::span<const NamedFunction>(loop_methods), name);
  return nullptr;
}

std::span<const NamedFunction> global_functions() { return globals; }

Result<std::monostate> bind_arguments(const Args& args, std::string_view function,
                                      std::span<const std::string_view> names, size_t required,
                                      std::span<const Value*> bound) {
  if (args.positional.size() > names.size()) {
    return template_error(
        fmt::format("{}() takes at most {} arguments ({} given)", function, names.size(), args.positional.size()));
  }
  for (size_t i = 0; i < args.positional.size(); ++i) bound[i] = &args.positional[i];
  for (const auto& [name, value] : args.named) {
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) {
      return template_error(fmt::format("{}() got an unexpected keyword argument '{}'", function, name));
    }
    const Value*& slot = bound[static_cast<size_t>(found - names.begin())];
    if (slot) return template_error(fmt::format("{}() got multiple values for argument '{}'", function, name));
    slot = &value;
  }
  for (size_t i = 0; i < required; ++i) {
    if (!bound[i]) return template_error(fmt::format("{}() missing required argument '{}'", function, names[i]));
  }
  return {};
}

Result<Int> int_argument(const Value* value, std::string_view function, Int otherwise) {
  // Wide enough for any index, and small enough that sums of two never overflow.
  constexpr Int bound = Int{1} << 62;
  Int number = otherwise;
  if (value && !as_int(*value, number)) {
    return template_error(fmt::format("{}() expects an integer, not {}", function, type_name(*value)));
  }
  return std::clamp(number, -bound, bound);
}

Result<Str> text_argument(const Value* value, std::string_view function, const Str& otherwise) {
  if (!value) return otherwise;
  if (const Str* str = value->as<Str>()) return *str;
  return template_error(fmt::format("{}() expects a string, not {}", function, type_name(*value)));
}

bool flag_argument(const Value* value, bool otherwise) { return value ? is_true(*value) : otherwise; }

}  // namespace quire::jinja
