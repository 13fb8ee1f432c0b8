// What a schema says of scalars: sets of null, booleans, numbers and strings, with exact algebra.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "text/constraint/pattern/regular.h"
#include "text/constraint/schema/expansion.h"
#include "text/constraint/schema/string.h"

namespace quire::constraint {

struct Scalars {
  bool null = false, yes = false, no = false;
  std::shared_ptr<const Regular> numbers = {};  // as number.h spells them; none there: all
  StringSet strings = StringSet::none();
  bool narrowed = false;  // a format let fewer strings in than its standard does
};

// One thread; for one document.
class ScalarAlgebra {
 public:
  using Value = Scalars;
  ScalarAlgebra(const SchemaDocument& document, Steps& steps);

  Scalars all() const { return {.null = true, .yes = true, .no = true, .strings = StringSet::all()}; }
  Scalars none() const { return {.numbers = no_numbers_}; }
  bool is_none(const Scalars& value) const;
  bool is_all(const Scalars& value) const;
  Result<Scalars> both(const Scalars& a, const Scalars& b) const;
  Result<Scalars> either(const Scalars& a, const Scalars& b) const;
  Result<Scalars> complement(const Scalars& value) const;
  Result<bool> disjoint(const Scalars& a, const Scalars& b) const;
  Result<Scalars> constant(Place value, bool negative) const;
  Result<Scalars> assertion(Place schema, const std::string& keyword, Place value, bool negative);

  // A pattern of JSON Schema, compiled once. `keyword` at `schema` is named by errors.
  Result<std::shared_ptr<const Regular>> pattern(Place schema, std::string_view keyword, const std::string& text);

 private:
  Result<std::optional<Scalars>> positive(Place schema, const std::string& keyword, Place value);
  Result<Scalars> types(Place schema, Place value) const;
  Result<Scalars> listed(Place values) const;
  Result<Scalars> bounded(Place schema, const std::string& keyword, Place value) const;
  Result<Scalars> stepped(Place schema, Place value) const;
  Result<std::optional<Scalars>> formatted(Place schema, Place value, bool negative) const;
  // Automata cost what they have states.
  Result<void> pay(const Scalars& value) const;

  const SchemaDocument& document_;
  Steps& steps_;
  const std::shared_ptr<const Regular> all_numbers_, no_numbers_, whole_numbers_;
  std::map<std::string, std::shared_ptr<const Regular>, std::less<>> patterns_;
};

// A count as keywords have it: a number without a fraction, at least 0. ErrorKind::invalid names it.
Result<uint64_t> count_of(const SchemaDocument& document, Place schema, std::string_view keyword, Place value);
// Whether "type" lets this type in; true without one.
bool admits(const SchemaJson& json, Place schema, std::string_view type);

}  // namespace quire::constraint
