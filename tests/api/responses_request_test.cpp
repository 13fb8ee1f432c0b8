#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "api/responses/dialect.h"
#include "api/responses/records.h"
#include "api/responses/request.h"

namespace quire::api::responses {
namespace {

using Json = nlohmann::ordered_json;

std::string text_of(const ApiError& error) { return std::to_string(error.status) + " " + error.message; }

std::string body_with(const std::string& fields) { return R"({"model":"m","input":"hi",)" + fields + "}"; }

GenerationCall parsed(const std::string& body) {
  auto call = parse_responses(body);
  EXPECT_TRUE(call) << text_of(call.error()) << "\n" << body;
  return call ? std::move(*call) : GenerationCall();
}

GenerationCall parsed_input(const std::string& items) { return parsed(R"({"model":"m","input":)" + items + "}"); }

std::string refusal(const std::string& body) {
  const auto call = parse_responses(body);
  return call ? "taken" : text_of(call.error());
}

Json repeats_of(const GenerationCall& call) { return Json::parse(call.kept.fields)["repeats"]; }

TEST(ResponsesRequest, has_openais_defaults) {
  const GenerationCall call = parsed(R"({"model":"m","input":"hi"})");
  EXPECT_FALSE(call.stream);
  EXPECT_FALSE(call.truncate);
  EXPECT_TRUE(call.kept.keeps);
  EXPECT_TRUE(call.parallel_calls);
  EXPECT_EQ(call.options.sampling.temperature, 1.0F);
  EXPECT_EQ(call.options.sampling.top_k, 0);
  EXPECT_EQ(call.options.num_predict, -1);
  EXPECT_EQ(call.logprobs_top_n, -1);
  EXPECT_EQ(call.last_turn, LastTurn::answered);
  ASSERT_EQ(call.messages.size(), 1U);
  EXPECT_EQ(call.messages[0].role, "user");
  EXPECT_EQ(call.messages[0].content, "hi");
  EXPECT_FALSE(call.constraint);
  EXPECT_FALSE(call.think);
  EXPECT_TRUE(call.unknown_fields.empty());
}

TEST(ResponsesRequest, reads_what_is_honoured) {
  const GenerationCall call = parsed(body_with(
      R"("instructions":"Be brief.","max_output_tokens":7,"temperature":0.5,"top_p":0.25,"seed":9,"stop":["x"],
         "top_k":5,"include":["message.output_text.logprobs"],"top_logprobs":3,"truncation":"auto","stream":true,
         "store":false,"user":"u","service_tier":"flex","parallel_tool_calls":false,
         "reasoning":{"effort":"high","max_tokens":100,"summary":"auto"},"chat_template_kwargs":{"a":1})"));
  ASSERT_EQ(call.messages.size(), 2U);
  EXPECT_EQ(call.messages[0].role, "system");
  EXPECT_EQ(call.messages[0].content, "Be brief.");
  EXPECT_EQ(call.options.num_predict, 7);
  EXPECT_EQ(call.options.sampling.temperature, 0.5F);
  EXPECT_EQ(call.options.sampling.top_p, 0.25F);
  EXPECT_EQ(call.options.sampling.top_k, 5);
  EXPECT_EQ(call.options.seed, 9U);
  EXPECT_EQ(call.options.stop, std::vector<std::string>{"x"});
  EXPECT_EQ(call.logprobs_top_n, 3);
  EXPECT_TRUE(call.truncate);
  EXPECT_TRUE(call.stream);
  EXPECT_FALSE(call.kept.keeps);
  EXPECT_EQ(call.user, "u");
  EXPECT_EQ(call.priority, 6);
  EXPECT_EQ(call.service_tier, "flex");
  EXPECT_FALSE(call.parallel_calls);
  ASSERT_TRUE(call.think);
  EXPECT_EQ(call.think->level, "high");
  EXPECT_EQ(call.thinking_tokens_max, 100);
  EXPECT_EQ(call.template_variables, R"({"a":1})");
  EXPECT_TRUE(call.unknown_fields.empty()) << call.unknown_fields.front();
}

TEST(ResponsesRequest, takes_what_changes_nothing_and_collects_what_nobody_knows) {
  const GenerationCall call = parsed(body_with(
      R"("max_tool_calls":3,"safety_identifier":"s","prompt_cache_key":"k","prompt_cache_retention":"24h",
         "prompt_cache_options":{"mode":"explicit","ttl":"30m"},"image":{"context_compression":"auto"},
         "background":false,"conversation":null,"metadata":{"a":"b"},"service_tier":"auto",
         "stream_options":{"include_obfuscation":false},"text":{"verbosity":"low"},"tool_choice":"auto","tools":[],
         "include":["reasoning.encrypted_content","file_search_call.results"],"top_logprobs":0,
         "reasoning":{"context":"auto","mode":"standard","generate_summary":"concise"})"));
  EXPECT_TRUE(call.unknown_fields.empty()) << call.unknown_fields.front();
  EXPECT_EQ(call.logprobs_top_n, -1);
  EXPECT_EQ(
      parsed(body_with(R"("frobnicate":1,"text":{"tone":"warm"},"reasoning":{"depth":2},
                                "stream_options":{"x":1},"tools":[{"type":"function","name":"f","cost":1}])"))
          .unknown_fields,
      (std::vector<std::string>{"text.tone", "reasoning.depth", "stream_options.x", "tools[0].cost", "frobnicate"}));
}

TEST(ResponsesRequest, takes_items_for_messages) {
  const GenerationCall call = parsed_input(
      R"([{"role":"developer","content":"D"},
          {"type":"message","role":"user","content":[{"type":"input_text","text":"a"},{"type":"input_text","text":"b"}]},
          {"type":"reasoning","id":"rs_1","summary":[],"content":[{"type":"reasoning_text","text":"T1"}]},
          {"type":"message","id":"msg_1","status":"completed","role":"assistant","phase":"commentary",
           "content":[{"type":"output_text","text":"said","annotations":[],"logprobs":[]}]},
          {"type":"function_call","id":"fc_1","call_id":"c1","name":"f","arguments":"{\"z\": 1, \"a\": 2}"},
          {"type":"function_call","call_id":"c2","name":"g","arguments":"{}","status":"completed"},
          {"type":"function_call_output","call_id":"c2","output":"two"},
          {"type":"function_call_output","call_id":"c1","output":[{"type":"input_text","text":"one"}]},
          {"type":"reasoning","summary":[{"type":"summary_text","text":"T2"}]},
          {"type":"function_call","call_id":"c3","name":"f","arguments":"{}"},
          {"type":"function_call_output","call_id":"c3","output":"three"}])");
  const std::vector<Message>& messages = call.messages;
  ASSERT_EQ(messages.size(), 7U);
  EXPECT_EQ(messages[0].role, "developer");
  EXPECT_EQ(messages[1].content, "a\nb");
  EXPECT_EQ(messages[2].role, "assistant");
  EXPECT_EQ(messages[2].content, "said");
  EXPECT_EQ(messages[2].thinking, "T1");
  ASSERT_EQ(messages[2].tool_calls.size(), 2U);
  EXPECT_EQ(messages[2].tool_calls[0].id, "c1");
  EXPECT_EQ(messages[2].tool_calls[0].arguments, R"({"z": 1, "a": 2})") << "as it was written";
  EXPECT_EQ(messages[2].tool_calls[1].name, "g");
  EXPECT_EQ(messages[3].role, "tool");
  EXPECT_EQ(messages[3].tool_call_id, "c2");
  EXPECT_EQ(messages[3].tool_name, "g");
  EXPECT_EQ(messages[3].content, "two");
  EXPECT_EQ(messages[4].content, "one");
  EXPECT_EQ(messages[5].thinking, "T2");
  EXPECT_EQ(messages[5].content, "");
  EXPECT_EQ(messages[5].tool_calls.size(), 1U);
  EXPECT_EQ(messages[6].content, "three");
  EXPECT_TRUE(call.unknown_fields.empty()) << call.unknown_fields.front();
}

TEST(ResponsesRequest, bounds_the_arguments_of_calls_in_the_history) {
  const std::string deep = R"({\"a\":)" + std::string(1 << 20, '[') + std::string(1 << 20, ']') + "}";
  const auto call = parse_responses(
      R"({"model":"m","input":[{"type":"function_call","call_id":"c","name":"f","arguments":")" + deep + R"("}]})");
  ASSERT_FALSE(call);
  EXPECT_EQ(call.error().message, "\"input[0].arguments\" is nested more than 64 levels deep");
}

TEST(ResponsesRequest, keeps_a_turn_of_the_assistants_together) {
  // What is said after calls belongs before their outputs.
  const GenerationCall call = parsed_input(
      R"([{"role":"user","content":"u"},{"type":"function_call","call_id":"c","name":"f","arguments":"{}"},
          {"role":"assistant","content":"wait"},{"type":"function_call_output","call_id":"c","output":"o"},
          {"role":"assistant","content":"first"},{"role":"assistant","content":"second"},
          {"type":"reasoning","summary":[],"encrypted_content":"text:sealed"},{"role":"user","content":"v"}])");
  ASSERT_EQ(call.messages.size(), 6U);
  EXPECT_EQ(call.messages[1].content, "wait");
  EXPECT_EQ(call.messages[1].tool_calls.size(), 1U);
  EXPECT_EQ(call.messages[2].role, "tool");
  EXPECT_EQ(call.messages[3].content, "first");
  EXPECT_EQ(call.messages[4].content, "second");
  EXPECT_EQ(call.messages[5].content, "v");
  EXPECT_FALSE(call.messages[5].thinking) << "reasoning that led to nothing";
  const auto thinking = [](const std::string& reasoning) {
    return parsed_input(R"([{"role":"user","content":"u"},)" + reasoning + R"(,{"role":"assistant","content":"a"}])")
        .messages[1]
        .thinking;
  };
  EXPECT_EQ(thinking(R"({"type":"reasoning","summary":[],"encrypted_content":"text:sealed"})"), "sealed");
  EXPECT_FALSE(thinking(R"({"type":"reasoning","summary":[],"encrypted_content":"gAAAAB"})")) << "another server's";
}

TEST(ResponsesRequest, reads_tools_in_their_flat_form) {
  const GenerationCall call = parsed(body_with(
      R"("tools":[{"type":"function","name":"f","description":"d","strict":false,
                   "parameters":{"type":"object","properties":{"z":{},"a":{}}}},
                  {"type":"function","name":"g","parameters":null,"strict":null}],
         "tool_choice":{"type":"function","name":"g"})"));
  ASSERT_EQ(call.tools.size(), 2U);
  EXPECT_EQ(call.tools[0].description, "d");
  EXPECT_EQ(call.tools[0].parameters, R"({"type":"object","properties":{"z":{},"a":{}}})") << "in the client's order";
  EXPECT_FALSE(call.tools[0].strict);
  EXPECT_TRUE(call.tools[1].strict) << "OpenAI's default";
  EXPECT_EQ(call.tool_choice.mode, ToolMode::required);
  EXPECT_EQ(call.tool_choice.name, "g");
  EXPECT_TRUE(call.unknown_fields.empty()) << call.unknown_fields.front();
  const Json repeats = repeats_of(call);
  EXPECT_EQ(repeats["tools"][0].dump(),
            R"({"type":"function","name":"f","description":"d",)"
            R"("parameters":{"type":"object","properties":{"z":{},"a":{}}},"strict":false})");
  EXPECT_EQ(repeats["tool_choice"].dump(), R"({"type":"function","name":"g"})");
}

TEST(ResponsesRequest, joins_the_names_of_functions_in_a_namespace) {
  const GenerationCall call = parsed(
      R"({"model":"m","tools":[{"type":"namespace","name":"crew","description":"d","tools":[{"type":"function","name":"ask",
          "strict":false,"parameters":{}}]},{"type":"function","name":"ask"}],
          "tool_choice":{"type":"function","name":"ask","namespace":"crew"},
          "input":[{"type":"function_call","call_id":"c","name":"ask","namespace":"crew","arguments":"{}"},
                   {"type":"function_call_output","call_id":"c","output":"o"}]})");
  ASSERT_EQ(call.tools.size(), 2U);
  EXPECT_EQ(call.tools[0].name, "crew__ask");
  EXPECT_EQ(call.tools[1].name, "ask");
  EXPECT_EQ(call.tool_choice.name, "crew__ask");
  ASSERT_EQ(call.messages.size(), 2U);
  EXPECT_EQ(call.messages[0].tool_calls[0].name, "crew__ask");
  EXPECT_EQ(call.messages[1].tool_name, "crew__ask");
  EXPECT_TRUE(call.unknown_fields.empty());
  EXPECT_EQ(repeats_of(call)["tools"][0].dump(),
            R"({"type":"namespace","name":"crew","description":"d","tools":[{"type":"function","name":"ask",)"
            R"("description":null,"parameters":{},"strict":false}]})");
}

