#include "api/answer.h"

#include <gtest/gtest.h>

#include "api/gathered_parts.h"
#include "api/ollama/dialect.h"
#include "api/openai/dialect.h"

namespace quire::api {
namespace {

constexpr int64_t moment_ns = 1'767'323'045'000'000'006;  // 2026-01-02T03:04:05.000000006Z

AnswerHead head_of(bool stream) {
  AnswerHead head;
  head.stream = stream;
  head.id = "id-1";
  head.model = "tiny";
  head.created_unix_s = 1767323045;
  return head;
}

Finished finished_of(FinishReason reason) {
  Finished finished;
  finished.reason = reason;
  finished.stats.prompt_tokens = 5;
  finished.stats.cached_tokens = 4;
  finished.stats.generated_tokens = 2;
  finished.stats.queue_ns = 10;
  finished.stats.prompt_ns = 20;
  finished.stats.generate_ns = 30;
  finished.stats.seed = 42;
  return finished;
}

AnswerDelta text_delta(std::string text, std::vector<TokenId> tokens) {
  AnswerDelta delta;
  if (!text.empty()) delta.parts.push_back(parts::Content{std::move(text)});
  delta.tokens = std::move(tokens);
  return delta;
}

TokenLogprob token_logprob(TokenId token, float logprob, std::string text) { return {token, logprob, std::move(text)}; }

// Two tokens, then the end.
std::string whole(const Endpoint& endpoint, AnswerHead head, FinishReason reason = FinishReason::stop) {
  const auto writer = endpoint.make_writer(std::move(head));
  std::string out;
  writer->delta(0, text_delta("Hel", {7}), moment_ns, out);
  writer->delta(0, text_delta("", {8}), moment_ns, out);  // bytes that are not a character yet
  writer->delta(0, text_delta("lo", {9}), moment_ns, out);
  writer->finish(0, finished_of(reason), {.total_ns = 100, .load_ns = 1}, moment_ns, out);
  return out;
}

const std::string metrics =
    R"("total_duration":100,"load_duration":1,"queue_duration":10,"prompt_eval_count":5,)"
    R"("prompt_eval_cached_count":4,"prompt_eval_duration":20,"eval_count":2,"eval_duration":30,"seed":42})";

TEST(OllamaAnswer, streams_a_line_a_delta_and_the_metrics_last) {
  AnswerHead head = head_of(true);
  head.wants_context = true;
  head.prompt = {1, 2};
  const std::string begin = R"({"model":"tiny","created_at":"2026-01-02T03:04:05.000000006Z","response":)";
  EXPECT_EQ(whole(ollama::generate, head), begin + "\"Hel\",\"done\":false}\n" + begin + "\"lo\",\"done\":false}\n" +
                                               begin + R"("","done":true,"done_reason":"stop","context":[1,2,7,8,9],)" +
                                               metrics + "\n");
}

TEST(OllamaAnswer, sends_a_message_in_one_piece_when_it_does_not_stream) {
  EXPECT_EQ(whole(ollama::chat, head_of(false), FinishReason::length),
            R"({"model":"tiny","created_at":"2026-01-02T03:04:05.000000006Z",)"
            R"("message":{"role":"assistant","content":"Hello"},"done":true,"done_reason":"length",)" +
                metrics);
}

TEST(Answer, says_in_its_last_message_that_the_prompt_was_shortened) {
  constexpr std::string_view said = "\"prompt_truncated\":true";
  const Endpoint* const endpoints[] = {&ollama::generate, &ollama::chat, &openai::completions,
                                       &openai::chat_completions};
  for (const Endpoint* endpoint : endpoints) {
    for (const bool stream : {false, true}) {
      AnswerHead head = head_of(stream);
      EXPECT_EQ(whole(*endpoint, head).find("prompt_truncated"), std::string::npos);
      head.prompt_truncated = true;
      const std::string answer = whole(*endpoint, head);
      const size_t at = answer.find(said);
      ASSERT_NE(at, std::string::npos) << answer;
      EXPECT_EQ(answer.find(said, at + 1), std::string::npos) << "once";
      EXPECT_GT(at, answer.find(stream ? "lo\"" : "Hello")) << "after the text";
    }
  }
}

// Thinking, a text, and two calls of which the second is cut.
std::string shaped(const Endpoint& endpoint, AnswerHead head, FinishReason reason) {
  const auto writer = endpoint.make_writer(std::move(head));
  std::string out;
  using Pieces = std::vector<parts::Part>;
  for (const Pieces& pieces :
       {Pieces{parts::Thinking{"Hm"}, parts::Thinking{"."}}, Pieces{parts::Content{"Wait"}},
        Pieces{parts::CallBegun{0, "f", ""}, parts::CallArguments{0, "{\"z\":"}},
        Pieces{parts::CallArguments{0, "1,\"a\":2}"}, parts::CallEnded{0}, parts::CallBegun{1, "g", "own"}},
        Pieces{parts::CallArguments{1, "{\"x\""}, parts::CallEnded{1}}}) {
    writer->delta(0, {.parts = pieces, .tokens = {7}, .logprobs = {}}, moment_ns, out);
  }
  writer->finish(0, finished_of(reason), {.total_ns = 100, .load_ns = 1}, moment_ns, out);
  return out;
}

const std::string own_id = call_id("id-1", 0, 0);

TEST(OllamaAnswer, has_thinking_apart_and_calls_when_they_are_whole) {
  const std::string begin = R"({"model":"tiny","created_at":"2026-01-02T03:04:05.000000006Z","message":)";
  const std::string first = R"({"id":")" + own_id + R"(","function":{"index":0,"name":"f","arguments":{"z":1,"a":2}}})";
  const std::string second = R"({"id":"own","function":{"index":1,"name":"g","arguments":{}}})";
  EXPECT_EQ(shaped(ollama::chat, head_of(true), FinishReason::length),
            begin + R"({"role":"assistant","content":"","thinking":"Hm."},"done":false})" + "\n" + begin +
                R"({"role":"assistant","content":"Wait"},"done":false})" + "\n" + begin +
                R"({"role":"assistant","content":"","tool_calls":[)" + first + R"(]},"done":false})" + "\n" + begin +
                R"({"role":"assistant","content":"","tool_calls":[)" + second + R"(]},"done":false})" + "\n" + begin +
                R"({"role":"assistant","content":""},"done":true,"done_reason":"length",)" + metrics + "\n");
  EXPECT_EQ(shaped(ollama::chat, head_of(false), FinishReason::stop),
            begin + R"({"role":"assistant","content":"Wait","thinking":"Hm.","tool_calls":[)" + first + "," + second +
                R"(]},"done":true,"done_reason":"stop",)" + metrics);
  EXPECT_NE(shaped(ollama::generate, head_of(false), FinishReason::stop).find(R"("response":"Wait","thinking":"Hm.")"),
            std::string::npos);
}

TEST(OpenAiAnswer, streams_thinking_and_the_arguments_of_calls_as_they_come) {
  const std::string out = shaped(openai::chat_completions, head_of(true), FinishReason::stop);
  for (const std::string& piece :
       {std::string(R"("delta":{"role":"assistant","reasoning_content":"Hm.","reasoning":"Hm."})"),
        std::string(R"("delta":{"content":"Wait"})"),
        R"("delta":{"tool_calls":[{"index":0,"id":")" + own_id +
            R"(","type":"function","function":{"name":"f","arguments":"{\"z\":"}}]})",
        std::string(R"("delta":{"tool_calls":[{"index":0,"function":{"arguments":"1,\"a\":2}"}},)"
                    R"({"index":1,"id":"own","type":"function","function":{"name":"g","arguments":""}}]})"),
        std::string(R"("delta":{"tool_calls":[{"index":1,"function":{"arguments":"{\"x\""}}]})"),
        std::string(R"("delta":{},"logprobs":null,"finish_reason":"tool_calls")")}) {
    EXPECT_NE(out.find(piece), std::string::npos) << piece << "\n" << out;
  }
  EXPECT_NE(shaped(openai::chat_completions, head_of(true), FinishReason::length).find(R"("finish_reason":"length")"),
            std::string::npos);
}

