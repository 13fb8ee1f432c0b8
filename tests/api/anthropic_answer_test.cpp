#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "api/anthropic/dialect.h"
#include "api/anthropic/request.h"
#include "api/gathered_parts.h"
#include "api/ollama/dialect.h"
#include "api/openai/dialect.h"

namespace quire::api::anthropic {
namespace {

using Pieces = std::vector<parts::Part>;

AnswerHead head_of(bool stream) {
  AnswerHead head;
  head.stream = stream;
  head.id = "msg_1";
  head.model = "tiny";
  head.prompt_tokens = 5;
  return head;
}

Finished finished_of(FinishReason reason, std::string stop_text = {}) {
  Finished finished;
  finished.reason = reason;
  finished.stop_text = std::move(stop_text);
  finished.stats.prompt_tokens = 5;
  finished.stats.cached_tokens = 4;
  finished.stats.generated_tokens = 2;
  finished.stats.queue_ns = 10;
  finished.stats.seed = 42;
  return finished;
}

std::string written(AnswerHead head, const std::vector<Pieces>& deltas, const Finished& finished) {
  const auto writer = messages.make_writer(std::move(head));
  std::string out;
  for (const Pieces& pieces : deltas) writer->delta(0, {.parts = pieces, .tokens = {7}, .logprobs = {}}, 0, out);
  writer->finish(0, finished, {}, 0, out);
  return out;
}

std::string event(const std::string& name, const std::string& data) {
  return "event: " + name + "\ndata: {\"type\":\"" + name + "\"" + data + "}\n\n";
}

const std::string started = event(
    "message_start",
    R"(,"message":{"id":"msg_1","type":"message","role":"assistant","model":"tiny","content":[],"stop_reason":null,)"
    R"("stop_sequence":null,"usage":{"input_tokens":5,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,)"
    R"("output_tokens":0}})");
const std::string usage = R"("usage":{"input_tokens":1,"cache_creation_input_tokens":0,"cache_read_input_tokens":4,)"
                          R"("output_tokens":2,"queue_duration":10,"seed":42})";

std::string block_start(int index, const std::string& block) {
  return event("content_block_start", ",\"index\":" + std::to_string(index) + ",\"content_block\":" + block);
}
std::string block_delta(int index, const std::string& delta) {
  return event("content_block_delta", ",\"index\":" + std::to_string(index) + ",\"delta\":" + delta);
}
std::string block_stop(int index) { return event("content_block_stop", ",\"index\":" + std::to_string(index)); }
std::string ended(const std::string& reason, const std::string& sequence = "null") {
  return event("message_delta",
               R"(,"delta":{"stop_reason":")" + reason + R"(","stop_sequence":)" + sequence + "}," + usage) +
         event("message_stop", "");
}

const std::vector<Pieces> hello = {{parts::Content{"Hel"}}, {}, {parts::Content{"l"}, parts::Content{"o"}}};

TEST(AnthropicAnswer, streams_a_text_as_a_block) {
  EXPECT_EQ(written(head_of(true), hello, finished_of(FinishReason::stop)),
            started + block_start(0, R"({"type":"text","text":""})") +
                block_delta(0, R"({"type":"text_delta","text":"Hel"})") +
                block_delta(0, R"({"type":"text_delta","text":"lo"})") + block_stop(0) + ended("end_turn"));
}

TEST(AnthropicAnswer, sends_a_message_in_one_piece_when_it_does_not_stream) {
  EXPECT_EQ(written(head_of(false), hello, finished_of(FinishReason::length)),
            R"({"id":"msg_1","type":"message","role":"assistant","model":"tiny",)"
            R"("content":[{"type":"text","text":"Hello"}],"stop_reason":"max_tokens","stop_sequence":null,)" +
                usage + "}");
}

const std::vector<Pieces> shaped = {
    {parts::Thinking{"H"}, parts::Thinking{"m"}},
    {parts::Thinking{"."}, parts::Content{"Wait"}},
    {parts::CallBegun{0, "f", ""}, parts::CallArguments{0, "{\"z\":"}},
    {parts::CallArguments{0, "1}"}, parts::CallEnded{0}, parts::CallBegun{1, "g", "own"}},
    {parts::CallArguments{1, "{}"}, parts::CallEnded{1}, parts::Content{"So"}}};
const std::string own_id = call_id("msg_1", 0, 0);

TEST(AnthropicAnswer, streams_thinking_text_and_calls_as_blocks_in_their_order) {
  EXPECT_EQ(written(head_of(true), shaped, finished_of(FinishReason::stop)),
            started + block_start(0, R"({"type":"thinking","thinking":"","signature":""})") +
                block_delta(0, R"({"type":"thinking_delta","thinking":"Hm"})") +
                block_delta(0, R"({"type":"thinking_delta","thinking":"."})") +
                block_delta(0, R"({"type":"signature_delta","signature":"unsigned"})") + block_stop(0) +
                block_start(1, R"({"type":"text","text":""})") +
                block_delta(1, R"({"type":"text_delta","text":"Wait"})") + block_stop(1) +
                block_start(2, R"({"type":"tool_use","id":")" + own_id + R"(","name":"f","input":{}})") +
                block_delta(2, R"({"type":"input_json_delta","partial_json":"{\"z\":"})") +
                block_delta(2, R"({"type":"input_json_delta","partial_json":"1}"})") + block_stop(2) +
                block_start(3, R"({"type":"tool_use","id":"own","name":"g","input":{}})") +
                block_delta(3, R"({"type":"input_json_delta","partial_json":"{}"})") + block_stop(3) +
                block_start(4, R"({"type":"text","text":""})") +
                block_delta(4, R"({"type":"text_delta","text":"So"})") + block_stop(4) + ended("tool_use"));
}

TEST(AnthropicAnswer, has_thinking_text_and_calls_in_its_content) {
  EXPECT_EQ(written(head_of(false), shaped, finished_of(FinishReason::stop)),
            R"({"id":"msg_1","type":"message","role":"assistant","model":"tiny","content":[)"
            R"({"type":"thinking","thinking":"Hm.","signature":"unsigned"},{"type":"text","text":"Wait"},)"
            R"({"type":"tool_use","id":")" +
                own_id +
                R"(","name":"f","input":{"z":1}},{"type":"tool_use","id":"own","name":"g","input":{}},)"
                R"({"type":"text","text":"So"}],"stop_reason":"tool_use","stop_sequence":null,)" +
                usage + "}");
}

