// The page at /ui and the report that it reads. What the page makes of it is looked at by a browser: tests/page.
#include <nlohmann/json.hpp>

#include "server/test_server.h"

namespace quire::server::test {
namespace {

using Json = nlohmann::json;

class PageServer : public ServerTest {
 protected:
  Json live(std::string_view query = "") { return Json::parse(get("/api/live" + std::string(query)).body); }
};

TEST_F(PageServer, sends_a_page_that_may_load_nothing_of_strangers) {
  start();
  const RawResponse page = get("/ui/");
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.header("Content-Type"), "text/html; charset=utf-8");
  EXPECT_TRUE(page.header("Content-Security-Policy").starts_with("default-src 'none'; script-src 'self'; "));
  EXPECT_EQ(page.header("X-Content-Type-Options"), "nosniff");
  EXPECT_TRUE(page.body.starts_with("<!doctype html>"));
  EXPECT_TRUE(page.body.ends_with("</html>\n"));
  EXPECT_EQ(page.body.find("style="), std::string::npos) << "the policy would refuse it";
  EXPECT_EQ(get("/ui/page.js").header("Content-Type"), "text/javascript; charset=utf-8");
  EXPECT_EQ(get("/ui/page.css").header("Content-Type"), "text/css; charset=utf-8");
  EXPECT_EQ(get("/ui/icon.svg").header("Content-Type"), "image/svg+xml");
  EXPECT_EQ(get("/ui/../page.js").status, 404);
  EXPECT_EQ(get("/ui/nothing").status, 404);
  EXPECT_EQ(post("/ui/", "").status, 405);
}

TEST_F(PageServer, sends_those_who_leave_out_the_slash_on) {
  start();
  const RawResponse redirect = get("/ui?x");
  EXPECT_EQ(redirect.status, 308);
  EXPECT_EQ(redirect.header("Location"), "ui/");
}

TEST_F(PageServer, sends_no_file_twice) {
  start();
  const std::string tag = get("/ui/page.js").header("ETag");
  EXPECT_EQ(tag.size(), 34U);
  EXPECT_NE(tag, get("/ui/page.css").header("ETag"));
  RawClient client(port());
  client.get("/ui/page.js", "If-None-Match: W/\"other\", " + tag + "\r\n");
  const auto same = client.response(false);
  EXPECT_EQ(same->status, 304);
  EXPECT_EQ(same->header("ETag"), tag);
  EXPECT_EQ(same->header("Content-Length"), "");
  client.get("/ui/page.js", "If-None-Match: \"other\"\r\n");
  EXPECT_EQ(client.response()->status, 200) << "and the connection goes on";
}

TEST_F(PageServer, keeps_pages_of_strangers_from_reading_the_report) {
  start();
  EXPECT_EQ(get("/api/live", "Origin: https://evil.example\r\n").status, 403);
  EXPECT_EQ(get("/api/live", "Origin: http://localhost:3000\r\n").header("Access-Control-Allow-Origin"),
            "http://localhost:3000");
}

TEST_F(PageServer, reports_everything_at_once) {
  start();
  const Json empty = live();
  EXPECT_EQ(empty["models"], Json::array());
  EXPECT_EQ(empty["queue"]["rows"], Json::array());
  EXPECT_EQ(empty["draining"], false);
  EXPECT_EQ(empty["version"], QUIRE_VERSION);
  EXPECT_EQ(live()["instance"], empty["instance"]);

  RawClient running(port()), waiting(port());
  running.post("/api/generate", prompt_body("hold"), "X-Request-Id: running\r\n");
  const SequenceId first = FakeRecord::next(record_.submitted).id;
  waiting.post("/api/generate", prompt_body("hold", R"("priority":6)"), "X-Request-Id: waiting\r\n");
  const SequenceId second = FakeRecord::next(record_.submitted).id;
  record_.sequences.set({{.id = first, .state = SequenceState::running, .blocks_own = 3, .started_ns = 1},
                         {.id = second, .band = 5, .position = 0, .reason = WaitReason::parallel}});
  const Json report = live();
  ASSERT_EQ(report["models"].size(), 1U);
  EXPECT_EQ(report["models"][0]["name"], "fake:latest");
  EXPECT_TRUE(report["models"][0]["controller"].contains("curve"));
  EXPECT_TRUE(report["models"][0]["kv_blocks"].contains("held"));
  ASSERT_EQ(report["contexts"].size(), 1U);
  EXPECT_EQ(report["contexts"][0]["id"], "running");
  EXPECT_EQ(report["contexts"][0]["blocks_own"], 3);
  EXPECT_TRUE(report["contexts"][0]["reason"].is_null());
  ASSERT_EQ(report["queue"]["rows"].size(), 1U);
  Json line;
  for (size_t i = 0; i < report["queue"]["columns"].size(); ++i) {
    line[report["queue"]["columns"][i].get<std::string>()] = report["queue"]["rows"][0][i];
  }
  line.erase("age_ms");
  EXPECT_EQ(line, Json::parse(R"({"id":"waiting","choice":0,"model":"fake:latest","client":"127.0.0.1",
      "state":"waiting","priority":6,"band":5,"position":0,"reason":"parallel","tokens":5,"expected_start_ms":null})"));
}

TEST_F(PageServer, reports_each_end_once_to_those_who_say_what_they_know) {
  start();
  EXPECT_EQ(post("/api/generate", prompt_body("count 2"), "X-Request-Id: whole\r\n").status, 200);
  EXPECT_EQ(post("/v1/completions", prompt_body("count 1", R"("n":2)"), "X-Request-Id: twins\r\n").status, 200);
  const Json all = live();
  ASSERT_EQ(all["ended"].size(), 3U);
  EXPECT_EQ(all["ended"][0]["id"], "whole");
  EXPECT_EQ(all["ended"][0]["number"], 1);
  EXPECT_EQ(all["ended"][0]["reason"], "stop");
  EXPECT_GE(all["ended"][0]["total_ms"], 0);
  EXPECT_EQ(all["ended"][2]["choice"], 1);
  EXPECT_EQ(all["ended_count"], 3);
  EXPECT_EQ(live("?ended_after=2")["ended"].size(), 1U);
  EXPECT_EQ(live("?ended_after=3")["ended"].size(), 0U);
  EXPECT_EQ(live("?ended_after=x")["ended"].size(), 3U);
}

TEST_F(PageServer, reports_who_left_and_who_was_cancelled) {
  start();
  {
    RawClient leaves(port());
    leaves.post("/api/generate", prompt_body("hold"), "X-Request-Id: left\r\n");
    EXPECT_TRUE(leaves.read_until("held "));
  }
  (void)FakeRecord::next(record_.cancelled);
  RawClient stays(port());
  stays.post("/api/generate", prompt_body("hold"), "X-Request-Id: stays\r\n");
  EXPECT_TRUE(stays.read_until("held "));
  RawClient client(port());
  client.send("DELETE /api/requests/stays HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(client.response()->status, 200);
  EXPECT_TRUE(stays.response().has_value());
  const Json ended = live()["ended"];
  ASSERT_EQ(ended.size(), 2U);
  EXPECT_EQ(ended[0]["id"], "left");
  EXPECT_EQ(ended[0]["reason"], "cancelled");
  EXPECT_TRUE(ended[0]["generated_tokens"].is_null());
  EXPECT_EQ(ended[1]["id"], "stays");
  EXPECT_EQ(ended[1]["reason"], "cancelled");
}

TEST_F(PageServer, remembers_a_bounded_number_of_ends) {
  start();
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(post("/v1/completions", prompt_body("count 1", R"("n":100)")).status, 200);
  }
  const Json report = live();
  EXPECT_EQ(report["ended"].size(), 256U);
  EXPECT_EQ(report["ended"][0]["number"], 45);
  EXPECT_EQ(report["ended_count"], 300);
}

}  // namespace
}  // namespace quire::server::test
