#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "api/gathered_parts.h"
#include "api/responses/answer.h"
#include "api/responses/client.h"
#include "api/responses/compact.h"
#include "api/responses/dialect.h"
#include "api/responses/records.h"
#include "api/responses/request.h"

namespace quire::api::responses {
namespace {

using Json = nlohmann::ordered_json;
using Pieces = std::vector<parts::Part>;

constexpr int64_t moment_ns = 1'767'323'045'000'000'006;

// As the server makes it of a body.
AnswerHead head_of(const std::string& fields) {
  const auto call = parse_responses(R"({"model":"tiny","input":"hi")" + (fields.empty() ? "" : "," + fields) + "}");
  EXPECT_TRUE(call) << call.error().message;
  AnswerHead head;
  head.stream = call->stream;
  head.wants_logprobs = call->logprobs_top_n >= 0;
  head.id = "resp_1";
  head.model = call->model;
  head.service_tier = call->service_tier;
  head.created_unix_s = 1767323044;
  head.kept = call->kept;
  return head;
}

Finished finished_of(FinishReason reason) {
  Finished finished{.reason = reason};
  finished.stats.prompt_tokens = 5;
  finished.stats.cached_tokens = 4;
  finished.stats.generated_tokens = 6;
  finished.stats.queue_ns = 10;
  finished.stats.seed = 42;
  return finished;
}

std::string written(AnswerWriter& writer, const std::vector<Pieces>& deltas, FinishReason reason) {
  std::string out;
  for (const Pieces& pieces : deltas) writer.delta(0, {.parts = pieces, .tokens = {7}, .logprobs = {}}, moment_ns, out);
  writer.finish(0, finished_of(reason), {.total_ns = 100, .load_ns = 1}, moment_ns, out);
  return out;
}

std::string written(const std::string& fields, const std::vector<Pieces>& deltas,
                    FinishReason reason = FinishReason::stop) {
  return written(*make_responses_writer(head_of(fields)), deltas, reason);
}

// The events of a stream; each has its name twice, and they are numbered.
std::vector<Json> events_of(const std::string& stream) {
  std::vector<Json> events;
  for (size_t at = 0; at < stream.size();) {
    const size_t end = stream.find("\n\n", at);
    EXPECT_NE(end, std::string::npos);
    const std::string event = stream.substr(at, end - at);
    const size_t line = event.find("\ndata: ");
    EXPECT_NE(line, std::string::npos) << event;
    events.push_back(Json::parse(event.substr(line + 7)));
    EXPECT_EQ(event.substr(0, line), "event: " + events.back()["type"].get<std::string>());
    EXPECT_EQ(events.back()["sequence_number"], events.size() - 1);
    at = end + 2;
  }
  return events;
}

// What OpenAI's description of the API says that each event has, in its Python package 3.57.0; the name of a call that
// is done is of 2.x.
void check_fields(const Json& event) {
  static const std::map<std::string, std::set<std::string>> published = {
      {"response.created", {"response"}},
      {"response.in_progress", {"response"}},
      {"response.completed", {"response"}},
      {"response.incomplete", {"response"}},
      {"response.failed", {"response"}},
      {"response.output_item.added", {"item", "output_index"}},
      {"response.output_item.done", {"item", "output_index"}},
      {"response.content_part.added", {"content_index", "item_id", "output_index", "part"}},
      {"response.content_part.done", {"content_index", "item_id", "output_index", "part"}},
      {"response.output_text.delta", {"content_index", "delta", "item_id", "logprobs", "output_index"}},
      {"response.output_text.done", {"content_index", "item_id", "logprobs", "output_index", "text"}},
      {"response.reasoning_text.delta", {"content_index", "delta", "item_id", "output_index"}},
      {"response.reasoning_text.done", {"content_index", "item_id", "output_index", "text"}},
      {"response.reasoning_summary_part.added", {"item_id", "output_index", "part", "summary_index"}},
      {"response.reasoning_summary_part.done", {"item_id", "output_index", "part", "summary_index"}},
      {"response.reasoning_summary_text.delta", {"delta", "item_id", "output_index", "summary_index"}},
      {"response.reasoning_summary_text.done", {"item_id", "output_index", "summary_index", "text"}},
      {"response.function_call_arguments.delta", {"delta", "item_id", "output_index"}},
      {"response.function_call_arguments.done", {"arguments", "item_id", "name", "output_index"}}};
  const auto known = published.find(event["type"]);
  ASSERT_NE(known, published.end()) << event["type"];
  std::set<std::string> fields;
  for (const auto& [name, value] : event.items()) {
    if (name != "type" && name != "sequence_number") fields.insert(name);
  }
  EXPECT_EQ(fields, known->second) << event["type"];
  if (!event.contains("response")) return;
  for (const char* name : {"id",
                           "object",
                           "created_at",
                           "status",
                           "error",
                           "incomplete_details",
                           "instructions",
                           "max_output_tokens",
                           "model",
                           "output",
                           "parallel_tool_calls",
                           "previous_response_id",
                           "reasoning",
                           "store",
                           "temperature",
                           "text",
                           "tool_choice",
                           "tools",
                           "top_p",
                           "truncation",
                           "usage",
                           "user",
                           "metadata"}) {
    EXPECT_TRUE(event["response"].contains(name)) << name;
  }
}

std::vector<std::string> types_of(const std::vector<Json>& events) {
  std::vector<std::string> types;
  for (const Json& event : events) types.push_back(event["type"].get<std::string>().substr(9));
  return types;
}

// Thinking, a text, and two calls of which the second is cut.
const std::vector<Pieces> shaped = {
    Pieces{parts::Thinking{"H"}, parts::Thinking{"m."}},
    Pieces{},
    Pieces{parts::Content{"Wa"}},
    Pieces{parts::Content{"it"}, parts::CallBegun{0, "f", ""}, parts::CallArguments{0, "{\"z\":"}},
    Pieces{parts::CallArguments{0, "1}"}, parts::CallEnded{0}, parts::CallBegun{1, "g", "own"}},
    Pieces{parts::CallArguments{1, "{\"x\""}, parts::CallEnded{1}}};

TEST(ResponsesAnswer, says_of_a_call_which_namespace_its_function_is_in) {
  const std::string tools =
      R"("tools":[{"type":"namespace","name":"crew","tools":[{"type":"function","name":"ask"}]},
                  {"type":"function","name":"ask"}])";
  const Json whole =
      Json::parse(written(tools, {{parts::CallBegun{.call = 0, .name = "crew__ask", .id = "a"},
                                   parts::CallArguments{.call = 0, .text = "{}"}, parts::CallEnded{0},
                                   parts::CallBegun{.call = 1, .name = "ask", .id = "b"},
                                   parts::CallArguments{.call = 1, .text = "{}"}, parts::CallEnded{1}}}));
  EXPECT_EQ(whole["output"][0]["name"], "ask");
  EXPECT_EQ(whole["output"][0]["namespace"], "crew");
  EXPECT_EQ(whole["output"][1]["name"], "ask");
  EXPECT_FALSE(whole["output"][1].contains("namespace"));
}

