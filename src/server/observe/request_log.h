// The line that the log gets of each request when it has ended.
#pragma once

#include <cstdint>
#include <string_view>

#include "server/observe/event_log.h"
#include "server/requests/live_requests.h"

namespace quire::server {

// What stands for the status where the client has left before any answer.
constexpr int client_left_status = 499;

// At level info for one that asked for tokens or was turned away, debug for all others.
void log_request(const EventLog& log, const LiveRequest& live, std::string_view route, int64_t now_ns);

}  // namespace quire::server
