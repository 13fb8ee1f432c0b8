#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "api/anthropic/request.h"
#include "api/chat_input.h"

namespace quire::api::anthropic {
namespace {

using nlohmann::json;
using testing::ElementsAre;

std::string text_of(const ApiError& error) { return std::to_string(error.status) + " " + error.message; }

// A request with these fields beside those that it must have.
std::string body_of(const std::string& fields) {
  return R"({"model":"m","max_tokens":9,"messages":[{"role":"user","content":"hi"}])" +
         (fields.empty() ? "" : "," + fields) + "}";
}

// A request with these messages.
std::string said(const std::string& messages) {
  return R"({"model":"m","max_tokens":9,"messages":[)" + messages + "]}";
}

// The conversation that a body holds, as templates see it; an error as its text.
std::string conversation(const std::string& body) {
  const auto call = parse_messages(body);
  if (!call) return text_of(call.error());
  EXPECT_EQ(call->unknown_fields, std::vector<std::string>{}) << body;
  return chat_input(call->messages, *call, 0).messages.dump();
}

TEST(AnthropicRequest, has_anthropics_defaults) {
  const auto call = parse_messages(body_of(""));
  ASSERT_TRUE(call) << call.error().message;
  EXPECT_EQ(call->model, "m");
  EXPECT_FALSE(call->stream);
  EXPECT_FALSE(call->truncate);
  EXPECT_EQ(call->options.num_predict, 9);
  EXPECT_EQ(call->options.sampling.temperature, 1.0F);
  EXPECT_EQ(call->options.sampling.top_p, 1.0F);
  EXPECT_EQ(call->options.sampling.top_k, 0);
  EXPECT_FALSE(call->think);
  EXPECT_FALSE(call->constraint);
  EXPECT_TRUE(call->shows_thinking);
  EXPECT_EQ(call->tool_choice.mode, ToolMode::automatic);
  EXPECT_TRUE(call->parallel_calls);
  EXPECT_THAT(call->given_options, ElementsAre("num_predict"));
}

TEST(AnthropicRequest, reads_what_says_how_the_answer_is_sampled_and_ends) {
  const auto call =
      parse_messages(body_of(R"("stop_sequences":["a","b"],"temperature":0.5,"top_p":0.9,"top_k":7,"stream":true,
                 "metadata":{"user_id":"u"},"service_tier":"auto","seed":3,"num_ctx":64,"priority":1)"));
  ASSERT_TRUE(call) << call.error().message;
  EXPECT_THAT(call->options.stop, ElementsAre("a", "b"));
  EXPECT_EQ(call->options.sampling.temperature, 0.5F);
  EXPECT_EQ(call->options.sampling.top_p, 0.9F);
  EXPECT_EQ(call->options.sampling.top_k, 7);
  EXPECT_TRUE(call->stream);
  EXPECT_EQ(call->user, "u");
  EXPECT_EQ(call->service_tier, "standard");
  EXPECT_EQ(call->options.seed, 3U);
  EXPECT_EQ(call->options.num_ctx, 64);
  EXPECT_EQ(call->priority, 1);
  EXPECT_EQ(call->unknown_fields, std::vector<std::string>{});
  EXPECT_THAT(call->given_options, testing::IsSupersetOf({"stop", "num_predict", "temperature", "top_k"}));
}

TEST(AnthropicRequest, passes_what_changes_nothing_here_and_collects_what_nobody_knows) {
  const auto harmless = parse_messages(body_of(
      R"("cache_control":{"type":"ephemeral"},"inference_geo":"eu","speed":"fast","service_tier":"standard_only",
         "diagnostics":{"previous_message_id":"msg_1"},"betas":["x"],"anthropic_beta":["x"],
         "anthropic_version":"bedrock-2023-05-31","fallbacks":[{"model":"n"}],"fallback_credit_token":"t",
         "user_profile_id":"p","workspace_id":"w","billing_policy":{"type":"billing_policy"},
         "container":null,"mcp_servers":[],"context_management":{"edits":[{"type":"clear_thinking_20251015","keep":"all"}]},
         "metadata":{"user_id":null},"output_config":{"effort":null,"format":null,"task_budget":null},"n":1,
         "system":[{"type":"text","text":"s","cache_control":{"type":"ephemeral","ttl":"1h"}}],
         "tools":[{"name":"f","input_schema":{"type":"object"},"cache_control":{"type":"ephemeral"},"type":"custom",
                   "eager_input_streaming":true,"defer_loading":false,"allowed_callers":["direct"]}])"));
  ASSERT_TRUE(harmless) << harmless.error().message;
  EXPECT_EQ(harmless->unknown_fields, std::vector<std::string>{});
  const auto odd = parse_messages(
      R"({"model":"m","max_tokens":1,"odd":1,"messages":[{"role":"user","odd":1,"content":[{"type":"text","text":"t",
          "odd":1}]}],"metadata":{"odd":1},"thinking":{"type":"disabled","odd":1},"output_config":{"odd":1},
          "tools":[{"name":"f","input_schema":{},"odd":1}],"tool_choice":{"type":"auto","odd":1}})");
  ASSERT_TRUE(odd) << odd.error().message;
  EXPECT_THAT(odd->unknown_fields,
              testing::UnorderedElementsAre("odd", "messages[0].odd", "messages[0].content[0].odd", "metadata.odd",
                                            "thinking.odd", "output_config.odd", "tools[0].odd", "tool_choice.odd"));
}

