// What a schema says, one value at a time: its scalars, the shapes of its objects and arrays, and which schemas their
// members and items keep to.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "text/constraint/schema/document.h"
#include "text/constraint/schema/expansion.h"
#include "text/constraint/schema/scalars.h"
#include "text/constraint/schema/shapes.h"

namespace quire::constraint {

// One object as it is written.
struct ObjectPlan {
  struct Member {
    std::string name;
    Literals value;
    bool required = false;
    bool named = true;  // where the schema describes members; else it is only said to be there
  };
  struct Rest {
    std::shared_ptr<const Regular> names;  // none: all but the taken ones
    Literals value;
  };
  std::vector<Member> members = {};     // in the schema's order
  std::vector<std::string> taken = {};  // names that no other member has: theirs, and those that are forbidden
  std::vector<Rest> rest = {};          // members of other names, after them
  uint64_t min = 0, max = UINT64_MAX;   // members
  Place counts = 0;                     // the schema that has `min`
};

// One thread; for one document. Expansions refer to the algebras: it stays where it is.
class SchemaMeaning : public Judge {
 public:
  // No value, or what all of these literals say.
  using Possible = std::optional<Literals>;

  explicit SchemaMeaning(const SchemaDocument& document);
  SchemaMeaning(const SchemaMeaning&) = delete;
  SchemaMeaning& operator=(const SchemaMeaning&) = delete;

  const SchemaDocument& document() const { return document_; }
  Steps& steps() { return steps_; }
  // Sorted, without those that say nothing; references alone are followed.
  Result<Possible> normal(Literals literals);
  Result<Scalars> scalars(const Literals& literals) { return scalars_.of(literals); }
  Result<std::vector<ObjectShape>> objects(const Literals& literals) { return objects_.of(literals); }
  Result<std::vector<ArrayShape>> arrays(const Literals& literals) { return arrays_.of(literals); }
  // Nothing at all keeps to these, as far as a look at a few levels tells.
  bool surely_empty(const Literals& literals);
  bool surely_empty(const ObjectShape& shape) override;
  bool surely_empty(const ArrayShape& shape) override;

  // The objects of this shape are those of the plans.
  Result<std::vector<ObjectPlan>> plans(const ObjectShape& shape);
  // What the item of this number keeps to; from first_alike(shape) on, all are alike.
  Result<Possible> item(const ArrayShape& shape, uint64_t index);
  uint64_t first_alike(const ArrayShape& shape) const;

 private:
  // Where a member or item is written in a schema, as "unevaluated..." has to know.
  struct Evaluated {
    std::vector<std::string> names, patterns;  // each once
    std::set<std::string, std::less<>> known;  // the names
    uint64_t items = 0;
    bool all = false;
  };
  // Names that match the same patterns.
  struct NameClass {
    std::shared_ptr<const Regular> names = {};
    std::set<std::pair<size_t, std::string>> matched = {};  // the layer, and a pattern of it
  };
  Result<void> split_names(std::vector<NameClass>& classes, Place schema, size_t layer, const std::string& pattern);
  Result<Place> without_references(Place schema) const;
  Result<Possible> member(const ObjectShape& shape, const std::string& name);
  Result<void> member_of(const Layer& layer, const std::string& name, Literals& out, bool& possible);
  Result<std::vector<std::string>> layer_names(const Layer& layer);
  Result<bool> exists_at(const ObjectShape::Exists& exists, const std::string& name);
  Result<std::vector<ObjectPlan::Rest>> rest_of_members(const ObjectShape& shape,
                                                        const std::vector<std::string>& taken);
  Result<ObjectPlan> plan(const ObjectShape& shape);
  // Valid as long as this is.
  Result<const Evaluated*> evaluated(Place schema, bool objects);
  Result<Evaluated> find_evaluated(Place schema, bool objects, size_t depth);
  Result<void> add_evaluated(Evaluated& to, bool names, const std::vector<std::string>& from);
  Result<bool> name_matches(Place schema, const std::string& pattern, const std::string& name);
  template <typename Look>
  bool judge(Look look);

  const SchemaDocument& document_;
  Steps steps_;
  ScalarAlgebra scalar_algebra_;
  ObjectAlgebra object_algebra_;
  ArrayAlgebra array_algebra_;
  Expansion<ScalarAlgebra> scalars_;
  Expansion<ObjectAlgebra> objects_;
  Expansion<ArrayAlgebra> arrays_;
  size_t judging_ = 0;  // looks inside each other
  std::map<std::pair<Place, bool>, Evaluated> evaluated_;
};

}  // namespace quire::constraint
