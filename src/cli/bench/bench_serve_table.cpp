#include <fmt/format.h>

#include <algorithm>

#include "cli/bench/bench_serve_command.h"
#include "cli/terminal/human.h"
#include "cli/terminal/text_table.h"

namespace quire::cli {
namespace {

using load::Figures;
using load::Outcome;
using load::StageReport;

std::string milliseconds(int64_t ns) { return ns < 0 ? "-" : format_count(static_cast<double>(ns) / 1e6); }

bool several_servers(const std::vector<StageReport>& reports) {
  for (const StageReport& report : reports) {
    if (report.server != reports.front().server) return true;
  }
  return false;
}

// A table whose rows begin with what was loaded how.
class StageTable {
 public:
  StageTable(const std::vector<StageReport>& reports, std::vector<std::string> columns)
      : several_(several_servers(reports)), table_(begun({"server", "load"}, several_, std::move(columns))) {}

  void add(const StageReport& report, std::vector<std::string> cells) {
    table_.add(begun({report.server, report.load}, several_, std::move(cells)));
  }
  std::string text() const { return table_.text(); }

 private:
  static std::vector<std::string> begun(std::vector<std::string> row, bool several, std::vector<std::string> cells) {
    if (!several) row.erase(row.begin());
    row.insert(row.end(), std::make_move_iterator(cells.begin()), std::make_move_iterator(cells.end()));
    return row;
  }

  bool several_;
  TextTable table_;
};

std::vector<std::string> spread_heading(const char* name) { return {fmt::format("{} p50", name), "p90", "p99", "max"}; }
std::vector<std::string> spread_cells(const Percentiles& p) {
  return {milliseconds(p.p50), milliseconds(p.p90), milliseconds(p.p99), milliseconds(p.max)};
}
std::vector<std::string> joined(std::vector<std::string> a, const std::vector<std::string>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

std::string count_text(int64_t count) { return std::to_string(count); }

std::string rates(const std::vector<StageReport>& reports) {
  StageTable table(reports,
                   {"tokens/s", "prompt tokens/s", "requests/s", "good %", "answers", "refused", "dropped", "errors"});
  for (const StageReport& report : reports) {
    const Figures& all = report.all;
    table.add(report, {format_count(all.tokens_per_s), format_count(all.prompt_tokens_per_s),
                       format_count(all.requests_per_s), fmt::format("{:.0f}", 100 * all.good_share()),
                       count_text(all.count(Outcome::whole)), count_text(all.count(Outcome::refused)),
                       count_text(all.count(Outcome::dropped)), count_text(all.errors())});
  }
  return table.text();
}

std::string times(const std::vector<StageReport>& reports) {
  StageTable near(reports, joined(spread_heading("first ms"), spread_heading("gap ms")));
  StageTable far(reports, joined(spread_heading("end ms"), spread_heading("wait ms")));
  for (const StageReport& report : reports) {
    near.add(report, joined(spread_cells(report.all.first_ns), spread_cells(report.all.gap_ns)));
    far.add(report, joined(spread_cells(report.all.whole_ns), spread_cells(report.all.wait_ns)));
  }
  return near.text() + "\n" + far.text();
}

// By band, or by client.
template <typename Groups, typename NameOf>
std::string groups(const std::vector<StageReport>& reports, const char* title, Groups StageReport::*member,
                   NameOf name) {
  StageTable table(reports,
                   {title, "requests", "tokens/s", "good %", "first ms p50", "p99", "wait ms p50", "p99", "refused"});
  bool any = false;
  for (const StageReport& report : reports) {
    for (const auto& [key, figures] : report.*member) {
      any = true;
      table.add(report, {name(key), count_text(figures.requests), format_count(figures.tokens_per_s),
                         fmt::format("{:.0f}", 100 * figures.good_share()), milliseconds(figures.first_ns.p50),
                         milliseconds(figures.first_ns.p99), milliseconds(figures.wait_ns.p50),
                         milliseconds(figures.wait_ns.p99), count_text(figures.count(Outcome::refused))});
    }
  }
  return any ? "\n" + table.text() : "";
}

std::string share_text(const std::optional<double>& share) { return share ? fmt::format("{:.0f}", 100 * *share) : "-"; }
std::string tokens_text(int64_t count) { return count < 0 ? "-" : count_text(count); }
std::string ratio_text(int64_t value, int64_t to) {
  return value < 0 || to <= 0 ? "-" : format_count(static_cast<double>(value) / static_cast<double>(to));
}

// By turn. A load's last row divides the figures of its last turn by those of its first.
std::string turns(const std::vector<StageReport>& reports) {
  StageTable table(reports, {"turn", "requests", "first ms p50", "p99", "prompt tokens", "cached %"});
  bool any = false;
  for (const StageReport& report : reports) {
    if (report.turns.empty()) continue;
    any = true;
    const auto& [last_turn, last] = *report.turns.rbegin();
    for (const int32_t turn : load::shown_turns(last_turn)) {
      const auto found = report.turns.find(turn);
      if (found == report.turns.end()) continue;
      const Figures& figures = found->second;
      table.add(report, {count_text(turn), count_text(figures.requests), milliseconds(figures.first_ns.p50),
                         milliseconds(figures.first_ns.p99), tokens_text(figures.prompt_size.p50),
                         share_text(figures.cached_share())});
    }
    const auto& [first_turn, first] = *report.turns.begin();
    table.add(report,
              {fmt::format("{} / {}", last_turn, first_turn), "-", ratio_text(last.first_ns.p50, first.first_ns.p50),
               ratio_text(last.first_ns.p99, first.first_ns.p99),
               ratio_text(last.prompt_size.p50, first.prompt_size.p50), "-"});
  }
  return any ? "\n" + table.text() : "";
}

// What a longer context would have changed: nothing of a prompt whose beginning is gone is in a cache.
std::string truncated_lines(const std::vector<StageReport>& reports) {
  std::string lines;
  for (const StageReport& report : reports) {
    if (report.all.truncated == 0) continue;
    const auto first = std::ranges::find_if(report.turns, [](const auto& turn) { return turn.second.truncated > 0; });
    lines += fmt::format("{}, {}: {} of {} prompts did not fit the server's context and were shortened{}\n",
                         report.server, report.load, report.all.truncated, report.all.requests,
                         first == report.turns.end() ? "" : fmt::format(", from turn {} on", first->first));
  }
  return lines.empty() ? lines : "\n" + lines;
}

std::string error_lines(const std::vector<StageReport>& reports) {
  std::string lines;
  for (const StageReport& report : reports) {
    for (const auto& [text, count] : report.error_texts) {
      lines += fmt::format("{}, {}: {} x {}\n", report.server, report.load, count, one_line_head(text, 160));
    }
  }
  return lines.empty() ? lines : "\n" + lines;
}

}  // namespace

std::string report_tables(const std::vector<StageReport>& reports) {
  if (reports.empty()) return {};
  return rates(reports) + "\n" + times(reports) +
         groups(reports, "band", &StageReport::bands,
                [](int32_t band) { return band < 0 ? std::string("none") : std::to_string(band); }) +
         groups(reports, "client", &StageReport::clients, [](const std::string& client) { return client; }) +
         turns(reports) + truncated_lines(reports) + error_lines(reports);
}

}  // namespace quire::cli