TEST(AnthropicAnswer, shows_only_that_it_thought_where_thinking_is_to_be_omitted) {
  AnswerHead head = head_of(true);
  head.shows_thinking = false;
  const std::vector<Pieces> thought = {{parts::Thinking{"secret"}}, {parts::Content{"Yes"}}};
  EXPECT_EQ(written(head, thought, finished_of(FinishReason::stop)),
            started + block_start(0, R"({"type":"thinking","thinking":"","signature":""})") +
                block_delta(0, R"({"type":"signature_delta","signature":"unsigned"})") + block_stop(0) +
                block_start(1, R"({"type":"text","text":""})") +
                block_delta(1, R"({"type":"text_delta","text":"Yes"})") + block_stop(1) + ended("end_turn"));
  head.stream = false;
  EXPECT_NE(written(head, thought, finished_of(FinishReason::stop))
                .find(R"("content":[{"type":"thinking","thinking":"","signature":"unsigned"},{"type":"text")"),
            std::string::npos);
}

TEST(AnthropicAnswer, without_a_word_is_a_message_without_blocks) {
  EXPECT_EQ(written(head_of(true), {}, finished_of(FinishReason::stop)), started + ended("end_turn"));
  EXPECT_NE(written(head_of(false), {{}}, finished_of(FinishReason::stop)).find(R"("content":[],"stop_reason")"),
            std::string::npos);
}

