// What is said of requests that are being served: /api/queue, /api/contexts, DELETE /api/requests/ID.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

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
};

std::string queue_body(std::span<const QueueLine> lines);
std::string contexts_body(std::span<const ContextLine> lines);
std::string cancelled_body(const std::string& id);

}  // namespace quire::api
