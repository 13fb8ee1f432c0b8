#include "server/observe/metrics_page.h"

#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
#include <utility>

#include "server/models/model_host.h"
#include "server/observe/metric_families.h"
#include "server/observe/model_metrics.h"
#include "server/requests/live_requests.h"

namespace quire::server {
namespace {

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
}

// 0 where the system does not say.
double resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  double size_pages = 0, resident_pages = 0;
  statm >> size_pages >> resident_pages;
  return resident_pages * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

void add_process(MetricFamilies& families, int64_t started_unix_ns) {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  families.gauge("quire_build_info", "1, with the version.", {{"version", QUIRE_VERSION}}, 1);
  families.gauge("process_start_time_seconds", "When the server started, in seconds since 1970.", {},
                 static_cast<double>(started_unix_ns) / 1e9);
  families.counter("process_cpu_seconds_total", "Processor time of the whole process.", {},
                   seconds(usage.ru_utime) + seconds(usage.ru_stime));
  families.gauge("process_resident_memory_bytes", "Memory of the process that is in RAM.", {}, resident_bytes());
}

void add_server(MetricFamilies& families, const ServerCounts& counts) {
  for (const auto& [what, count] : counts.responses) {
    families.counter("quire_http_requests_total", "HTTP requests that were answered; 499: the client had left.",
                     {{"route", std::string(what.first)}, {"status", std::to_string(what.second)}},
                     static_cast<double>(count));
  }
  for (size_t refusal = 0; refusal < refusal_count; ++refusal) {
    families.counter("quire_requests_refused_total", "Requests that were turned away, by why.",
                     {{"reason", std::string(refusal_name(static_cast<Refusal>(refusal)))}},
                     static_cast<double>(counts.refusals[refusal]));
  }
}

}  // namespace

std::string MetricsPage::text() const {
  MetricFamilies families;
  add_process(families, started_unix_ns_);
  add_server(families, counts_);
  families.gauge("quire_requests_arriving", "Requests that are being read, tokenized, or wait for a model to load.", {},
                 static_cast<double>(requests_.arriving()));
  families.gauge("quire_models_loading", "Models on their way into memory.", {}, host_.loading_count());
  const std::vector<int64_t> busy_ns = busy_ns_();
  for (size_t worker = 0; worker < busy_ns.size(); ++worker) {
    families.counter("quire_worker_busy_seconds_total", "Time in which a worker of the team computed.",
                     {{"worker", std::to_string(worker)}}, static_cast<double>(busy_ns[worker]) / 1e9);
  }
  for (const DeviceStatus& device : read_devices_()) {
    const auto memory = [&](const char* state, uint64_t bytes) {
      families.gauge("quire_device_memory_bytes", "Memory of devices that have their own, with what others have taken.",
                     {{"device", device.name}, {"state", state}}, static_cast<double>(bytes));
    };
    memory("free", device.free_bytes);
    memory("used", device.total_bytes - device.free_bytes);
  }
  for (const ModelHost::Counted& model : host_.counted()) add_model_metrics(families, model);
  return families.text();
}

}  // namespace quire::server