TEST(AnthropicAnswer, says_which_of_the_clients_strings_ended_it) {
  AnswerHead head = head_of(true);
  const Finished finished = finished_of(FinishReason::stop, "<e>");
  EXPECT_TRUE(written(head, hello, finished).ends_with(ended("end_turn"))) << "the model's own string";
  head.names_stop = true;
  EXPECT_TRUE(written(head, hello, finished).ends_with(ended("stop_sequence", "\"<e>\"")));
  EXPECT_TRUE(written(head, hello, finished_of(FinishReason::stop)).ends_with(ended("end_turn")));
}

TEST(AnthropicAnswer, that_is_cut_in_a_call_has_what_there_was) {
  const std::vector<Pieces> cut = {{parts::CallBegun{0, "f", "own"}, parts::CallArguments{0, "{\"x\""}},
                                   {parts::CallEnded{0}}};
  EXPECT_NE(written(head_of(false), cut, finished_of(FinishReason::length))
                .find(R"("content":[{"type":"tool_use","id":"own","name":"f","input":{}}],"stop_reason":"max_tokens")"),
            std::string::npos);
  EXPECT_TRUE(written(head_of(true), cut, finished_of(FinishReason::length)).ends_with(ended("max_tokens")));
}

TEST(AnthropicAnswer, says_the_tier_and_that_the_prompt_was_shortened) {
  for (const bool stream : {false, true}) {
    AnswerHead head = head_of(stream);
    head.service_tier = "standard";
    head.prompt_truncated = true;
    const std::string out = written(head, hello, finished_of(FinishReason::stop));
    EXPECT_NE(out.find(R"("output_tokens":2,"service_tier":"standard",)"), std::string::npos) << out;
    EXPECT_NE(out.find(R"(},"prompt_truncated":true})"), std::string::npos) << out;
  }
}

TEST(AnthropicAnswer, ends_a_broken_stream_with_an_error_event) {
  const auto writer = messages.make_writer(head_of(true));
  std::string out;
  writer->fail({503, "busy"}, true, out);
  EXPECT_EQ(out,
            "event: error\n"
            "data: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"busy\"}}\n\n");
  std::string whole;
  messages.make_writer(head_of(false))->fail({500, "it broke"}, false, whole);
  EXPECT_EQ(whole, R"({"type":"error","error":{"type":"api_error","message":"it broke"}})");
}

TEST(AnthropicErrors, have_a_type_by_their_status) {
  const std::pair<int, std::string> types[] = {{400, "invalid_request_error"},
                                               {401, "authentication_error"},
                                               {403, "permission_error"},
                                               {404, "not_found_error"},
                                               {405, "invalid_request_error"},
                                               {413, "request_too_large"},
                                               {429, "rate_limit_error"},
                                               {499, "api_error"},
                                               {500, "api_error"},
                                               {503, "overloaded_error"},
                                               {504, "timeout_error"}};
  for (const auto& [status, type] : types) {
    EXPECT_EQ(dialect.error_body({status, "m"}),
              R"({"type":"error","error":{"type":")" + type + R"(","message":"m"}})");
  }
}

TEST(AnthropicErrors, say_in_anthropics_words_that_a_prompt_is_too_long) {
  ApiError error{400, "the prompt is longer than the context"};
  error.overflow = ContextOverflow{.prompt_tokens = 70, .context_tokens = 64};
  EXPECT_EQ(nlohmann::json::parse(dialect.error_body(error))["error"]["message"],
            "prompt is too long: 70 tokens > 64 maximum");
}

TEST(AnthropicErrors, have_the_word_at_which_clients_do_without_a_thread) {
  const auto refused = parse_messages(R"({"model":"m","max_tokens":9,"thread":{"type":"create"},
      "messages":[{"role":"user","content":"q"}]})");
  ASSERT_FALSE(refused);
  const auto error = nlohmann::json::parse(dialect.error_body(refused.error()))["error"];
  EXPECT_EQ(error["type"], "invalid_request_error");
  EXPECT_EQ(error["details"], nlohmann::json::parse(R"({"error_code":"thread_unsupported_request",
      "unsupported":["thread"]})"));
}

