#include "server/requests/request_record.h"

#include <algorithm>

namespace quire::server {

std::string_view refusal_name(Refusal refusal) {
  constexpr std::array<std::string_view, refusal_count> names = {
      "queue_full", "too_large", "draining", "no_model_room", "too_many_connections", "too_many_bytes"};
  return names[static_cast<size_t>(refusal)];
}

void RequestRecord::add(const Finished& finished) {
  const auto failed = [](FinishReason one) { return one != FinishReason::stop && one != FinishReason::length; };
  if (!reason || !failed(*reason)) reason = finished.reason;
  const bool no_place = finished.reason == FinishReason::error && finished.stats.generated_tokens == 0;
  if (no_place && finished.error_kind == ErrorKind::busy) refusal = Refusal::queue_full;
  if (no_place && finished.error_kind == ErrorKind::too_large) refusal = Refusal::too_large;
  ++choices;
  const RequestStats& more = finished.stats;
  stats.prompt_tokens += more.prompt_tokens;
  stats.cached_tokens += more.cached_tokens;
  stats.generated_tokens += more.generated_tokens;
  stats.draft_tokens += more.draft_tokens;
  stats.accepted_tokens += more.accepted_tokens;
  stats.preemptions += more.preemptions;
  stats.recomputed_tokens += more.recomputed_tokens;
  stats.queue_ns = std::max(stats.queue_ns, more.queue_ns);
  stats.prompt_ns = std::max(stats.prompt_ns, more.prompt_ns);
  stats.generate_ns = std::max(stats.generate_ns, more.generate_ns);
}

}  // namespace quire::server
