// What is asked -> the token ids that the engine continues. Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "api/answer.h"
#include "api/call.h"
#include "api/error.h"
#include "server/models/loaded_model.h"

namespace quire::server {

// The longest sequence this request may become: the model's context, or less when num_ctx says so.
int32_t context_limit(const api::GenerationCall& call, const LoadedModel& model);

// What the engine continues.
struct Prompt {
  std::vector<TokenId> tokens = {};
  std::string text = {};      // where the call has it reported, or only renders
  std::string text_end = {};  // of the text that a template wrote: what the answer goes on with; empty without one
  // What had to go, so that it fits.
  size_t dropped_messages = 0;   // of a chat
  bool lost_its_middle = false;  // a text
  bool lost_its_ends = false;    // texts around a gap
  bool lost_its_end = false;     // an input of which a vector is wanted
  api::ShownPrompt shown = {};   // where the call echoes it

  bool truncated() const { return dropped_messages > 0 || lost_its_middle || lost_its_ends || lost_its_end; }
};

// 400 for a prompt that has no room in a context of `limit` tokens. `tokens` were counted; where that was not worth it,
// it has the limit at least.
std::unexpected<api::ApiError> prompt_too_long(std::optional<size_t> tokens, int32_t limit);

// What the model's file asks for around a text; no_token: nothing.
struct TextEnds {
  TokenId before = no_token;
  TokenId after = no_token;
};
TextEnds text_ends(const LoadedModel& model);

// A prompt in pieces is one text: only a text that begins it has what comes before one, only a text that ends it what
// comes after. Ids are taken as they are.
std::vector<TokenId> prompt_tokens_of(const api::TextPrompt& prompt, const LoadedModel& model, bool add_special,
                                      bool parse_special);
// 400 for ids that are not in the vocabulary.
api::ApiResult<void> check_prompt_ids(const api::TextPrompt& prompt, const LoadedModel& model, const char* field);
// With the names of control tokens.
std::string text_of_tokens(const std::vector<TokenId>& tokens, const LoadedModel& model);

// At least one token and fewer than context_limit, so that there is room for an answer. A prompt that is longer is
// shortened where the call allows it: a chat loses its oldest turns, each a user's message with all that follows up to
// the next (never the system's messages nor the last turn), a text its middle. Otherwise, and for ids outside the
// vocabulary: 400.
api::ApiResult<Prompt> make_prompt(const api::GenerationCall& call, const LoadedModel& model, int64_t now_unix_s);

// Each prompt of a call; the texts of those after the first are taken out of it. What the call says of tokens by their
// texts is added to its sampling.
api::ApiResult<std::vector<Prompt>> make_prompts(api::GenerationCall& call, const LoadedModel& model,
                                                 int64_t now_unix_s);

// Keeps the first `keep` tokens and the newest half of the room that is left, so that the other half is the answer's.
// REQUIRES: limit > 1.
std::vector<TokenId> cut_middle(std::vector<TokenId> tokens, int32_t keep, int32_t limit);

}  // namespace quire::server
