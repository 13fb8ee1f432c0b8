// From a request that names a model to the model in use.
#pragma once

#include <cstdint>
#include <expected>

#include "api/call.h"
#include "api/error.h"
#include "server/asio.h"
#include "server/http/http.h"
#include "server/models/model_host.h"
#include "server/requests/live_requests.h"

namespace quire::server {

// Why a request did not get its model.
struct ModelRefusal {
  api::ApiError error;
  int64_t retry_after_s = 1;  // 503
};
using ModelInUse = std::expected<ModelHost::Lease, ModelRefusal>;

// Waits until the model of `file` is in memory and may be used. A deadline, a queue timeout, a cancel of `live`, or its
// client's leaving end the wait in their moment; a load goes on for others. What became of the wait is in live's
// record. Everything must stay until the answer is there. The io thread only.
asio::awaitable<ModelInUse> wait_for_model(ModelHost& host, store::ModelFile file, const api::GenerationCall& call,
                                           const HttpRequest& request, LiveRequest& live);

}  // namespace quire::server
