// The meaning of a schema as rules of a grammar: one for each set of schemas that some value keeps to.
#pragma once

#include <cstddef>
#include <map>
#include <utility>
#include <vector>

#include "base/result.h"
#include "text/constraint/grammar/grammar.h"
#include "text/constraint/schema/meaning.h"
#include "text/constraint/schema/text.h"

namespace quire::constraint {

// One thread; for one grammar.
class SchemaWriter {
 public:
  static constexpr size_t rules_max = 20'000;
  static constexpr size_t bytes_max = size_t{48} << 20;

  SchemaWriter(SchemaMeaning& meaning, Grammar& grammar) : meaning_(meaning), grammar_(grammar), text_(grammar) {}

  // Rules for everything that is inside of these, to any depth, without recursion. The last thing to call.
  Result<NodeId> write(const Literals& literals);

 private:
  using Possible = SchemaMeaning::Possible;
  NodeId value(const Literals& literals);
  Result<NodeId> body(const Literals& literals);
  Result<NodeId> object(const ObjectPlan& plan);
  Result<NodeId> array(const ArrayShape& shape);
  // What comes after the listed members, `count` of which are there.
  Result<NodeId> rest_of_object(const ObjectPlan& plan, NodeId rest, uint64_t count);
  Result<NodeId> rest_member(const ObjectPlan& plan);
  // What comes after the named members, where all others that must be there, and any more, come in any order: as the
  // first members, and after others.
  std::pair<NodeId, NodeId> in_any_order(const ObjectPlan& plan, uint64_t named, NodeId rest);
  Result<NodeId> array_with_counts(const ArrayShape& shape);
  Result<void> check_unique(const ArrayShape& shape);
  Result<void> check_size() const;

  SchemaMeaning& meaning_;
  Grammar& grammar_;
  JsonText text_;
  std::map<Literals, NodeId> known_;
  std::vector<std::pair<Literals, RuleId>> pending_;
};

}  // namespace quire::constraint