TEST(ResponsesAnswer, streams_items_one_after_the_other) {
  const std::vector<Json> events = events_of(written(R"("stream":true,"store":false)", shaped, FinishReason::length));
  for (const Json& event : events) check_fields(event);
  EXPECT_EQ(types_of(events), (std::vector<std::string>{"created",
                                                        "in_progress",
                                                        "output_item.added",
                                                        "content_part.added",
                                                        "reasoning_text.delta",
                                                        "reasoning_text.done",
                                                        "content_part.done",
                                                        "output_item.done",
                                                        "output_item.added",
                                                        "content_part.added",
                                                        "output_text.delta",
                                                        "output_text.delta",
                                                        "output_text.done",
                                                        "content_part.done",
                                                        "output_item.done",
                                                        "output_item.added",
                                                        "function_call_arguments.delta",
                                                        "function_call_arguments.delta",
                                                        "function_call_arguments.done",
                                                        "output_item.done",
                                                        "output_item.added",
                                                        "function_call_arguments.delta",
                                                        "function_call_arguments.done",
                                                        "output_item.done",
                                                        "incomplete"}));
  EXPECT_EQ(events[0]["response"]["status"], "in_progress");
  EXPECT_EQ(events[0]["response"]["output"], Json::array());
  EXPECT_EQ(events[4]["delta"], "Hm.") << "pieces that came together";
  EXPECT_EQ(events[4]["item_id"], "rs_1_0");
  EXPECT_EQ(events[8]["output_index"], 1);
  EXPECT_EQ(events[15]["item"]["status"], "in_progress");
  EXPECT_EQ(events[15]["item"]["arguments"], "");
  EXPECT_EQ(events[18]["arguments"], R"({"z":1})");
  const Json& last = events.back()["response"];
  EXPECT_EQ(last["output"].dump(),
            R"([{"id":"rs_1_0","type":"reasoning","summary":[],"content":[{"type":"reasoning_text","text":"Hm."}],)"
            R"("status":"completed"},{"id":"msg_1_1","type":"message","status":"completed","role":"assistant",)"
            R"("content":[{"type":"output_text","text":"Wait","annotations":[],"logprobs":[]}]},)"
            R"({"id":"fc_1_2","type":"function_call","status":"completed","call_id":")" +
                call_id("resp_1", 0, 0) +
                R"(","name":"f","arguments":"{\"z\":1}"},{"id":"fc_1_3","type":"function_call","status":"incomplete",)"
                R"("call_id":"own","name":"g","arguments":"{\"x\""}])");
  EXPECT_EQ(last["status"], "incomplete");
  EXPECT_EQ(last["incomplete_details"]["reason"], "max_output_tokens");
  EXPECT_EQ(last["usage"].dump(),
            R"({"input_tokens":5,"input_tokens_details":{"cached_tokens":4,"cache_write_tokens":0},"output_tokens":6,)"
            R"("output_tokens_details":{"reasoning_tokens":1},"total_tokens":11})");
  EXPECT_EQ(last["seed"], 42);
  EXPECT_EQ(last["queue_duration"], 10);
  EXPECT_FALSE(last.contains("prompt_truncated"));
}

