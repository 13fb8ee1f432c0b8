// Vectors of texts, from HTTP to the engine and back.
#include <cmath>
#include <nlohmann/json.hpp>

#include "server/test_server.h"

namespace quire::server::test {
namespace {

using Json = nlohmann::json;

class EmbeddingsServer : public ServerTest {
 protected:
  EmbeddingsServer() {
    for (const char* name : {"mean", "mute", "ranker", "encoder"}) {
      std::ofstream(folder_ / (std::string(name) + ".gguf")) << name;
    }
  }
  RawResponse ask(std::string_view path, const Json& body) { return post(path, body.dump()); }
  Json answer(std::string_view path, const Json& body) {
    const RawResponse response = ask(path, body);
    EXPECT_EQ(response.status, 200) << response.body;
    return Json::parse(response.body);
  }
  std::string refused(std::string_view path, const Json& body, int status = 400) {
    const RawResponse response = ask(path, body);
    EXPECT_EQ(response.status, status) << response.body;
    const Json error = Json::parse(response.body)["error"];
    return error.is_string() ? error.get<std::string>() : error["message"].get<std::string>();
  }
};

// The fake's vector of "a" is (1, 97, 3, 4).
const double norm_of_a = std::sqrt(1.0 + 97.0 * 97 + 9 + 16);

TEST_F(EmbeddingsServer, answers_each_dialect_in_its_form) {
  start();
  const Json embed = answer("/api/embed", {{"model", "fake"}, {"input", "a"}});
  EXPECT_FLOAT_EQ(embed["embeddings"][0][1].get<float>(), static_cast<float>(97 / norm_of_a));
  EXPECT_EQ(embed["prompt_eval_count"], 2);
  const Json older = answer("/api/embeddings", {{"model", "fake"}, {"prompt", "a"}});
  EXPECT_EQ(older["embedding"], embed["embeddings"][0]);
  const Json openai = answer("/v1/embeddings", {{"model", "fake"}, {"input", {97}}});
  EXPECT_EQ(openai["data"][0]["embedding"], embed["embeddings"][0]);
  EXPECT_EQ(openai["usage"]["total_tokens"], 1);
  for (const Request& request : submitted(3)) {
    EXPECT_EQ(request.pooling, Pooling::last);
    EXPECT_EQ(request.generated_max, 0);
    EXPECT_TRUE(request.use_cache) << "the last row is all that is wanted";
  }
}

TEST_F(EmbeddingsServer, pools_as_the_model_says_and_computes_every_row_for_a_mean) {
  start();
  (void)answer("/api/embed", {{"model", "mean"}, {"input", "a"}});
  const Request mean = submitted(1).front();
  EXPECT_EQ(mean.pooling, Pooling::mean);
  EXPECT_FALSE(mean.use_cache);
  EXPECT_EQ(refused("/v1/embeddings", {{"model", "mute"}, {"input", "a"}}), "no vectors here");
}

// The fake's rank of a pair is its length.
TEST_F(EmbeddingsServer, ranks_documents_for_a_query_the_best_first) {
  start();
  const Json documents = {"dd", {{"text", "dddd"}}, "d"};
  const Json all = answer("/v1/rerank", {{"model", "ranker"}, {"query", "q"}, {"documents", documents}});
  EXPECT_EQ(all["object"], "list");
  EXPECT_EQ(all["model"], "ranker");
  EXPECT_EQ(all["results"], Json::parse(R"([{"index":1,"relevance_score":6},{"index":0,"relevance_score":4},
                                            {"index":2,"relevance_score":3}])"));
  EXPECT_EQ(all["usage"]["total_tokens"], 16) << "each pair with a token before it";
  const Json best = answer("/rerank", {{"model", "ranker"},
                                       {"query", "q"},
                                       {"documents", documents},
                                       {"top_n", 1},
                                       {"return_documents", true}})["results"];
  EXPECT_EQ(best, Json::parse(R"([{"index":1,"relevance_score":6,"document":{"text":"dddd"}}])"));
  const Json bare =
      answer("/reranking", {{"model", "ranker"}, {"query", "q"}, {"texts", {"d", "dd"}}, {"return_text", true}});
  EXPECT_EQ(bare, Json::parse(R"([{"index":1,"score":4,"text":"dd"},{"index":0,"score":3,"text":"d"}])"));
  for (const Request& request : submitted(8)) EXPECT_NE(request.pooling, Pooling::none);
}

TEST_F(EmbeddingsServer, refuses_by_name_what_cannot_be_ranked) {
  start();
  const auto refusal = [&](const Json& body) { return refused("/v1/rerank", body); };
  EXPECT_NE(refusal({{"model", "fake"}, {"query", "q"}, {"documents", {"d"}}}).find("ranks no documents"),
            std::string::npos);
  EXPECT_NE(refusal({{"model", "ranker"}, {"documents", {"d"}}}).find("\"query\""), std::string::npos);
  EXPECT_NE(refusal({{"model", "ranker"}, {"query", "q"}}).find("\"documents\""), std::string::npos);
  EXPECT_NE(refusal({{"model", "ranker"}, {"query", "q"}, {"documents", Json::array()}}).find("empty"),
            std::string::npos);
  EXPECT_NE(refusal({{"model", "ranker"}, {"query", "q"}, {"documents", {1}}}).find("documents[0]"), std::string::npos);
  const std::string long_text(300, 'd');
  EXPECT_NE(refusal({{"model", "ranker"}, {"query", "q"}, {"documents", {long_text}}}).find("longer than the context"),
            std::string::npos);
  EXPECT_NE(refused("/v1/embeddings", {{"model", "ranker"}, {"input", "a"}}).find("/v1/rerank"), std::string::npos);
}

TEST_F(EmbeddingsServer, of_a_model_that_generates_nothing_are_all_that_it_gives) {
  start();
  EXPECT_EQ(answer("/api/embed", {{"model", "encoder"}, {"input", "a"}})["embeddings"].size(), 1U);
  EXPECT_EQ(refused("/api/generate", {{"model", "encoder"}, {"prompt", "a"}}), "\"encoder\" does not support generate");
  const Json messages = {{{"role", "user"}, {"content", "a"}}};
  EXPECT_EQ(refused("/v1/chat/completions", {{"model", "encoder"}, {"messages", messages}}),
            "\"encoder\" does not support chat");
}

TEST_F(EmbeddingsServer, keeps_the_order_of_thousands_and_hands_over_few_at_a_time) {
  start();
  Json input = Json::array();
  for (int i = 0; i < 2048; ++i) input.push_back(std::string(static_cast<size_t>(i % 150), 'a'));
  const Json vectors = answer("/v1/embeddings", {{"model", "fake"}, {"input", input}, {"embd_normalize", -1}})["data"];
  ASSERT_EQ(vectors.size(), 2048U);
  for (int i = 0; i < 2048; ++i) {
    const auto index = static_cast<size_t>(i);
    EXPECT_EQ(vectors[index]["index"], i);
    EXPECT_EQ(vectors[index]["embedding"][0], i % 150);
  }
  EXPECT_EQ(submitted(2048).size(), 2048U);

  RawClient client(port());
  client.post("/v1/embeddings", Json{{"model", "fake"}, {"input", std::vector<std::string>(300, "hold")}}.dump());
  EXPECT_EQ(submitted(128).size(), 128U);
  client.close();
  std::vector<SequenceId> cancelled;
  while (cancelled.size() < 128) record_.cancelled.wait_and_take_all(cancelled);
  std::vector<Request> more;
  (void)record_.submitted.take_all(more);
  EXPECT_TRUE(more.empty());
  EXPECT_EQ(cancelled.size(), 128U) << "what no engine has is not cancelled there";
}

TEST_F(EmbeddingsServer, cuts_dimensions_and_says_when_there_are_not_so_many) {
  start();
  const Json cut = answer("/api/embed", {{"model", "fake"}, {"input", "a"}, {"dimensions", 1}})["embeddings"][0];
  EXPECT_EQ(cut, Json({1.0}));
  const std::string expected = "\"dimensions\" must be at most 4, the width of the model, got 5";
  const Json all = answer("/api/embed", {{"model", "fake"}, {"input", "a"}, {"dimensions", 4096}})["embeddings"][0];
  EXPECT_EQ(all.size(), 4U) << "as Ollama, whose clients ask for more than any model has";
  EXPECT_EQ(refused("/v1/embeddings", {{"model", "fake"}, {"input", "a"}, {"dimensions", 5}}), expected);
}

TEST_F(EmbeddingsServer, sends_base64_that_is_the_same_numbers) {
  start();
  const Json body = {{"model", "fake"}, {"input", "a"}, {"embd_normalize", -1}, {"encoding_format", "base64"}};
  // printf '\0\0\x80\x3f\0\0\xc2\x42\0\0\x40\x40\0\0\x80\x40' | base64
  EXPECT_EQ(answer("/v1/embeddings", body)["data"][0]["embedding"], "AACAPwAAwkIAAEBAAACAQA==");
}

TEST_F(EmbeddingsServer, shortens_an_input_at_its_end_or_refuses_it) {
  start();
  const std::string text(300, 'a');  // the fake's context has 200 tokens
  const Json cut = answer("/api/embed", {{"model", "fake"}, {"input", text + "b"}});
  EXPECT_EQ(cut["prompt_eval_count"], 200);
  EXPECT_EQ(cut["prompt_truncated"], true);
  const Request request = submitted(1).front();
  EXPECT_EQ(request.prompt.front(), 256) << "BOS stays";
  EXPECT_EQ(request.prompt.back(), 'a');
  const std::string refusal = refused("/api/embed", {{"model", "fake"}, {"input", text}, {"truncate", false}});
  EXPECT_TRUE(refusal.starts_with("the input length exceeds the context length")) << refusal;
  EXPECT_TRUE(refused("/api/embeddings", {{"model", "fake"}, {"prompt", text}}).starts_with("the input length"));
  const RawResponse openai = ask("/v1/embeddings", {{"model", "fake"}, {"input", {"a", text}}});
  EXPECT_EQ(openai.status, 400);
  const Json error = Json::parse(openai.body)["error"];
  EXPECT_EQ(error["code"], "context_length_exceeded");
  EXPECT_EQ(error["param"], "input");
  const Json few = answer("/v1/embeddings", {{"model", "fake"}, {"input", text}, {"truncate_prompt_tokens", 3}});
  EXPECT_EQ(few["usage"]["prompt_tokens"], 3);
  const Json capped = answer("/api/embed", {{"model", "fake"}, {"input", text}, {"options", {{"num_ctx", 1}}}});
  EXPECT_EQ(capped["prompt_eval_count"], 1);
}

TEST_F(EmbeddingsServer, loads_and_unloads_without_an_input) {
  start();
  EXPECT_EQ(answer("/api/embed", {{"model", "fake"}})["embeddings"], Json::array());
  EXPECT_EQ(Json::parse(get("/api/ps").body)["models"].size(), 1U);
  EXPECT_EQ(answer("/api/embeddings", {{"model", "fake"}, {"prompt", ""}})["embedding"], Json::array());
  EXPECT_EQ(answer("/api/embed", {{"model", "fake"}, {"input", ""}, {"keep_alive", 0}})["embeddings"], Json::array());
  EXPECT_EQ(FakeRecord::next(record_.unloaded), "fake:latest");
}

TEST_F(EmbeddingsServer, is_refused_with_the_right_status) {
  start();
  EXPECT_EQ(refused("/api/embed", {{"model", "fake"}, {"input", 7}}), "invalid input type");
  (void)refused("/api/embed", {{"model", "nobody"}, {"input", "a"}}, 404);
  (void)refused("/api/embed", {{"model", "fake"}, {"input", "busy"}}, 503);
  (void)refused("/api/embed", {{"model", "fake"}, {"input", {"a", "fail", "a"}}}, 500);
  EXPECT_EQ(refused("/v1/embeddings", {{"model", "fake"}, {"input", {300}}}),
            "\"input\" holds the token id 300, the model's vocabulary has 257 tokens");
}

TEST_F(EmbeddingsServer, waits_is_shown_and_is_cancelled_as_any_other_request) {
  start();
  RawClient client(port());
  client.post("/api/embed", R"({"model":"fake","input":["hold","hold"],"priority":1})", "X-Request-Id: pair\r\n");
  (void)submitted(2);
  const Json queue = Json::parse(get("/api/queue").body)["requests"];
  ASSERT_EQ(queue.size(), 2U);
  EXPECT_EQ(queue[0]["id"], "pair");
  EXPECT_EQ(queue[0]["priority"], 1);
  RawClient other(port());
  other.send("DELETE /api/requests/pair HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(other.response()->status, 200);
  EXPECT_EQ(client.response()->status, 499);
}

TEST_F(EmbeddingsServer, echoes_prompts_with_what_is_known_of_their_tokens) {
  start();
  const Json text = answer(
      "/v1/completions",
      {{"model", "fake"}, {"prompt", {"ab", "c"}}, {"echo", true}, {"logprobs", 1}, {"max_tokens", 0}})["choices"];
  ASSERT_EQ(text.size(), 2U);
  EXPECT_EQ(text[0]["logprobs"]["tokens"][0], "<bos>");
  EXPECT_EQ(text[0]["logprobs"]["token_logprobs"], Json({nullptr, -97.0, -98.0}));
  EXPECT_EQ(text[0]["logprobs"]["text_offset"], Json({0, 0, 1}));
  EXPECT_TRUE(text[0]["text"].get<std::string>().starts_with("ab"));
  EXPECT_TRUE(text[1]["text"].get<std::string>().starts_with("c"));
  const std::vector<Request> requests = submitted(2);
  EXPECT_EQ(requests[0].prompt_logprobs_top_n, 1);
  EXPECT_FALSE(requests[0].use_cache);
  const Json chat =
      answer("/v1/chat/completions",
             {{"model", "fake"}, {"messages", {{{"role", "user"}, {"content", "ab"}}}}, {"prompt_logprobs", 0}});
  EXPECT_EQ(chat["prompt_logprobs"][1]["97"]["logprob"], -97.0);
  const Json ids = answer("/v1/completions", {{"model", "fake"}, {"prompt", {97, 98}}, {"echo", true}})["choices"];
  EXPECT_TRUE(ids[0]["text"].get<std::string>().starts_with("ab"));
}

TEST_F(EmbeddingsServer, judges_the_prompt_of_a_chat_once) {
  start();
  const Json chat = answer(
      "/v1/chat/completions",
      {{"model", "fake"}, {"messages", {{{"role", "user"}, {"content", "ab"}}}}, {"prompt_logprobs", 0}, {"n", 3}});
  EXPECT_EQ(chat["prompt_logprobs"][1]["97"]["logprob"], -97.0);
  const std::vector<Request> requests = submitted(3);
  EXPECT_EQ(requests[0].prompt_logprobs_top_n, 0);
  EXPECT_FALSE(requests[0].use_cache);
  for (const size_t choice : {1U, 2U}) {
    EXPECT_EQ(requests[choice].prompt_logprobs_top_n, -1);
    EXPECT_TRUE(requests[choice].use_cache);
  }
}

TEST_F(EmbeddingsServer, judges_a_prompt_that_fills_the_context) {
  start();
  Json body = {{"model", "fake"}, {"prompt", std::string(199, 'a')}, {"echo", true}, {"logprobs", 0}};
  body["max_tokens"] = 0;
  EXPECT_GE(answer("/v1/completions", body)["choices"][0]["logprobs"]["tokens"].size(), 200U);
  EXPECT_EQ(submitted(1).front().prompt.size(), 200U);
  body["max_tokens"] = 1;
  (void)refused("/v1/completions", body);
  body["max_tokens"] = 0;
  body["prompt"] = std::string(200, 'a');
  (void)refused("/v1/completions", body);
}

TEST_F(EmbeddingsServer, makes_as_many_answers_as_best_of_says_and_sends_n) {
  start();
  const Json text = answer("/v1/completions", {{"model", "fake"}, {"prompt", "count 1"}, {"n", 2}, {"best_of", 5}});
  EXPECT_EQ(text["choices"].size(), 2U);
  EXPECT_EQ(text["usage"]["completion_tokens"], 5);
  const std::vector<Request> requests = submitted(5);
  for (size_t index = 0; index < 5; ++index) {
    EXPECT_EQ(requests[index].sampling.choice, index);
    EXPECT_EQ(requests[index].logprobs_top_n, 0);
  }
}

}  // namespace
}  // namespace quire::server::test
