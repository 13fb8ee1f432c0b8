#include <set>
#include <vector>

#include "server/test_server.h"

namespace quire::server::test {
namespace {

constexpr const char* busy = "server busy, please try again.  maximum pending requests exceeded";

TEST_F(ServerTest, answers_what_needs_no_model) {
  start();
  const RawResponse root = get("/");
  EXPECT_EQ(root.status, 200);
  EXPECT_EQ(root.body, "Ollama is running");
  EXPECT_EQ(root.header("Content-Type"), "text/plain; charset=utf-8");
  EXPECT_EQ(get("/health").body, R"({"status":"ok"})");
  EXPECT_EQ(get("/api/version?x=1").body, R"({"version":"0.33.0","quire":")" QUIRE_VERSION "\"}");
  EXPECT_EQ(get("/api/ps").body, R"({"models":[]})");
  const std::string tags = get("/api/tags").body;
  EXPECT_LT(tags.find("damaged:latest"), tags.find("fake:latest"));
  EXPECT_NE(get("/v1/models").body.find(R"({"id":"fake:latest","object":"model")"), std::string::npos);
  EXPECT_NE(get("/v1/models/fake%3Alatest").body.find(R"({"id":"fake:latest")"), std::string::npos);
}

TEST_F(ServerTest, answers_head_without_a_body) {
  start();
  RawClient client(port());
  client.send("HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\nHEAD /api/tags HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(client.response(false)->header("Content-Length"), "17");
  EXPECT_EQ(client.response(false)->status, 200);
}

TEST_F(ServerTest, refuses_bad_input_with_the_right_status) {
  config_.limits.body_bytes_max = 4096;
  start();
  struct Case {
    const char* path;
    std::string body;
    int status;
    std::string expected;
  };
  const std::vector<Case> cases = {
      {"/api/generate", "", 400, R"({"error":"missing request body"})"},
      {"/api/generate", "{", 400, R"({"error":"invalid JSON at byte 2"})"},
      {"/api/generate", std::string(200, '['), 400,
       R"({"error":"invalid JSON: nested more than 64 levels deep at byte 64"})"},
      {"/api/generate", std::string(5000, ' '), 413, R"({"error":"request body too large: more than 4096 bytes"})"},
      {"/api/generate", R"({"model":"nobody","prompt":"x"})", 404, R"({"error":"model 'nobody' not found"})"},
      {"/api/generate", R"({"model":"damaged","prompt":"x"})", 500, R"({"error":"its header is damaged"})"},
      {"/api/generate", prompt_body("x", R"("format":"json")"), 400, R"({"error":"no constraints here"})"},
      {"/api/chat", R"({"model":"fake","messages":[{"role":"poison","content":""}]})", 400,
       R"({"error":"the model's chat template: line 1: no such role"})"},
      {"/api/show", "{}", 400, R"({"error":"model is required"})"},
      {"/api/show", R"({"model":"nobody"})", 404, R"({"error":"model 'nobody' not found"})"},
      {"/api/nowhere", "{}", 404, R"({"error":"path '/api/nowhere' not found"})"},
      {"/api/tags", "{}", 405, R"({"error":"method POST not allowed"})"},
      {"/v1/nowhere", "{}", 404,
       R"({"error":{"message":"path '/v1/nowhere' not found","type":"not_found_error","param":null,"code":null}})"},
      {"/v1/completions", prompt_body("x", R"("n":200)"), 400,
       R"({"error":{"message":"\"n\" must be an integer from 1 to 128, got 200","type":"invalid_request_error",)"
       R"("param":"n","code":null}})"},
      {"/v1/chat/completions", R"({"model":"nobody","messages":[{"role":"user","content":"x"}]})", 404,
       R"({"error":{"message":"model 'nobody' not found","type":"not_found_error","param":null,"code":null}})"},
      {"/v1/completions", R"({"model":"fake","prompt":[257]})", 400,
       R"({"error":{"message":"\"prompt\" holds the token id 257, the model's vocabulary has 257 tokens",)"
       R"("type":"invalid_request_error","param":"prompt","code":null}})"},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(std::string(one.path) + " " + one.body.substr(0, 80));
    const RawResponse response = post(one.path, one.body);
    EXPECT_EQ(response.status, one.status);
    EXPECT_EQ(response.body, one.expected);
  }
  EXPECT_EQ(post("/api/tags", "{}").header("Allow"), "GET, HEAD");
}

TEST_F(ServerTest, refuses_bytes_that_are_not_http) {
  config_.limits.header_bytes_max = 1024;
  config_.limits.body_bytes_max = 64;
  start();
  const auto answer_to = [&](const std::string& bytes) {
    RawClient client(port());
    client.send(bytes);
    return client.response().value_or(RawResponse{}).status;
  };
  EXPECT_EQ(answer_to("hello\r\n\r\n"), 400);
  EXPECT_EQ(answer_to("GET / HTTP/9.9\r\n\r\n"), 400);
  EXPECT_EQ(answer_to("GET / HTTP/1.1\r\nX: " + std::string(5000, 'x') + "\r\n\r\n"), 431);
  EXPECT_EQ(answer_to("POST /api/chat HTTP/1.1\r\nContent-Length: x\r\n\r\n"), 400);
  EXPECT_EQ(answer_to("POST /api/chat HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999\r\n\r\n"), 413);
  EXPECT_EQ(answer_to("POST /api/chat HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"), 400);
  EXPECT_EQ(answer_to("POST /api/chat HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n80\r\n" +
                      std::string(128, ' ')),
            413);
  // Neither the line of a chunk's size nor a trailer may go on for ever.
  const std::string chunked = "POST /api/chat HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_EQ(answer_to(chunked + "1;" + std::string(1 << 20, 'x')), 400);
  EXPECT_EQ(answer_to(chunked + "0\r\nx: " + std::string(1 << 20, 'x')), 400);
}

TEST_F(ServerTest, streams_native_answers_line_by_line) {
  start();
  const RawResponse response = post("/api/generate", prompt_body("count 3"));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.header("Content-Type"), "application/x-ndjson");
  EXPECT_EQ(count_of(response.body, "\n"), count_of(response.body, R"("done":false})") + 1);
  EXPECT_NE(response.body.find(R"("done":true,"done_reason":"stop","context":[256,)"), std::string::npos);
  EXPECT_NE(response.body.find(R"("prompt_eval_count":8,)"), std::string::npos) << response.body;
}

