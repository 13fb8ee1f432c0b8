// Statements. Pipelines are in pipelines.cpp.
#include "text/gotemplate/render.h"

#include <fmt/format.h>

#include <algorithm>

#include "text/gotemplate/format.h"

namespace quire::gotemplate {

Render::Render(const Syntax& syntax, TemplateMemory& memory, const TemplateLimits& limits, int64_t now_unix_s)
    : syntax_(syntax), memory_(memory), budget_(limits, memory), now_unix_s_(now_unix_s) {}

Render::Status Render::run(const Body& body, const Value& data) {
  variables_ = {{"$", data}};
  frame_ = 0;
  if (auto flow = exec(body, data); !flow) {
    Error error = std::move(flow).error();
    if (error_line_ > 0) error.message = fmt::format("line {}: {}", error_line_, error.message);
    return std::unexpected(std::move(error));
  }
  return {};
}

PromptText Render::take() {
  MarkedText text = out_.take();
  return {.text = std::move(text.bytes), .user_spans = std::move(text.user)};
}

Render::Status Render::write(const MarkedText& text) {
  QUIRE_TRY_VOID(budget_.print(text.bytes.size()));
  out_.append(text);
  return {};
}

Result<Render::Flow> Render::exec(const Body& body, const Value& dot) {
  const DepthGuard guard = budget_.enter();
  if (budget_.is_too_deep()) return limit_error("the template nests too deeply");
  for (const Statement& statement : body) {
    QUIRE_TRY_VOID(budget_.step());
    auto flow = std::visit([&](const auto& node) { return exec_node(node, dot); }, statement.node);
    if (!flow && error_line_ == 0) error_line_ = statement.line;
    if (!flow || *flow != Flow::next) return flow;
  }
  return Flow::next;
}

Result<Render::Flow> Render::exec_node(const statement::Text& node, const Value&) {
  QUIRE_TRY_VOID(write(*node.text));
  return Flow::next;
}

Result<Render::Flow> Render::exec_node(const statement::Action& node, const Value& dot) {
  QUIRE_TRY(const Value value, eval(*node.pipeline, dot));
  if (!node.pipeline->variables.empty()) return Flow::next;
  QUIRE_TRY(const MarkedText text, printed(*this, value));
  QUIRE_TRY_VOID(write(text));
  return Flow::next;
}

Result<Render::Flow> Render::exec_node(const statement::If& node, const Value& dot) {
  const size_t outer_variables = variables_.size();
  Result<Flow> flow = Flow::next;
  bool is_taken = false;
  for (const statement::Branch& branch : node.branches) {
    QUIRE_TRY(const Value condition, eval(*branch.condition, dot));
    is_taken = is_true(condition);
    if (!is_taken) continue;
    flow = exec(branch.body, node.sets_dot ? condition : dot);
    break;
  }
  if (!is_taken) flow = exec(node.otherwise, dot);
  variables_.resize(outer_variables);
  return flow;
}

Result<Render::Flow> Render::exec_node(const statement::Range& node, const Value& dot) {
  const size_t outer_variables = variables_.size();
  QUIRE_TRY(const Value items, eval(*node.items, dot));
  auto flow = exec_range(node, items, dot);
  variables_.resize(outer_variables);
  return flow;
}

Result<Render::Flow> Render::exec_range(const statement::Range& node, const Value& items, const Value& dot) {
  const List* list = items.list();
  const Map* map = items.map();
  const int64_t* count = items.as<int64_t>();
  const bool is_iterable = items.is_nil() || list || (map && !map->type->is_sealed) || count;
  if (!is_iterable) return template_error(fmt::format("cannot iterate over {}", type_name(items)));
  if (count && node.items->variables.size() > 1) return template_error("an int has no second variable in range");
  const size_t size = list    ? list->size()
                      : map   ? map->items.size()
                      : count ? static_cast<size_t>(std::max<int64_t>(*count, 0))
                              : 0;
  if (size == 0) {
    // A break in {{ else }} ends this range, a continue is the next turn of the one around it.
    QUIRE_TRY(const Flow flow, exec(node.otherwise, dot));
    return flow == Flow::break_loop ? Flow::next : flow;
  }
  for (size_t i = 0; i < size; ++i) {
    const Value number(static_cast<int64_t>(i));
    const auto flow = list  ? iterate(node, number, list->items()[i])
                      : map ? iterate(node, Value(map->items[i].first), map->items[i].second)
                            : iterate(node, Value(), number);
    if (!flow) return flow;
    if (*flow == Flow::break_loop) break;
  }
  return Flow::next;
}

Result<Render::Flow> Render::iterate(const statement::Range& node, const Value& index, const Value& item) {
  QUIRE_TRY_VOID(budget_.step());
  const std::vector<std::string>& names = node.items->variables;
  const size_t count = variables_.size();
  if (!names.empty() && node.items->assigns) {
    // With two variables the first is the index.
    if (names.size() > 1) QUIRE_TRY_VOID(assign(names[0], index));
    QUIRE_TRY_VOID(assign(names.back(), item));
  } else if (!names.empty()) {
    variables_[count - 1].second = item;
    if (names.size() > 1) variables_[count - 2].second = index;
  }
  auto flow = exec(node.body, item);
  variables_.resize(count);
  return flow;
}

const Body* Render::find_definition(std::string_view name) const {
  const auto found = syntax_.definitions.find(name);
  if (found != syntax_.definitions.end()) return &found->second;
  return name.empty() ? &syntax_.body : nullptr;
}

Result<Render::Flow> Render::exec_node(const statement::Call& node, const Value& dot) {
  const Body* body = find_definition(node.name);
  if (!body) return template_error(fmt::format("there is no template \"{}\"", node.name));
  Value argument;
  if (node.argument) {
    QUIRE_TRY(argument, eval(*node.argument, dot));
  }
  const size_t outer_frame = std::exchange(frame_, variables_.size());
  variables_.emplace_back("$", argument);
  auto flow = exec(*body, argument);
  variables_.resize(frame_);
  frame_ = outer_frame;
  if (!flow) return flow;
  return Flow::next;
}

}  // namespace quire::gotemplate