TEST(ResponsesAnswer, writes_a_stream_to_the_byte) {
  const std::string out = written(R"("stream":true,"store":false)", {Pieces{parts::Content{"Hi"}}});
  const auto response = [](const char* status, const char* output, const char* completed, const char* usage) {
    return std::string(R"("response":{"id":"resp_1","object":"response","created_at":1767323044,"status":")") + status +
           R"(","background":false,"error":null,"incomplete_details":null,"model":"tiny","output":[)" + output +
           R"(],"instructions":null,"max_output_tokens":null,"max_tool_calls":null,"parallel_tool_calls":true,)"
           R"("previous_response_id":null,"prompt_cache_key":null,"reasoning":{"effort":null,"summary":null},)"
           R"("safety_identifier":null,"service_tier":"default","store":false,"temperature":null,)"
           R"("text":{"format":{"type":"text"},"verbosity":"medium"},"tool_choice":"auto","tools":[],"top_logprobs":0,)"
           R"("top_p":null,"truncation":"disabled","user":null,"metadata":{},"usage":)" +
           usage + completed + "}}\n\n";
  };
  const std::string part = R"({"type":"output_text","text":"Hi","annotations":[],"logprobs":[]})";
  const std::string item =
      R"({"id":"msg_1_0","type":"message","status":"completed","role":"assistant","content":[)" + part + "]}";
  const std::string place = R"("item_id":"msg_1_0","output_index":0,"content_index":0,)";
  const auto event = [](const std::string& type, int number) {
    return "event: response." + type + "\ndata: {\"type\":\"response." + type +
           "\",\"sequence_number\":" + std::to_string(number) + ",";
  };
  EXPECT_EQ(out,
            event("created", 0) + response("in_progress", "", "", "null") + event("in_progress", 1) +
                response("in_progress", "", "", "null") + event("output_item.added", 2) +
                R"("output_index":0,"item":{"id":"msg_1_0","type":"message","status":"in_progress","role":"assistant",)"
                R"("content":[]}})" +
                "\n\n" + event("content_part.added", 3) + place +
                R"("part":{"type":"output_text","text":"","annotations":[],"logprobs":[]}})" + "\n\n" +
                event("output_text.delta", 4) + place + R"("delta":"Hi","logprobs":[]})" + "\n\n" +
                event("output_text.done", 5) + place + R"("text":"Hi","logprobs":[]})" + "\n\n" +
                event("content_part.done", 6) + place + "\"part\":" + part + "}\n\n" + event("output_item.done", 7) +
                "\"output_index\":0,\"item\":" + item + "}\n\n" + event("completed", 8) +
                response("completed", item.c_str(), R"(,"completed_at":1767323045,"seed":42,"queue_duration":10)",
                         R"({"input_tokens":5,"input_tokens_details":{"cached_tokens":4,"cache_write_tokens":0},)"
                         R"("output_tokens":6,"output_tokens_details":{"reasoning_tokens":0},"total_tokens":11})"));
}

