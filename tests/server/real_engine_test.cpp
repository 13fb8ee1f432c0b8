// The real engine behind the real server: bytes in, bytes out.
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "server/real_server.h"
#include "test_data.h"

namespace quire::server::test {
namespace {

using Json = nlohmann::json;

// The oracle's text ends with a line break of the program that wrote it.
std::string stripped(std::string text) {
  while (text.starts_with(' ')) text.erase(0, 1);
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

const Json greedy_from_bos = {{"model", "story"}, {"prompt", {1}}, {"max_tokens", 200}, {"temperature", 0}};

TEST_F(RealServer, says_what_llama2c_says_from_bos_alone) {
  QUIRE_TEST_DATA_OR_SKIP(model, "models/stories260K.gguf");
  start(model);
  const Json answer = Json::parse(post("/v1/completions", greedy_from_bos).body);
  EXPECT_EQ(stripped(answer["choices"][0]["text"]), stripped(expected_text()));
  EXPECT_EQ(answer["usage"]["prompt_tokens"], 1);
}

TEST_F(RealServer, says_the_same_to_32_clients_at_once) {
  QUIRE_TEST_DATA_OR_SKIP(model, "models/stories260K.gguf");
  start(model);
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 32; ++i) {
    clients.push_back(std::make_unique<RawClient>(server_->port()));
    clients.back()->post("/v1/completions", greedy_from_bos.dump());
  }
  for (auto& client : clients) {
    const Json answer = Json::parse(client->response()->body);
    EXPECT_EQ(stripped(answer["choices"][0]["text"]), stripped(expected_text()));
  }
}

TEST_F(RealServer, streams_what_it_sends_in_one_piece) {
  QUIRE_TEST_DATA_OR_SKIP(model, "models/stories260K.gguf");
  start(model);
  Json body = {{"model", "story"}, {"prompt", "Once upon a time"}, {"options", {{"seed", 5}, {"num_predict", 40}}}};
  const std::string lines = post("/api/generate", body).body;
  std::string streamed;
  Json last;
  for (size_t begin = 0; begin < lines.size();) {
    const size_t end = lines.find('\n', begin);
    last = Json::parse(lines.substr(begin, end - begin));
    streamed += last["response"].get<std::string>();
    begin = end + 1;
  }
  body["stream"] = false;
  const Json whole = Json::parse(post("/api/generate", body).body);
  EXPECT_EQ(whole["response"], streamed);
  EXPECT_EQ(last["eval_count"], 40);
  EXPECT_EQ(last["done_reason"], "length");
  EXPECT_EQ(last["seed"], 5);
  EXPECT_EQ(last["context"].size(), last["prompt_eval_count"].get<size_t>() + 40);
  EXPECT_EQ(whole["context"], last["context"]);
}

TEST_F(RealServer, repeats_an_answer_with_the_seed_it_reported) {
  QUIRE_TEST_DATA_OR_SKIP(model, "models/stories260K.gguf");
  start(model);
  Json body = {{"model", "story"},
               {"stream", false},
               {"options", {{"num_predict", 30}, {"temperature", 1.0}}},
               {"messages", {{{"role", "user"}, {"content", "Tell me about Lily."}}}}};
  const Json first = Json::parse(post("/api/chat", body).body);
  body["options"]["seed"] = first["seed"];
  const Json again = Json::parse(post("/api/chat", body).body);
  EXPECT_EQ(again["message"], first["message"]);
}

TEST_F(RealServer, goes_on_when_the_context_is_full_or_ends_with_length) {
  QUIRE_TEST_DATA_OR_SKIP(model, "models/stories260K.gguf");
  start(model);
  const auto told = [&](const Json& options, const Json& shift) {
    Json body = {{"model", "story"}, {"prompt", "Once"}, {"raw", true}, {"stream", false}, {"ignore_eos", true}};
    body["options"] = {{"num_ctx", 32}, {"temperature", 0}};
    body["options"].update(options);
    if (!shift.is_null()) body["shift"] = shift;
    Json answer = Json::parse(post("/api/generate", body).body);
    EXPECT_EQ(answer["done_reason"], "length") << answer.dump();
    answer["all"] = answer["prompt_eval_count"].get<int>() + answer["eval_count"].get<int>();
    return answer;
  };
  const Json ends = told(Json::object(), false);
  EXPECT_EQ(ends["all"], 32);
  EXPECT_EQ(told({{"num_predict", -2}}, nullptr)["response"], ends["response"]) << "until the context is full";
  const Json goes_on = told({{"num_predict", 100}}, nullptr);
  EXPECT_EQ(goes_on["eval_count"], 100);
  EXPECT_TRUE(goes_on["response"].get<std::string>().starts_with(ends["response"].get<std::string>()));
  EXPECT_EQ(told(Json::object(), true)["eval_count"], 320) << "ten contexts";
}

TEST_F(RealServer, refuses_or_shortens_a_prompt_that_is_too_long) {
  QUIRE_TEST_DATA_OR_SKIP(model, "models/stories260K.gguf");
  start(model);
  std::string prompt;
  for (int i = 0; i < 3000; ++i) prompt += "Lily ran. ";
  Json body = {{"model", "story"},
               {"prompt", prompt},
               {"stream", false},
               {"truncate", false},
               {"options", {{"num_predict", 1}}}};
  const RawResponse refused = post("/api/generate", body);
  EXPECT_EQ(refused.status, 400);
  EXPECT_NE(refused.body.find("the prompt is longer than the context length currently available"), std::string::npos);
  EXPECT_EQ(post("/v1/completions", {{"model", "story"}, {"prompt", prompt}}).status, 400);
  body["truncate"] = true;
  const RawResponse shortened = post("/api/generate", body);
  EXPECT_EQ(shortened.status, 200);
  EXPECT_LT(Json::parse(shortened.body)["prompt_eval_count"], 2048);
}

// In place, as `: > FILE` does it: the process must not even notice a file that it maps.
TEST_F(RealServer, a_model_whose_file_was_cut_fails_alone_and_is_loaded_anew) {
  QUIRE_TEST_DATA_OR_SKIP(data, "models/stories260K.gguf");
  const auto model = std::filesystem::path(testing::TempDir()) / ("cut_" + std::to_string(::getpid()) + ".gguf");
  std::filesystem::copy_file(data, model, std::filesystem::copy_options::overwrite_existing);
  start(model);
  RawClient running(server_->port());
  running.post("/api/generate", R"({"model":"story","prompt":"Once","ignore_eos":true,"options":{"num_predict":-1}})");
  ASSERT_TRUE(running.read_until("\"done\":false"));
  std::filesystem::resize_file(model, 0);
  ASSERT_TRUE(running.read_until("has changed since it was opened"));
  running.close();
  EXPECT_EQ(post("/v1/completions", greedy_from_bos).status, 500) << "an empty file is no model";
  std::filesystem::copy_file(data, model, std::filesystem::copy_options::overwrite_existing);
  const Json answer = Json::parse(post("/v1/completions", greedy_from_bos).body);
  EXPECT_EQ(stripped(answer["choices"][0]["text"]), stripped(expected_text()));
  std::filesystem::remove(model);
}

TEST_F(RealServer, cancels_and_goes_on_with_the_others) {
  QUIRE_TEST_DATA_OR_SKIP(model, "models/stories260K.gguf");
  start(model);
  RawClient leaving(server_->port());
  leaving.post("/api/generate", R"({"model":"story","prompt":"Once","ignore_eos":true})");
  ASSERT_TRUE(leaving.read_until("\"done\":false"));
  RawClient staying(server_->port());
  staying.post("/v1/completions", greedy_from_bos.dump());
  leaving.close();
  const Json answer = Json::parse(staying.response()->body);
  EXPECT_EQ(stripped(answer["choices"][0]["text"]), stripped(expected_text()));
}

TEST_F(RealServer, answers_several_prompts_and_choices_as_it_does_each_alone) {
  QUIRE_TEST_DATA_OR_SKIP(model, "models/stories260K.gguf");
  start(model);
  Json body = {{"model", "story"}, {"prompt", {"Once upon a time", "Lily"}},
               {"n", 3},           {"seed", 11},
               {"max_tokens", 40}, {"temperature", 1.0}};
  const Json together = Json::parse(post("/v1/completions", body).body);
  ASSERT_EQ(together["choices"].size(), 6U);
  for (size_t prompt = 0; prompt < 2; ++prompt) {
    Json alone = body;
    alone["prompt"] = body["prompt"][prompt];
    const Json answer = Json::parse(post("/v1/completions", alone).body);
    for (size_t choice = 0; choice < 3; ++choice) {
      EXPECT_EQ(together["choices"][prompt * 3 + choice]["text"], answer["choices"][choice]["text"]);
    }
    EXPECT_NE(answer["choices"][0]["text"], answer["choices"][1]["text"]);
    alone["n"] = 1;  // the first choice is what one would get without the others
    EXPECT_EQ(Json::parse(post("/v1/completions", alone).body)["choices"][0]["text"], answer["choices"][0]["text"]);
  }
}

TEST_F(RealServer, ends_a_request_whose_deadline_has_passed) {
  QUIRE_TEST_DATA_OR_SKIP(model, "models/stories260K.gguf");
  start(model);
  const Json endless = {
      {"model", "story"}, {"prompt", "Once"}, {"ignore_eos", true}, {"stream", false}, {"deadline_ms", 1}};
  const RawResponse late = post("/api/generate", endless);
  EXPECT_EQ(late.status, 504);
  EXPECT_EQ(Json::parse(late.body)["done_reason"], "deadline");
  // Nobody else notices.
  const Json answer = Json::parse(post("/v1/completions", greedy_from_bos).body);
  EXPECT_EQ(stripped(answer["choices"][0]["text"]), stripped(expected_text()));
}

// One runs for long, three wait for it: one until it is cancelled, one until its client leaves, one until its time is
// up.
TEST_F(RealServer, ends_what_waits_in_each_way_there_is) {
  QUIRE_TEST_DATA_OR_SKIP(model, "models/stories260K.gguf");
  Settings settings;
  settings.parallel_max = 1;
  start(model, settings);
  const std::string endless = R"({"model":"story","prompt":"Once","ignore_eos":true)";
  RawClient running(server_->port());
  // A reader that takes nothing is given up after 1 MiB: far more than what is said meanwhile.
  running.post("/api/generate", endless + R"(,"options":{"temperature":0}})", "X-Request-Id: running\r\n");
  ASSERT_TRUE(running.read_until("\"done\":false"));
  const auto queued = [&] { return Json::parse(get("/api/queue").body)["requests"]; };
  const auto wait_until_shown = [&](const std::string& id) {
    while ((get("/api/queue").body + get("/api/contexts").body).find('"' + id + '"') == std::string::npos) {
      std::this_thread::yield();
    }
  };
  RawClient cancelled(server_->port());
  cancelled.post("/api/generate", endless + "}", "X-Request-Id: cancelled\r\n");
  RawClient timed(server_->port());
  timed.post("/api/generate", endless + R"(,"queue_timeout_ms":1})");
  {
    RawClient leaving(server_->port());
    leaving.post("/api/generate", endless + "}", "X-Request-Id: leaving\r\n");
    wait_until_shown("leaving");
  }
  wait_until_shown("cancelled");
  RawClient canceller(server_->port());
  canceller.send("DELETE /api/requests/cancelled HTTP/1.1\r\nHost: localhost\r\n\r\n");
  const int cancel_status = canceller.response()->status;
  const auto cancel_response = cancelled.response();
  const auto timed_response = timed.response();
  RawClient ender(server_->port());
  ender.send("DELETE /api/requests/running HTTP/1.1\r\nHost: localhost\r\n\r\n");
  const int end_status = ender.response()->status;
  const auto running_response = running.response();
  ASSERT_TRUE(cancel_response && timed_response && running_response);
  while (!queued().empty()) std::this_thread::yield();
  // The small model may have said all that its context holds before the others came.
  if (end_status == 404) GTEST_SKIP() << "the machine was busy";
  EXPECT_EQ(cancel_status, 200);
  EXPECT_EQ(timed_response->status, 504) << timed_response->body;
  EXPECT_NE(timed_response->body.find("queue_timeout_ms"), std::string::npos);
  EXPECT_TRUE(running_response->body.ends_with("\"done_reason\":\"cancelled\"}\n"));
  EXPECT_EQ(post("/v1/completions", greedy_from_bos).status, 200);
}

TEST_F(RealServer, lets_a_client_vanish_while_its_request_is_parked) {
  QUIRE_TEST_DATA_OR_SKIP(model, "models/stories260K.gguf");
  Settings settings;
  settings.parallel_max = 1;
  start(model, settings);
  const std::string endless = R"({"model":"story","prompt":"Once","ignore_eos":true,"options":{"temperature":0})";
  const auto state_of = [&](const std::string& id) -> std::string {
    for (const char* list : {"contexts", "requests"}) {
      const Json shown = Json::parse(get(*list == 'c' ? "/api/contexts" : "/api/queue").body)[list];
      for (const Json& one : shown) {
        if (one["id"] == id) return one["state"];
      }
    }
    return "ended";
  };
  bool parked = false;
  for (int attempt = 0; attempt < 20 && !parked; ++attempt) {  // the small model may end before the urgent one comes
    RawClient low(server_->port());
    const std::string id = "low-" + std::to_string(attempt);
    low.post("/api/generate", endless + R"(,"priority":6})", "X-Request-Id: " + id + "\r\n");
    ASSERT_TRUE(low.read_until("\"done\":false"));
    RawClient urgent(server_->port());
    urgent.post("/api/generate", endless + R"(,"priority":1})");
    ASSERT_TRUE(urgent.read_until("\"done\":false"));
    std::string state = state_of(id);
    while (state != "parked" && state != "ended") state = state_of(id);
    parked = state == "parked";
  }
  EXPECT_TRUE(parked);
  const auto left = [&] {
    const Json ps = Json::parse(get("/api/ps").body)["models"][0];
    return ps["requests_running"].get<int>() + ps["requests_waiting"].get<int>() + ps["kv_blocks"]["held"].get<int>();
  };
  while (left() > 0) std::this_thread::yield();  // its blocks come back
  const Json answer = Json::parse(post("/v1/completions", greedy_from_bos).body);
  EXPECT_EQ(stripped(answer["choices"][0]["text"]), stripped(expected_text()));
}

TEST_F(RealServer, shows_the_model_it_serves) {
  QUIRE_TEST_DATA_OR_SKIP(model, "models/stories260K.gguf");
  start(model);
  const Json shown = Json::parse(post("/api/show", {{"model", "story"}}).body);
  EXPECT_EQ(shown["details"]["family"], "llama");
  EXPECT_EQ(shown["details"]["parameter_size"], "293K");
  EXPECT_EQ(shown["details"]["quantization_level"], "F32");
  EXPECT_EQ(shown["model_info"]["llama.embedding_length"], 64);
  EXPECT_EQ(shown["model_info"]["tokenizer.ggml.tokens"].size(), 512U);  // no long array
  EXPECT_EQ(shown["model_info"]["general.parameter_count"], 292800);
  const Json verbose = Json::parse(post("/api/show", {{"model", "story"}, {"verbose", true}}).body);
  EXPECT_EQ(verbose["model_info"]["tokenizer.ggml.tokens"].size(), 512U);
  EXPECT_FALSE(verbose["tensors"].empty());
}

}  // namespace
}  // namespace quire::server::test
