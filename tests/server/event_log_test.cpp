// The log, for people and for programs.
#include "server/observe/event_log.h"

#include <spdlog/sinks/ringbuffer_sink.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <cmath>
#include <nlohmann/json.hpp>

#include "server/models/machine_memory.h"
#include "server/test_server.h"

namespace quire::server::test {
namespace {

using Json = nlohmann::json;

// The default logger writes here while this lives.
class Captured {
 public:
  Captured() {
    spdlog::set_default_logger(std::make_shared<spdlog::logger>("quire", sink_));
    spdlog::set_level(spdlog::level::info);
  }
  ~Captured() {
    spdlog::set_default_logger(before_);
    spdlog::set_level(spdlog::level::off);
  }
  // Any thread may be writing meanwhile.
  std::vector<std::string> lines() const { return sink_->last_formatted(); }
  // Of the events of one name.
  std::vector<Json> events(const std::string& name) const {
    std::vector<Json> found;
    for (const std::string& line : lines()) {
      const Json parsed = Json::parse(line);
      if (parsed.value("event", "") == name) found.push_back(parsed);
    }
    return found;
  }

 private:
  const std::shared_ptr<spdlog::logger> before_ = spdlog::default_logger();
  const std::shared_ptr<spdlog::sinks::ringbuffer_sink_mt> sink_ =
      std::make_shared<spdlog::sinks::ringbuffer_sink_mt>(1000);
};

std::string all_bytes() {
  std::string bytes;
  for (int byte = 0; byte < 256; ++byte) bytes += static_cast<char>(byte);
  return bytes + "\"} {\\\n\xe2\x82\xac";
}

TEST(EventLog, json_lines_are_json_whatever_bytes_they_hold) {
  const Captured captured;
  set_log_format(LogFormat::json);
  const EventLog log(LogFormat::json);
  LogEvent event("request");
  event.text("client", all_bytes()).number("status", -7).real("rate", 0.5).real("nothing", std::nan(""));
  log.write(spdlog::level::info, event);
  spdlog::warn("unknown option \"{}\" is ignored", all_bytes());
  const std::vector<std::string> lines = captured.lines();
  ASSERT_EQ(lines.size(), 2U);
  const Json first = Json::parse(lines[0]), second = Json::parse(lines[1]);
  EXPECT_EQ(first["event"], "request");
  EXPECT_EQ(first["level"], "info");
  EXPECT_TRUE(first["client"].get<std::string>().ends_with("\"} {\\\n\xe2\x82\xac"));
  EXPECT_EQ(first["status"], -7);
  EXPECT_EQ(first["rate"], 0.5);
  EXPECT_EQ(first["nothing"], 0.0);
  EXPECT_EQ(first["time"].get<std::string>().size(), std::string("2026-01-01T00:00:00.000Z").size());
  EXPECT_EQ(second["level"], "warning");
  EXPECT_TRUE(second["message"].get<std::string>().starts_with("unknown option \""));
  EXPECT_FALSE(second.contains("event"));
}

TEST(EventLog, text_lines_quote_what_could_be_taken_for_something_else) {
  const Captured captured;
  const EventLog log(LogFormat::text);
  LogEvent event("request");
  event.text("plain", "a/b:c").text("empty", "").text("spaced", "a b=c\n\x1b[31m").text("quoted", "\"");
  log.write(spdlog::level::info, event);
  log.write(spdlog::level::debug, event);  // below the level
  spdlog::info("a message");
  const std::vector<std::string> lines = captured.lines();
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_TRUE(lines[0].ends_with(R"(request plain=a/b:c empty="" spaced="a b=c\n\u001b[31m" quoted="\"")"
                                 "\n"))
      << lines[0];
  EXPECT_TRUE(lines[1].ends_with("a message\n")) << lines[1];
}

TEST(EventLog, text_lines_are_one_line_whatever_a_stranger_named) {
  const Captured captured;
  set_log_format(LogFormat::text);
  spdlog::info("loading {}", "evil\n[2026-01-01] [info] all is well\x1b[2J");
  spdlog::info("loading caf\u00e9");
  const std::vector<std::string> lines = captured.lines();
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_TRUE(lines[0].ends_with("loading evil\\x0a[2026-01-01] [info] all is well\\x1b[2J\n")) << lines[0];
  EXPECT_TRUE(lines[1].ends_with("loading caf\u00e9\n")) << lines[1];
}

TEST(EventLog, knows_its_formats) {
  EXPECT_EQ(parse_log_format("json"), LogFormat::json);
  EXPECT_EQ(parse_log_format("text"), LogFormat::text);
  EXPECT_EQ(parse_log_format("JSON").error().message, "expected text or json, found \"JSON\"");
}

class RequestLog : public ServerTest {
 protected:
  RequestLog() {
    set_log_format(LogFormat::json);
    config_.settings.log_format = LogFormat::json;
  }
  ~RequestLog() override { stop(); }
  Captured captured_;
};

TEST_F(RequestLog, has_one_line_of_each_request_that_asked_for_tokens) {
  start();
  EXPECT_EQ(post("/api/generate", prompt_body("count 3"), "X-Request-Id: one\r\nPriority: u=1\r\n").status, 200);
  EXPECT_EQ(post("/v1/completions", prompt_body("count 2", R"("user":"a \"b\"")"), "X-Request-Id: two\r\n").status,
            200);
  EXPECT_EQ(get("/api/version").status, 200);
  EXPECT_EQ(post("/api/generate", prompt_body("late"), "X-Request-Id: refused\r\n").status, 503);
  EXPECT_EQ(post("/api/chat", R"({"model":"nobody","messages":[]})", "X-Request-Id: unknown\r\n").status, 404);
  EXPECT_EQ(post("/api/generate", prompt_body("fail"), "X-Request-Id: failed\r\n").status, 500);
  EXPECT_EQ(post("/api/generate", prompt_body("break"), "X-Request-Id: broken\r\n").status, 200);
  stop();
  std::map<std::string, Json> lines;
  for (const Json& event : captured_.events("request")) EXPECT_TRUE(lines.emplace(event["id"], event).second);
  ASSERT_EQ(lines.size(), 6U);
  const Json& one = lines["one"];
  EXPECT_EQ(one["route"], "/api/generate");
  EXPECT_EQ(one["model"], "fake:latest");
  EXPECT_EQ(one["client"], "127.0.0.1");
  EXPECT_EQ(one["band"], 1);
  EXPECT_EQ(one["status"], 200);
  EXPECT_EQ(one["finish"], "stop");
  EXPECT_EQ(one["generated_tokens"], 3);
  EXPECT_EQ(one["prompt_tokens"], 8);
  EXPECT_EQ(one["preemptions"], 0);
  EXPECT_GE(one["total_ms"], 0.0);
  EXPECT_EQ(lines["two"]["client"], "user:a \"b\"");
  EXPECT_EQ(lines["refused"]["status"], 503);
  EXPECT_EQ(lines["refused"]["refused"], "queue_full");
  EXPECT_FALSE(lines["refused"].contains("finish"));
  EXPECT_EQ(lines["unknown"]["status"], 404);
  EXPECT_FALSE(lines["unknown"].contains("finish"));
  EXPECT_EQ(lines["failed"]["finish"], "error");
  EXPECT_EQ(lines["failed"]["status"], 500);
  EXPECT_EQ(lines["broken"]["finish"], "error");
  EXPECT_EQ(lines["broken"]["status"], 200);
}

TEST_F(RequestLog, says_what_became_of_a_client_that_left) {
  start();
  RawClient client(port());
  client.post("/api/generate", prompt_body("hold"), "X-Request-Id: gone\r\n");
  ASSERT_TRUE(client.read_until("held "));
  const SequenceId id = FakeRecord::next(record_.submitted).id;
  record_.sequences.set({{.id = id, .cached_tokens = 4, .preemptions = 2}});
  client.close();
  (void)FakeRecord::next(record_.cancelled);
  stop();
  const std::vector<Json> events = captured_.events("request");
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0]["finish"], "cancelled");
  EXPECT_EQ(events[0]["generated_tokens"], 5);
  EXPECT_EQ(events[0]["cached_tokens"], 4);
  EXPECT_EQ(events[0]["preemptions"], 2);
}

TEST_F(RequestLog, says_why_a_step_was_slow_and_not_too_often) {
  config_.watch_interval_ns = 1'000'000;
  std::atomic<int> looks{0};
  config_.read_memory = [&looks] {
    ++looks;
    return MachineMemory{.total_bytes = 64ULL << 30, .available_bytes = 1 << 20};
  };
  start();
  ASSERT_EQ(post("/api/generate", prompt_body("")).status, 200);
  EngineSnapshot snapshot;
  for (int64_t steps = 1; steps <= 3; ++steps) {
    snapshot.totals.slow_steps = steps;
    snapshot.slow_step = {.step_ns = 900'000'000, .expected_ns = 20'000'000, .streams = 7, .prompt_rows = 5};
    snapshot.scheduler.waiting = 3;
    record_.snapshot.set(snapshot);
    for (const int before = looks; looks < before + 3;) std::this_thread::yield();  // it has looked in between
  }
  stop();
  const std::vector<Json> events = captured_.events("slow_step");
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0]["level"], "warning");
  EXPECT_EQ(events[0]["model"], "fake:latest");
  EXPECT_EQ(events[0]["step_ms"], 900.0);
  EXPECT_EQ(events[0]["expected_ms"], 20.0);
  EXPECT_EQ(events[0]["streams"], 7);
  EXPECT_EQ(events[0]["prompt_rows"], 5);
  EXPECT_EQ(events[0]["waiting"], 3);
  EXPECT_EQ(events[0]["perhaps"], "memory is short");
}

}  // namespace
}  // namespace quire::server::test
