// A server that was told to stop: who still gets what.
#include "server/test_server.h"

namespace quire::server::test {
namespace {

class DrainServer : public ServerTest {
 protected:
  // Has the server begin to drain while `client` is being answered.
  void hold_and_stop(RawClient& client, const std::string& id) {
    client.post("/api/generate", prompt_body("hold"), "X-Request-Id: " + id + "\r\n");
    ASSERT_TRUE(client.read_until("held "));
    server_->stop();
    while (get("/health").status == 200) std::this_thread::yield();
  }
  void cancel(const std::string& id) {
    RawClient client(port());
    client.send("DELETE /api/requests/" + id + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
    EXPECT_EQ(client.response()->status, 200);
  }
};

TEST_F(DrainServer, finishes_what_it_has_and_refuses_what_is_new) {
  start();
  RawClient client(port());
  RawClient idle(port());
  idle.get("/api/version");
  ASSERT_EQ(idle.response()->status, 200);
  hold_and_stop(client, "one");
  const RawResponse health = get("/health");
  EXPECT_EQ(health.status, 503);
  EXPECT_EQ(health.body, R"({"status":"draining"})");
  EXPECT_GE(std::stoi(health.header("Retry-After")), 25);
  const RawResponse native = post("/api/generate", prompt_body("count 1"));
  EXPECT_EQ(native.status, 503);
  EXPECT_EQ(native.body, R"({"error":"the server is shutting down"})");
  EXPECT_GE(std::stoi(native.header("Retry-After")), 25);
  idle.post("/v1/completions", prompt_body("count 1"));  // a connection that was there before
  const auto openai = idle.response();
  ASSERT_TRUE(openai);
  EXPECT_EQ(openai->status, 503);
  EXPECT_NE(openai->body.find(R"("type":"api_error")"), std::string::npos);
  EXPECT_EQ(get("/api/ps").status, 200);  // it can still be looked at
  EXPECT_NE(get("/api/queue").body.find("\"id\":\"one\""), std::string::npos);
  EXPECT_NE(get("/api/live").body.find("\"draining\":true"), std::string::npos);

  cancel("one");  // the last request ends: so does the server
  EXPECT_TRUE(client.response()->body.ends_with("\"done_reason\":\"cancelled\"}\n"));
  thread_.join();
  EXPECT_EQ(idle.read_to_end(), "");
  EXPECT_FALSE(RawClient(port()).connected());
}

TEST_F(DrainServer, ends_what_takes_too_long_with_an_error) {
  config_.settings.drain_timeout_ns = 50'000'000;
  start();
  RawClient client(port());
  client.post("/api/generate", prompt_body("hold"));
  ASSERT_TRUE(client.read_until("held "));
  stop();
  EXPECT_TRUE(client.response()->body.ends_with("{\"error\":\"the server is stopping\"}\n"));
}

TEST_F(DrainServer, ends_at_once_when_it_is_told_twice) {
  start();
  RawClient client(port());
  hold_and_stop(client, "one");
  stop();
  EXPECT_FALSE(client.response());  // cut off
}

TEST_F(DrainServer, gives_up_a_load_that_nobody_waits_for) {
  config_.preload = {"fake"};
  record_.loads_until_stopped = true;
  start();
  EXPECT_EQ(FakeRecord::next(record_.loading), "fake:latest");
  stop();
  EXPECT_FALSE(RawClient(port()).connected());
}

TEST_F(DrainServer, stops_at_once_when_nothing_is_asked) {
  start();
  EXPECT_EQ(post("/api/generate", prompt_body("count 3")).status, 200);
  stop();
  EXPECT_FALSE(RawClient(port()).connected());
}

}  // namespace
}  // namespace quire::server::test
