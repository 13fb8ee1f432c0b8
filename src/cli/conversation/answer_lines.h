// One streamed answer of a server, whichever endpoint gives it.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "base/function_ref.h"
#include "base/result.h"
#include "cli/client.h"

namespace quire::cli {

// What the final message says; -1: not said.
struct AnswerStats {
  std::string done_reason;
  bool prompt_truncated = false;  // what did not fit into the context was left out
  int64_t total_ns = -1;
  int64_t load_ns = -1;
  int64_t queue_ns = -1;
  int64_t prompt_tokens = -1;
  int64_t cached_tokens = -1;
  int64_t prompt_ns = -1;
  int64_t generated_tokens = -1;
  int64_t generate_ns = -1;
};

// One line of a stream: NDJSON of /api/generate and /api/chat, or an event of /v1/completions.
struct AnswerLine {
  std::string text;      // what the answer grows by
  std::string thinking;  // what the thoughts before it grow by
  std::string error;     // the answer broke off
  bool done = false;     // the last one; stats are filled
  AnswerStats stats;
};
AnswerLine parse_answer_line(std::string_view line);

// More of an answer, or of the thoughts before it. False: enough.
using OnAnswer = FunctionRef<bool(std::string_view text, std::string_view thinking)>;

// Asks for an answer and hands over its text as it comes. False from on_answer or keep_going: it is cancelled, and what
// is returned says done_reason "cancelled".
Result<AnswerStats> stream_answer(Client& client, std::string_view target, const nlohmann::json& body,
                                  OnAnswer on_answer, const net::KeepGoing& keep_going);

// Counts, times and rates of an answer, a line each, as `ollama run --verbose` lays them out.
std::string stats_text(const AnswerStats& stats);

}  // namespace quire::cli