TEST(OpenAiAnswer, has_calls_in_its_message_when_it_does_not_stream) {
  const std::string out = shaped(openai::chat_completions, head_of(false), FinishReason::stop);
  EXPECT_NE(out.find(R"("message":{"role":"assistant","content":"Wait","refusal":null,"reasoning_content":"Hm.",)"
                     R"("reasoning":"Hm.","tool_calls":[{"id":")" +
                     own_id + R"(","type":"function","function":{"name":"f","arguments":"{\"z\":1,\"a\":2}"}},)" +
                     R"({"id":"own","type":"function","function":{"name":"g","arguments":"{\"x\""}}]},)" +
                     R"("logprobs":null,"finish_reason":"tool_calls")"),
            std::string::npos)
      << out;
}

TEST(CallId, is_nine_letters_and_digits_of_its_own) {
  EXPECT_EQ(own_id.size(), 9U);
  EXPECT_EQ(own_id, call_id("id-1", 0, 0));
  EXPECT_NE(own_id, call_id("id-1", 0, 1));
  EXPECT_NE(own_id, call_id("id-1", 1, 0));
  EXPECT_NE(own_id, call_id("id-2", 0, 0));
}

TEST(OllamaAnswer, ends_a_broken_stream_with_a_line_that_says_why) {
  const auto writer = ollama::chat.make_writer(head_of(true));
  std::string out;
  writer->fail({500, "it broke"}, true, out);
  EXPECT_EQ(out, "{\"error\":\"it broke\"}\n");
}