TEST(ResponsesRequest, does_without_a_search_of_the_web_and_says_so) {
  const GenerationCall call =
      parsed(body_with(R"("tools":[{"type":"web_search","external_web_access":true},{"type":"function","name":"f"}])"));
  ASSERT_EQ(call.tools.size(), 1U);
  EXPECT_EQ(call.tools[0].name, "f");
  EXPECT_EQ(call.unknown_fields, std::vector<std::string>{"tools[0].type=web_search"});
  EXPECT_EQ(repeats_of(call)["tools"][0].dump(), R"({"type":"web_search"})");
}

TEST(ResponsesRequest, bounds_the_tools_of_all_namespaces_together) {
  std::string body = R"({"model":"m","input":"x","tools":[)";
  for (int space = 0; space < 2; ++space) {
    body += (space == 0 ? "" : ",") + (R"({"type":"namespace","name":"n)" + std::to_string(space)) + R"(","tools":[)";
    for (int tool = 0; tool < 600; ++tool) {
      body += (tool == 0 ? "" : ",") + (R"({"type":"function","name":"f)" + std::to_string(tool)) + R"("})";
    }
    body += "]}";
  }
  EXPECT_EQ(refusal(body + "]}"), R"(400 "tools" has more than 1024 tools)");
}

TEST(ResponsesRequest, shows_only_the_tools_that_are_allowed) {
  const std::string tools = R"("tools":[{"type":"function","name":"f"},{"type":"function","name":"g"}],)";
  const GenerationCall call = parsed(body_with(
      tools + R"("tool_choice":{"type":"allowed_tools","mode":"required","tools":[{"type":"function","name":"g"}]})"));
  ASSERT_EQ(call.tools.size(), 1U);
  EXPECT_EQ(call.tools[0].name, "g");
  EXPECT_EQ(call.tool_choice.mode, ToolMode::required);
  EXPECT_EQ(repeats_of(call)["tools"].size(), 2U);
  EXPECT_EQ(parsed(body_with(tools + R"("tool_choice":"none")")).tool_choice.mode, ToolMode::none);
  EXPECT_EQ(parsed(body_with(tools + R"("tool_choice":"required")")).tool_choice.mode, ToolMode::required);
}

TEST(ResponsesRequest, reads_the_format_of_the_text) {
  EXPECT_FALSE(parsed(body_with(R"("text":{"format":{"type":"text"}})")).constraint);
  EXPECT_EQ(parsed(body_with(R"("text":{"format":{"type":"json_object"}})")).constraint->kind,
            constraint::Kind::json_object);
  const GenerationCall call = parsed(body_with(
      R"("text":{"format":{"type":"json_schema","name":"n","strict":true,"description":"d",
                           "schema":{"type":"object","properties":{"z":{},"a":{}}}}})"));
  ASSERT_TRUE(call.constraint);
  EXPECT_EQ(call.constraint->kind, constraint::Kind::json_schema);
  EXPECT_EQ(call.constraint->text, R"({"type":"object","properties":{"z":{},"a":{}}})");
  EXPECT_TRUE(call.unknown_fields.empty()) << call.unknown_fields.front();
  EXPECT_EQ(repeats_of(call)["text"]["format"]["name"], "n");
}

struct Refused {
  const char* fields;
  const char* said;
};

class RefusedResponses : public testing::TestWithParam<Refused> {};

TEST_P(RefusedResponses, are_refused_by_name) {
  EXPECT_EQ(refusal(std::string(R"({"model":"m",)") + GetParam().fields + "}"), GetParam().said);
}

INSTANTIATE_TEST_SUITE_P(
    Fields, RefusedResponses,
    testing::Values(
        Refused{R"("input":"")", "taken"}, Refused{R"("stream":false)", R"(400 "input" is required)"},
        Refused{R"("input":[])", R"(400 "input" is required)"},
        Refused{R"("input":{})", R"(400 "input" must be a string or an array of items, got an object)"},
        Refused{R"("input":["x"])", R"(400 "input[0]" must be an object, got a string)"},
        Refused{R"("input":"x","background":true)", R"(400 "background" is not supported)"},
        Refused{R"("input":"x","background_options":{"completion_window":"2h"})",
                R"(400 "background_options" is not supported)"},
        Refused{R"("input":"x","conversation":"conv_1")", R"(400 "conversation" is not supported)"},
        Refused{R"("input":"x","conversation":{"id":"c"})", R"(400 "conversation" is not supported)"},
        Refused{R"("input":"x","prompt":{"id":"p"})", R"(400 "prompt" is not supported)"},
        Refused{R"("input":"x","moderation":{"model":"m"})", R"(400 "moderation" is not supported)"},
        Refused{R"("input":"x","access_programs":{"cyber":"standard"})", R"(400 "access_programs" is not supported)"},
        Refused{R"("input":"x","context_management":[{"type":"compaction"}])",
                R"(400 "context_management" is not supported)"},
        Refused{R"("input":"x","prompt_cache_options":{"prewarm":true})",
                R"(400 "prompt_cache_options.prewarm" is not supported)"},
        Refused{R"("input":"x","truncation":"middle")", R"(400 "truncation" must be auto or disabled, got "middle")"},
        Refused{R"("input":"x","max_output_tokens":0)",
                R"(400 "max_output_tokens" must be an integer from 1 to 2147483647, got 0)"},
        Refused{R"("input":"x","include":["everything"])",
                R"(400 "include" has "everything", which is nothing that can be included)"},
        Refused{R"("input":"x","service_tier":"ultrafast")",
                R"(400 "service_tier" must be auto, default, flex or priority, got "ultrafast")"},
        Refused{R"("input":"x","metadata":{"a":1})",
                R"(400 "metadata" must be at most 16 pairs of a key of at most 64 bytes and a string of at most 512)"},
        Refused{R"("input":"x","text":"json")", R"(400 "text" must be an object, got a string)"},
        Refused{R"("input":"x","text":{"format":{"type":"grammar"}})",
                R"(400 "text.format.type" must be text, json_object or json_schema, got "grammar")"},
        Refused{R"("input":"x","text":{"format":{"type":"json_schema","name":"n"}})",
                R"(400 "text.format.schema" is required)"},
        Refused{R"("input":"x","reasoning":{"effort":"some"})",
                R"(400 "reasoning.effort" must be none, minimal, low, medium, high, xhigh or max, got "some")"},
        Refused{R"("input":"x","reasoning":{"summary":"long"})",
                R"(400 "reasoning.summary" must be auto, concise or detailed, got "long")"},
        Refused{R"("input":"x","reasoning":{"context":"all_turns"})", R"(400 "reasoning.context" is not supported)"},
        Refused{R"("input":"x","reasoning":{"mode":"pro"})", R"(400 "reasoning.mode" is not supported)"}));

INSTANTIATE_TEST_SUITE_P(
    Tools, RefusedResponses,
    testing::Values(
        Refused{R"("input":"x","tools":[{"type":"file_search"}])",
                R"(400 "tools[0].type": tools of type file_search are not served)"},
        Refused{R"("input":"x","tools":[{"type":"web_search"}],"tool_choice":"required")",
                R"(400 "tool_choice" asks for a call, but there are no tools)"},
        Refused{R"("input":"x","tools":[{"type":"web_search"}],"tool_choice":{"type":"web_search"})",
                R"(400 "tool_choice.type": tools of type web_search are not served)"},
        Refused{R"("input":"x","tools":[{"type":"namespace","tools":[]}])", R"(400 "tools[0].name" is required)"},
        Refused{R"("input":"x","tools":[{"type":"namespace","name":"n","tools":[{"type":"mcp"}]}])",
                R"(400 "tools[0].tools[0].type": tools of type mcp are not served)"},
        Refused{R"("input":"x","tools":[{"type":"custom","name":"n"}])",
                R"(400 "tools[0].type": tools of type custom are not served)"},
        Refused{R"("input":"x","tools":[{"type":"function","name":"f","defer_loading":true}])",
                R"(400 "tools[0].defer_loading" is not supported)"},
        Refused{R"("input":"x","tools":[{"type":"function","name":"f","allowed_callers":["programmatic"]}])",
                R"(400 "tools[0].allowed_callers" is not supported)"},
        Refused{R"("input":"x","tools":[{"type":"function"}])",
                R"(400 "tools[0].name" must be 1 to 256 letters, digits, '_', '-', '.', ':' or '/')"},
        Refused{R"("input":"x","tools":[1])", R"(400 "tools[0]" must be an object, got a number)"},
        Refused{R"("input":"x","tool_choice":"any")",
                R"(400 "tool_choice" must be auto, none, required or a function, got "any")"},
        Refused{R"("input":"x","tool_choice":"required")",
                R"(400 "tool_choice" asks for a call, but there are no tools)"},
        Refused{R"("input":"x","tool_choice":{"type":"function","name":"f"})",
                R"(400 "tool_choice" names "f", which is none of the tools)"},
        Refused{R"("input":"x","tool_choice":{"type":"mcp","server_label":"s"})",
                R"(400 "tool_choice.type": tools of type mcp are not served)"},
        Refused{R"("input":"x","tool_choice":4)", R"(400 "tool_choice" must be an object, got a number)"},
        Refused{R"("input":"x","tools":[{"type":"function","name":"f"}],
                   "tool_choice":{"type":"allowed_tools","mode":"auto","tools":[{"type":"function","name":"g"}]})",
                R"(400 "tool_choice.tools[0]" names "g", which is none of the tools)"}));