TEST(ResponsesAnswer, is_the_same_in_one_piece_as_the_last_event_of_a_stream) {
  const std::string both[] = {written("\"stream\":false", shaped), written("\"stream\":true", shaped)};
  EXPECT_EQ(Json::parse(both[0]), events_of(both[1]).back()["response"]);
  EXPECT_EQ(make_responses_writer(head_of(""))->content_type(), "application/json");
  EXPECT_EQ(make_responses_writer(head_of("\"stream\":true"))->content_type(), "text/event-stream");
}

TEST(ResponsesAnswer, does_not_depend_on_how_the_text_was_cut) {
  std::vector<Pieces> whole(1);
  std::vector<Pieces> single;
  for (const Pieces& pieces : shaped) {
    for (const parts::Part& part : pieces) {
      whole.front().push_back(part);
      single.push_back({part});
    }
  }
  const auto output = [](const std::vector<Pieces>& deltas) {
    return Json::parse(written("", deltas, FinishReason::length))["output"];
  };
  EXPECT_EQ(output(whole), output(shaped));
  EXPECT_EQ(output(single), output(shaped));
}

TEST(ResponsesAnswer, gives_the_thinking_as_its_summary_where_one_is_asked_for) {
  const std::string fields =
      R"("stream":true,"reasoning":{"summary":"auto"},"include":["reasoning.encrypted_content"])";
  const std::vector<Json> events =
      events_of(written(fields, {Pieces{parts::Thinking{"Hm."}}, Pieces{parts::Content{"A"}}}));
  for (const Json& event : events) check_fields(event);
  const std::vector<std::string> types = types_of(events);
  EXPECT_EQ(
      (std::vector<std::string>(types.begin() + 2, types.begin() + 8)),
      (std::vector<std::string>{"output_item.added", "reasoning_summary_part.added", "reasoning_summary_text.delta",
                                "reasoning_summary_text.done", "reasoning_summary_part.done", "output_item.done"}));
  EXPECT_EQ(events[2]["item"]["encrypted_content"], nullptr);
  EXPECT_EQ(events[7]["item"].dump(),
            R"({"id":"rs_1_0","type":"reasoning","summary":[{"type":"summary_text","text":"Hm."}],)"
            R"("encrypted_content":"text:Hm.","status":"completed"})");
  EXPECT_EQ(events.back()["response"]["reasoning"]["summary"], "auto");
}

TEST(ResponsesAnswer, without_a_token_is_an_empty_message) {
  const Json body = Json::parse(written("", {}, FinishReason::length));
  EXPECT_EQ(body["output"][0]["content"][0]["text"], "");
  EXPECT_EQ(body["output"][0]["status"], "incomplete");
  for (const Json& event : events_of(written("\"stream\":true", {}))) check_fields(event);
}

