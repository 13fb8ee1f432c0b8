// Traces: any text is an error or a trace whose invariants hold, of which any beginning is a workload.
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "sim/cost_model.h"
#include "sim/trace_workload.h"
#include "trace/trace.h"

namespace {

void check(const quire::trace::Trace& trace) {
  int64_t before_ns = 0;
  for (const quire::trace::TraceRequest& request : trace.requests) {
    QUIRE_CHECK(request.arrived_ns >= before_ns, "requests are in order");
    QUIRE_CHECK(request.prompt_tokens >= 1 && request.generated_tokens >= 1, "lengths are positive");
    before_ns = request.arrived_ns;
    for (const int32_t block : request.blocks) {
      QUIRE_CHECK(block >= 0 && block < trace.block_count, "a block has a number of the trace");
    }
  }
  const auto workload = quire::sim::make_workload(trace, {.requests_max = 3, .token_scale = 2});
  QUIRE_CHECK(workload.has_value(), "each trace is a workload");
  for (int32_t index = 0; index < static_cast<int32_t>(workload->requests.size()); ++index) {
    QUIRE_CHECK(!quire::sim::prompt_of(*workload, index).empty(), "a prompt has a token");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* input, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(input), size);
  for (const auto& trace : {quire::trace::parse_azure_trace(text), quire::trace::parse_mooncake_trace(text)}) {
    if (trace) check(*trace);
  }
  [[maybe_unused]] const auto model = quire::sim::CostModel::parse(text);
  return 0;
}
