// What the host knows of one model. Of ModelHost's own files only.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "server/models/model_host.h"

namespace quire::server {

// One a name that was ever asked for; it stays as long as the host. The io thread only, but for what the loader's
// thread has while Seats calls the model loading or unloading.
struct ModelHost::Entry {
  Entry(ModelId number, store::ModelFile of) : id(number), file(std::move(of)) {}

  const ModelId id;
  store::ModelFile file;                      // changes only while the model is absent
  std::optional<store::ModelFile> next_file;  // what it is loaded from the next time, where that is another one
  LoadWish wish;                              // of who asked last while it was absent
  std::unique_ptr<LoadedModel> model;         // null unless it is ready
  Error load_error;                           // why the last load failed
  int64_t load_began_ns = 0;

  // The loader's thread, until it tells the io thread of the end.
  std::optional<Result<std::unique_ptr<LoadedModel>>> outcome;  // of a load
  std::unique_ptr<LoadedModel> leaving;
  EngineTotals final_totals;  // of `leaving`
  // Keeps the io thread waiting for that.
  std::optional<asio::executor_work_guard<asio::io_context::executor_type>> work;

  EngineTotals retired;         // what its engines that are gone have counted
  EngineTotals leaving_totals;  // what the one that goes had counted when it was told so

  int32_t logged_parallel = -1;  // the contexts that may run together, as the log last said; -1: not yet
  int64_t logged_ns = 0;
  EngineTotals seen;                    // when it was last looked after
  int64_t slow_steps_logged = 0;        // slow steps that the log has been told of, and when
  std::optional<int64_t> slow_step_ns;  // none yet
};

}  // namespace quire::server