INSTANTIATE_TEST_SUITE_P(
    Items, RefusedResponses,
    testing::Values(Refused{R"("input":[{"role":"tool","content":"x"}])",
                            R"(400 "input[0].role" must be user, assistant, system or developer, got "tool")"},
                    Refused{R"("input":[{"role":"user"}])", R"(400 "input[0].content" is required)"},
                    Refused{R"("input":[{"role":"user","content":[{"type":"input_image","image_url":"u"}]}])",
                            R"(400 "input[0].content[0].input_image" is not supported)"},
                    Refused{R"("input":[{"role":"user","content":[{"type":"input_file","file_id":"f"}]}])",
                            R"(400 "input[0].content[0].input_file" is not supported)"},
                    Refused{R"("input":[{"role":"user","content":[{"type":"input_audio"}]}])",
                            R"(400 "input[0].content[0].input_audio" is not supported)"},
                    Refused{R"("input":[{"type":"computer_call_output","call_id":"c"}])",
                            R"(400 "input[0].type": items of type computer_call_output are not served)"},
                    Refused{R"("input":[{"type":"custom_tool_call","call_id":"c","name":"n","input":""}])",
                            R"(400 "input[0].type": items of type custom_tool_call are not served)"},
                    Refused{R"("input":[{"type":"function_call","name":"n","arguments":"{}"}])",
                            R"(400 "input[0].call_id" is required)"},
                    Refused{R"("input":[{"type":"function_call","call_id":"c","name":"n","arguments":{}}])",
                            R"(400 "input[0].arguments" must be a string, got an object)"},
                    Refused{R"("input":[{"type":"function_call_output","call_id":"c","output":"o"}])",
                            "400 No tool call found for function call output with call_id c."},
                    Refused{R"("input":[{"type":"function_call","call_id":"c","name":"n"},
                   {"type":"function_call_output","call_id":"c","output":[{"type":"input_image"}]}])",
                            R"(400 "input[1].output[0].input_image" is not supported)"},
                    Refused{R"("input":[{"type":"item_reference"}])", R"(400 "input[0].id" is required)"},
                    Refused{R"("input":[{"type":"compaction","encrypted_content":"gAAA"}])",
                            R"(400 "input[0].encrypted_content" was not made by this kind of server)"}));

