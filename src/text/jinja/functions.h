// The tables of what templates may call by name: filters, tests, methods and global functions.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "text/jinja/value.h"

namespace quire::jinja {

class Render;

// The evaluated arguments of a call.
struct Args {
  std::vector<Value> positional;
  std::vector<std::pair<std::string, Value>> named;
  bool names_are_users = false;  // some came from a dict with keys of the user's

  // A name as a key of a dict.
  MarkedText key(const std::string& name) const { return marked_text(name, names_are_users); }
  const Value* find_named(std::string_view name) const {
    for (const auto& [candidate, value] : named) {
      if (candidate == name) return &value;
    }
    return nullptr;
  }
};

// `subject` is what a filter or test is applied to, or what a method was taken from. Tests return booleans.
using Function = Result<Value> (*)(Render& render, const Value& subject, const Args& args);

struct NamedFunction {
  std::string_view name;
  Function function;
};
struct FilterEntry : NamedFunction {};
struct TestEntry : NamedFunction {};

// Null where there is none of that name.
const FilterEntry* find_filter(std::string_view name);
const TestEntry* find_test(std::string_view name);
const NamedFunction* find_method(const Value& object, std::string_view name);
std::span<const NamedFunction> global_functions();

// Tables of one kind, each defined beside its functions.
std::span<const FilterEntry> text_filters();
std::span<const FilterEntry> sequence_filters();
std::span<const FilterEntry> selection_filters();
std::span<const FilterEntry> value_filters();
std::span<const NamedFunction> text_methods();
std::span<const NamedFunction> text_predicate_methods();
std::span<const NamedFunction> list_methods();
std::span<const NamedFunction> dict_methods();

// Arguments in the order of `names`, null where not given; an error for a missing one of the first `required`, for
// too many, and for unknown names.
Result<std::monostate> bind_arguments(const Args& args, std::string_view function,
                                      std::span<const std::string_view> names, size_t required,
                                      std::span<const Value*> bound);

template <size_t N>
Result<std::array<const Value*, N>> bind(const Args& args, std::string_view function,
                                         const std::string_view (&names)[N], size_t required = 0) {
  std::array<const Value*, N> bound{};
  QUIRE_TRY_VOID(bind_arguments(args, function, names, required, bound));
  return bound;
}

// An argument of a type: the default when it is not given, an error when it is something else.
Result<Int> int_argument(const Value* value, std::string_view function, Int otherwise);
Result<Str> text_argument(const Value* value, std::string_view function, const Str& otherwise = nullptr);
bool flag_argument(const Value* value, bool otherwise);

}  // namespace quire::jinja
