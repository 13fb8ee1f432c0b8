// What becomes of a request: a response, an answer that the engine writes, or one that somebody else writes as it goes.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "api/answer.h"
#include "api/dialect.h"
#include "core/request.h"
#include "server/http/http.h"
#include "server/models/model_host.h"
#include "server/requests/byte_stream.h"

namespace quire::server {

// A request on its way to the engine.
struct Generation {
  ModelHost::Lease model;
  std::vector<Request> requests;  // one a choice
  std::unique_ptr<api::AnswerWriter> writer;
  std::vector<std::unique_ptr<parts::PartsParser>> parsers;  // one a choice
  const api::Dialect* dialect = nullptr;
  bool streaming = true;
  int64_t load_ns = 0;
  std::function<void(std::string record)> keep;  // of answers that are kept; on the io thread
};

using Reply = std::variant<HttpResponse, Generation, std::unique_ptr<ByteStream>>;

HttpResponse json_response(std::string body);
HttpResponse text_response(std::string body);
// With Retry-After when it is 503.
HttpResponse error_response(const api::Dialect& dialect, const api::ApiError& error, int64_t retry_after_s = 1);

// Seconds until a quarter of the queue is worked off at the rate at which requests started lately: 1 to 600, and 1 when
// no rate is known. All who are refused together come back to a queue with room, and not to an empty one.
int64_t retry_after_s(const EngineSnapshot& snapshot);

}  // namespace quire::server