// An answer that was kept: a call after some thinking.
std::string kept_answer() {
  return make_record(
      Json::parse(R"({"id":"resp_1","output":[{"id":"rs_1_0","type":"reasoning","summary":[],
                      "content":[{"type":"reasoning_text","text":"Hm."}],"status":"completed"},
                     {"id":"fc_1_1","type":"function_call","status":"completed","call_id":"c","name":"f","arguments":"{}"}]})"),
      R"([{"type":"message","status":"completed","role":"user","content":[{"type":"input_text","text":"first"}]}])");
}

TEST(ResponsesRequest, goes_on_from_a_kept_answer) {
  GenerationCall call = parsed(
      R"({"model":"m","previous_response_id":"resp_1","instructions":"New.",
          "input":[{"type":"function_call_output","call_id":"c","output":"o"},{"role":"user","content":"second"}]})");
  EXPECT_EQ(call.kept.from, std::vector<std::string>{"resp_1"});
  const std::optional<std::string> records[] = {kept_answer()};
  const auto resumed = resume(call, records);
  ASSERT_TRUE(resumed) << text_of(resumed.error());
  ASSERT_EQ(call.messages.size(), 5U);
  EXPECT_EQ(call.messages[0].content, "New.");
  EXPECT_EQ(call.messages[1].content, "first");
  EXPECT_EQ(call.messages[2].thinking, "Hm.");
  EXPECT_EQ(call.messages[2].tool_calls.at(0).name, "f");
  EXPECT_EQ(call.messages[3].content, "o");
  EXPECT_EQ(call.messages[3].tool_name, "f");
  EXPECT_EQ(call.messages[4].content, "second");
  EXPECT_EQ(Json::parse(call.kept.items).size(), 5U) << "the whole conversation is kept with the next answer";
  GenerationCall alone = parsed(R"({"model":"m","previous_response_id":"resp_1"})");
  EXPECT_TRUE(resume(alone, records)) << "nothing new need be said";
}

