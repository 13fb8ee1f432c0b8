// {% for %}, and what `loop` knows about it.
#include <fmt/format.h>

#include "text/jinja/operators.h"
#include "text/jinja/render.h"
#include "text/unicode.h"

namespace quire::jinja {

bool Cursor::is_iterable(const Value& value) {
  return value.is_undefined() || value.text() || value.sequence() || value.dict() || value.loop();
}

std::optional<Value> Cursor::next(Heap& heap) {
  if (const Str* str = source_.as<Str>()) {
    const std::string& bytes = (*str)->bytes;
    if (at_ >= bytes.size()) return std::nullopt;
    const size_t begin = at_;
    at_ += code_point_at(bytes, begin).size_bytes;
    return heap.text(*str, begin, at_);
  }
  if (Sequence* sequence = source_.sequence()) {
    size_t& index = sequence->type == SequenceType::generator ? sequence->consumed : at_;
    if (index >= sequence->items.size()) return std::nullopt;
    return sequence->items[index++];
  }
  if (const Dict* dict = source_.dict()) {
    if (at_ >= dict->items.size()) return std::nullopt;
    return dict->items[at_++].first;
  }
  return std::nullopt;
}

Result<Flow> Render::exec_node(const stmt::For& node) {
  QUIRE_TRY(const Value iterable, eval(*node.iterable));
  return run_loop(node, iterable, scope_, 0);
}

Result<Flow> Render::run_loop(const stmt::For& node, const Value& iterable, Scope* outer, size_t depth0) {
  if (!Cursor::is_iterable(iterable)) {
    return template_error(fmt::format("'{}' object is not iterable", type_name(iterable)));
  }
  auto* loop = heap_.make<Loop>();
  loop->node = &node;
  loop->outer = outer;
  loop->cursor = Cursor(iterable);
  loop->depth0 = depth0;
  Scope* caller_scope = scope_;
  Scope* inner = new_scope(outer);
  bool has_finished_a_round = false;  // one that `break` or `continue` ends does not count: Jinja's `else` runs then
  auto flow = [&]() -> Result<Flow> {
    while (true) {
      QUIRE_TRY(const std::optional<Value> item, loop_next(*loop));
      if (!item) return Flow::next;
      if (inner->is_captured) {
        inner = new_scope(outer);
      } else {
        inner->variables.clear();
      }
      inner->set(symbol_loop, Value(loop));
      QUIRE_TRY_VOID(assign(*node.target, *item, *inner));
      scope_ = inner;
      QUIRE_TRY(const Flow body_flow, exec(node.body));
      if (body_flow == Flow::break_loop) return Flow::next;
      has_finished_a_round |= body_flow == Flow::next;
    }
  }();
  scope_ = caller_scope;
  if (!flow) return flow;
  if (!has_finished_a_round && !node.otherwise.empty()) {
    scope_ = new_scope(outer);
    flow = exec(node.otherwise);
    scope_ = caller_scope;
  }
  return flow;
}

// The next item that passes the loop's `if`, straight from the cursor.
Result<std::optional<Value>> Render::loop_fetch(Loop& loop) {
  while (true) {
    QUIRE_TRY_VOID(step());
    std::optional<Value> item = loop.cursor.next(heap_);
    if (!item || !loop.node->filter || loop.is_filtered) return item;
    if (!loop.filter_scope) loop.filter_scope = new_scope(loop.outer);
    QUIRE_TRY_VOID(assign(*loop.node->target, *item, *loop.filter_scope));
    Scope* outer = std::exchange(scope_, loop.filter_scope);
    auto passes = eval(*loop.node->filter);
    scope_ = outer;
    if (!passes) return std::unexpected(std::move(passes).error());
    if (is_true(*passes)) return item;
  }
}

Result<std::optional<Value>> Render::loop_next(Loop& loop) {
  std::optional<Value> item;
  if (loop.ahead) {
    item = std::exchange(loop.ahead, std::nullopt);
  } else {
    QUIRE_TRY(item, loop_fetch(loop));
  }
  if (item) {
    if (loop.current) ++loop.index0;
    loop.previous = std::exchange(loop.current, item);
  }
  return item;
}

Render::Status Render::loop_peek(Loop& loop) {
  if (loop.ahead) return {};
  QUIRE_TRY(loop.ahead, loop_fetch(loop));
  return {};
}

// Takes all that is left from the cursor, to know how many there are.
Render::Status Render::loop_count(Loop& loop) {
  if (loop.length) return {};
  std::vector<Value> rest;
  while (true) {
    QUIRE_TRY(std::optional<Value> item, loop_fetch(loop));
    if (!item) break;
    rest.push_back(*std::move(item));
    QUIRE_TRY_VOID(reserve(rest.size() * Heap::value_bytes));
  }
  loop.length = loop.index0 + 1 + (loop.ahead ? 1 : 0) + rest.size();
  loop.cursor = Cursor(heap_.list(std::move(rest)));
  loop.is_filtered = true;
  return {};
}

Result<Value> Render::loop_attribute(Loop& loop, std::string_view name) {
  if (name == "index0") return integer(loop.index0);
  if (name == "index") return integer(loop.index0 + 1);
  if (name == "first") return Value(loop.index0 == 0);
  if (name == "depth0") return integer(loop.depth0);
  if (name == "depth") return integer(loop.depth0 + 1);
  if (name == "previtem") return loop.previous ? *loop.previous : undefined("there is no previous item");
  if (name == "last" || name == "nextitem") {
    QUIRE_TRY_VOID(loop_peek(loop));
    if (name == "last") return Value(!loop.ahead);
    return loop.ahead ? *loop.ahead : undefined("there is no next item");
  }
  if (name == "length" || name == "revindex" || name == "revindex0") {
    QUIRE_TRY_VOID(loop_count(loop));
    if (name == "length") return integer(*loop.length);
    return integer(*loop.length - loop.index0 - (name == "revindex0" ? 1 : 0));
  }
  return undefined(fmt::format("'LoopContext object' has no attribute '{}'", name));
}

// loop(items) in a recursive loop: runs the loop's body over the items, and returns what it printed.
Result<Value> Render::call_loop(const Loop& loop, const Args& args) {
  if (!loop.node->is_recursive) return template_error("the loop is called, but it is not marked as recursive");
  if (args.positional.size() != 1 || !args.named.empty()) return template_error("loop() takes one argument");
  TextBuilder outer = std::exchange(out_, TextBuilder());
  auto flow = run_loop(*loop.node, args.positional.front(), loop.outer, loop.depth0 + 1);
  MarkedText text = out_.take();
  out_ = std::move(outer);
  if (!flow) return std::unexpected(std::move(flow).error());
  return heap_.text(std::move(text));
}

}  // namespace quire::jinja