TEST_F(ServerTest, writes_all_of_an_answer_that_ends_while_it_is_being_written) {
  start();
  RawClient client(port());
  for (int round = 0; round < 20; ++round) {
    client.post("/api/generate", prompt_body("trickle 300"));
    const auto response = client.response();
    ASSERT_TRUE(response);
    EXPECT_EQ(count_of(response->body, R"("done":false)"), 300U);
    EXPECT_EQ(count_of(response->body, R"("done":true)"), 1U);
  }
}

TEST_F(ServerTest, answers_in_one_piece_when_asked) {
  start();
  const RawResponse chat = post("/api/chat", chat_body("count 3", R"("stream":false)"));
  EXPECT_EQ(chat.header("Content-Type"), "application/json; charset=utf-8");
  EXPECT_NE(chat.body.find(R"("message":{"role":"assistant","content":"1 2 3 "},"done":true)"), std::string::npos);
  const RawResponse completion = post("/v1/completions", prompt_body("count 2"));
  EXPECT_EQ(completion.header("Content-Type"), "application/json");
  EXPECT_NE(completion.body.find(R"("text":"1 2 ")"), std::string::npos);
}

TEST_F(ServerTest, streams_openai_answers_as_events) {
  start();
  const RawResponse response = post("/v1/chat/completions", chat_body("count 2", R"("stream":true)"));
  EXPECT_EQ(response.header("Content-Type"), "text/event-stream");
  EXPECT_TRUE(response.body.starts_with(R"(data: {"id":"chatcmpl-)"));
  EXPECT_TRUE(response.body.ends_with("data: [DONE]\n\n"));
  EXPECT_EQ(count_of(response.body, R"("role":"assistant")"), 1U);
}

TEST_F(ServerTest, gives_each_answer_an_id_of_its_own) {
  start();
  std::set<std::string> ids;
  for (int i = 0; i < 20; ++i) {
    const std::string body = post("/v1/completions", prompt_body("count 1")).body;
    ids.insert(body.substr(0, body.find("\",")));
  }
  EXPECT_EQ(ids.size(), 20U);
}

TEST_F(ServerTest, answers_many_connections_at_once_each_with_its_own_text) {
  start();
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 32; ++i) {
    clients.push_back(std::make_unique<RawClient>(port()));
    clients.back()->post("/api/generate", prompt_body("hold " + std::to_string(i)));
  }
  for (auto& client : clients) EXPECT_TRUE(client->read_until("held "));
  for (int i = 0; i < 32; ++i) {
    const RawResponse other = post("/api/generate", prompt_body("echo " + std::to_string(i), R"("stream":false)"));
    EXPECT_NE(other.body.find("\"response\":\"echo " + std::to_string(i) + "\""), std::string::npos);
  }
}

