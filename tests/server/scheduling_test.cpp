// What a request says about its place in the queue, its time and its neighbours: from the wire to the engine and back.
#include "server/test_server.h"

namespace quire::server::test {
namespace {

TEST_F(ServerTest, takes_the_band_from_the_body_before_the_header) {
  start();
  const auto band_of = [&](const std::string& more, std::string_view headers) {
    post("/v1/completions", prompt_body("count 1", more), headers);
    return static_cast<int>(FakeRecord::next(record_.submitted).priority);
  };
  EXPECT_EQ(band_of("", ""), 3);
  EXPECT_EQ(band_of("", "Priority: u=5\r\n"), 5);
  EXPECT_EQ(band_of("", "Priority: u=9\r\n"), 3);
  EXPECT_EQ(band_of(R"("service_tier":"flex")", "Priority: u=5\r\n"), 6);
  EXPECT_EQ(band_of(R"("service_tier":"auto")", "Priority: u=5\r\n"), 3);
  EXPECT_EQ(band_of(R"("service_tier":"flex","priority":0)", "Priority: u=5\r\n"), 0);
  const RawResponse echoed = post("/v1/completions", prompt_body("count 1", R"("service_tier":"priority")"));
  EXPECT_NE(echoed.body.find(R"("service_tier":"priority")"), std::string::npos);
}

TEST_F(ServerTest, refuses_a_place_in_the_queue_that_does_not_exist) {
  start();
  for (const char* field : {R"("priority":8)", R"("priority":-1)", R"("priority":"first")", R"("service_tier":"gold")",
                            R"("deadline_ms":-1)", R"("queue_timeout_ms":0)", R"("user":[])"}) {
    const RawResponse refused = post("/v1/completions", prompt_body("count 1", field));
    EXPECT_EQ(refused.status, 400) << field;
    const std::string name = std::string(field).substr(1, std::string(field).find("\":") - 1);
    EXPECT_NE(refused.body.find("\"param\":\"" + name + "\""), std::string::npos) << refused.body;
  }
  const std::string salt(1 << 20, 's');
  EXPECT_EQ(post("/api/generate", prompt_body("count 1", R"("cache_salt":")" + salt + "\"")).status, 400);
}

TEST_F(ServerTest, weighs_clients_as_it_was_told) {
  config_.settings.client_weights = {{"user:ann", 4}, {"key:sk-secret", 7}};
  start();
  const auto weight_of = [&](const std::string& more, std::string_view headers) {
    post("/api/generate", prompt_body("count 1", more), headers);
    return FakeRecord::next(record_.submitted).client_weight;
  };
  EXPECT_EQ(weight_of(R"("user":"ann")", ""), 4);
  EXPECT_EQ(weight_of(R"("user":"ann")", "Authorization: Bearer sk-secret\r\n"), 7);
  EXPECT_EQ(weight_of(R"("user":"bob")", ""), 1);
}

TEST_F(ServerTest, gives_each_salt_blocks_of_its_own) {
  start();
  const auto salt_of = [&](const std::string& more) {
    post("/api/generate", prompt_body("count 1", more));
    return FakeRecord::next(record_.submitted).cache_salt;
  };
  EXPECT_EQ(salt_of(""), 0U);
  EXPECT_EQ(salt_of(R"("cache_salt":"")"), 0U);
  EXPECT_NE(salt_of(R"("cache_salt":"a")"), 0U);
  EXPECT_EQ(salt_of(R"("cache_salt":"a")"), salt_of(R"("cache_salt":"a")"));
  EXPECT_NE(salt_of(R"("cache_salt":"a")"), salt_of(R"("cache_salt":"b")"));
}

TEST_F(ServerTest, counts_deadlines_from_the_arrival) {
  start();
  post("/api/generate", prompt_body("count 1", R"("deadline_ms":1500,"queue_timeout_ms":20)"));
  const Request timed = FakeRecord::next(record_.submitted);
  EXPECT_EQ(timed.deadline_ns, timed.arrived_ns + 1'500'000'000);
  EXPECT_EQ(timed.queue_deadline_ns, timed.arrived_ns + 20'000'000);
  post("/api/generate", prompt_body("count 1"));
  const Request endless = FakeRecord::next(record_.submitted);
  EXPECT_EQ(endless.deadline_ns, -1);
  EXPECT_EQ(endless.queue_deadline_ns, -1);
}

TEST_F(ServerTest, says_that_a_deadline_has_passed) {
  start();
  const std::string why = "the deadline passed before the answer was complete";
  const RawResponse native = post("/api/generate", prompt_body("expire"));
  EXPECT_EQ(native.status, 504);
  EXPECT_EQ(native.header("X-Should-Retry"), "false");
  EXPECT_EQ(native.body, R"({"error":")" + why + R"(","done_reason":"deadline"})");
  for (const char* more : {R"("stream":true)", R"("stream":false)"}) {
    const RawResponse openai = post("/v1/completions", prompt_body("expire", more));
    EXPECT_EQ(openai.status, 504);
    EXPECT_EQ(openai.body,
              R"({"error":{"message":")" + why + R"(","type":"api_error","param":null,"code":"deadline"}})");
  }
  // Without a stream nothing was sent yet, whatever was generated.
  EXPECT_EQ(post("/api/generate", prompt_body("overdue", R"("stream":false)")).status, 504);

  const RawResponse lines = post("/api/generate", prompt_body("overdue"));
  EXPECT_EQ(lines.status, 200);
  EXPECT_NE(lines.body.find(R"("response":"half ")"), std::string::npos);
  EXPECT_TRUE(lines.body.ends_with("\n{\"error\":\"" + why + "\",\"done_reason\":\"deadline\"}\n")) << lines.body;
  const RawResponse events = post("/v1/completions", prompt_body("overdue", R"("stream":true)"));
  EXPECT_TRUE(events.body.ends_with(R"("code":"deadline"}})"
                                    "\n\ndata: [DONE]\n\n"))
      << events.body;
}

TEST_F(ServerTest, tells_the_refused_when_a_quarter_of_the_queue_will_be_gone) {
  start();
  const auto retry_after = [&](int32_t waiting, int64_t interval_ns) {
    EngineSnapshot snapshot;
    snapshot.scheduler.waiting = waiting;
    snapshot.controller.start_interval_ns = interval_ns;
    record_.snapshot.set(snapshot);
    return post("/api/generate", prompt_body(waiting % 2 == 0 ? "busy" : "late")).header("Retry-After");
  };
  EXPECT_EQ(retry_after(512, 100'000'000), "13");
  EXPECT_EQ(retry_after(511, 100'000'000), "13");
  EXPECT_EQ(retry_after(512, -1), "1");
  EXPECT_EQ(retry_after(4, 1'000), "1");
  EXPECT_EQ(retry_after(512, 60'000'000'000), "600");
}

}  // namespace
}  // namespace quire::server::test
