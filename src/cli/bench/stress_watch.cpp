#include "cli/bench/stress_watch.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "cli/bench/process_facts.h"
#include "cli/bench/server_process.h"
#include "cli/client.h"

namespace quire::cli {
namespace {

constexpr auto period = std::chrono::milliseconds(250);
constexpr int64_t cycle_ns = 12'000'000'000;
constexpr int64_t ample_ns = 8'000'000'000;  // of a cycle
constexpr int timeout_ms = 2000;
constexpr uint64_t machine_bytes = uint64_t{1} << 30;
constexpr uint64_t reserve_bytes = machine_bytes / 16;  // what the server leaves to others (server/machine_memory)

// What the server says of itself. False: it did not answer.
bool look(const load::HttpEndpoint& endpoint, WatchSample& sample) {
  const auto reply = load::http_request(endpoint, {.method = "GET", .target = "/api/ps", .body = {}}, timeout_ms);
  if (!reply || reply->status != 200) return false;
  const nlohmann::json body = nlohmann::json::parse(reply->body, nullptr, false);
  if (!body.is_object()) return false;
  for (const nlohmann::json& model : array_at(body, "models")) {
    const nlohmann::json contexts = model.value("context_bytes", nlohmann::json::object());
    const nlohmann::json counts = model.value("since_load", nlohmann::json::object());
    sample.kv_bytes += static_cast<uint64_t>(number_at(contexts, "held") + number_at(contexts, "cached"));
    sample.preemptions += number_at(counts, "preemptions");
    sample.evicted_blocks += number_at(counts, "evicted_blocks");
  }
  return true;
}

uint64_t median(std::vector<uint64_t> values) {
  if (values.empty()) return 0;
  std::ranges::nth_element(values, values.begin() + std::ssize(values) / 2);
  return values[values.size() / 2];
}

}  // namespace

void write_machine(const std::filesystem::path& root, uint64_t kv_bytes, uint64_t used_bytes) {
  std::filesystem::create_directories(root / "proc");
  const uint64_t available = reserve_bytes + kv_bytes - std::min(reserve_bytes + kv_bytes, used_bytes);
  const std::filesystem::path made = root / "proc/meminfo.new";
  std::ofstream(made) << fmt::format("MemTotal: {} kB\nMemAvailable: {} kB\n", machine_bytes >> 10, available >> 10);
  std::filesystem::rename(made, root / "proc/meminfo");  // never half of it
}

StressWatch::StressWatch(load::HttpEndpoint endpoint, pid_t pid, std::filesystem::path machine_root)
    : endpoint_(std::move(endpoint)),
      pid_(pid),
      machine_root_(std::move(machine_root)),
      thread_([this](const std::stop_token& stopped) { run(stopped); }) {}

void StressWatch::stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
}

void StressWatch::run(const std::stop_token& stopped) {
  const SteadyClock clock;
  const int64_t begin_ns = clock.now_ns();
  while (!stopped.stop_requested()) {
    WatchSample sample{.at_ns = clock.now_ns() - begin_ns, .resident_bytes = resident_bytes(pid_)};
    sample.tight = sample.at_ns % cycle_ns >= ample_ns;
    if (look(endpoint_, sample)) {
      unanswered_ = 0;
      write_machine(machine_root_, sample.tight ? tight_kv_bytes : ample_kv_bytes, sample.kv_bytes);
      samples_.push_back(sample);
    } else {
      ++unanswered_;
    }
    std::this_thread::sleep_for(period);
  }
}

MemoryTrend memory_trend(const std::vector<WatchSample>& samples) {
  const size_t third = samples.size() / 3;
  const auto part = [&](size_t begin, size_t end) {
    std::vector<uint64_t> bytes;
    for (size_t at = begin; at < end; ++at) {
      bytes.push_back(samples[at].resident_bytes - std::min(samples[at].resident_bytes, samples[at].kv_bytes));
    }
    return median(std::move(bytes));
  };
  return {.first_bytes = part(0, third), .last_bytes = part(samples.size() - third, samples.size())};
}

}  // namespace quire::cli
