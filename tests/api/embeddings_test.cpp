// Requests for vectors, and answers that are vectors, in each dialect.
#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>
#include <string>

#include "api/llama_server/dialect.h"
#include "api/ollama/dialect.h"
#include "api/openai/dialect.h"
#include "api/vectors.h"

namespace quire::api {
namespace {

std::string error_of(const Endpoint& endpoint, const std::string& body) {
  const auto call = endpoint.parse(body);
  return call ? "accepted" : std::to_string(call.error().status) + " " + call.error().message;
}

TEST(EmbedRequest, takes_texts_in_their_order) {
  const auto one = ollama::embed.parse(R"({"model":"m","input":"a"})");
  ASSERT_TRUE(one) << one.error().message;
  EXPECT_EQ(one->prompt, "a");
  EXPECT_TRUE(one->raw && one->truncate && one->vector);
  EXPECT_FALSE(one->stream);
  const auto more = ollama::embed.parse(
      R"({"model":"m","input":["","b"],"truncate":false,"dimensions":3,"options":{"num_ctx":9},"keep_alive":"1m"})");
  ASSERT_TRUE(more) << more.error().message;
  EXPECT_FALSE(more->empty()) << "an empty text in an array is an input";
  EXPECT_EQ(more->more_prompts.at(0).text, "b");
  EXPECT_FALSE(more->truncate);
  EXPECT_EQ(more->vector->dimensions, 3);
  EXPECT_EQ(more->options.num_ctx, 9);
  EXPECT_EQ(more->keep_alive_ns, int64_t{60} * 1'000'000'000);
  const auto older = ollama::embeddings.parse(R"({"model":"m","prompt":"a"})");
  ASSERT_TRUE(older) << older.error().message;
  EXPECT_EQ(older->prompt, "a");
  EXPECT_FALSE(older->truncate);
}

TEST(EmbedRequest, asks_for_nothing_without_an_input) {
  for (const char* body : {R"({"model":"m"})", R"({"model":"m","input":""})", R"({"model":"m","input":[]})"}) {
    const auto call = ollama::embed.parse(body);
    ASSERT_TRUE(call) << call.error().message;
    EXPECT_TRUE(call->empty()) << body;
  }
  EXPECT_TRUE(ollama::embeddings.parse(R"({"model":"m","prompt":""})")->empty());
  EXPECT_EQ(ollama::embed.load_answer("m", "load", 0, {.total_ns = 3, .load_ns = 2}),
            R"({"model":"m","embeddings":[],"total_duration":3,"load_duration":2})");
  EXPECT_EQ(ollama::embeddings.load_answer("m", "load", 0, {}), R"({"embedding":[]})");
}

TEST(EmbedRequest, says_what_is_wrong) {
  EXPECT_EQ(error_of(ollama::embed, R"({"input":"a"})"), "400 model is required");
  for (const char* input : {"5", "{}", "true", "[1]", R"(["a",1])", R"([["a"]])"}) {
    EXPECT_EQ(error_of(ollama::embed, std::string(R"({"model":"m","input":)") + input + "}"), "400 invalid input type");
  }
  EXPECT_EQ(error_of(ollama::embed, R"({"model":"m","input":"a","dimensions":-1})"),
            "400 \"dimensions\" must be an integer from 0 to 2147483647, got -1");
  EXPECT_EQ(error_of(ollama::embed, R"({"model":"m","input":"a","options":7})"),
            "400 \"options\" must be an object, got a number");
  EXPECT_EQ(error_of(ollama::embeddings, R"({"model":"m","prompt":["a"]})"),
            "400 \"prompt\" must be a string, got an array");
  nlohmann::json many = {{"model", "m"}, {"input", nlohmann::json::array()}};
  for (int i = 0; i < 2049; ++i) many["input"].push_back("a");
  EXPECT_EQ(error_of(ollama::embed, many.dump()), "400 \"input\" holds 2049 inputs, at most 2048 are allowed");
  EXPECT_EQ(error_of(openai::embeddings, many.dump()), "400 \"input\" holds 2049 inputs, at most 2048 are allowed");
}

TEST(OpenAiEmbeddingsRequest, takes_texts_and_ids_one_or_many) {
  const auto parsed = [](const std::string& input) {
    return openai::embeddings.parse(R"({"model":"m","input":)" + input + "}");
  };
  EXPECT_EQ(parsed(R"("a")")->prompt, "a");
  EXPECT_EQ(parsed("[1,2]")->prompt_tokens, (std::vector<TokenId>{1, 2}));
  EXPECT_EQ(parsed(R"(["a","b"])")->more_prompts.at(0).text, "b");
  const auto ids = parsed("[[1],[2,3]]");
  EXPECT_EQ(ids->prompt_tokens, std::vector<TokenId>{1});
  EXPECT_EQ(ids->more_prompts.at(0).tokens, (std::vector<TokenId>{2, 3}));
  EXPECT_FALSE(parsed(R"("a")")->truncate);
  EXPECT_FALSE(parsed(R"("")")->empty());
}

TEST(OpenAiEmbeddingsRequest, reads_the_form_of_vectors_and_what_others_add) {
  const auto call = openai::embeddings.parse(
      R"({"model":"m","input":"a","encoding_format":"BASE64","dimensions":2,"user":"u","truncate_prompt_tokens":7,
          "priority":2,"cache_salt":"s","embd_normalize":1,"add_special_tokens":true,"endianness":"little",
          "embed_dtype":"float32","truncation_side":"right","request_id":"r","keep_alive":"1m"})");
  ASSERT_TRUE(call) << call.error().message;
  EXPECT_TRUE(call->vector->base64);
  EXPECT_EQ(call->vector->dimensions, 2);
  EXPECT_EQ(call->vector->norm, 1);
  EXPECT_EQ(call->user, "u");
  EXPECT_EQ(call->priority, 2);
  EXPECT_EQ(call->cache_salt, "s");
  EXPECT_TRUE(call->truncate);
  EXPECT_EQ(call->options.num_ctx, 7);
  EXPECT_EQ(call->unknown_fields, std::vector<std::string>{});
  EXPECT_EQ(openai::embeddings.parse(R"({"model":"m","input":"a","normalize":false})")->vector->norm, -1);
  EXPECT_EQ(openai::embeddings.parse(R"({"model":"m","input":"a","temperature":1})")->unknown_fields,
            std::vector<std::string>{"temperature"});
  const auto fits = openai::embeddings.parse(R"({"model":"m","input":"a","truncate_prompt_tokens":-1})");
  EXPECT_TRUE(fits->truncate);
  EXPECT_FALSE(fits->options.num_ctx);
}

TEST(OpenAiEmbeddingsRequest, says_what_is_wrong) {
  const auto error = [](const std::string& fields) {
    return error_of(openai::embeddings, R"({"model":"m","input":"a",)" + fields + "}");
  };
  EXPECT_EQ(error_of(openai::embeddings, R"({"model":"m"})"), "400 \"input\" is required");
  for (const char* input : {"[]", "5", "{}", "[[]]", R"(["a",5])"}) {
    EXPECT_EQ(error_of(openai::embeddings, std::string(R"({"model":"m","input":)") + input + "}"),
              "400 \"input\" must be a string or an array of token ids, or an array of these");
  }
  EXPECT_EQ(error(R"("dimensions":0)"), "400 \"dimensions\" must be an integer from 1 to 2147483647, got 0");
  EXPECT_EQ(error(R"("encoding_format":"bytes")"), "400 \"encoding_format\" must be float or base64, got \"bytes\"");
  EXPECT_EQ(error(R"("stream":true)"), "400 \"stream\" is not supported");
  EXPECT_EQ(error(R"("truncation_side":"left")"), "400 \"truncation_side\" is not supported");
  EXPECT_EQ(error(R"("add_special_tokens":false)"), "400 \"add_special_tokens\" is not supported");
  EXPECT_EQ(error(R"("embed_dtype":"float16")"), "400 \"embed_dtype\" is not supported");
  EXPECT_EQ(error(R"("truncate_prompt_tokens":0)"), "400 \"truncate_prompt_tokens\" must be at least 1, or -1");
  EXPECT_EQ(error(R"("embd_normalize":-2)"), "400 \"embd_normalize\" must be an integer from -1 to 100, got -2");
}

TEST(LlamaServerEmbeddingRequest, says_what_is_wrong) {
  nlohmann::json many = {{"content", nlohmann::json::array()}};
  for (int i = 0; i < 2049; ++i) many["content"].push_back("a");
  EXPECT_EQ(error_of(llama_server::embedding, many.dump()),
            "400 \"content\" holds 2049 inputs, at most 2048 are allowed");
  EXPECT_EQ(error_of(llama_server::embedding, R"({"embd_normalize":2})"), "400 \"input\" is required");
  EXPECT_EQ(error_of(llama_server::embedding, R"({"input":"a","encoding_format":"base64"})"),
            "400 \"encoding_format\" is not supported");
  EXPECT_EQ(error_of(llama_server::embedding, R"({"input":"a","dimensions":2})"),
            "400 \"dimensions\" is not supported");
  EXPECT_EQ(error_of(llama_server::embedding, R"({"input":"a","encoding_format":"float"})"), "accepted");
}

TEST(Vectors, are_divided_by_the_norm_that_is_asked_for) {
  const auto divided = [](int32_t norm) { return formed({3, -4}, {.norm = norm}); };
  EXPECT_EQ(divided(-1), (std::vector<float>{3, -4}));
  EXPECT_EQ(divided(0), (std::vector<float>{24570, -32760}));
  EXPECT_EQ(divided(1), (std::vector<float>{3.0F / 7, -4.0F / 7}));
  EXPECT_EQ(divided(2), (std::vector<float>{0.6F, -0.8F}));
  EXPECT_EQ(formed({0, 0}, {}), (std::vector<float>{0, 0}));
  EXPECT_EQ(formed({3e38F, 0}, {}), (std::vector<float>{1, 0})) << "squares do not overflow";
  EXPECT_EQ(formed({1e-4F, 0}, {.norm = 100}), (std::vector<float>{1, 0})) << "powers do not vanish";
  EXPECT_EQ(formed({1e4F, 0}, {.norm = 100}), (std::vector<float>{1, 0})) << "powers do not overflow";
  EXPECT_EQ(formed({3, -4, 12}, {.dimensions = 2}), (std::vector<float>{0.6F, -0.8F})) << "cut, then normalised";
}

TEST(Vectors, are_the_shortest_numbers_or_little_endian_base64) {
  EXPECT_EQ(vector_text(std::vector<float>{0.1F, -1, 1e-10F}, false), "[0.1,-1,1e-10]");
  EXPECT_TRUE(nlohmann::json::accept(vector_text(std::vector<float>{std::numeric_limits<float>::denorm_min()}, false)));
  // What `base64` of coreutils says of the bytes 00 00 80 3f, with 00 00 00 c0 and 00 00 40 40 after them.
  EXPECT_EQ(vector_text(std::vector<float>{1}, true), R"("AACAPw==")");
  EXPECT_EQ(vector_text(std::vector<float>{1, -2}, true), R"("AACAPwAAAMA=")");
  EXPECT_EQ(vector_text(std::vector<float>{1, -2, 3}, true), R"("AACAPwAAAMAAAEBA")");
}

AnswerHead head_of_two() {
  AnswerHead head{.stream = false};
  head.model = "tiny";
  head.choices = 2;
  return head;
}

// Two vectors, the second first.
std::string written(const Endpoint& endpoint, AnswerHead head) {
  const auto writer = endpoint.make_writer(std::move(head));
  std::string out;
  Finished finished{.reason = FinishReason::length};
  finished.stats.prompt_tokens = 3;
  finished.stats.queue_ns = 5;
  finished.embedding = {0, 2};
  writer->finish(1, finished, {.total_ns = 9, .load_ns = 1}, 0, out);
  EXPECT_EQ(out, "") << "one response";
  finished.embedding = {3, 4};
  finished.stats.queue_ns = 4;
  writer->finish(0, finished, {.total_ns = 10, .load_ns = 1}, 0, out);
  return out;
}

TEST(VectorsAnswer, has_them_in_the_order_of_the_inputs) {
  EXPECT_EQ(written(ollama::embed, head_of_two()),
            R"({"model":"tiny","embeddings":[[0.6,0.8],[0,1]],"total_duration":10,"load_duration":1,)"
            R"("queue_duration":5,"prompt_eval_count":6})");
  EXPECT_EQ(written(openai::embeddings, head_of_two()),
            R"({"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.6,0.8]},)"
            R"({"object":"embedding","index":1,"embedding":[0,1]}],"model":"tiny",)"
            R"("usage":{"prompt_tokens":6,"total_tokens":6,"queue_duration":5}})");
  EXPECT_EQ(written(ollama::embeddings, head_of_two()), R"({"embedding":[0.6,0.8]})");
}

TEST(VectorsAnswer, is_encoded_and_says_that_an_input_was_shortened) {
  AnswerHead head = head_of_two();
  head.vector = {.dimensions = 1, .base64 = true};
  head.prompt_truncated = true;
  const std::string body = written(openai::embeddings, head);
  EXPECT_NE(body.find(R"("embedding":"AACAPw==")"), std::string::npos) << body;
  EXPECT_NE(body.find(R"("prompt_truncated":true)"), std::string::npos) << body;
  const auto writer = ollama::embed.make_writer(head_of_two());
  std::string failed;
  writer->fail({.status = 500, .message = "no"}, false, failed);
  EXPECT_EQ(failed, R"({"error":"no"})");
}

}  // namespace
}  // namespace quire::api