TEST(ResponsesAnswer, carries_logprobs_of_what_is_said) {
  const auto writer =
      make_responses_writer(head_of(R"("stream":true,"include":["message.output_text.logprobs"],"top_logprobs":1)"));
  const auto logprob = [](std::string text) {
    return std::vector<PositionLogprobs>{{.chosen = {1, -0.5F, text}, .top = {{1, -0.5F, text}}}};
  };
  std::string out;
  writer->delta(0, {.parts = {parts::Thinking{"Hm"}}, .tokens = {1}, .logprobs = logprob("Hm")}, moment_ns, out);
  writer->delta(0, {.parts = {}, .tokens = {1}, .logprobs = logprob("\xC3")}, moment_ns, out);
  writer->delta(0, {.parts = {parts::Content{"\xC3\xA4"}}, .tokens = {1}, .logprobs = logprob("\xA4")}, moment_ns, out);
  writer->delta(0, {.parts = {}, .tokens = {1}, .logprobs = logprob("<end>")}, moment_ns, out);
  writer->finish(0, finished_of(FinishReason::stop), {}, moment_ns, out);
  const std::vector<Json> events = events_of(out);
  for (const Json& event : events) check_fields(event);
  const auto is_delta = [](const Json& event) { return event["type"] == "response.output_text.delta"; };
  const auto delta = std::ranges::find_if(events, is_delta);
  ASSERT_NE(delta, events.end());
  ASSERT_EQ((*delta)["logprobs"].size(), 2U);
  EXPECT_EQ((*delta)["logprobs"][0]["bytes"], Json::array({0xC3}));
  EXPECT_EQ((*delta)["logprobs"][1]["top_logprobs"].size(), 1U);
  EXPECT_EQ(events.back()["response"]["output"][1]["content"][0]["logprobs"].size(), 3U) << "with those of the end";
  EXPECT_EQ(events.back()["response"]["usage"]["output_tokens_details"]["reasoning_tokens"], 1);
}

TEST(ResponsesAnswer, that_breaks_ends_with_a_failed_response) {
  const auto writer = make_responses_writer(head_of("\"stream\":true"));
  std::string out;
  writer->delta(0, {.parts = {parts::Content{"Hi"}}, .tokens = {7}, .logprobs = {}}, moment_ns, out);
  writer->fail({.status = 500, .message = "it broke"}, true, out);
  const std::vector<Json> events = events_of(out);
  check_fields(events.back());
  EXPECT_EQ(events.back()["type"], "response.failed");
  EXPECT_EQ(events.back()["response"]["status"], "failed");
  EXPECT_EQ(events.back()["response"]["error"].dump(), R"({"code":"server_error","message":"it broke"})");
  std::string whole;
  make_responses_writer(head_of(""))->fail({.status = 503, .message = "busy"}, false, whole);
  EXPECT_EQ(whole, R"({"error":{"message":"busy","type":"api_error","param":null,"code":null}})");
}

TEST(ResponsesAnswer, is_kept_unless_the_client_says_no) {
  const auto writer = make_responses_writer(head_of(""));
  const std::string body = written(*writer, shaped, FinishReason::stop);
  const std::string record = writer->take_record();
  EXPECT_EQ(response_body(record), body);
  EXPECT_EQ(Json::parse(body)["store"], true);
  const Json conversation = conversation_of(record);
  ASSERT_EQ(conversation.size(), 5U);
  EXPECT_EQ(conversation[0]["id"], "msg_1_i0");
  EXPECT_EQ(conversation[0]["content"][0]["text"], "hi");
  EXPECT_EQ(writer->take_record(), "");
  const auto off = make_responses_writer(head_of("\"store\":false"));
  EXPECT_EQ(Json::parse(written(*off, shaped, FinishReason::stop))["store"], false);
  EXPECT_EQ(off->take_record(), "");
}

TEST(ResponsesAnswer, says_that_the_prompt_was_shortened) {
  AnswerHead head = head_of("");
  head.prompt_truncated = true;
  EXPECT_EQ(Json::parse(written(*make_responses_writer(head), shaped, FinishReason::stop))["prompt_truncated"], true);
}