TEST(AnthropicRequest, counts_tokens_without_a_bound_on_the_answer) {
  const auto call = parse_count_tokens(R"({"model":"m","messages":[{"role":"user","content":"hi"}]})");
  ASSERT_TRUE(call) << call.error().message;
  EXPECT_EQ(call->messages.size(), 1U);
  EXPECT_FALSE(parse_messages(R"({"model":"m","messages":[{"role":"user","content":"hi"}]})"));
}

TEST(AnthropicConversation, is_text_with_what_the_system_says_first) {
  EXPECT_EQ(conversation(body_of(R"("system":"Be brief.")")),
            R"([{"role":"system","content":"Be brief."},{"role":"user","content":"hi"}])");
  EXPECT_EQ(conversation(body_of(R"("system":[{"type":"text","text":"a"},{"type":"text","text":"b"}])")),
            R"([{"role":"system","content":"a\nb"},{"role":"user","content":"hi"}])");
  EXPECT_EQ(conversation(said(R"({"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]},
                                 {"role":"assistant","content":"c"},{"role":"system","content":"d"},
                                 {"role":"user","content":"e"}, {"role":"assistant","content":"f"})")),
            R"([{"role":"user","content":"a\nb"},{"role":"assistant","content":"c"},{"role":"system","content":"d"},)"
            R"({"role":"user","content":"e"},{"role":"assistant","content":"f"}])");
}

