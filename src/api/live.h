// What is said of requests that are being served: /api/queue, /api/contexts, DELETE /api/requests/ID.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "api/models.h"
#include "core/event.h"
#include "core/view.h"

namespace quire::api {

// Whose it is.
struct LiveLine {
  std::string id;
  int32_t choice = 0;
  std::string model;
  std::string client;
  uint8_t priority = 3;  // the band that was asked for
};

// A request that waits for its turn.
struct QueueLine {
  LiveLine line;
  std::optional<int32_t> prompt_tokens = {};  // none: not tokenized yet
  std::optional<SequenceView> view = {};      // none: it has not reached the queue
  int64_t age_ns = 0;
  std::optional<int64_t> expected_start_in_ns = {};
};

// One that has begun.
struct ContextLine {
  LiveLine line;
  SequenceView view;
  int64_t age_ns = 0;
  int64_t wait_ns = 0;
  double tokens_per_second = 0;
  std::optional<int64_t> first_token_in_ns = {};  // from the arrival; none: there is no token yet
};

// One that has ended.
struct EndedLine {
  int64_t number = 0;  // of all that this server has ended, from 1
  LiveLine line;
  FinishReason reason = FinishReason::stop;
  bool has_stats = false;  // false: its client was gone before the engine said
  RequestStats stats;
  int32_t prompt_tokens = 0;
  int64_t arrived_ns = 0;
  int64_t ended_ns = 0;
};

// Everything that the page at /ui shows.
struct LiveReport {
  std::string instance;  // another one after a restart
  bool draining = false;
  int64_t now_unix_ns = 0;
  int64_t now_ns = 0;  // on the engines' clock
  std::vector<RunningModel> models;
  std::vector<ContextLine> contexts;
  std::vector<QueueLine> queue;
  std::vector<EndedLine> ended;  // ascending in number
  int64_t ended_count = 0;       // of all, shown or not
};

std::string queue_body(std::span<const QueueLine> lines);
std::string contexts_body(std::span<const ContextLine> lines);
std::string cancelled_body(const std::string& id);
std::string live_body(const LiveReport& report);

}  // namespace quire::api
