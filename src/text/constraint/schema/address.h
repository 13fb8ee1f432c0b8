// Addresses of schemas: RFC 3986, as far as "$id" and "$ref" need it.
#pragma once

#include <string>
#include <string_view>

namespace quire::constraint {

// `reference` as seen from `base` (section 5.2). An empty base leaves it as it is.
std::string resolved_address(std::string_view base, std::string_view reference);
// "%41" is "A"; what is no escape stays.
std::string percent_decoded(std::string_view text);

}  // namespace quire::constraint
