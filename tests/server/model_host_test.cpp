#include "server/test_server.h"

namespace quire::server::test {
namespace {

std::string body(const std::string& model, const std::string& more) {
  return "{\"model\":\"" + model + "\"" + more + "}";
}

TEST_F(ServerTest, loads_a_model_for_a_request_without_a_prompt) {
  start();
  const RawResponse loaded = post("/api/generate", body("fake", ""));
  EXPECT_EQ(loaded.status, 200);
  EXPECT_NE(loaded.body.find(R"("done":true,"done_reason":"load")"), std::string::npos);
  const std::string ps = get("/api/ps").body;
  EXPECT_NE(ps.find(R"({"models":[{"name":"fake:latest")"), std::string::npos) << ps;
  EXPECT_NE(ps.find(R"("context_length":200)"), std::string::npos);
}

TEST_F(ServerTest, unloads_an_idle_model_with_keep_alive_zero) {
  start();
  EXPECT_EQ(post("/api/chat", body("fake", "")).status, 200);
  const RawResponse unloaded = post("/api/chat", body("fake", R"(,"keep_alive":0)"));
  EXPECT_NE(unloaded.body.find(R"("done_reason":"unload")"), std::string::npos);
  EXPECT_EQ(FakeRecord::next(record_.unloaded), "fake:latest");
  EXPECT_EQ(get("/api/ps").body, R"({"models":[]})");
}

TEST_F(ServerTest, unloads_a_model_after_its_time) {
  config_.settings.keep_alive_ns = 1'000'000;
  start();
  EXPECT_EQ(post("/api/generate", body("fake", "")).status, 200);
  EXPECT_EQ(FakeRecord::next(record_.unloaded), "fake:latest");
}

TEST_F(ServerTest, loads_a_model_with_the_layers_on_a_gpu_that_its_request_asks_for) {
  start();
  const auto ask = [&](const std::string& options) {
    const std::string asked = R"({"model":"fake","prompt":"count 1","keep_alive":0,"options":{)" + options + "}}";
    EXPECT_EQ(post("/api/generate", asked).status, 200);
    EXPECT_EQ(FakeRecord::next(record_.unloaded), "fake:latest");
    return FakeRecord::next(record_.wishes);
  };
  EXPECT_EQ(ask(R"("num_gpu":12)"), 12);
  EXPECT_EQ(ask(R"("num_gpu":0)"), 0);
  EXPECT_EQ(ask(R"("num_gpu":-1)"), -1);  // as many as fit
  EXPECT_EQ(ask(""), -1);
}

TEST_F(ServerTest, keeps_a_model_for_ever_when_asked) {
  start();
  EXPECT_EQ(post("/api/generate", body("fake", R"(,"keep_alive":-1)")).status, 200);
  EXPECT_NE(get("/api/ps").body.find(R"("expires_at":"2262-)"), std::string::npos);
}

TEST_F(ServerTest, keeps_a_model_in_use_whatever_its_time) {
  config_.settings.keep_alive_ns = 0;
  start();
  RawClient client(port());
  client.post("/api/generate", body("fake", R"(,"prompt":"hold")"));
  ASSERT_TRUE(client.read_until("held "));
  EXPECT_NE(get("/api/ps").body.find("fake:latest"), std::string::npos);
  client.close();
  EXPECT_EQ(FakeRecord::next(record_.unloaded), "fake:latest");
}

TEST_F(ServerTest, makes_room_by_unloading_the_longest_idle_model) {
  config_.settings.models_max = 1;
  start();
  EXPECT_EQ(post("/api/generate", body("fake", "")).status, 200);
  EXPECT_EQ(post("/api/generate", body("other", "")).status, 200);
  EXPECT_EQ(FakeRecord::next(record_.unloaded), "fake:latest");
}

TEST_F(ServerTest, never_unloads_a_model_in_use_for_another) {
  config_.settings.models_max = 1;
  start();
  RawClient client(port());
  client.post("/api/generate", body("fake", R"(,"prompt":"hold")"));
  ASSERT_TRUE(client.read_until("held "));
  EXPECT_EQ(post("/api/generate", body("other", R"(,"queue_timeout_ms":50)")).status, 504);
  EXPECT_NE(get("/api/ps").body.find("fake:latest"), std::string::npos);
}

TEST_F(ServerTest, loads_models_at_start_for_ever) {
  config_.preload = {"fake", "nobody", "damaged"};
  config_.settings.keep_alive_ns = 0;
  start();
  // A request that waits for the same load: once it is answered, the model is there, and stays.
  EXPECT_EQ(post("/api/generate", body("fake", R"(,"prompt":"count 1")")).status, 200);
  EXPECT_NE(get("/api/ps").body.find("fake:latest"), std::string::npos);
}

TEST_F(ServerTest, forgets_a_load_that_failed) {
  start();
  EXPECT_EQ(post("/api/generate", body("damaged", "")).status, 500);
  EXPECT_EQ(post("/api/generate", body("damaged", "")).status, 500);
  EXPECT_EQ(get("/api/ps").body, R"({"models":[]})");
}

}  // namespace
}  // namespace quire::server::test
