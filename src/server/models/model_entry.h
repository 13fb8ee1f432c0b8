// A model that is in memory or on its way there. Of ModelHost's own files only.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "server/models/model_host.h"

namespace quire::server {

struct ModelHost::Entry {
  Entry(store::ModelFile of, const asio::any_io_executor& executor)
      : file(std::move(of)), loaded(executor), idle_timer(executor) {}

  const store::ModelFile file;
  std::unique_ptr<LoadedModel> model;  // null while it is being loaded, or when that failed
  std::optional<Error> error;          // why loading failed
  Signal loaded;
  asio::steady_timer idle_timer;
  int32_t uses = 0;  // leases, and those that wait for the load
  int64_t keep_alive_ns = 0;
  int64_t idle_since_ns = 0;
  int32_t logged_parallel = -1;  // the contexts that may run together, as the log last said; -1: not yet
  int64_t logged_ns = 0;
  EngineTotals seen;                    // when it was last looked after
  int64_t slow_steps_logged = 0;        // slow steps that the log has been told of, and when
  std::optional<int64_t> slow_step_ns;  // none yet
};

}  // namespace quire::server