TEST(AnthropicCount, is_the_number_of_tokens_and_nothing_else) {
  EXPECT_EQ(count_tokens.count_answer(2095), R"({"input_tokens":2095})");
}

TEST(Dialects, are_found_by_the_longest_prefix_of_a_path) {
  EXPECT_EQ(&dialect_of_path("/v1/messages"), &dialect);
  EXPECT_EQ(&dialect_of_path("/v1/messages/count_tokens"), &dialect);
  EXPECT_EQ(&dialect_of_path("/v1/messages/batches"), &dialect);
  EXPECT_EQ(&dialect_of_path("/v1/models"), &openai::dialect);
  EXPECT_EQ(&dialect_of_path("/v1/"), &openai::dialect);
  EXPECT_EQ(&dialect_of_path("/api/chat"), &ollama::dialect);
  EXPECT_EQ(&dialect_of_path("/"), &ollama::dialect);
  EXPECT_EQ(find_dialect("anthropic"), &dialect);
  EXPECT_EQ(&dialect.endpoint(true), &messages);
  EXPECT_EQ(&dialect.endpoint(false), &messages) << "the only kind that it has";
}

TEST(AnthropicClient, asks_and_reads_what_is_answered) {
  ClientCall call{.model = "m", .answer_tokens = 7, .temperature = 0.5, .seed = 42, .user = "ann"};
  call.messages = {{.role = "system", .content = "s"}, {.role = "user", .content = "So?"}};
  const std::string body = messages.client_body(call);
  EXPECT_EQ(body, R"({"model":"m","max_tokens":7,"stream":true,"messages":[{"role":"user","content":"So?"}],)"
                  R"("system":[{"type":"text","text":"s"}],"temperature":0.5,"seed":42,"ignore_eos":true,)"
                  R"("metadata":{"user_id":"ann"}})");
  const auto parsed = messages.parse(body);
  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_EQ(parsed->unknown_fields, std::vector<std::string>{});

  std::string text;
  ClientLine last;
  std::string out = written(head_of(true), shaped, finished_of(FinishReason::length));
  for (size_t at = 0, end = 0; (end = out.find('\n', at)) != std::string::npos; at = end + 1) {
    const auto line = dialect.read_line(std::string_view(out).substr(at, end - at));
    if (!line) continue;
    EXPECT_EQ(line->error, "");
    text += line->text;
    if (!line->reason.empty()) last = *line;
  }
  EXPECT_EQ(text, "WaitSo");
  EXPECT_EQ(last.reason, "length");
  EXPECT_EQ(last.counts.prompt_tokens, 5);
  EXPECT_EQ(last.counts.cached_tokens, 4);
  EXPECT_EQ(last.counts.answer_tokens, 2);
  EXPECT_EQ(last.counts.queue_ns, 10);
}

TEST(AnthropicClient, reads_errors_and_what_is_odd) {
  EXPECT_EQ(dialect.read_line(R"(data: {"type":"error","error":{"type":"api_error","message":"late"}})")->error,
            "late");
  EXPECT_FALSE(dialect.read_line("event: ping"));
  EXPECT_FALSE(dialect.read_line(""));
  EXPECT_EQ(dialect.read_line(R"(data: {"type":"message_delta","delta":{"stop_reason":"end_turn"}})")->reason, "stop");
  for (const char* odd : {R"(data: {"type":7})", R"(data: {"delta":[]})", R"(data: {"delta":{"type":"text_delta"}})",
                          R"(data: {"type":"message_delta","usage":7})"}) {
    const auto line = dialect.read_line(odd);
    ASSERT_TRUE(line) << odd;
    EXPECT_TRUE(line->text.empty() && line->reason.empty()) << odd;
  }
}

}  // namespace
}  // namespace quire::api::anthropic
