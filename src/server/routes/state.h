// What the handlers of all routes share.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "server/asio.h"
#include "server/models/model_cards.h"
#include "server/models/model_host.h"
#include "server/models/store_jobs.h"
#include "server/observe/metrics_page.h"
#include "server/requests/answer_stream.h"
#include "server/requests/client_identity.h"
#include "server/requests/kept_answers.h"
#include "server/requests/live_requests.h"
#include "store/catalog.h"
#include "store/registry/surroundings.h"

namespace quire::server {

// The io thread only; work that takes long (parsing, templates, tokenizing, reading files) is done on the intake pool
// and comes back. Borrows what it refers to for its life.
struct ServiceState {
  asio::thread_pool& intake;
  const store::Catalog& catalog;
  ModelHost& host;
  LiveRequests& requests;
  const Clocks clocks;
  const ClientWeights weights;
  const std::optional<int32_t> shift_keep;  // as Settings has it
  const MetricsPage& metrics;
  StoreJobs& jobs;
  KeptAnswers& kept;
  const std::filesystem::path store_folder;                               // where pulled and created models go
  const std::function<Result<store::registry::Surroundings>()> registry;  // called where a pull or push works
  std::vector<std::string> given_models = {};                             // of the command line, by their names
  std::vector<std::string> awaited_models = {};                           // without which the server is not healthy
  std::mt19937_64 random;  // names and seeds only: never what decides an order
  std::unique_ptr<ModelCards> cards = std::make_unique<ModelCards>();
  uint64_t next_sequence = 1;
  std::string instance = {};            // no other server's
  std::optional<int64_t> gone_ns = {};  // set: the server is going, and will be gone by then on the engines' clock

  // A text that no other request of this server has got, and hardly one of another server.
  std::string unique_id();
  // At least 1: another server may be here by then. REQUIRES: gone_ns.
  int64_t seconds_until_gone() const;
};

}  // namespace quire::server
