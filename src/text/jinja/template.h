// A Jinja template: parsed once, rendered many times.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "text/jinja/ast.h"
#include "text/jinja/heap.h"
#include "text/jinja/render.h"
#include "text/prompt_text.h"

namespace quire::jinja {

// Immutable; any thread may render.
class Template {
 public:
  static Result<std::unique_ptr<const Template>> parse(std::string_view source);

  // globals live in heap. now_unix_s is what strftime_now shows.
  Result<PromptText> render(Heap& heap, const Render::Globals& globals, const Limits& limits, int64_t now_unix_s) const;

 private:
  explicit Template(Ast ast) : ast_(std::move(ast)) {}

  const Ast ast_;
};

}  // namespace quire::jinja