TEST_F(ServerTest, cancels_a_request_whose_client_has_left) {
  start();
  for (const char* more : {R"("stream":true)", R"("stream":false)"}) {
    RawClient client(port());
    client.post("/api/generate", prompt_body("hold", more));
    const Request request = FakeRecord::next(record_.submitted);
    client.close();
    EXPECT_EQ(FakeRecord::next(record_.cancelled), request.id);
  }
}

TEST_F(ServerTest, gives_up_a_reader_that_is_too_slow) {
  config_.limits.pending_bytes_max = 64 << 10;
  start();
  RawClient client(port(), 4096);
  client.post("/api/generate", prompt_body("flood"));
  EXPECT_EQ(FakeRecord::next(record_.cancelled), FakeRecord::next(record_.submitted).id);
  // Another client is served as if nothing were.
  EXPECT_EQ(post("/api/generate", prompt_body("count 1")).status, 200);
}

TEST_F(ServerTest, says_when_it_is_busy_and_when_to_come_back) {
  start();
  for (const char* prompt : {"busy", "late"}) {
    const RawResponse native = post("/api/generate", prompt_body(prompt));
    EXPECT_EQ(native.status, 503);
    EXPECT_EQ(native.header("Retry-After"), "1");
    EXPECT_EQ(native.body, std::string(R"({"error":")") + busy + "\"}");
    const RawResponse openai = post("/v1/completions", prompt_body(prompt, R"("stream":true)"));
    EXPECT_EQ(openai.status, 503);
    EXPECT_NE(openai.body.find(R"("type":"api_error")"), std::string::npos);
  }
}

TEST_F(ServerTest, gives_an_error_its_status_while_nothing_was_sent) {
  start();
  const RawResponse failed = post("/api/generate", prompt_body("fail"));
  EXPECT_EQ(failed.status, 500);
  EXPECT_EQ(failed.body, R"({"error":"it failed"})");
  EXPECT_EQ(post("/v1/completions", prompt_body("large")).status, 400);
}

TEST_F(ServerTest, ends_a_broken_stream_with_an_error_and_keeps_the_connection) {
  start();
  RawClient client(port());
  client.post("/api/generate", prompt_body("break"));
  EXPECT_TRUE(client.response()->body.ends_with("\n{\"error\":\"it broke\"}\n"));
  client.post("/v1/completions", prompt_body("break", R"("stream":true)"));
  const std::string events = client.response()->body;
  EXPECT_TRUE(events.ends_with("data: [DONE]\n\n"));
  EXPECT_NE(events.find(R"(data: {"error":{"message":"it broke","type":"api_error")"), std::string::npos);
  client.post("/api/generate", prompt_body("break", R"("stream":false)"));
  EXPECT_EQ(client.response()->status, 500);
}

TEST_F(ServerTest, serves_pipelined_requests_in_order) {
  start();
  RawClient client(port());
  client.post("/api/generate", prompt_body("count 5"));
  client.get("/api/version");
  client.post("/v1/completions", prompt_body("count 1"));
  client.get("/health", "Connection: close\r\n");
  EXPECT_EQ(client.response()->header("Content-Type"), "application/x-ndjson");
  EXPECT_NE(client.response()->body.find("version"), std::string::npos);
  EXPECT_NE(client.response()->body.find("text_completion"), std::string::npos);
  EXPECT_EQ(client.response()->body, R"({"status":"ok"})");
  EXPECT_EQ(client.read_to_end(), "");
}

