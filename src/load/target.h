// Who is asked: a server, the dialect it is asked in, the model, and how long its tokens are.
#pragma once

#include <string>
#include <vector>

#include "api/client_call.h"
#include "api/ollama/dialect.h"
#include "load/http_client.h"
#include "load/workload.h"

namespace quire::load {

struct Target {
  std::string name;  // for people: the address as it was given
  HttpEndpoint endpoint;
  const api::Dialect* dialect = &api::ollama::dialect;
  std::string model;
  bool chat = true;  // messages through the model's template; else the text itself
  Calibration calibration = {};

  // Where calls go.
  const api::Endpoint& asked() const { return dialect->endpoint(chat); }
};

// Finds out what is spoken at the address, unless `dialect` says it (null: it does not). An error says that nobody is
// there, or nothing that generates.
Result<Target> find_target(const std::string& url, const std::string& model, const api::Dialect* dialect, bool chat);

// Asks for a few answers of one token, which loads the model, and sets target.calibration from the counts that come
// back. A server that reports none leaves it as it is. An error: the server does not know the model, or fails.
Result<void> calibrate(Target& target, const WorkloadSpec& spec, int timeout_ms);

// The text and the counts of one call's answer, asked alone.
struct WholeAnswer {
  std::string text;
  api::ClientCounts counts;
};
Result<WholeAnswer> ask_alone(const Target& target, const HttpCall& call, int timeout_ms);

// What is sent for a call.
HttpCall http_call(const api::Endpoint& endpoint, const api::ClientCall& call);

}  // namespace quire::load