TEST(AnthropicConversation, joins_turns_of_one_role) {
  EXPECT_EQ(conversation(said(R"({"role":"user","content":"a"},{"role":"user","content":[{"type":"text","text":"b"}]},
                                 {"role":"assistant","content":"c"},{"role":"assistant","content":"d"})")),
            R"([{"role":"user","content":"a\nb"},{"role":"assistant","content":"c\nd"}])");
}

// It would be another one with every request, and nothing behind it could be found in the cache.
TEST(AnthropicConversation, leaves_claude_codes_billing_line_out_of_what_the_system_says) {
  const std::string line = "x-anthropic-billing-header: cc_version=1; cch=abc12;";
  const std::string system = R"("system":[{"type":"text","text":")" + line + R"("},{"type":"text","text":"s"}])";
  EXPECT_EQ(conversation(body_of(system)), R"([{"role":"system","content":"s"},{"role":"user","content":"hi"}])");
  EXPECT_EQ(conversation(said(R"({"role":"user","content":")" + line + R"("})")),
            R"([{"role":"user","content":")" + line + R"("}])");
}

TEST(AnthropicConversation, has_calls_and_their_results) {
  EXPECT_EQ(conversation(said(
                R"({"role":"user","content":"Weather?"},
             {"role":"assistant","content":[
               {"type":"thinking","thinking":"Hm","signature":"sig"},{"type":"redacted_thinking","data":"x"},
               {"type":"text","text":"Wait","citations":null},
               {"type":"tool_use","id":"t1","name":"f","input": {"z":1, "a":{"b":[]}},"caller":{"type":"direct"}},
               {"type":"tool_use","id":"t2","name":"g","input":{},"cache_control":{"type":"ephemeral"}}]},
             {"role":"user","content":[
               {"type":"tool_result","tool_use_id":"t1","content":"17 C"},
               {"type":"tool_result","tool_use_id":"t2","is_error":true,
                "content":[{"type":"text","text":"no"},{"type":"text","text":"way"}]},
               {"type":"tool_result","tool_use_id":"t3","is_error":true},
               {"type":"text","text":"So?"}]})")),
            R"([{"role":"user","content":"Weather?"},)"
            R"({"role":"assistant","content":"Wait","thinking":"Hm","reasoning_content":"Hm","tool_calls":[)"
            R"({"type":"function","function":{"name":"f","arguments":{"z":1,"a":{"b":[]}}},"id":"t1"},)"
            R"({"type":"function","function":{"name":"g","arguments":{}},"id":"t2"}]},)"
            R"({"role":"tool","content":"17 C","tool_name":"f","tool_call_id":"t1"},)"
            R"({"role":"tool","content":"Error: no\nway","tool_name":"g","tool_call_id":"t2"},)"
            R"({"role":"tool","content":"Error","tool_call_id":"t3"},)"
            R"({"role":"user","content":"So?"}])");
}

TEST(AnthropicConversation, takes_thinking_that_was_not_shown_for_none) {
  EXPECT_EQ(conversation(said(R"({"role":"user","content":"a"},{"role":"assistant","content":[
                                   {"type":"thinking","thinking":"","signature":"s"},{"type":"text","text":"b"}]})")),
            R"([{"role":"user","content":"a"},{"role":"assistant","content":"b"}])");
}

TEST(AnthropicTools, that_are_deferred_are_shown_once_a_result_refers_to_them) {
  const auto tools_of = [](const std::string& content) {
    const auto call = parse_messages(
        R"({"model":"m","max_tokens":9,"tools":[{"name":"search","input_schema":{}},
            {"name":"far","input_schema":{},"defer_loading":true},{"name":"farther","input_schema":{},"defer_loading":true}],
            "messages":[{"role":"user","content":"hi"},
            {"role":"assistant","content":[{"type":"tool_use","id":"c","name":"search","input":{}}]},
            {"role":"user","content":[{"type":"tool_result","tool_use_id":"c","content":)" +
        content + "}]}]}");
    EXPECT_TRUE(call) << text_of(call.error());
    std::vector<std::string> names;
    if (!call) return names;
    EXPECT_TRUE(call->unknown_fields.empty()) << call->unknown_fields.front();
    for (const Tool& tool : call->tools) names.push_back(tool.name);
    names.push_back(call->messages.back().content);
    return names;
  };
  EXPECT_THAT(tools_of(R"("none")"), ElementsAre("search", "none"));
  EXPECT_THAT(tools_of(R"([{"type":"tool_reference","tool_name":"far"}])"),
              ElementsAre("search", "far", "The tool far can be called now."));
}

TEST(AnthropicTools, are_functions_with_their_schemas_as_they_were_written) {
  const auto call = parse_messages(
      body_of(R"("tools":[{"name":"f","description":"d","input_schema": {"type":"object","properties":{"z":{},"a":{}}}},
                          {"type":"custom","name":"g","input_schema":{},"strict":false}],
                 "tool_choice":{"type":"auto","disable_parallel_tool_use":true})"));
  ASSERT_TRUE(call) << call.error().message;
  ASSERT_EQ(call->tools.size(), 2U);
  EXPECT_EQ(call->tools[0].name, "f");
  EXPECT_EQ(call->tools[0].description, "d");
  EXPECT_EQ(call->tools[0].parameters, R"({"type":"object","properties":{"z":{},"a":{}}})");
  EXPECT_TRUE(call->tools[0].strict);
  EXPECT_FALSE(call->tools[1].strict);
  EXPECT_EQ(call->tool_choice.mode, ToolMode::automatic);
  EXPECT_FALSE(call->parallel_calls);
}

TEST(AnthropicTools, are_chosen_by_type) {
  const auto chosen = [](const std::string& choice) {
    const auto call = parse_messages(body_of(R"("tools":[{"name":"f","input_schema":{}}],"tool_choice":)" + choice));
    return call ? call->tool_choice : ToolChoice{.mode = ToolMode::automatic, .name = call.error().message};
  };
  EXPECT_EQ(chosen(R"({"type":"auto"})").mode, ToolMode::automatic);
  EXPECT_EQ(chosen(R"({"type":"any"})").mode, ToolMode::required);
  EXPECT_EQ(chosen(R"({"type":"any"})").name, "");
  EXPECT_EQ(chosen(R"({"type":"tool","name":"f"})").mode, ToolMode::required);
  EXPECT_EQ(chosen(R"({"type":"tool","name":"f"})").name, "f");
  EXPECT_EQ(chosen(R"({"type":"none"})").mode, ToolMode::none);
}

TEST(AnthropicThinking, is_on_or_off_with_a_budget_and_a_level) {
  const auto thought = [](const std::string& fields) {
    const auto call = parse_messages(body_of(fields));
    if (!call) return text_of(call.error());
    std::string text = !call->think ? "as the model" : call->think->enabled ? "on" : "off";
    if (call->think && !call->think->level.empty()) text += " " + call->think->level;
    if (call->thinking_tokens_max) text += " " + std::to_string(*call->thinking_tokens_max);
    return text + (call->shows_thinking ? "" : " unseen");
  };
  EXPECT_EQ(thought(""), "as the model");
  EXPECT_EQ(thought(R"("thinking":{"type":"enabled","budget_tokens":2048})"), "on 2048");
  EXPECT_EQ(thought(R"("thinking":{"type":"enabled","budget_tokens":2048,"display":"omitted"})"), "on 2048 unseen");
  EXPECT_EQ(thought(R"("thinking":{"type":"adaptive","display":"summarized"})"), "on");
  EXPECT_EQ(thought(R"("thinking":{"type":"adaptive"},"output_config":{"effort":"xhigh"})"), "on max");
  EXPECT_EQ(thought(R"("thinking":{"type":"disabled"},"output_config":{"effort":"low"})"), "off");
  EXPECT_EQ(thought(R"("output_config":{"effort":"low"})"), "on low");
}

TEST(AnthropicFormat, is_a_schema_under_either_name) {
  const constraint::Spec expected{.kind = constraint::Kind::json_schema,
                                  .text = R"({"type":"object","properties":{"z":{},"a":{}}})"};
  const std::string format = R"({"type":"json_schema","schema": )" + expected.text + "}";
  for (const std::string& fields : {R"("output_config":{"format":)" + format + "}", R"("output_format":)" + format}) {
    const auto call = parse_messages(body_of(fields));
    ASSERT_TRUE(call) << call.error().message;
    EXPECT_EQ(call->constraint, expected);
    EXPECT_EQ(call->unknown_fields, std::vector<std::string>{});
  }
  EXPECT_EQ(parse_messages(body_of(R"("structured_outputs":{"regex":"a+"})"))->constraint->text, "a+");
}

struct Refusal {
  const char* fields;
  const char* expected;
};

const Refusal refused_fields[] = {
    {R"("max_tokens":-1)", "400 \"max_tokens\" must be an integer from 0 to 2147483647, got -1"},
    {R"("stream":1)", "400 \"stream\" must be a boolean, got a number"},
    {R"("stop_sequences":[1])", "400 \"stop_sequences\" must be a string or an array of strings, got a number"},
    {R"("temperature":"x")", "400 option \"temperature\" must be of type float32"},
    {R"("metadata":7)", "400 \"metadata\" must be an object, got a number"},
    {R"("metadata":{"user_id":7})", "400 \"metadata.user_id\" must be a string, got a number"},
    {R"("service_tier":"flex")", "400 \"service_tier\" must be auto or standard_only, got \"flex\""},
    {R"("system":7)", "400 \"system\" must be a string or an array of blocks, got a number"},
    {R"("system":[7])", "400 \"system[0]\" must be an object, got a number"},
    {R"("system":[{"type":"image"}])", "400 \"system[0].image\" is not supported"},
    {R"("system":[{"type":"text"}])", "400 \"system[0].text\" is required"},
    {R"("container":"c")", "400 \"container\" is not supported"},
    {R"("mcp_servers":[{}])", "400 \"mcp_servers\" is not supported"},
    {R"("compaction":{})", "400 \"compaction\" is not supported"},
    {R"("thread":{})", "400 \"thread\" is not supported"},
    {R"("response_format":{})", "400 \"response_format\" is not supported"},
    {R"("format":"json")", "400 \"format\" is not supported"},
    {R"("functions":[{}])", "400 \"functions\" is not supported"},
    {R"("logprobs":true)", "400 \"logprobs\" is not supported"},
    {R"("n":2)", "400 \"n\" is not supported"},
    {R"("context_management":7)", "400 \"context_management\" must be an object, got a number"},
    {R"("context_management":{"edits":[{"type":"clear_tool_uses_20250919"}]})",
     "400 \"context_management.edits[0].clear_tool_uses_20250919\" is not supported"},
    {R"("context_management":{"edits":[{}]})", "400 \"context_management.edits[0].type\" is not supported"},
    {R"("thinking":"on")", "400 \"thinking\" must be an object, got a string"},
    {R"("thinking":{})", "400 \"thinking.type\" must be enabled, disabled or adaptive, got \"\""},
    {R"("thinking":{"type":"between_tools"})",
     "400 \"thinking.type\" must be enabled, disabled or adaptive, got \"between_tools\""},
    {R"("thinking":{"type":"enabled","budget_tokens":0})",
     "400 \"thinking.budget_tokens\" must be an integer from 1 to 2147483647, got 0"},
    {R"("thinking":{"type":"enabled","display":"all"})",
     "400 \"thinking.display\" must be summarized or omitted, got \"all\""},
    {R"("output_config":[])", "400 \"output_config\" must be an object, got an array"},
    {R"("output_config":{"effort":"much"})",
     "400 \"output_config.effort\" must be none, minimal, low, medium, high, xhigh or max, got \"much\""},
    {R"("output_config":{"task_budget":{"type":"tokens","total":9}})",
     "400 \"output_config.task_budget\" is not supported"},
    {R"("output_config":{"format":{"type":"text"}})",
     "400 \"output_config.format.type\" must be json_schema, got \"text\""},
    {R"("output_format":{"type":"json_schema"})", "400 \"output_format.schema\" is required"},
    {R"("output_format":{"type":"json_schema","schema":7})",
     "400 \"output_format.schema\" must be a schema, got a number"},
    {R"("output_format":{"type":"json_schema","schema":{}},"output_config":{"format":{"type":"json_schema","schema":true}})",
     "400 \"output_format.schema\" is a second constraint: an answer can have one"},
    {R"("tools":{})", "400 \"tools\" must be an array, got an object"},
    {R"("tools":[{"type":"web_search_20250305","name":"web_search"}])",
     "400 \"tools[0].type\": tools of type web_search_20250305 are not served"},
    {R"("tools":[{"type":"bash_20250124","name":"bash"}])",
     "400 \"tools[0].type\": tools of type bash_20250124 are not served"},
    {R"("tools":[{"input_schema":{}}])",
     "400 \"tools[0].name\" must be 1 to 256 letters, digits, '_', '-', '.', ':' or '/'"},
    {R"("tools":[{"name":"f"}])", "400 \"tools[0].input_schema\" is required"},
    {R"("tools":[{"name":"f","input_schema":[]}])", "400 \"tools[0].input_schema\" must be an object, got an array"},
    {R"("tools":[{"name":"f","input_schema":{},"input_examples":[{}]}])",
     "400 \"tools[0].input_examples\" is not supported"},
    {R"("tools":[{"name":"f","input_schema":{},"allowed_callers":["code_execution_20250825"]}])",
     "400 \"tools[0].allowed_callers\" is not supported"},
    {R"("tool_choice":"auto")", "400 \"tool_choice\" must be an object, got a string"},
    {R"("tool_choice":{"type":"all"})", "400 \"tool_choice.type\" must be auto, any, tool or none, got \"all\""},
    {R"("tool_choice":{"type":"any"})", "400 \"tool_choice\" asks for a call, but there are no tools"},
    {R"("tools":[{"name":"f","input_schema":{}}],"tool_choice":{"type":"tool","name":"g"})",
     "400 \"tool_choice.name\" names \"g\", which is none of the tools"},
};

TEST(RefusedMessages, say_which_field_is_wrong) {
  for (const Refusal& refusal : refused_fields) {
    SCOPED_TRACE(refusal.fields);
    const auto call = parse_messages(body_of(refusal.fields));
    ASSERT_FALSE(call);
    EXPECT_EQ(text_of(call.error()), refusal.expected);
  }
}

const Refusal refused_turns[] = {
    {R"(7)", "400 \"messages[0]\" must be an object, got a number"},
    {R"({"content":"x"})", "400 \"messages[0].role\" is required"},
    {R"({"role":"tool","content":"x"})", "400 \"messages[0].role\" must be user, assistant or system, got \"tool\""},
    {R"({"role":"user"})", "400 \"messages[0].content\" is required"},
    {R"({"role":"user","content":7})",
     "400 \"messages[0].content\" must be a string or an array of blocks, got a number"},
    {R"({"role":"user","content":[]})", "400 \"messages\" must not be empty"},
    {R"({"role":"user","content":["x"]})", "400 \"messages[0].content[0]\" must be an object, got a string"},
    {R"({"role":"user","content":[{}]})", "400 \"messages[0].content[0].type\" is not supported"},
    {R"({"role":"user","content":[{"type":"text","text":7}]})",
     "400 \"messages[0].content[0].text\" must be a string, got a number"},
    {R"({"role":"user","content":[{"type":"tool_use","id":"a","name":"f","input":{}}]})",
     "400 \"messages[0].content[0].tool_use\" is not supported"},
    {R"({"role":"assistant","content":[{"type":"tool_result","tool_use_id":"a"}]})",
     "400 \"messages[0].content[0].tool_result\" is not supported"},
    {R"({"role":"assistant","content":[{"type":"thinking"}]})", "400 \"messages[0].content[0].thinking\" is required"},
    {R"({"role":"assistant","content":[{"type":"tool_use","name":"f","input":{}}]})",
     "400 \"messages[0].content[0].id\" is required"},
    {R"({"role":"assistant","content":[{"type":"tool_use","id":"a","input":{}}]})",
     "400 \"messages[0].content[0].name\" is required"},
    {R"({"role":"assistant","content":[{"type":"tool_use","id":"a","name":"f"}]})",
     "400 \"messages[0].content[0].input\" must be an object"},
    {R"({"role":"assistant","content":[{"type":"tool_use","id":"a","name":"f","input":"{}"}]})",
     "400 \"messages[0].content[0].input\" must be an object"},
    {R"({"role":"assistant","content":[{"type":"tool_use","id":"a","name":"f","input":{},"toolset_name":"t"}]})",
     "400 \"messages[0].content[0].toolset_name\" is not supported"},
    {R"({"role":"user","content":[{"type":"tool_result","content":"x"}]})",
     "400 \"messages[0].content[0].tool_use_id\" is required"},
    {R"({"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":[{"type":"image"}]}]})",
     "400 \"messages[0].content[0].content[0].image\" is not supported"},
    {R"({"role":"user","content":[{"type":"tool_result","tool_use_id":"a","toolset_name":"t"}]})",
     "400 \"messages[0].content[0].toolset_name\" is not supported"},
    {R"({"role":"system","content":"s","clear_at":"next_user_message"})",
     "400 \"messages[0].clear_at\" is not supported"},
    {R"({"role":"system","content":"s","output_config":{"effort":"low"}})",
     "400 \"messages[0].output_config\" is not supported"},
};

TEST(RefusedMessages, say_which_turn_is_wrong) {
  for (const Refusal& refusal : refused_turns) {
    SCOPED_TRACE(refusal.fields);
    const auto call = parse_messages(said(refusal.fields));
    ASSERT_FALSE(call);
    EXPECT_EQ(text_of(call.error()), refusal.expected);
  }
}

// Every block of Anthropic's that is no text, thinking, call or result.
TEST(RefusedMessages, name_the_blocks_that_are_not_served) {
  for (const char* role : {"user", "assistant"}) {
    for (const std::string type :
         {"image", "document", "search_result", "server_tool_use", "web_search_tool_result", "web_fetch_tool_result",
          "code_execution_tool_result", "bash_code_execution_tool_result", "text_editor_code_execution_tool_result",
          "tool_search_tool_result", "container_upload", "mcp_tool_use", "mcp_tool_result", "compaction"}) {
      const auto call =
          parse_messages(said(std::string(R"({"role":")") + role + R"(","content":[{"type":")" + type + R"("}]})"));
      ASSERT_FALSE(call) << type;
      EXPECT_EQ(text_of(call.error()), "400 \"messages[0].content[0]." + type + "\" is not supported");
    }
  }
}

TEST(RefusedMessages, need_a_model_a_bound_and_messages) {
  const std::pair<const char*, const char*> bodies[] = {
      {R"({"max_tokens":1,"messages":[]})", "400 model is required"},
      {R"({"model":"m","messages":[]})", "400 \"max_tokens\" is required"},
      {R"({"model":"m","max_tokens":1})", "400 \"messages\" is required"},
      {R"({"model":"m","max_tokens":1,"messages":[]})", "400 \"messages\" must not be empty"},
      {R"({"model":"m","max_tokens":1,"messages":{}})", "400 \"messages\" must be an array, got an object"},
  };
  for (const auto& [body, expected] : bodies) {
    const auto call = parse_messages(body);
    ASSERT_FALSE(call) << body;
    EXPECT_EQ(text_of(call.error()), expected);
  }
}

// Finding one member among so many takes as long as they are many.
TEST(RefusedMessages, have_inputs_with_a_bound) {
  std::string input = "{";
  for (int i = 0; i < 2001; ++i) input += (i == 0 ? "\"" : ",\"") + std::to_string(i) + "\":0";
  const auto call = parse_messages(
      said(R"({"role":"assistant","content":[{"type":"tool_use","id":"a","name":"f","input":)" + input + "}}]}"));
  ASSERT_FALSE(call);
  EXPECT_EQ(text_of(call.error()), "400 \"messages[0].content[0].input\" has an object of more than 2000 members");
}

}  // namespace
}  // namespace quire::api::anthropic
