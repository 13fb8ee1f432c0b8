#include "sim/trace_workload.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/bytes.h"
#include "base/random.h"

namespace quire::sim {

namespace {

constexpr double time_scale_max = 1000;  // times the 11 days of a trace, it fits in nanoseconds of 64 bits
constexpr int32_t clients_max = 1000;

int32_t draw_band(Random& random) {
  int32_t percent = random.below(100);
  for (int32_t index = 0; index < workload_band_count; ++index) {
    percent -= workload_bands[index].percent;
    if (percent < 0) return index;
  }
  return workload_band_count - 1;
}

// In integers, so that it is the same on every machine: 2^20 / (k + 1) tickets for client k.
int32_t draw_client(Random& random, int32_t clients) {
  const auto tickets = [](int32_t client) { return (int64_t{1} << 20) / (client + 1); };
  int64_t all = 0;
  for (int32_t client = 0; client < clients; ++client) all += tickets(client);
  int64_t drawn = random.below(all);
  for (int32_t client = 0; client < clients; ++client) {
    drawn -= tickets(client);
    if (drawn < 0) return client;
  }
  return clients - 1;
}

// The first block is what a service puts before every prompt; from the second on, a prompt is a conversation's own.
uint64_t conversation_of(const trace::TraceRequest& request, size_t index) {
  return request.blocks.size() > 1 ? static_cast<uint64_t>(request.blocks[1]) : (uint64_t{1} << 32) + index;
}

Result<void> check(const trace::Trace& trace, const WorkloadOptions& options) {
  if (!(options.time_scale >= 0 && options.time_scale <= time_scale_max)) {
    return fail(ErrorKind::invalid, fmt::format("a time scale is from 0 to {}", time_scale_max));
  }
  if (options.clients < 1 || options.clients > clients_max) {
    return fail(ErrorKind::invalid, fmt::format("1 to {} clients", clients_max));
  }
  if (options.requests_max < 0) return fail(ErrorKind::invalid, "a number of requests is not negative");
  const int32_t block_tokens = trace.block_tokens;
  if (options.token_scale < 1 ||
      (block_tokens > 0 && (block_tokens % options.token_scale != 0 || block_tokens / options.token_scale < 2))) {
    return fail(
        ErrorKind::invalid,
        fmt::format("a token scale of {}: it must leave blocks of at least 2 tokens whole (the trace's have {})",
                    options.token_scale, block_tokens));
  }
  if (options.block_tokens < 1) return fail(ErrorKind::invalid, "a block has at least one token");
  return {};
}

// A block of the trace that is not full does not become a full one by rounding.
int32_t scaled_prompt(const trace::Trace& trace, const trace::TraceRequest& request, int32_t scale) {
  if (trace.block_tokens == 0) return ceil_div(request.prompt_tokens, scale);
  const int32_t block_tokens = trace.block_tokens / scale;
  const int32_t full = request.prompt_tokens / trace.block_tokens;
  const int32_t rest = request.prompt_tokens % trace.block_tokens;
  return full * block_tokens + std::min(ceil_div(rest, scale), block_tokens - 1);
}

void count(Workload& workload, int32_t trace_block_count) {
  std::vector<bool> seen(static_cast<size_t>(trace_block_count));
  for (const WorkloadRequest& request : workload.requests) {
    workload.prompt_tokens += request.prompt_tokens;
    workload.generated_tokens += request.generated_tokens;
    const int64_t begun = ceil_div(request.prompt_tokens, workload.block_tokens);
    workload.prompt_blocks += begun;
    workload.unlimited_blocks += ceil_div(request.prompt_tokens + request.generated_tokens, workload.block_tokens);
    if (request.blocks.empty()) workload.distinct_blocks += begun;
    for (const int32_t block : request.blocks) {
      workload.distinct_blocks += seen[static_cast<size_t>(block)] ? 0 : 1;
      workload.unlimited_blocks -= seen[static_cast<size_t>(block)] ? 1 : 0;
      seen[static_cast<size_t>(block)] = true;
    }
  }
  // A prompt's last, partial block is its owner's while it runs, equal to another's or not.
  workload.unlimited_blocks += std::ssize(workload.requests);
}

}  // namespace

Result<Workload> make_workload(const trace::Trace& trace, const WorkloadOptions& options) {
  QUIRE_TRY_VOID(check(trace, options));
  Workload workload{
      .token_scale = options.token_scale,
      .block_tokens = trace.block_tokens > 0 ? trace.block_tokens / options.token_scale : options.block_tokens,
      .clients = options.clients};
  size_t taken = trace.requests.size();
  if (options.requests_max > 0) taken = std::min(taken, static_cast<size_t>(options.requests_max));
  workload.requests.reserve(taken);
  for (size_t index = 0; index < taken; ++index) {
    const trace::TraceRequest& request = trace.requests[index];
    Random random(mix(options.seed) ^ conversation_of(request, index));
    const int32_t client = draw_client(random, options.clients);
    workload.requests.push_back(
        {.arrived_ns = std::llround(static_cast<double>(request.arrived_ns) * options.time_scale),
         .prompt_tokens = scaled_prompt(trace, request, options.token_scale),
         .generated_tokens = ceil_div(request.generated_tokens, options.token_scale),
         .client = client,
         .band = draw_band(random),
         .blocks = request.blocks});
  }
  count(workload, trace.block_count);
  return workload;
}

std::vector<TokenId> prompt_of(const Workload& workload, int32_t index) {
  const WorkloadRequest& request = workload.requests[static_cast<size_t>(index)];
  // A block's number, or without blocks the request's, is each of its tokens.
  std::vector<TokenId> tokens(static_cast<size_t>(request.prompt_tokens), index);
  for (size_t at = 0; at < tokens.size() && !request.blocks.empty(); ++at) {
    tokens[at] = request.blocks[at / static_cast<size_t>(workload.block_tokens)];
  }
  return tokens;
}

}  // namespace quire::sim
