// The objects behind calls: functions, bound methods, macros, and the scopes that macros remember.
#pragma once

#include <string_view>
#include <utility>
#include <vector>

#include "text/jinja/ast.h"
#include "text/jinja/functions.h"
#include "text/jinja/value.h"

namespace quire::jinja {

// The variables of one block; lookups go on to the blocks around it.
struct Scope final : Object {
  Scope* parent = nullptr;
  std::vector<std::pair<Symbol, Value>> variables;
  bool is_captured = false;  // a macro remembers it, so a loop may not reuse it for its next round

  const Value* find(Symbol symbol) const {
    for (const Scope* scope = this; scope; scope = scope->parent) {
      for (const auto& [name, value] : scope->variables) {
        if (name == symbol) return &value;
      }
    }
    return nullptr;
  }

  void set(Symbol symbol, Value value) {
    for (auto& [name, old] : variables) {
      if (name == symbol) {
        old = std::move(value);
        return;
      }
    }
    variables.emplace_back(symbol, std::move(value));
  }
};

// Either a function with the value it is bound to, or a macro with the scope it was defined in.
struct Callable final : Object {
  std::string_view name;
  Function function = nullptr;
  Value self;
  const MacroNode* macro = nullptr;
  Scope* scope = nullptr;
};

}  // namespace quire::jinja
