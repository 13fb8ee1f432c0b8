#include "server/routes/state.h"

#include <fmt/format.h>

#include <algorithm>

namespace quire::server {

std::string ServiceState::unique_id() { return fmt::format("{:016x}{:08x}", random(), next_sequence); }

int64_t ServiceState::seconds_until_gone() const {
  return std::clamp<int64_t>((*gone_ns - clocks.engine.now_ns()) / 1'000'000'000, 1, 600);
}

}  // namespace quire::server
