// What is asked for: conversations as a pure function of a specification and a number, so that a seed repeats them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "trace/trace.h"

namespace quire::load {

// Both ends included; drawn evenly.
struct Range {
  int32_t low = 1, high = 1;
  bool operator==(const Range&) const = default;
};

// Who asks: a share of the conversations, under a name, in a band.
struct ClientClass {
  std::string name;   // sent as `user`; empty: nobody says who asks
  int32_t share = 1;  // beside the others'
  int32_t band = -1;  // header "Priority: u=BAND"; -1: no header
  bool operator==(const ClientClass&) const = default;
};

struct WorkloadSpec {
  uint64_t seed = 1;
  Range prompt_tokens{128, 128};  // that a turn adds, of the server's tokens
  Range answer_tokens{64, 64};
  Range turns{1, 1};                 // of a conversation; each sends all before it again
  int64_t think_ns = 0;              // from an answer's end until the next turn is due
  int32_t shared_tokens = 0;         // conversations that share begin with the same text of so many tokens
  int32_t shared_percent = 100;      // of them
  int32_t cancel_percent = 0;        // of the requests: dropped somewhere in the answer, or before it
  int32_t slow_percent = 0;          // of the requests: read slowly
  int32_t distinct = 0;              // different conversations, asked again and again; 0: each is another
  std::vector<ClientClass> clients;  // empty: one without a name
  bool ignore_eos = true;
  double temperature = 0;
};

// One request of a conversation.
struct PlannedTurn {
  int32_t prompt_tokens = 1;  // that it adds
  int32_t answer_tokens = 1;
  int32_t drop_after = -1;  // closes the connection after so many pieces of the answer; -1: reads to the end
  bool slow = false;
  bool operator==(const PlannedTurn&) const = default;
};

struct Conversation {
  int64_t index = 0;
  int32_t client = 0;      // of WorkloadSpec::clients
  uint64_t text_seed = 0;  // equal ones say the same
  bool shares = false;
  std::vector<int32_t> blocks = {};  // of a trace: its one prompt's text, a block a number
  std::vector<PlannedTurn> turns = {};
  bool operator==(const Conversation&) const = default;
};

// An error says which value is out of its range.
Result<void> check(const WorkloadSpec& spec);

// The conversation of that number. A function of its arguments.
Conversation conversation_at(const WorkloadSpec& spec, int64_t index);

// How many words a number of the server's tokens is. Words and tokens: tokens = overhead + words * tokens_per_word.
struct Calibration {
  double tokens_per_word = 1.5;
  double overhead_tokens = 0;  // of a request: template, BOS
  int64_t words(double tokens) const;
};

// `count` words of a fixed list, a function of the seed: ASCII, a space between them.
std::string words(uint64_t seed, int64_t count);

// What turn `turn` of the conversation adds to it, without the text that is shared.
std::string text_of(const Conversation& conversation, size_t turn, const WorkloadSpec& spec,
                    const Calibration& calibration, int32_t block_tokens);

// A recorded trace as conversations of one turn, with the times at which they are due.
struct TraceSpec {
  double time_scale = 1;     // times of arrival are multiplied by it
  int32_t token_scale = 1;   // tokens of the trace that one token here stands for
  int64_t requests_max = 0;  // 0: all
};
struct Replay {
  int32_t block_tokens = 0;  // scaled; 0: prompts share nothing
  std::vector<int64_t> due_ns;
  std::vector<Conversation> conversations;
};
Result<Replay> replay_of(const trace::Trace& trace, const TraceSpec& scale, const WorkloadSpec& spec);

}  // namespace quire::load
