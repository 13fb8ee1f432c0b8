// A conversation as items: messages, reasoning, calls and their outputs, as requests send them, as answers have them
// and as they are kept. Pure functions; any thread.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "api/call.h"
#include "api/error.h"
#include "api/fields.h"

namespace quire::api::responses {

// `input`: a text, or an array of items. Items of one form: all members that there are, content as parts. What cannot
// be served (images, files, items of tools that somebody else runs) is refused by name. References to kept items stay
// as they are. Fields that nobody knows are added to `unknown`.
ApiResult<nlohmann::ordered_json> read_items(const Fields& fields, std::vector<std::string>& unknown);

// What templates see. Reasoning goes to the assistant's message or call that follows it, calls go to the message before
// them. 400: the output of a call that is not among the items. REQUIRES: items of read_items() or of an answer, no
// references.
ApiResult<std::vector<Message>> messages_of(const nlohmann::ordered_json& items);

// The name by which the model knows a function of a namespace; empty: it is in none.
std::string name_for_model(std::string_view space, std::string_view name);

// Ids: an answer "resp_X" has the items "msg_X_0", "rs_X_1" and so on.
constexpr std::string_view answer_prefix = "resp_";
std::string item_id(std::string_view kind, std::string_view answer_id, std::string_view number);
// The id of the answer that an item is of; empty: none has items of such a name.
std::string answer_of_item(std::string_view item_id);

// What `encrypted_content` of reasoning and compaction is here: the text itself, after a mark that tells it from what
// other servers put there.
std::string sealed_text(std::string_view text);
// Empty: another server sealed it.
std::string_view unsealed_text(std::string_view sealed);

}  // namespace quire::api::responses