TEST(ResponsesClient, reads_what_the_writer_writes) {
  std::string text;
  std::optional<ClientLine> last;
  const std::string stream = written(R"("stream":true)", shaped, FinishReason::length);
  for (size_t at = 0; at < stream.size();) {
    const size_t end = stream.find('\n', at);
    if (const auto line = read_line(stream.substr(at, end - at))) {
      EXPECT_EQ(line->error, "");
      text += line->text;
      last = line;
    }
    at = end + 1;
  }
  EXPECT_EQ(text, "Hm.Wait");
  EXPECT_EQ(last->reason, "length");
  EXPECT_EQ(last->counts.prompt_tokens, 5);
  EXPECT_EQ(last->counts.cached_tokens, 4);
  EXPECT_EQ(last->counts.answer_tokens, 6);
  EXPECT_EQ(last->counts.queue_ns, 10);
  EXPECT_EQ(read_line(R"(data: {"type":"error","message":"no"})")->error, "no");
  EXPECT_EQ(read_line(R"(data: {"type":"response.failed","response":{"error":{"message":"it broke"}}})")->error,
            "it broke");
}

TEST(ResponsesClient, asks_for_a_stream_of_one_answer_that_nobody_keeps) {
  ClientCall call{.model = "m", .prompt = "text"};
  call.answer_tokens = 9;
  for (const bool chat : {false, true}) {
    if (chat) call.messages = {{.role = "user", .content = "said"}};
    const auto read = parse_responses(client_body(call));
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_TRUE(read->stream);
    EXPECT_TRUE(read->options.ignore_eos);
    EXPECT_FALSE(read->kept.keeps);
    EXPECT_EQ(read->options.num_predict, 9);
    EXPECT_EQ(read->messages.at(0).content, chat ? "said" : "text");
    EXPECT_TRUE(read->unknown_fields.empty());
  }
}

TEST(ResponsesCompact, asks_the_model_for_a_summary_and_gives_one_item_for_the_rest) {
  const std::string body =
      R"({"model":"tiny","instructions":"I","tools":[{"type":"function","name":"f"}],"input":[{"role":"user","content":"a"},
          {"type":"function_call","call_id":"c","name":"f","arguments":"{}"},
          {"type":"function_call_output","call_id":"c","output":"o"},{"role":"user","content":"b"}]})";
  const auto call = parse_compact(body);
  ASSERT_TRUE(call) << call.error().message;
  EXPECT_TRUE(call->tools.empty());
  EXPECT_FALSE(call->kept.keeps);
  EXPECT_EQ(call->messages.size(), 5U);
  EXPECT_TRUE(call->messages.back().content.starts_with("b\n\nWrite down in short")) << "one turn";
  AnswerHead head;
  head.id = "resp_1";
  head.created_unix_s = 7;
  head.kept = call->kept;
  const auto writer = make_compact_writer(head);
  const Json compacted = Json::parse(
      written(*writer, {Pieces{parts::Thinking{"Hm"}}, Pieces{parts::Content{"Short."}}}, FinishReason::stop));
  EXPECT_EQ(compacted["object"], "response.compaction");
  ASSERT_EQ(compacted["output"].size(), 3U);
  EXPECT_EQ(compacted["output"][0]["content"][0]["text"], "a");
  EXPECT_EQ(compacted["output"][1]["id"], "msg_1_1");
  EXPECT_EQ(compacted["output"][2].dump(), R"({"id":"cmp_1_2","type":"compaction","encrypted_content":"text:Short."})");
  EXPECT_EQ(compacted["usage"]["total_tokens"], 11);
  // What came out goes in again.
  const auto next = parse_responses(Json{{"model", "tiny"}, {"input", compacted["output"]}}.dump());
  ASSERT_TRUE(next) << next.error().message;
  ASSERT_EQ(next->messages.size(), 3U);
  EXPECT_EQ(next->messages[2].content, "The conversation so far, in short:\n\nShort.");
  EXPECT_TRUE(next->unknown_fields.empty());
  EXPECT_FALSE(parse_compact(R"({"model":"m","input":"x","stream":true})"));
}

TEST(ResponsesDialect, is_found_by_its_path_before_openais_others) {
  EXPECT_EQ(&dialect_of_path("/v1/responses"), &dialect);
  EXPECT_EQ(&dialect_of_path("/v1/responses/resp_1/input_items"), &dialect);
  EXPECT_NE(&dialect_of_path("/v1/chat/completions"), &dialect);
  EXPECT_EQ(&dialect.endpoint(true), &dialect.endpoint(false));
}

}  // namespace
}  // namespace quire::api::responses