TEST_F(ServerTest, keeps_the_next_request_while_an_answer_runs) {
  start();
  RawClient client(port());
  client.post("/api/generate", prompt_body("hold"));
  ASSERT_TRUE(client.read_until("held "));
  client.get("/api/version");
  const Request request = FakeRecord::next(record_.submitted);
  EXPECT_EQ(get("/health").status, 200);
  client.close();
  EXPECT_EQ(FakeRecord::next(record_.cancelled), request.id);
}

TEST_F(ServerTest, speaks_http_1_0_by_closing) {
  start();
  RawClient client(port());
  const std::string body = prompt_body("count 2");
  client.send("POST /api/generate HTTP/1.0\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
  const std::string all = client.read_to_end();
  EXPECT_EQ(all.find("chunked"), std::string::npos);
  EXPECT_TRUE(all.ends_with("}\n")) << all;
}

TEST_F(ServerTest, asks_for_the_body_when_the_client_waits_for_that) {
  start();
  RawClient client(port());
  const std::string body = prompt_body("count 1");
  client.send("POST /api/generate HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: " +
              std::to_string(body.size()) + "\r\n\r\n");
  EXPECT_EQ(client.response()->status, 100);
  client.send(body);
  EXPECT_EQ(client.response()->status, 200);
}

TEST_F(ServerTest, closes_a_connection_that_sends_its_request_too_slowly) {
  config_.limits.header_ns = 50'000'000;
  config_.limits.body_ns = 50'000'000;
  start();
  RawClient header(port());
  header.send("GET / HT");
  EXPECT_EQ(header.read_to_end(), "");
  RawClient body(port());
  body.send("POST /api/generate HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n{");
  EXPECT_EQ(body.read_to_end(), "");
}

TEST_F(ServerTest, tells_connections_beyond_the_limit_to_come_back) {
  config_.limits.connections_max = 1;
  start();
  RawClient first(port());
  first.get("/health");
  EXPECT_EQ(first.response()->status, 200);
  RawClient second(port());
  // What it sends is read: else the reset would take the answer away.
  second.post("/api/generate", prompt_body("count 1"));
  const auto refused = second.response();
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->status, 503);
  EXPECT_EQ(refused->body, R"({"error":"server busy, please try again"})");
}

TEST_F(ServerTest, bounds_the_bytes_of_all_bodies_together) {
  config_.limits.bodies_bytes_max = 1000;
  start();
  RawClient first(port());
  first.send("POST /api/generate HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 900\r\n\r\n");
  EXPECT_EQ(first.response()->status, 100);
  EXPECT_EQ(post("/api/generate", std::string(200, ' ')).status, 503);
  first.close();
}

TEST_F(ServerTest, passes_on_what_the_request_says) {
  start();
  post("/v1/completions",
       prompt_body("count 1", R"("seed":7,"stop":["x"],"ignore_eos":true,"cache_prompt":false,)"
                              R"("max_tokens":3,"logprobs":2,"user":"ann")"),
       "Priority: i, u=1\r\n");
  const Request request = FakeRecord::next(record_.submitted);
  EXPECT_EQ(request.prompt.front(), 256);
  EXPECT_EQ(request.sampling.seed, 7U);
  EXPECT_EQ(request.stop, std::vector<std::string>{"x"});
  EXPECT_TRUE(request.ignore_eos);
  EXPECT_FALSE(request.use_cache);
  EXPECT_EQ(request.generated_max, 3);
  EXPECT_EQ(request.logprobs_top_n, 2);
  EXPECT_EQ(request.priority, 1);
  EXPECT_EQ(request.client, "user:ann");

  post("/api/generate", prompt_body("count 1", R"("priority":6,"options":{"num_ctx":50})"), "Priority: u=1\r\n");
  const Request other = FakeRecord::next(record_.submitted);
  EXPECT_EQ(other.priority, 6);
  EXPECT_EQ(other.client, "127.0.0.1");
  EXPECT_EQ(other.context_max, 50);
  EXPECT_EQ(other.shift_keep, 5) << "num_keep is 4 and BOS comes before them";
  EXPECT_EQ(other.generated_max, 500) << "ten contexts";

  post("/api/generate", prompt_body("count 1"), "Authorization: Bearer sk-secret\r\n");
  const Request keyed = FakeRecord::next(record_.submitted);
  EXPECT_TRUE(keyed.client.starts_with("key:"));
  EXPECT_EQ(keyed.client, "key:746b4ad1ca9129e1");
}