TEST(OllamaAnswer, carries_logprobs_with_exact_bytes) {
  AnswerHead head = head_of(true);
  head.wants_logprobs = true;
  const auto writer = ollama::generate.make_writer(head);
  AnswerDelta delta = text_delta("", {7});
  delta.logprobs.push_back({token_logprob(7, -0.5F, "\xC3"), {token_logprob(8, -0.25F, "b")}});
  std::string out;
  writer->delta(0, delta, moment_ns, out);
  EXPECT_NE(out.find(R"("logprobs":[{"token":"�","logprob":-0.5,"bytes":[195],)"
                     R"("top_logprobs":[{"token":"b","logprob":-0.25,"bytes":[98]}]}])"),
            std::string::npos)
      << out;
}

TEST(OllamaAnswer, says_what_a_load_did) {
  EXPECT_EQ(ollama::generate.load_answer("tiny", "load", moment_ns, {.total_ns = 3, .load_ns = 2}),
            R"({"model":"tiny","created_at":"2026-01-02T03:04:05.000000006Z","response":"","done":true,)"
            R"("done_reason":"load","total_duration":3,"load_duration":2})");
}

const std::string timings =
    R"("timings":{"cache_n":4,"prompt_n":1,"prompt_ms":1.9999999999999998e-05,"prompt_per_token_ms":1.9999999999999998e-05,)"
    R"("prompt_per_second":50000000.0,"predicted_n":2,"predicted_ms":2.9999999999999997e-05,)"
    R"("predicted_per_token_ms":1.4999999999999999e-05,"predicted_per_second":66666666.666666664})";

TEST(OpenAiAnswer, streams_events_with_the_role_once_and_ends_with_done) {
  AnswerHead head = head_of(true);
  head.include_usage = true;
  const std::string begin =
      R"(data: {"id":"id-1","object":"chat.completion.chunk","created":1767323045,"model":"tiny",)"
      R"("system_fingerprint":"fp_quire","choices":)";
  const std::string usage = R"("usage":{"prompt_tokens":5,"completion_tokens":2,"total_tokens":7,)"
                            R"("prompt_tokens_details":{"cached_tokens":4},"queue_duration":10,"seed":42})";
  EXPECT_EQ(whole(openai::chat_completions, head),
            begin +
                R"([{"index":0,"delta":{"role":"assistant","content":"Hel"},"logprobs":null,"finish_reason":null}],)"
                "\"usage\":null}\n\n" +
                begin +
                R"([{"index":0,"delta":{"content":"lo"},"logprobs":null,"finish_reason":null}],)"
                "\"usage\":null}\n\n" +
                begin +
                R"([{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}],"usage":null,)"
                "\"seed\":42,\"queue_duration\":10,\"prompt_eval_cached_count\":4," +
                timings + "}\n\n" + begin + "[]," + usage + "}\n\ndata: [DONE]\n\n");
}

TEST(OpenAiAnswer, says_the_tier_that_was_asked_for) {
  for (const bool stream : {false, true}) {
    AnswerHead head = head_of(stream);
    head.service_tier = "flex";
    EXPECT_NE(whole(openai::chat_completions, head)
                  .find(R"("system_fingerprint":"fp_quire","service_tier":"flex","choices")"),
              std::string::npos);
  }
}

TEST(OpenAiAnswer, sends_text_completions_in_one_piece) {
  EXPECT_EQ(whole(openai::completions, head_of(false)),
            R"({"id":"id-1","object":"text_completion","created":1767323045,"model":"tiny",)"
            R"("system_fingerprint":"fp_quire","choices":[{"index":0,"text":"Hello","logprobs":null,)"
            R"("finish_reason":"stop"}],"usage":{"prompt_tokens":5,"completion_tokens":2,"total_tokens":7,)"
            R"("prompt_tokens_details":{"cached_tokens":4},"queue_duration":10,"seed":42},"seed":42,)"
            R"("queue_duration":10,"prompt_eval_cached_count":4,)" +
                timings + "}");
}

