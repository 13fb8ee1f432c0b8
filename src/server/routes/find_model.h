// Which model a request means.
#pragma once

#include <string>

#include "api/error.h"
#include "server/asio.h"
#include "server/requests/wait_for_model.h"
#include "server/routes/route.h"
#include "server/routes/state.h"
#include "store/catalog.h"

namespace quire::server {

// The model of this name. Without one, as clients of a server with one model ask: that of the command line, else the
// one that is in memory, else the only one that there is; where these are several, 400 that lists them.
asio::awaitable<api::ApiResult<store::ModelFile>> find_model(ServiceState& state, std::string name);

// A model in use, and what it was read from.
struct ModelUse {
  store::ModelFile file = {};
  ModelInUse model;
};

// The same, in memory: for routes that need a model and generate nothing.
asio::awaitable<ModelUse> use_model(ServiceState& state, const Exchange& exchange, std::string name);

// What the client of a request is told that did not get its model.
HttpResponse refused(const Exchange& exchange, const ModelRefusal& refusal);

}  // namespace quire::server
