// What lies in deploy/ beside what a server says: every metric that is named there exists, and Prometheus' own checker
// takes it.
#include <sys/wait.h>

#include <cstdlib>
#include <iterator>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>

#include "server/test_server.h"

namespace quire::server::test {
namespace {

using Json = nlohmann::json;

std::string read(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::filesystem::path deployed(const char* name) { return std::filesystem::path(QUIRE_SOURCE_DIR) / "deploy" / name; }

// Of quire's, vLLM's and the process' metrics.
std::set<std::string> names_in(const std::string& text) {
  static const std::regex name(R"(\b(quire_|vllm:|process_)[a-z0-9_]+\b)");
  std::set<std::string> names;
  for (auto at = std::sregex_iterator(text.begin(), text.end(), name); at != std::sregex_iterator(); ++at) {
    names.insert(at->str());
  }
  return names;
}

std::vector<std::string> expressions_of(const Json& dashboard) {
  std::vector<std::string> expressions;
  for (const Json& panel : dashboard["panels"]) {
    for (const Json& target : panel.value("targets", Json::array())) expressions.push_back(target["expr"]);
  }
  return expressions;
}

class Deploy : public ServerTest {
 protected:
  // With one model loaded and one answer given.
  std::string scrape() {
    config_.busy_ns = [] { return std::vector<int64_t>{1, 2}; };
    config_.read_devices = [] {
      return std::vector<DeviceStatus>{{.name = "card", .free_bytes = 1, .total_bytes = 2}};
    };
    start();
    EXPECT_EQ(post("/api/generate", prompt_body("count 1")).status, 200);
    return get("/metrics").body;
  }
  // Standard error of `promtool arguments <input`.
  std::string promtool(const std::string& arguments, const std::string& input, int& status) {
#ifdef QUIRE_PROMTOOL
    std::ofstream(folder_ / "input") << input;
    const std::string in = (folder_ / "input").string(), out = (folder_ / "output").string();
    status = WEXITSTATUS(std::system((QUIRE_PROMTOOL " " + arguments + " <" + in + " >" + out + " 2>&1").c_str()));
    return read(out);
#else
    (void)arguments, (void)input, (void)status;
    return {};
#endif
  }
  static constexpr const char* no_promtool = "no promtool: tools/install --tests fetches it";
#ifdef QUIRE_PROMTOOL
  static constexpr bool has_promtool = true;
#else
  static constexpr bool has_promtool = false;
#endif
};

TEST_F(Deploy, dashboard_and_alerts_name_metrics_that_there_are) {
  const std::set<std::string> known = names_in(scrape());
  const Json dashboard = Json::parse(read(deployed("grafana/quire.json")));
  std::set<std::string> named = names_in(read(deployed("alerts.yml")));
  EXPECT_GE(named.size(), 10U);
  for (const std::string& expression : expressions_of(dashboard)) named.merge(names_in(expression));
  EXPECT_GE(named.size(), 40U);
  for (const std::string& name : named) EXPECT_TRUE(known.contains(name)) << name;
}

TEST_F(Deploy, the_document_has_every_metric_and_no_other) {
  const std::string text = scrape();
  std::set<std::string> families;
  static const std::regex type(R"(# TYPE (\S+) )");
  for (auto at = std::sregex_iterator(text.begin(), text.end(), type); at != std::sregex_iterator(); ++at) {
    families.insert((*at)[1].str());
  }
  const std::set<std::string> documented = names_in(read(std::filesystem::path(QUIRE_SOURCE_DIR) / "docs/metrics.md"));
  for (const std::string& family : families) EXPECT_TRUE(documented.contains(family)) << family << " has no row";
  for (const std::string& name : documented) {
    const bool part = name.ends_with("_count") || name.ends_with("_sum") || name.ends_with("_bucket");
    EXPECT_TRUE(part || families.contains(name)) << name << " is not there";
  }
}

TEST_F(Deploy, the_dashboards_panels_have_an_id_and_a_place_of_their_own) {
  const Json dashboard = Json::parse(read(deployed("grafana/quire.json")));
  std::set<int> ids;
  std::set<std::pair<int, int>> places;
  for (const Json& panel : dashboard["panels"]) {
    EXPECT_TRUE(ids.insert(panel["id"].get<int>()).second) << panel["title"];
    EXPECT_TRUE(places.insert({panel["gridPos"]["y"].get<int>(), panel["gridPos"]["x"].get<int>()}).second)
        << panel["title"];
    EXPECT_TRUE(panel["type"] == "row" || !panel["targets"].empty()) << panel["title"];
  }
}

TEST_F(Deploy, the_dashboards_expressions_are_promql) {
  if (!has_promtool) GTEST_SKIP() << no_promtool;
  std::string rules = "groups:\n  - name: dashboard\n    rules:\n";
  const Json dashboard = Json::parse(read(deployed("grafana/quire.json")));
  for (std::string expression : expressions_of(dashboard)) {
    expression = std::regex_replace(expression, std::regex(R"(\$__rate_interval)"), "1m");
    rules += "      - {record: a, labels: {n: \"" + std::to_string(rules.size()) + "\"}, expr: ";
    rules += Json(expression).dump() + "}\n";
    "\"}, expr: " + Json(expression).dump() + "}\n";
  }
  std::ofstream(folder_ / "rules.yml") << rules;
  int status = 0;
  const std::string said = promtool("check rules " + (folder_ / "rules.yml").string(), "", status);
  EXPECT_EQ(status, 0) << said;
}

// Only vLLM's own names may be complained of.
TEST_F(Deploy, promtool_finds_nothing_wrong_with_quires_metrics) {
  if (!has_promtool) GTEST_SKIP() << no_promtool;
  int status = 0;
  const std::string said = promtool("check metrics", scrape(), status);
  EXPECT_TRUE(status == 0 || status == 3) << said;
  std::istringstream lines(said);
  for (std::string line; std::getline(lines, line);) {
    const bool of_names = line.starts_with("vllm:") && (line.find("should not contain ':'") != std::string::npos ||
                                                        line.find("\"_total\" suffix") != std::string::npos);
    EXPECT_TRUE(of_names) << line;
  }
}

}  // namespace
}  // namespace quire::server::test
