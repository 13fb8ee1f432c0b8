// A schema as a document: which draft it follows, and what its references mean.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "text/constraint/schema/json.h"

namespace quire::constraint {

// Any draft before 6 counts as 4. `newest`: 2019-09, 2020-12, and schemas that name none.
enum class Draft : uint8_t { draft_4, draft_6, draft_7, newest };

// Read once, then only looked at; one thread.
class SchemaDocument {
 public:
  // Of one "$id" or "$ref" with what it is relative to; of all addresses that schemas and anchors have.
  static constexpr size_t address_bytes_max = 4096;
  static constexpr size_t addresses_bytes_max = size_t{4} << 20;

  static Result<SchemaDocument> parse(std::string_view text);

  const SchemaJson& json() const { return json_; }
  Draft draft() const { return draft_; }
  // What the "$ref" (or "$dynamicRef") at this place of a schema points at. ErrorKind::unsupported where that is in
  // another document, invalid where it is nothing, too_large over address_bytes_max.
  Result<Place> target(Place schema, Place reference) const;

  // Errors that name a keyword and its place.
  std::unexpected<Error> unsupported(Place schema, std::string_view keyword, std::string_view why) const;
  std::unexpected<Error> invalid(Place schema, std::string_view keyword, std::string_view why) const;
  // An error of an automaton, with the keyword and place that it came from.
  Error placed(Error error, Place schema, std::string_view keyword) const;

 private:
  Result<void> find_names();
  Result<void> add_names(Place schema, const std::string& base);
  Result<std::string> resolved(Place schema, std::string_view keyword, const std::string& base,
                               const std::string& reference) const;
  Result<void> keep_address(Place schema, std::string_view keyword, const std::string& address);

  SchemaJson json_;
  Draft draft_ = Draft::newest;
  std::map<std::string, Place, std::less<>> resources_;      // by absolute address, without a fragment
  std::map<std::string, Place, std::less<>> anchors_;        // by address#name
  std::map<std::string, int, std::less<>> dynamic_anchors_;  // how often a name is declared
  std::map<Place, std::string> bases_;                       // of each schema that has an address of its own
  size_t addresses_bytes_ = 0;
};

}  // namespace quire::constraint
