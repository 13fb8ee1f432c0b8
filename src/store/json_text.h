// JSON of this layer's documents: read within bounds, and written byte for byte as Ollama writes it, so that the same
// model has the same digests in both programs' stores. Stateless; any thread.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace quire::store {

using Json = nlohmann::ordered_json;  // members keep their order

// Discarded (is_discarded(), and of no other type) where the text is no JSON or nests deeper than 32 levels: what walks
// through it takes stack for each of them, and anybody may have written it.
Json parse_json(std::string_view text);

// As Go's encoding/json: no spaces; < > & and the line separators U+2028 and U+2029 escaped in strings; numbers with
// the fewest digits that give them back, without an exponent from 1e-6 up to 1e21. Bytes that are not UTF-8 become
// U+FFFD. REQUIRES: at most some hundred levels, as parse_json() gives them.
std::string json_text(const Json& value);

// The same with the members of every object in order of their names, as Go writes its maps.
std::string sorted_json_text(const Json& value);

}  // namespace quire::store
