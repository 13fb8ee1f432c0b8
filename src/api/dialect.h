// A wire format: what it is asked by, how it answers, how it says that something went wrong. The server knows dialects
// through this table alone; a new one is a folder of its own and a row in `dialects`.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "api/answer.h"
#include "api/call.h"
#include "api/client_call.h"
#include "api/error.h"

namespace quire::api {

// One way of asking for generated tokens: where, how a body is read and how an answer is written.
struct Endpoint {
  std::string_view path;            // "/api/chat"
  bool chat = false;                // takes messages, for the model's template; else a text
  std::string_view id_prefix = {};  // what an answer's id begins with: "chatcmpl-"; empty: answers have no id

  ApiResult<GenerationCall> (*parse)(std::string_view body);
  std::unique_ptr<AnswerWriter> (*make_writer)(AnswerHead head);
  // The answer to a call without a prompt, which loads or unloads its model; null: such a call is answered as any
  // other.
  std::string (*load_answer)(const std::string& model, std::string_view done_reason, int64_t unix_ns,
                             const AnswerTimes& times) = nullptr;
  // The client's side: the body of a streaming request for one answer, counts included. Null: it gives none.
  std::string (*client_body)(const ClientCall& call) = nullptr;
  // Of endpoints that go on from kept answers: completes a call with the records of `call.kept.from`, one each, none
  // for an id that nothing is kept under. Null: there is nothing to go on from.
  ApiResult<void> (*resume)(GenerationCall& call, std::span<const std::optional<std::string>> records) = nullptr;
  // Where this is set nothing is generated: the answer to a prompt of so many tokens.
  std::string (*count_answer)(int64_t prompt_tokens) = nullptr;
  // The answer to a call that only renders. Null: no call of this endpoint does.
  std::string (*render_answer)(const std::string& model, const std::string& prompt, int64_t unix_ns) = nullptr;
  // For AnswerHead::settings: what the answer says of how it was made, with the seed that is used. Null: nothing.
  std::string (*settings)(const GenerationCall& call, uint64_t seed) = nullptr;
};

// Constants, compared by address.
struct Dialect {
  std::string_view name;  // "ollama"
  // What is answered below them is in this dialect, errors included; of several that fit the longest counts.
  std::span<const std::string_view> path_prefixes;
  std::span<const Endpoint* const> endpoints;
  // The body of an error response.
  std::string (*error_body)(const ApiError& error);
  // A line of a stream without its line break. None: it says nothing of the answer (an empty line, a comment, [DONE]).
  // What is no JSON object is an error line.
  std::optional<ClientLine> (*read_line)(std::string_view line);

  // The endpoint that takes messages, or the one that takes a text; the other where there is one kind only.
  const Endpoint& endpoint(bool chat) const;
};

// Every dialect that is served; the one for paths that no other claims is the first.
std::span<const Dialect* const> dialects();
const Dialect& dialect_of_path(std::string_view path);
// Null: there is none of this name.
const Dialect* find_dialect(std::string_view name);

}  // namespace quire::api