TEST(ResponsesRequest, says_in_openais_words_what_is_not_kept) {
  GenerationCall call = parsed(R"({"model":"m","input":"x","previous_response_id":"resp_2"})");
  for (const std::optional<std::string>& record :
       {std::optional<std::string>(), std::optional<std::string>("no JSON")}) {
    const auto resumed = resume(call, {&record, 1});
    ASSERT_FALSE(resumed);
    EXPECT_EQ(dialect.error_body(resumed.error()),
              R"({"error":{"message":"Previous response with id 'resp_2' not found.","type":"invalid_request_error",)"
              R"("param":"previous_response_id","code":"previous_response_not_found"}})");
    EXPECT_EQ(resumed.error().status, 400);
  }
}

TEST(ResponsesRequest, puts_kept_items_in_the_place_of_references) {
  GenerationCall call =
      parsed_input(R"([{"role":"user","content":"first"},{"type":"item_reference","id":"rs_1_0"},{"id":"fc_1_1"},
                       {"type":"function_call_output","call_id":"c","output":"o"}])");
  EXPECT_EQ(call.kept.from, std::vector<std::string>{"resp_1"});
  EXPECT_TRUE(call.messages.empty());
  const std::optional<std::string> records[] = {kept_answer()};
  const auto resumed = resume(call, records);
  ASSERT_TRUE(resumed) << text_of(resumed.error());
  ASSERT_EQ(call.messages.size(), 3U);
  EXPECT_EQ(call.messages[1].thinking, "Hm.");
  EXPECT_EQ(call.messages[1].tool_calls.size(), 1U);
  GenerationCall unknown = parsed_input(R"([{"type":"item_reference","id":"msg_1_7"}])");
  const auto missing = resume(unknown, records);
  ASSERT_FALSE(missing);
  EXPECT_EQ(text_of(missing.error()),
            "404 Item with id 'msg_1_7' not found. Items of answers that are not kept have to be sent.");
  std::string many = "[";
  for (int i = 0; i < 300; ++i) many += R"({"type":"item_reference","id":"msg_)" + std::to_string(i) + "_0\"},";
  many.back() = ']';
  EXPECT_EQ(refusal(R"({"model":"m","input":)" + many + "}"),
            R"(400 "input" refers to items of more than 256 answers)");
}