// Two prompts with two choices each; the first prompt has 5 tokens, the second 7.
std::string four_choices(bool stream) {
  AnswerHead head = head_of(stream);
  head.include_usage = stream;
  head.choices = 4;
  head.choices_per_prompt = 2;
  const auto writer = openai::completions.make_writer(std::move(head));
  std::string out;
  for (const size_t choice : {2, 0, 3, 1}) {
    writer->delta(choice, text_delta("t" + std::to_string(choice), {7}), moment_ns, out);
  }
  for (const size_t choice : {1, 0, 2, 3}) {
    Finished finished = finished_of(choice == 2 ? FinishReason::length : FinishReason::stop);
    finished.stats.prompt_tokens = choice < 2 ? 5 : 7;
    finished.stats.cached_tokens = choice % 2 == 0 ? 0 : 4;
    finished.stats.generated_tokens = static_cast<int64_t>(choice) + 1;
    writer->finish(choice, finished, {}, moment_ns, out);
  }
  return out;
}

const std::string usage_of_four = R"("usage":{"prompt_tokens":12,"completion_tokens":10,"total_tokens":22,)"
                                  R"("prompt_tokens_details":{"cached_tokens":0},"queue_duration":10,"seed":42})";

TEST(OpenAiAnswer, puts_several_choices_into_one_piece_in_order) {
  const std::string body = four_choices(false);
  EXPECT_NE(body.find(R"("choices":[{"index":0,"text":"t0","logprobs":null,"finish_reason":"stop"},)"
                      R"({"index":1,"text":"t1","logprobs":null,"finish_reason":"stop"},)"
                      R"({"index":2,"text":"t2","logprobs":null,"finish_reason":"length"},)"
                      R"({"index":3,"text":"t3","logprobs":null,"finish_reason":"stop"}],)" +
                      usage_of_four),
            std::string::npos)
      << body;
}

TEST(OpenAiAnswer, streams_several_choices_as_they_come_and_counts_a_prompt_once) {
  const std::string body = four_choices(true);
  size_t at = 0;
  for (const char* next :
       {R"({"index":2,"text":"t2")", R"({"index":0,"text":"t0")", R"({"index":3,"text":"t3")",
        R"({"index":1,"text":"t1")", R"({"index":1,"text":"","logprobs":null,"finish_reason":"stop"})",
        R"({"index":0,"text":"","logprobs":null,"finish_reason":"stop"})",
        R"({"index":2,"text":"","logprobs":null,"finish_reason":"length"})",
        R"({"index":3,"text":"","logprobs":null,"finish_reason":"stop"})", R"("choices":[],"usage")"}) {
    const size_t found = body.find(next, at);
    ASSERT_NE(found, std::string::npos) << next << " after " << at << " in " << body;
    at = found;
  }
  EXPECT_NE(body.find(usage_of_four), std::string::npos) << body;
  EXPECT_TRUE(body.ends_with("data: [DONE]\n\n"));
  EXPECT_EQ(body.find("[DONE]"), body.rfind("[DONE]"));
}

TEST(OpenAiAnswer, ends_a_broken_stream_with_an_error_event_and_done) {
  const auto writer = openai::chat_completions.make_writer(head_of(true));
  std::string out;
  writer->fail({503, "busy"}, true, out);
  EXPECT_EQ(out,
            "data: {\"error\":{\"message\":\"busy\",\"type\":\"api_error\",\"param\":null,\"code\":null}}\n\n"
            "data: [DONE]\n\n");
}

TEST(OpenAiAnswer, gives_completions_their_older_logprobs) {
  AnswerHead head = head_of(false);
  head.wants_logprobs = true;
  const auto writer = openai::completions.make_writer(head);
  AnswerDelta delta = text_delta("ab", {7, 8});
  delta.logprobs.push_back({token_logprob(7, -0.5F, "a"), {token_logprob(7, -0.5F, "a")}});
  delta.logprobs.push_back({token_logprob(8, -1.0F, "b"), {}});
  std::string out;
  writer->delta(0, delta, moment_ns, out);
  writer->finish(0, finished_of(FinishReason::stop), {}, moment_ns, out);
  EXPECT_NE(out.find(R"("logprobs":{"tokens":["a","b"],"token_logprobs":[-0.5,-1.0],)"
                     R"("top_logprobs":[{"a":-0.5},{}],"text_offset":[0,1]})"),
            std::string::npos)
      << out;
}

