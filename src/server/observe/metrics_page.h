// GET /metrics: everything that is counted, in Prometheus' text format.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "server/requests/request_record.h"

namespace quire::server {

class LiveRequests;
class ModelHost;

// Answers from what the io thread knows and from the engines' snapshots: never waits for an engine. The io thread only.
class MetricsPage {
 public:
  static constexpr const char* content_type = "text/plain; version=0.0.4; charset=utf-8";

  // Borrows what it shows for its life. `busy_ns`: how long each worker of the team has computed.
  MetricsPage(const ModelHost& host, const LiveRequests& requests, const ServerCounts& counts,
              std::function<std::vector<int64_t>()> busy_ns, std::function<std::vector<DeviceStatus>()> read_devices,
              int64_t started_unix_ns)
      : host_(host),
        requests_(requests),
        counts_(counts),
        busy_ns_(std::move(busy_ns)),
        read_devices_(std::move(read_devices)),
        started_unix_ns_(started_unix_ns) {}

  std::string text() const;

 private:
  const ModelHost& host_;
  const LiveRequests& requests_;
  const ServerCounts& counts_;
  const std::function<std::vector<int64_t>()> busy_ns_;
  const std::function<std::vector<DeviceStatus>()> read_devices_;
  const int64_t started_unix_ns_;
};

}  // namespace quire::server
