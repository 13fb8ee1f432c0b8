// The client's side of the wire: what is sent to an endpoint that generates, and what its stream's lines say. Each
// dialect has functions for both (api/dialect.h), for any server that speaks it, quire or not.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/call.h"

namespace quire::api {

struct ClientCall {
  std::string model = {};
  std::vector<Message> messages = {};  // the chat endpoints: role and content
  std::string prompt = {};             // the others: without a template
  int32_t answer_tokens = 64;          // at most; with ignore_eos, where the server knows it, exactly
  bool ignore_eos = true;
  double temperature = 0;
  int64_t seed = 1;
  std::string user = {};         // the client's name for itself; empty: none
  std::optional<int> band = {};  // goes into the header "Priority: u=N"
};

// What the server says of a whole answer; -1: it does not say.
struct ClientCounts {
  int64_t prompt_tokens = -1;
  int64_t cached_tokens = -1;
  int64_t answer_tokens = -1;
  int64_t queue_ns = -1;  // until something of it was computed; quire alone tells
};

struct ClientLine {
  std::string text = {};    // of the answer
  std::string error = {};   // an error in the middle of a stream
  std::string reason = {};  // why the answer ended: "stop", "length"; empty: it goes on
  ClientCounts counts = {};
  bool prompt_truncated = false;  // with the reason: the prompt was shortened to fit; quire alone tells
};

// The words of an error response's body; the beginning of the body where it is none.
std::string error_text(std::string_view body);

}  // namespace quire::api