// Two tokens that are parts of characters are two keys, and a character counts where it begins.
TEST(OpenAiAnswer, names_tokens_that_are_no_characters_by_their_bytes) {
  AnswerHead head = head_of(false);
  head.wants_logprobs = true;
  const auto writer = openai::completions.make_writer(head);
  AnswerDelta delta = text_delta("\u00e9!", {7, 8, 9});
  delta.logprobs.push_back(
      {token_logprob(7, -0.5F, "\xc3"), {token_logprob(7, -0.5F, "\xc3"), token_logprob(5, -1.0F, "\xe2\x80")}});
  delta.logprobs.push_back({token_logprob(8, -0.25F, "\xa9"), {}});
  delta.logprobs.push_back({token_logprob(9, -0.75F, "!"), {}});
  std::string out;
  writer->delta(0, delta, moment_ns, out);
  writer->finish(0, finished_of(FinishReason::stop), {}, moment_ns, out);
  EXPECT_NE(out.find(R"("tokens":["bytes:\\xc3","bytes:\\xa9","!"])"), std::string::npos) << out;
  EXPECT_NE(out.find(R"("top_logprobs":[{"bytes:\\xc3":-0.5,"bytes:\\xe2\\x80":-1.0},{},{}],"text_offset":[0,1,1])"),
            std::string::npos)
      << out;
}

TEST(ErrorBody, says_in_openais_words_that_a_prompt_is_too_long) {
  ApiError error{400, "the prompt is longer than the context"};
  error.overflow = ContextOverflow{.prompt_tokens = 70, .context_tokens = 64};
  EXPECT_EQ(ollama::dialect.error_body(error), R"({"error":"the prompt is longer than the context"})");
  const std::string body = openai::dialect.error_body(error);
  EXPECT_NE(body.find("maximum context length is 64 tokens"), std::string::npos) << body;
  EXPECT_NE(body.find(R"("code":"context_length_exceeded")"), std::string::npos) << body;
}

TEST(ErrorBody, has_the_shape_of_its_dialect) {
  EXPECT_EQ(ollama::dialect.error_body({404, "model 'x' not found"}), R"({"error":"model 'x' not found"})");
  EXPECT_EQ(openai::dialect.error_body({400, "bad", "n"}),
            R"({"error":{"message":"bad","type":"invalid_request_error","param":"n","code":null}})");
  EXPECT_EQ(openai::dialect.error_body({404, "no"}),
            R"({"error":{"message":"no","type":"not_found_error","param":null,"code":null}})");
}

TEST(ErrorBody, says_how_a_request_ended_that_nothing_was_wrong_with) {
  Finished finished = finished_of(FinishReason::deadline);
  finished.error = "too late";
  EXPECT_EQ(from_finished(finished).status, 504);
  EXPECT_EQ(ollama::dialect.error_body(from_finished(finished)), R"({"error":"too late","done_reason":"deadline"})");
  EXPECT_EQ(openai::dialect.error_body(from_finished(finished)),
            R"({"error":{"message":"too late","type":"api_error","param":null,"code":"deadline"}})");
  const ApiError cancelled = from_finished(finished_of(FinishReason::cancelled));
  EXPECT_EQ(cancelled.status, 499);
  EXPECT_EQ(ollama::dialect.error_body(cancelled),
            R"({"error":"the request was cancelled","done_reason":"cancelled"})");
}

TEST(ErrorBody, gets_its_status_from_the_kind) {
  EXPECT_EQ(from_error({ErrorKind::invalid, ""}).status, 400);
  EXPECT_EQ(from_error({ErrorKind::too_large, ""}).status, 400);
  EXPECT_EQ(from_error({ErrorKind::unsupported, ""}).status, 400);
  EXPECT_EQ(from_error({ErrorKind::not_found, ""}).status, 404);
  EXPECT_EQ(from_error({ErrorKind::cancelled, ""}).status, 499);
  EXPECT_EQ(from_error({ErrorKind::internal, ""}).status, 500);
  EXPECT_EQ(from_error({ErrorKind::io, ""}).status, 500);
  const ApiError busy = from_error({ErrorKind::busy, "whatever"});
  EXPECT_EQ(busy.status, 503);
  EXPECT_EQ(busy.message, "server busy, please try again.  maximum pending requests exceeded");
}

}  // namespace
}  // namespace quire::api
