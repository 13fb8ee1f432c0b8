#include "load/judgement.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace quire::load {
namespace {

using Json = nlohmann::ordered_json;

struct Limits {
  const StageReport& report;
  std::vector<std::string>& broken;

  void at_most(const char* what, const std::optional<double>& most_ms, int64_t found_ns) const {
    const double found_ms = static_cast<double>(found_ns) / 1e6;
    if (!most_ms || (found_ns >= 0 && found_ms <= *most_ms)) return;
    broken.push_back(fmt::format("{}, {}: {} is {}, limit {:g} ms", report.server, report.load, what,
                                 found_ns < 0 ? "unknown" : fmt::format("{:.3f} ms", found_ms), *most_ms));
  }
  void at_least(const char* what, const std::optional<double>& least, double found) const {
    if (!least || found >= *least) return;
    broken.push_back(fmt::format("{}, {}: {} is {:.3f}, limit {:g}", report.server, report.load, what, found, *least));
  }
};

struct Compared {
  const char* name;
  const char* key;
  const char* part;  // of a spread; null: the figure itself
  bool more_is_better;
};
constexpr Compared compared_figures[] = {{"tokens/s", "tokens_per_second", nullptr, true},
                                         {"requests/s", "requests_per_second", nullptr, true},
                                         {"first token p50", "first_token_ms", "p50", false},
                                         {"first token p99", "first_token_ms", "p99", false},
                                         {"gap p50", "gap_ms", "p50", false},
                                         {"gap p99", "gap_ms", "p99", false}};

std::optional<double> number_of(const Json& stage, const Compared& compared) {
  const auto figure = stage.find(compared.key);
  if (figure == stage.end()) return std::nullopt;
  const Json* value = &*figure;
  if (compared.part != nullptr) {
    if (!figure->is_object()) return std::nullopt;
    const auto part = figure->find(compared.part);
    if (part == figure->end()) return std::nullopt;
    value = &*part;
  }
  return value->is_number() ? std::optional(value->get<double>()) : std::nullopt;
}

// Stages by the place of their server among the servers of the run, and their load: addresses differ between runs.
std::map<std::pair<size_t, std::string>, const Json*> stages_of(const Json& report) {
  std::map<std::pair<size_t, std::string>, const Json*> stages;
  std::map<std::string, size_t> servers;
  if (!report.is_object() || !report.contains("stages") || !report["stages"].is_array()) return stages;
  for (const Json& stage : report["stages"]) {
    if (!stage.is_object() || !stage.contains("server") || !stage["server"].is_string() || !stage.contains("load") ||
        !stage["load"].is_string()) {
      continue;
    }
    const size_t server = servers.try_emplace(stage["server"].get<std::string>(), servers.size()).first->second;
    stages[{server, stage["load"].get<std::string>()}] = &stage;
  }
  return stages;
}

}  // namespace

std::vector<std::string> broken_limits(const Thresholds& thresholds, const std::vector<StageReport>& reports) {
  std::vector<std::string> broken;
  for (const StageReport& report : reports) {
    const Limits limits{report, broken};
    limits.at_most("first token p99", thresholds.first_p99_ms_max, report.all.first_ns.p99);
    limits.at_most("gap p99", thresholds.gap_p99_ms_max, report.all.gap_ns.p99);
    limits.at_most("end to end p99", thresholds.whole_p99_ms_max, report.all.whole_ns.p99);
    limits.at_most("wait p99", thresholds.wait_p99_ms_max, report.all.wait_ns.p99);
    limits.at_least("tokens/s", thresholds.tokens_per_s_min, report.all.tokens_per_s);
    limits.at_least("share of good requests", thresholds.good_share_min, report.all.good_share());
  }
  return broken;
}

Result<std::vector<std::string>> regressions(const Json& baseline, const Json& report, double percent) {
  std::vector<std::string> worse;
  const auto before = stages_of(baseline);
  if (before.empty())
    return fail(ErrorKind::invalid, "it has no stages; `quire bench serve --output` makes such a file");
  size_t common = 0;
  for (const auto& [key, stage] : stages_of(report)) {
    const auto same = before.find(key);
    if (same == before.end()) continue;
    ++common;
    for (const Compared& compared : compared_figures) {
      const auto was = number_of(*same->second, compared);
      const auto is = number_of(*stage, compared);
      if (!was || !is || *was <= 0) continue;
      const double change = 100 * (*is / *was - 1);
      if ((compared.more_is_better ? -change : change) <= percent) continue;
      worse.push_back(fmt::format("{}: {} went from {:.3f} to {:.3f} ({:+.1f} %, allowed {:g} %)", key.second,
                                  compared.name, *was, *is, change, percent));
    }
  }
  if (common == 0) return fail(ErrorKind::invalid, "none of its loads is in this run: nothing can be compared");
  return worse;
}

}  // namespace quire::load
