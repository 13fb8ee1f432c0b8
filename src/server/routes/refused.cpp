// What Ollama has and this server has not, by name: accounts and models of a cloud.
#include "server/routes/handlers.h"
#include "server/routes/state.h"

namespace quire::server {

asio::awaitable<Reply> refuse_account(ServiceState&, const Exchange& exchange) {
  const api::ApiError error{501, "accounts and cloud models are not served: quire runs models on this machine only"};
  co_return error_response(exchange.dialect, error);
}

// Clients ask before they offer a cloud's models.
asio::awaitable<Reply> cloud_status(ServiceState&, const Exchange&) {
  co_return json_response(R"({"cloud":{"disabled":true,"source":"env"}})");
}

}  // namespace quire::server
