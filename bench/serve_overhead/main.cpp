// What the load generator adds to the times that it measures: many streams of a server that answers at a set rate.
// An error is the client's lateness and the answering server's own together, so the client's is below it.
//
//     build/release/serve_overhead [STREAMS [GAP_MS [SECONDS]]]      (256 50 10)
#include <fmt/format.h>

#include <cstdlib>

#include "load/report.h"
#include "support/stub_server.h"

int main(int argc, char** argv) {
  using namespace quire;
  const int streams = argc > 1 ? std::atoi(argv[1]) : 256;
  const int gap_ms = argc > 2 ? std::atoi(argv[2]) : 50;
  const int seconds = argc > 3 ? std::atoi(argv[3]) : 10;
  if (streams < 1 || gap_ms < 1 || seconds < 1) {
    fmt::print(stderr, "serve_overhead [STREAMS [GAP_MS [SECONDS]]]\n");
    return 2;
  }
  constexpr int64_t ms = 1'000'000;
  const int64_t first_ns = 100 * ms, gap_ns = gap_ms * ms;
  const test::StubServer server({.first_ns = first_ns, .gap_ns = gap_ns});
  auto target = load::find_target(server.url(), "stub", nullptr, true);
  if (!target) {
    fmt::print(stderr, "{}\n", target.error().message);
    return 1;
  }
  // Arrivals spread evenly over the first second, so that not all streams are due in the same moment.
  load::WorkloadSpec spec;
  const auto tokens = static_cast<int32_t>(seconds * 1000 / gap_ms);
  spec.answer_tokens = {tokens, tokens};
  const load::ArrivalSpec arrivals{.rate = static_cast<double>(streams),
                                   .rate_end = static_cast<double>(streams),
                                   .shape = 1000,
                                   .duration_ns = 1000 * ms};
  const load::Stage stage{.kind = load::LoadKind::open, .arrivals = arrivals};
  const load::StageResult result = load::run_stage(*target, spec, stage, {.running_max = 2 * streams},
                                                   [](const load::RunProgress&) { return true; });
  std::vector<int64_t> late_sends, first_errors, piece_errors;
  for (const load::Sample& sample : result.samples) {
    late_sends.push_back(sample.sent_ns - sample.due_ns);
    if (sample.pieces_ns.empty()) continue;
    first_errors.push_back(std::abs(sample.pieces_ns.front() - sample.sent_ns - first_ns));
    for (size_t piece = 1; piece < sample.pieces_ns.size(); ++piece) {
      const int64_t due_ns = sample.pieces_ns.front() + gap_ns * static_cast<int64_t>(piece);
      piece_errors.push_back(std::abs(sample.pieces_ns[piece] - due_ns));
    }
  }
  const auto print = [](const char* what, std::vector<int64_t> values) {
    const size_t count = values.size();
    const Percentiles p = percentiles(std::move(values));
    const auto text = [](int64_t ns) { return static_cast<double>(ns) / 1e6; };
    fmt::print("{:<38} p50 {:.3f}  p90 {:.3f}  p99 {:.3f}  max {:.3f} ms  ({} values)\n", what, text(p.p50),
               text(p.p90), text(p.p99), text(p.max), count);
    return p.p99;
  };
  fmt::print("{} requests, {} tokens each, one in {} ms\n", result.samples.size(), tokens, gap_ms);
  print("sent, connected first, after due", std::move(late_sends));
  const int64_t first_p99 = print("first token off by", std::move(first_errors));
  const int64_t piece_p99 = print("later tokens off by", std::move(piece_errors));
  const bool holds = first_p99 <= ms && piece_p99 <= ms;
  fmt::print("{}: at most 1 ms at p99\n", holds ? "holds" : "MISSED");
  return holds ? 0 : 1;
}