TEST_F(ServerTest, knows_a_client_by_one_address_when_it_listens_for_ipv6_too) {
  config_.settings.host = "::";
  start();
  EXPECT_EQ(post("/api/generate", prompt_body("count 1")).status, 200);
  EXPECT_EQ(FakeRecord::next(record_.submitted).client, "127.0.0.1");
}

TEST_F(ServerTest, says_that_a_conversation_was_shortened) {
  start();
  const std::string turn =
      R"({"role":"user","content":")" + std::string(120, 'a') + R"("},{"role":"assistant","content":"b"},)";
  const auto chat = [&](const char* path, const std::string& before) {
    return post(path, R"({"model":"fake","stream":false,"truncate":true,"messages":[)" + before +
                          R"({"role":"user","content":"count 2"}]})")
        .body;
  };
  for (const char* path : {"/api/chat", "/v1/chat/completions"}) {
    EXPECT_EQ(chat(path, turn).find("prompt_truncated"), std::string::npos) << path;
    EXPECT_NE(chat(path, turn + turn).find(R"("prompt_truncated":true)"), std::string::npos) << path;
  }
}

TEST_F(ServerTest, reports_the_seed_it_drew) {
  start();
  const RawResponse response = post("/api/generate", prompt_body("count 1", R"("stream":false)"));
  const Request request = FakeRecord::next(record_.submitted);
  EXPECT_NE(response.body.find("\"seed\":" + std::to_string(request.sampling.seed) + "}"), std::string::npos);
}

TEST_F(ServerTest, sends_back_the_id_of_a_request) {
  start();
  EXPECT_EQ(get("/health", "X-Request-Id: abc-1\r\n").header("X-Request-Id"), "abc-1");
  EXPECT_EQ(get("/health").header("X-Request-Id").size(), 24U);
  EXPECT_NE(get("/health", "X-Request-Id: a b\r\n").header("X-Request-Id"), "a b");
}

TEST_F(ServerTest, keeps_pages_of_strangers_out) {
  config_.settings.origins = {"https://app.example"};
  start();
  RawClient client(port());
  client.send("GET /health HTTP/1.1\r\nHost: evil.example\r\n\r\n");
  EXPECT_EQ(client.response()->status, 403);
  EXPECT_EQ(get("/health", "Origin: https://evil.example\r\n").status, 403);
  const RawResponse allowed = get("/health", "Origin: https://app.example\r\n");
  EXPECT_EQ(allowed.status, 200);
  EXPECT_EQ(allowed.header("Access-Control-Allow-Origin"), "https://app.example");
  EXPECT_EQ(get("/health").header("Access-Control-Allow-Origin"), "");
  RawClient preflight(port());
  preflight.send("OPTIONS /api/chat HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost:3000\r\n\r\n");
  const auto answer = preflight.response(false);
  EXPECT_EQ(answer->status, 204);
  EXPECT_EQ(answer->header("Access-Control-Allow-Methods"), "GET, HEAD, POST, DELETE, OPTIONS");
}

TEST_F(ServerTest, stops_by_closing_idle_connections_and_ending_answers) {
  config_.settings.drain_timeout_ns = 0;
  start();
  RawClient idle(port());
  idle.get("/health");
  EXPECT_EQ(idle.response()->status, 200);
  RawClient stream(port());
  stream.post("/api/generate", prompt_body("hold"));
  ASSERT_TRUE(stream.read_until("held "));
  RawClient whole(port());
  whole.post("/api/generate", prompt_body("hold", R"("stream":false)"));
  (void)FakeRecord::next(record_.submitted);
  stop();
  EXPECT_EQ(idle.read_to_end(), "");
  EXPECT_TRUE(stream.response()->body.ends_with("{\"error\":\"the server is stopping\"}\n"));
  EXPECT_FALSE(RawClient(port()).connected());
}

}  // namespace
}  // namespace quire::server::test
