#include "text/gotemplate/names.h"

#include <algorithm>
#include <set>

#include "base/ascii.h"

namespace quire::gotemplate {

namespace {

// Calls visit(names) for the names of each field and variable of a pipeline.
template <typename Visit>
void each_name(const Pipeline& pipeline, const Visit& visit) {
  for (const Command& command : pipeline.commands) {
    for (const Operand& operand : command) {
      if (const auto* field = std::get_if<operand::Field>(&operand)) visit(field->names, true);
      if (const auto* variable = std::get_if<operand::Variable>(&operand)) {
        visit({variable->name}, false);
        visit(variable->fields, false);
      }
      const auto* parentheses = std::get_if<operand::Parentheses>(&operand);
      if (parentheses && parentheses->fields.empty()) each_name(*parentheses->pipeline, visit);
    }
  }
}

class NameCollector {
 public:
  void add(const Body& body) {
    for (const Statement& statement : body) {
      std::visit([this](const auto& node) { add(node); }, statement.node);
    }
  }
  std::vector<std::string> names() const { return {names_.begin(), names_.end()}; }

 private:
  void add(const PipelinePtr& pipeline) {
    if (!pipeline) return;
    each_name(*pipeline, [this](const std::vector<std::string>& names, bool) {
      for (const std::string& name : names) names_.insert(lower_case(name));
    });
  }
  void add(const statement::Action& node) { add(node.pipeline); }
  void add(const statement::If& node) {
    for (const statement::Branch& branch : node.branches) {
      add(branch.condition);
      add(branch.body);
    }
    add(node.otherwise);
  }
  void add(const statement::Range& node) {
    add(node.items);
    add(node.body);
    add(node.otherwise);
  }
  void add(const statement::Call& node) { add(node.argument); }
  void add(const statement::Text&) {}
  void add(const statement::Break&) {}
  void add(const statement::Continue&) {}

  std::set<std::string> names_;
};

bool mentions_response(const Pipeline& pipeline) {
  bool found = false;
  each_name(pipeline, [&](const std::vector<std::string>& names, bool is_field) {
    found = found || (is_field && std::find(names.begin(), names.end(), "Response") != names.end());
  });
  return found;
}

// Copies body to out up to the response; true when it was there.
bool copy_until_response(const Body& body, Body& out);

bool copy_until_response(const statement::Action& node, statement::Action&) {
  return mentions_response(*node.pipeline);
}

bool copy_until_response(const statement::If& node, statement::If& out) {
  out = {.sets_dot = node.sets_dot, .branches = {}, .otherwise = {}};
  for (const statement::Branch& branch : node.branches) {
    out.branches.push_back({.condition = branch.condition, .body = {}});
    if (copy_until_response(branch.body, out.branches.back().body)) return true;
  }
  return copy_until_response(node.otherwise, out.otherwise);
}

bool copy_until_response(const statement::Range& node, statement::Range& out) {
  out = {.items = node.items, .body = {}, .otherwise = {}};
  return copy_until_response(node.body, out.body) || copy_until_response(node.otherwise, out.otherwise);
}

template <typename Node>
bool copy_until_response(const Node&, Node&) {
  return false;
}

bool copy_until_response(const Body& body, Body& out) {
  for (const Statement& statement : body) {
    Statement copy = statement;
    const bool found = std::visit(
        [&](const auto& node) {
          using Node = std::remove_cvref_t<decltype(node)>;
          return copy_until_response(node, std::get<Node>(copy.node));
        },
        statement.node);
    out.push_back(std::move(copy));
    if (found) return true;
  }
  return false;
}

}  // namespace

std::vector<std::string> names_of(const Syntax& syntax) {
  NameCollector collector;
  collector.add(syntax.body);
  for (const auto& [name, body] : syntax.definitions) collector.add(body);
  return collector.names();
}

Body until_response(const Body& body) {
  Body out;
  copy_until_response(body, out);
  return out;
}

}  // namespace quire::gotemplate
