#include "load/report_json.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>

namespace quire::load {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t contexts_max = 400;  // drawn of a stage
constexpr int64_t buckets_max = 120;  // of the curve over time

// Milliseconds with three digits after the point; null: none.
Json milliseconds(int64_t ns) {
  if (ns < 0) return nullptr;
  return std::round(static_cast<double>(ns) / 1e3) / 1e3;
}

double rounded(double value) { return std::round(value * 1e3) / 1e3; }

Json known(int64_t count) { return count < 0 ? Json(nullptr) : Json(count); }

Json spread(const Percentiles& p) {
  return {{"p50", milliseconds(p.p50)},
          {"p90", milliseconds(p.p90)},
          {"p99", milliseconds(p.p99)},
          {"max", milliseconds(p.max)}};
}

Json figures_json(const Figures& figures) {
  Json json;
  json["requests"] = figures.requests;
  for (int outcome = 0; outcome < outcome_count; ++outcome) {
    json["outcomes"][std::string(name(static_cast<Outcome>(outcome)))] = figures.outcomes[static_cast<size_t>(outcome)];
  }
  json["errors"] = figures.errors();
  json["tokens_per_second"] = rounded(figures.tokens_per_s);
  json["prompt_tokens_per_second"] = rounded(figures.prompt_tokens_per_s);
  json["requests_per_second"] = rounded(figures.requests_per_s);
  json["good_per_second"] = rounded(figures.good_per_s);
  json["good_share"] = rounded(figures.good_share());
  json["first_token_ms"] = spread(figures.first_ns);
  json["gap_ms"] = spread(figures.gap_ns);
  json["whole_ms"] = spread(figures.whole_ns);
  json["wait_ms"] = spread(figures.wait_ns);
  json["prompt_tokens"] = figures.prompt_tokens;
  json["prompt_size_tokens"] = {{"p50", known(figures.prompt_size.p50)}, {"max", known(figures.prompt_size.max)}};
  json["prompts_truncated"] = figures.truncated;
  const auto cached_share = figures.cached_share();
  json["cached_tokens"] = cached_share ? Json(figures.cached_tokens) : Json(nullptr);
  json["cached_share"] = cached_share ? Json(rounded(*cached_share)) : Json(nullptr);
  json["tokens"] = figures.tokens;
  return json;
}

Json context_json(const Sample& sample) {
  return {{"due_ms", milliseconds(sample.due_ns)},
          {"wait_ms", milliseconds(sample.wait_ns())},
          {"first_ms", sample.pieces_ns.empty() ? Json(nullptr) : milliseconds(sample.pieces_ns.front())},
          {"end_ms", milliseconds(sample.ended_ns)},
          {"band", sample.band},
          {"conversation", sample.conversation},
          {"turn", sample.turn},
          {"tokens", sample.tokens()},
          {"outcome", name(sample.outcome)}};
}

// Pieces that arrived in each of equal parts of the time, a second, and how long a part is.
Json over_time(const StageReport& report) {
  int64_t end_ns = 1;
  for (const Sample& sample : report.samples) end_ns = std::max(end_ns, sample.ended_ns);
  const int64_t part_ns = std::max<int64_t>(end_ns / buckets_max + 1, 100'000'000);
  std::vector<int64_t> counts(static_cast<size_t>(end_ns / part_ns + 1), 0);
  for (const Sample& sample : report.samples) {
    for (const int64_t at_ns : sample.pieces_ns) ++counts[static_cast<size_t>(std::min(at_ns, end_ns) / part_ns)];
  }
  Json rates = Json::array();
  for (const int64_t count : counts)
    rates.push_back(rounded(static_cast<double>(count) * 1e9 / static_cast<double>(part_ns)));
  return {{"part_ms", milliseconds(part_ns)}, {"tokens_per_second", std::move(rates)}};
}

Json stage_json(const StageReport& report, bool contexts) {
  Json json;
  json["server"] = report.server;
  json["load"] = report.load;
  json["kind"] = report.kind == LoadKind::closed ? "closed" : report.kind == LoadKind::open ? "open" : "trace";
  json["level"] = rounded(report.level);
  json["window_s"] = rounded(static_cast<double>(report.window_ns) / 1e9);
  json["interrupted"] = report.interrupted;
  json.update(figures_json(report.all));
  json["bands"] = Json::object();
  for (const auto& [band, figures] : report.bands)
    json["bands"][band < 0 ? "none" : std::to_string(band)] = figures_json(figures);
  json["clients"] = Json::object();
  for (const auto& [client, figures] : report.clients) json["clients"][client] = figures_json(figures);
  json["turns"] = Json::array();
  for (const auto& [turn, figures] : report.turns) {
    json["turns"].push_back({{"turn", turn}});
    json["turns"].back().update(figures_json(figures));
  }
  json["error_texts"] = report.error_texts;
  if (!contexts) return json;
  std::vector<const Sample*> ordered;
  for (const Sample& sample : report.samples) ordered.push_back(&sample);
  std::ranges::stable_sort(ordered, {}, &Sample::due_ns);
  ordered.resize(std::min(ordered.size(), contexts_max));
  json["contexts"] = Json::array();
  for (const Sample* sample : ordered) json["contexts"].push_back(context_json(*sample));
  json["over_time"] = over_time(report);
  return json;
}

}  // namespace

Json json_of(const std::vector<StageReport>& reports, bool contexts) {
  Json json;
  json["version"] = QUIRE_VERSION;
  json["unix_s"] =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  json["stages"] = Json::array();
  for (const StageReport& report : reports) json["stages"].push_back(stage_json(report, contexts));
  return json;
}

}  // namespace quire::load
