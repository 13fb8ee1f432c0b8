// What has become of a request: for the log and for /metrics.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include "core/event.h"

namespace quire::server {

// Why a request was turned away before anything of it was computed.
enum class Refusal : uint8_t {
  queue_full,            // the queue, or the way to the engine
  too_large,             // it could never fit
  draining,              // this server is going
  no_model_room,         // the models in use leave no room for the one that it needs
  too_many_connections,  // closed before its request was read
  too_many_bytes,        // bodies of other requests
};
constexpr int32_t refusal_count = 6;
std::string_view refusal_name(Refusal refusal);

// The io thread only.
struct RequestRecord {
  bool generates = false;  // it asked for tokens
  int status = 0;          // that was sent; 0: none
  std::optional<Refusal> refusal;
  std::optional<FinishReason> reason;  // how its last choice ended, or the first that failed
  int32_t choices = 0;                 // those that have ended
  RequestStats stats;                  // of those: sums of tokens and preemptions, the longest times

  void add(const Finished& finished);
};

// Since the server's start. The io thread only.
struct ServerCounts {
  std::map<std::pair<std::string_view, int>, int64_t> responses;  // by route and status; routes live for ever
  std::array<int64_t, refusal_count> refusals{};

  void refuse(Refusal refusal) { ++refusals[static_cast<size_t>(refusal)]; }
};

}  // namespace quire::server