TEST(ResponsesRecord, shows_the_answer_and_pages_of_what_it_answered) {
  std::string items = "[";
  for (int i = 0; i < 5; ++i) {
    items +=
        R"({"type":"message","role":"user","content":[{"type":"input_text","text":")" + std::to_string(i) + "\"}]},";
  }
  items.back() = ']';
  const std::string record = make_record(Json::parse(R"({"id":"resp_9","output":[]})"), items);
  EXPECT_EQ(response_body(record), R"({"id":"resp_9","output":[]})");
  EXPECT_EQ(deleted_body("resp_9"), R"({"id":"resp_9","object":"response","deleted":true})");
  const auto page = [&](std::string_view query) {
    const auto body = input_items_body(record, query);
    return body ? Json::parse(*body) : Json(text_of(body.error()));
  };
  EXPECT_EQ(page("")["data"].size(), 5U);
  EXPECT_EQ(page("")["first_id"], "msg_9_i4") << "the newest first";
  EXPECT_EQ(page("")["last_id"], "msg_9_i0");
  EXPECT_EQ(page("")["has_more"], false);
  EXPECT_EQ(page("order=asc&limit=2")["last_id"], "msg_9_i1");
  EXPECT_EQ(page("order=asc&limit=2")["has_more"], true);
  EXPECT_EQ(page("order=asc&limit=2&after=msg_9_i3")["first_id"], "msg_9_i4");
  EXPECT_EQ(page("after=msg_9_i0")["data"], Json::array());
  EXPECT_EQ(page("after=msg_9_i0")["first_id"], nullptr);
  EXPECT_EQ(page("limit=0"), R"(400 "limit" must be from 1 to 100, got "0")");
  EXPECT_EQ(page("order=up"), R"(400 "order" must be asc or desc, got "up")");
  EXPECT_EQ(page("after=x"), "404 Item with id 'x' not found.");
}

}  // namespace
}  // namespace quire::api::responses
