// Parts of a body as the client wrote them: the order of members means something to models and schemas, and the parsed
// form does not keep it.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "api/error.h"

namespace quire::api {

// Of the text of a JSON object, the text of its last member of this name; empty: there is none whose name is spelled
// without escapes. REQUIRES: the text is valid JSON, or the result means nothing.
std::string_view member_text(std::string_view object, std::string_view name);
// Of the text of a JSON array, the texts of its elements.
std::vector<std::string_view> element_texts(std::string_view array);

// The text of `value`, as it is written in `text` if that is the same value, else anew.
std::string as_written(const nlohmann::json& value, std::string_view text);

// A JSON text whose members keep their order. An object of more than 2,000 members is refused: finding one among them
// takes as long as they are many. So is what is nested deeper than a body may be: writing it recurses. `field` is for
// messages.
ApiResult<nlohmann::ordered_json> parse_in_order(std::string_view text, const std::string& field);

}  // namespace quire::api
