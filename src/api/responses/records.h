// What is kept of an answer: the response object and the conversation that it ends, as one text. Pure functions; any
// thread. A record comes from AnswerWriter::take_record, and was checked for damage by whoever kept it.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "api/error.h"

namespace quire::api::responses {

// `items` (of the request, as items.h has them) get ids where they have none.
std::string make_record(const nlohmann::ordered_json& response, std::string_view items);

// All items up to the answer's own; null: it is no record.
nlohmann::ordered_json conversation_of(std::string_view record);

// Bodies of what is asked about a kept answer.
std::string response_body(std::string_view record);
std::string deleted_body(std::string_view id);

// ?limit=1..100 (20), &order=asc|desc (desc), &after=ID. `query` is what follows the '?'.
ApiResult<std::string> input_items_body(std::string_view record, std::string_view query);
// 404 in OpenAI's words.
ApiError not_kept(std::string_view id);

}  // namespace quire::api::responses
