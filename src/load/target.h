// Who is asked: a server, the dialect it is asked in, the model, and how long its tokens are.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/client_call.h"
#include "load/http_client.h"
#include "load/workload.h"

namespace quire::load {

struct Target {
  std::string name;  // for people: the address as it was given
  HttpEndpoint endpoint;
  api::Dialect dialect = api::Dialect::ollama;
  std::string model;
  bool chat = true;  // messages through the model's template; else the text itself
  Calibration calibration = {};

  api::Endpoint path() const {
    if (dialect == api::Dialect::ollama) return chat ? api::Endpoint::chat : api::Endpoint::generate;
    return chat ? api::Endpoint::chat_completions : api::Endpoint::completions;
  }
};

// Finds out what is spoken at the address, unless `dialect` says it. An error says that nobody is there, or nothing
// that generates.
Result<Target> find_target(const std::string& url, const std::string& model, std::optional<api::Dialect> dialect,
                           bool chat);

// Asks for a few answers of one token, which loads the model, and sets target.calibration from the counts that come
// back. A server that reports none leaves it as it is. An error: the server does not know the model, or fails.
Result<void> calibrate(Target& target, const WorkloadSpec& spec, int timeout_ms);

// The text and the counts of one call's answer, asked alone.
struct WholeAnswer {
  std::string text;
  api::ClientCounts counts;
};
Result<WholeAnswer> ask_alone(const Target& target, const HttpCall& call, int timeout_ms);

// What is sent for a call in the target's dialect.
HttpCall http_call(const api::ClientCall& call);

}  // namespace quire::load
