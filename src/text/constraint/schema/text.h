// The parts of JSON texts as nodes of a grammar: each made once, then shared.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "text/constraint/grammar/grammar.h"
#include "text/constraint/pattern/regular.h"
#include "text/constraint/schema/scalars.h"
#include "text/constraint/schema/string.h"

namespace quire::constraint {

constexpr uint32_t indent_max = 40;

// One thread; for one grammar.
class JsonText {
 public:
  explicit JsonText(Grammar& grammar);

  NodeId comma() const { return comma_; }
  NodeId any_value() const { return any_value_; }
  NodeId any_string() const { return any_string_; }
  // {inside} and [inside], where inside is not empty; and the empty ones.
  NodeId object(NodeId inside) { return bracketed("{", inside, "}"); }
  NodeId array(NodeId inside) { return bracketed("[", inside, "]"); }
  NodeId member(NodeId name, NodeId value);
  NodeId name(std::string_view name);
  // A node that several others have: as a rule it is compiled once.
  NodeId shared(std::string name, NodeId node);
  // Any string but these, as it must be escaped.
  NodeId name_except(const std::vector<std::string>& names);
  // A node for each alternative. ErrorKind::too_large where an automaton is.
  Result<std::vector<NodeId>> scalars(const Scalars& scalars);
  Result<NodeId> string(const Regular& texts);
  // What is none, one and more of, with commas between.
  NodeId separated(NodeId first, NodeId more, uint64_t min, uint64_t max);
  NodeId any_object_members();

 private:
  using Range = std::pair<char32_t, char32_t>;
  NodeId bracketed(std::string_view open, NodeId inside, std::string_view close);
  NodeId any_character();
  NodeId character(char32_t code_point);
  // One of the characters that are not these, as it must be escaped, then whatever a string has, up to its quote.
  NodeId other_character(const std::vector<char32_t>& code_points);
  Result<NodeId> strings(const StringSet::Piece& piece);
  Result<NodeId> numbers(const Scalars& scalars);

  Grammar& grammar_;
  NodeId colon_, comma_, space_inside_, any_character_, any_string_, any_value_;
  std::optional<NodeId> rest_of_string_, other_escape_, other_wide_;  // each with the rest of the string after it
  std::vector<std::pair<std::shared_ptr<const Regular>, NodeId>> numbers_;
  std::vector<std::pair<StringSet::Piece, NodeId>> strings_;
  std::map<std::vector<std::string>, NodeId> names_;
};

// The text inside of a JSON string, escaped as it must be and no further.
std::string json_escaped(std::string_view text);

}  // namespace quire::constraint
