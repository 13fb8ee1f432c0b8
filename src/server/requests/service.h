// What becomes of a request: the routes, from parsed HTTP to a response or to an answer that the engine writes.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <variant>
#include <vector>

#include "api/answer.h"
#include "api/call.h"
#include "server/asio.h"
#include "server/http/http.h"
#include "server/models/model_cards.h"
#include "server/models/model_host.h"
#include "server/observe/metrics_page.h"
#include "server/requests/answer_stream.h"
#include "server/requests/client_identity.h"
#include "server/requests/live_requests.h"
#include "store/catalog.h"

namespace quire::server {

// A request on its way to the engine.
struct Generation {
  ModelHost::Lease model;
  std::vector<Request> requests;  // one a choice
  std::unique_ptr<api::AnswerWriter> writer;
  api::Dialect dialect = api::Dialect::ollama;
  bool streaming = true;
  int64_t load_ns = 0;
};

using Reply = std::variant<HttpResponse, Generation>;

// With Retry-After when it is 503.
HttpResponse error_response(api::Dialect dialect, const api::ApiError& error, int64_t retry_after_s = 1);

// Seconds until a quarter of the queue is worked off at the rate at which requests started lately: 1 to 600, and 1 when
// no rate is known. All who are refused together come back to a queue with room, and not to an empty one.
int64_t retry_after_s(const EngineSnapshot& snapshot);

// The io thread only; work that takes long (parsing, templates, tokenizing, reading files) is done on the intake pool
// and comes back.
class Service {
 public:
  // Borrows everything for its life. `seed` begins the numbers that requests without a seed of their own get.
  Service(asio::thread_pool& intake, const store::Catalog& catalog, ModelHost& host, LiveRequests& requests,
          Clocks clocks, ClientWeights weights, const MetricsPage& metrics, uint64_t seed);

  // `request` and its entry among `requests` must stay until the answer is there.
  asio::awaitable<Reply> answer(const HttpRequest& request, LiveRequest& live);

  // From now on new requests for tokens are refused, and /health says that this server is going: it will be gone by
  // `gone_ns`, on the engines' clock.
  void refuse_new(int64_t gone_ns) { gone_ns_ = gone_ns; }

  // A text that no other request of this server has got, and hardly one of another server.
  std::string unique_id();

 private:
  asio::awaitable<Reply> generate(const HttpRequest& request, LiveRequest& live, api::Endpoint endpoint);
  asio::awaitable<HttpResponse> list(Route route);
  asio::awaitable<HttpResponse> one_model(std::string name);
  asio::awaitable<HttpResponse> show(const HttpRequest& request);
  // In service_live.cpp.
  asio::awaitable<HttpResponse> ps();
  asio::awaitable<HttpResponse> live_report(const HttpRequest& request);
  HttpResponse cancel(const std::string& id);
  HttpResponse health() const;
  HttpResponse metrics() const;
  int64_t seconds_until_gone() const;
  std::optional<api::ApiError> refuse_to_go_on(const LiveRequest& live) const;
  Request make_request(const api::GenerationCall& call, const LiveRequest& live, const HttpRequest& request) const;
  Generation make_generation(api::GenerationCall call, const HttpRequest& request, const LiveRequest& live,
                             std::vector<std::vector<TokenId>> prompts, ModelHost::Lease model, int64_t load_ns);

  asio::thread_pool& intake_;
  const store::Catalog& catalog_;
  ModelHost& host_;
  LiveRequests& requests_;
  const Clocks clocks_;
  const ClientWeights weights_;
  const MetricsPage& metrics_;
  ModelCards cards_;
  std::mt19937_64 random_;  // names and seeds only: never what decides an order
  uint64_t next_sequence_ = 1;
  const std::string instance_;      // no other server's
  std::optional<int64_t> gone_ns_;  // set: no new requests
};

}  // namespace quire::server
