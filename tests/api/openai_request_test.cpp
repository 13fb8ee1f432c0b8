#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>
#include <string>

#include "api/chat_input.h"
#include "api/gathered_parts.h"
#include "api/openai/request.h"

namespace quire::api::openai {
namespace {

std::string text_of(const ApiError& error) { return std::to_string(error.status) + " " + error.message; }

std::string chat_body(const std::string& fields) {
  return R"({"model":"m","messages":[{"role":"user","content":"hi"}])" + (fields.empty() ? "" : "," + fields) + "}";
}

TEST(OpenAiRequest, generates_until_the_context_is_full_when_no_number_says_less) {
  const auto most = [](const char* field) {
    const auto call = parse_completions(std::string(R"({"model":"m","prompt":"p",)") + field + "}");
    EXPECT_TRUE(call) << field;
    return call ? call->options.num_predict : -100;
  };
  EXPECT_LT(most(R"("max_tokens":-1)"), 0);
  EXPECT_LT(most(R"("max_completion_tokens":-2)"), 0);
  EXPECT_EQ(most(R"("max_tokens":4.0)"), 4);
  EXPECT_EQ(most(R"("max_tokens":4e0,"n":1.0,"seed":7.0)"), 4);
}

TEST(OpenAiRequest, says_what_comes_after_the_last_message) {
  const auto parsed = [](const char* fields) {
    return parse_chat_completions(std::string(R"({"model":"m","messages":[{"role":"user","content":"u"}])") + fields +
                                  "}");
  };
  EXPECT_EQ(parsed("")->last_turn, LastTurn::automatic);
  EXPECT_EQ(parsed(R"(,"continue_final_message":true)")->last_turn, LastTurn::open);
  EXPECT_EQ(parsed(R"(,"continue_final_message":true,"add_generation_prompt":false)")->last_turn, LastTurn::open);
  EXPECT_EQ(parsed(R"(,"continue_final_message":false)")->last_turn, LastTurn::answered);
  EXPECT_EQ(parsed(R"(,"add_generation_prompt":true)")->last_turn, LastTurn::answered);
  EXPECT_EQ(parsed(R"(,"add_generation_prompt":false)")->last_turn, LastTurn::closed);
  const auto both = parsed(R"(,"continue_final_message":true,"add_generation_prompt":true)");
  ASSERT_FALSE(both);
  EXPECT_EQ(both.error().message, "\"continue_final_message\" and \"add_generation_prompt\" cannot both be true");
  EXPECT_EQ(both.error().param, "continue_final_message");
}

TEST(OpenAiRequest, has_openai_defaults) {
  const auto call = parse_chat_completions(chat_body(""));
  ASSERT_TRUE(call) << call.error().message;
  EXPECT_FALSE(call->stream);
  EXPECT_FALSE(call->include_usage);
  EXPECT_EQ(call->options.sampling.temperature, 1.0F);
  EXPECT_EQ(call->options.sampling.top_p, 1.0F);
  EXPECT_EQ(call->options.sampling.top_k, 0);
  EXPECT_EQ(call->options.num_predict, -1);
  EXPECT_FALSE(call->truncate) << "a prompt over the context is OpenAI's context_length_exceeded";
}

TEST(OpenAiRequest, reads_what_ollama_ignores) {
  const auto call = parse_chat_completions(chat_body(
      R"("max_tokens":5,"max_completion_tokens":6,"logit_bias":{"7":-100,"8":2.5},"user":"u","service_tier":"flex",
         "n":1,"tool_choice":"auto","parallel_tool_calls":true,"seed":9,"stop":"x","stream":true,
         "stream_options":{"include_usage":true},"logprobs":true,"top_logprobs":2,"ignore_eos":true,
         "cache_prompt":false,"num_ctx":64,"top_k":5,"response_format":{"type":"text"},"reasoning_effort":"none")"));
  ASSERT_TRUE(call) << call.error().message;
  EXPECT_EQ(call->options.num_predict, 6);
  EXPECT_EQ(call->options.sampling.logit_bias, (std::vector<std::pair<TokenId, float>>{{7, -100.0F}, {8, 2.5F}}));
  EXPECT_EQ(call->user, "u");
  EXPECT_EQ(call->priority, 6);
  EXPECT_EQ(call->options.seed, 9U);
  EXPECT_EQ(call->options.stop, std::vector<std::string>{"x"});
  EXPECT_TRUE(call->include_usage);
  EXPECT_EQ(call->logprobs_top_n, 2);
  EXPECT_TRUE(call->options.ignore_eos);
  EXPECT_FALSE(call->options.cache_prompt);
  EXPECT_EQ(call->options.num_ctx, 64);
  EXPECT_EQ(call->options.sampling.top_k, 5);
}

TEST(OpenAiRequest, takes_the_samplers_of_llama_cpp_and_vllm_at_the_top_level) {
  const auto call = parse_chat_completions(chat_body(
      R"("repetition_penalty":1.5,"min_tokens":2,"stop_token_ids":[3],"allowed_token_ids":[1,2],"bad_words":"no",
         "n_predict":8,"mirostat":1,"dry_multiplier":0.5,"xtc_probability":0.25,"samplers":"kt","top_n_sigma":-1,
         "logit_bias":{"7":false},"n_probs":0)"));
  ASSERT_TRUE(call) << call.error().message;
  EXPECT_EQ(call->unknown_fields, std::vector<std::string>{});
  const GenerationOptions& options = call->options;
  EXPECT_EQ(options.sampling.repetition_penalty, 1.5F);
  EXPECT_EQ(options.min_tokens, 2);
  EXPECT_EQ(options.stop_tokens, std::vector<TokenId>{3});
  EXPECT_EQ(options.sampling.allowed_tokens, (std::vector<TokenId>{1, 2}));
  EXPECT_EQ(options.texts.bad_words, std::vector<std::string>{"no"});
  EXPECT_EQ(options.num_predict, 8);
  EXPECT_EQ(options.sampling.mirostat.version, 1);
  EXPECT_EQ(options.sampling.dry.multiplier, 0.5F);
  EXPECT_EQ(options.sampling.xtc.probability, 0.25F);
  EXPECT_EQ(options.sampling.order.steps().size(), 2U);
  EXPECT_EQ(options.sampling.top_n_sigma, 0.0F) << "off";
  ASSERT_EQ(options.sampling.logit_bias.size(), 1U);
  EXPECT_EQ(options.sampling.logit_bias[0].second, -std::numeric_limits<float>::infinity()) << "never";
}

TEST(OpenAiRequest, turns_service_tiers_into_bands_unless_a_band_is_given) {
  const auto tier = [](const std::string& fields) {
    const auto call = parse_chat_completions(chat_body(fields));
    return call->service_tier + " " + (call->priority ? std::to_string(*call->priority) : "-");
  };
  EXPECT_EQ(tier(R"("service_tier":"priority")"), "priority 1");
  EXPECT_EQ(tier(R"("service_tier":"default")"), "default 3");
  EXPECT_EQ(tier(R"("service_tier":"auto")"), "default 3");
  EXPECT_EQ(tier(R"("service_tier":"flex")"), "flex 6");
  EXPECT_EQ(tier(R"("service_tier":"flex","priority":2)"), "flex 2");
  EXPECT_EQ(tier(R"("service_tier":null)"), " -");
}

TEST(OpenAiRequest, takes_prompts_as_text_or_token_ids) {
  EXPECT_EQ(parse_completions(R"({"model":"m","prompt":"hi"})")->prompt, "hi");
  EXPECT_EQ(parse_completions(R"({"model":"m","prompt":["hi"]})")->prompt, "hi");
  EXPECT_EQ(parse_completions(R"({"model":"m","prompt":[1]})")->prompt_tokens, std::vector<TokenId>{1});
  EXPECT_EQ(parse_completions(R"({"model":"m","prompt":[[1,2]]})")->prompt_tokens, (std::vector<TokenId>{1, 2}));
  EXPECT_TRUE(parse_completions(R"({"model":"m","prompt":""})")->prompt.empty());
  EXPECT_EQ(parse_completions(R"({"model":"m","prompt":"p","logprobs":3})")->logprobs_top_n, 3);
  EXPECT_FALSE(parse_completions(R"({"model":"m","prompt":"p"})")->truncate);
  EXPECT_TRUE(parse_completions(R"({"model":"m","prompt":"p"})")->raw);
}

TEST(OpenAiRequest, takes_several_prompts_and_choices) {
  const auto call = parse_completions(R"({"model":"m","prompt":["a",[1,2],"b"],"n":3,"best_of":3})");
  ASSERT_TRUE(call) << call.error().message;
  EXPECT_EQ(call->choices, 3);
  EXPECT_EQ(call->prompt, "a");
  ASSERT_EQ(call->more_prompts.size(), 2U);
  EXPECT_EQ(call->more_prompts[0].tokens, (std::vector<TokenId>{1, 2}));
  EXPECT_EQ(call->more_prompts[1].text, "b");
  EXPECT_EQ(parse_chat_completions(chat_body(R"("n":128)"))->choices, 128);
}

TEST(OpenAiRequest, without_a_model_asks_for_the_one_that_the_server_chooses) {
  EXPECT_EQ(parse_completions(R"({"prompt":"p"})")->model, "");
  EXPECT_EQ(parse_chat_completions(R"({"messages":[{"role":"user","content":"p"}]})")->model, "");
}

TEST(OpenAiRequest, takes_what_llama_cpps_server_takes_beside_it) {
  const auto call = parse_chat_completions(
      chat_body(R"("timings_per_token":true,"t_max_predict_ms":50,"id_slot":3,"n_keep":4,"reasoning_format":"auto",
      "preserved_tokens":["<x>"])"));
  ASSERT_TRUE(call) << call.error().message;
  EXPECT_TRUE(call->reported.timings_per_token);
  EXPECT_EQ(call->generate_ms_max, 50);
  EXPECT_EQ(call->options.num_keep, 4);
  EXPECT_EQ(call->given_options, std::vector<std::string>{"num_keep"});
  EXPECT_EQ(call->preserved_tokens, std::vector<std::string>{"<x>"});
  EXPECT_TRUE(call->unknown_fields.empty());
}

TEST(OpenAiRequest, a_suffix_makes_a_gap_behind_the_prompt) {
  const auto call = parse_completions(R"({"prompt":[1,2],"suffix":"s"})");
  ASSERT_TRUE(call && call->fill_in);
  EXPECT_EQ(call->fill_in->before.tokens, (std::vector<TokenId>{1, 2}));
  EXPECT_EQ(call->fill_in->after.text, "s");
}

TEST(OpenAiRequest, reads_what_is_wanted_of_the_prompt_beside_its_answer) {
  const auto echo = parse_completions(R"({"model":"m","prompt":"p","echo":true,"max_tokens":0,"logprobs":2})");
  ASSERT_TRUE(echo) << echo.error().message;
  EXPECT_TRUE(echo->echo);
  EXPECT_EQ(echo->options.num_predict, 0);
  EXPECT_EQ(echo->computed_prompt_logprobs(), 2);
  EXPECT_EQ(parse_completions(R"({"model":"m","prompt":"p","echo":true})")->computed_prompt_logprobs(), -1);
  EXPECT_EQ(parse_completions(R"({"model":"m","prompt":"p","logprobs":2})")->computed_prompt_logprobs(), -1);
  EXPECT_EQ(parse_completions(R"({"model":"m","prompt":"p","prompt_logprobs":0})")->computed_prompt_logprobs(), 0);
  EXPECT_EQ(parse_chat_completions(chat_body(R"("prompt_logprobs":3,"stream":true)"))->prompt_logprobs_top_n, 3);
}

TEST(OpenAiRequest, makes_more_answers_than_it_sends) {
  const auto call = parse_completions(R"({"model":"m","prompt":"p","n":2,"best_of":5})");
  ASSERT_TRUE(call) << call.error().message;
  EXPECT_EQ(call->choices, 2);
  EXPECT_EQ(call->made(), 5);
  EXPECT_EQ(parse_completions(R"({"model":"m","prompt":"p","n":2,"best_of":2,"stream":true})")->made(), 2);
}

struct Refusal {
  const char* body;
  const char* expected;
};

const Refusal refused_completions[] = {
    Refusal{R"({"model":"m"})", "400 \"prompt\" is required"},
    Refusal{R"({"model":"m","prompt":5})",
            "400 \"prompt\" must be a string or an array of token ids, or an array of these"},
    Refusal{R"({"model":"m","prompt":[]})",
            "400 \"prompt\" must be a string or an array of token ids, or an array of these"},
    Refusal{R"({"model":"m","prompt":["a",5]})",
            "400 \"prompt\" must be a string or an array of token ids, or an array of these"},
    Refusal{R"({"model":"m","prompt":[[1],[]]})",
            "400 \"prompt\" must be a string or an array of token ids, or an array of these"},
    Refusal{R"({"model":"m","prompt":["a","b"],"n":65})",
            "400 \"n\" times the number of prompts must be at most 128, got 130"},
    Refusal{R"({"model":"m","prompt":[1,"b"]})", "400 \"prompt\" must hold token ids, got a string"},
    Refusal{R"({"model":"m","prompt":[99999999999]})", "400 \"prompt\" must hold token ids, got 99999999999"},
    Refusal{R"({"model":"m","prompt":["p","q"],"suffix":"s"})", "400 \"suffix\" belongs to one prompt, got several"},
    Refusal{R"({"model":"m","prompt":"p","return_progress":true})", "400 \"return_progress\" is not supported"},
    Refusal{R"({"model":"m","prompt":"p","tools":[{}]})", "400 \"tools\" is not supported"},
    Refusal{R"({"model":"m","prompt":"p","n":129})", "400 \"n\" must be an integer from 1 to 128, got 129"},
    Refusal{R"({"model":"m","prompt":"p","n":0})", "400 \"n\" must be an integer from 1 to 128, got 0"},
    Refusal{R"({"model":"m","prompt":"p","best_of":1,"n":2})",
            "400 \"best_of\" must be at least \"n\", which is 2, got 1"},
    Refusal{R"({"model":"m","prompt":"p","best_of":3,"n":2,"stream":true})",
            "400 \"best_of\" above \"n\" cannot be streamed: which are the best is known at the end"},
    Refusal{R"({"model":"m","prompt":["a","b"],"best_of":65})",
            "400 \"best_of\" times the number of prompts must be at most 128, got 130"},
    Refusal{R"({"model":"m","prompt":"p","prompt_logprobs":-1})",
            "400 \"prompt_logprobs\" must be an integer from 0 to 20, got -1"},
    Refusal{R"({"model":"m","prompt":"p","echo":"yes"})", "400 \"echo\" must be a boolean, got a string"},
    Refusal{R"({"model":"m","prompt":"p","max_tokens":-3})",
            "400 \"max_tokens\" must be an integer from -2 to 2147483647, got -3"},
    Refusal{R"({"model":"m","prompt":"p","temperature":"x"})", "400 option \"temperature\" must be of type float32"},
    Refusal{R"({"model":"m","prompt":"p","logit_bias":{"x":1}})",
            "400 \"logit_bias\" must be keyed by token ids, got \"x\""},
    Refusal{R"({"model":"m","prompt":"p","logit_bias":{"1":101}})",
            "400 \"logit_bias.1\" must be from -100 to 100, got 101"},
    Refusal{R"({"model":"m","prompt":"p","service_tier":"gold"})",
            "400 \"service_tier\" must be auto, default, flex or priority, got \"gold\""},
    Refusal{R"({"model":"m","prompt":"p","stream_options":true})",
            "400 \"stream_options\" must be an object, got a boolean"}};

TEST(RefusedCompletions, says_what_is_wrong) {
  for (const Refusal& refusal : refused_completions) {
    SCOPED_TRACE(refusal.body);
    const auto call = parse_completions(refusal.body);
    ASSERT_FALSE(call);
    EXPECT_EQ(text_of(call.error()), refusal.expected);
  }
}

const Refusal refused_chat_completions[] = {
    Refusal{R"("tools":{})", "400 \"tools\" must be an array, got an object"},
    Refusal{R"("tools":[{}])", "400 \"tools[0].function\" is required"},
    Refusal{R"("tools":[{"type":"web_search"}])", "400 \"tools[0].type\": tools of type web_search are not served"},
    Refusal{R"("tools":[{"function":{"name":"a b"}}])",
            "400 \"tools[0].function.name\" must be 1 to 256 letters, digits, '_', '-', '.', ':' or '/'"},
    Refusal{R"("tool_choice":"required")", "400 \"tool_choice\" asks for a call, but there are no tools"},
    Refusal{R"("tool_choice":"some")", "400 \"tool_choice\" must be auto, none, required or a function, got \"some\""},
    Refusal{R"("tool_choice":{"type":"function"})", "400 \"tool_choice.function\" is required"},
    Refusal{R"("tools":[{"function":{"name":"a"}}],"tool_choice":{"type":"function","function":{"name":"b"}})",
            "400 \"tool_choice\" names \"b\", which is none of the tools"},
    Refusal{R"("functions":[{}])", "400 \"functions\" is not supported"},
    Refusal{R"("response_format":{})",
            "400 \"response_format.type\" must be text, json_object or json_schema, got \"\""},
    Refusal{R"("response_format":{"type":"json_schema"})", "400 \"response_format.json_schema\" must be an object"},
    Refusal{R"("response_format":{"type":"json_schema","json_schema":{"name":"n"}})",
            "400 \"response_format.json_schema.schema\" is required"},
    Refusal{R"("reasoning_effort":"much")",
            "400 \"reasoning_effort\" must be none, minimal, low, medium, high, xhigh or max, got \"much\""},
    Refusal{R"("reasoning":7)", "400 \"reasoning\" must be an object, got a number"},
    Refusal{R"("modalities":["text","audio"])", "400 \"modalities\" is not supported"},
    Refusal{R"("audio":{})", "400 \"audio\" is not supported"},
    Refusal{R"("structured_outputs":{"regex":"a+","choice":["a"]})",
            "400 \"structured_outputs.choice\" is a second constraint: an answer can have one"},
    Refusal{R"("structured_outputs":{"structural_tag":"x"})",
            "400 \"structured_outputs.structural_tag\" is not supported"},
    Refusal{R"("guided_json":{},"guided_regex":"a+")",
            "400 \"guided_regex\" is a second constraint: an answer can have one"},
    Refusal{R"("guided_choice":"a")", "400 \"guided_choice\" must be an array of 1 to 10000 strings"},
    Refusal{R"("echo":true)", "400 \"echo\" is not supported"},
    Refusal{R"("prompt_logprobs":21)", "400 \"prompt_logprobs\" must be an integer from 0 to 20, got 21"},
    Refusal{R"("chat_template_kwargs":7)", "400 \"chat_template_kwargs\" must be an object, got a number"},
    Refusal{R"("min_tokens":6,"max_tokens":5)", "400 \"min_tokens\" must be at most the 5 tokens of the answer, got 6"},
    Refusal{R"("repetition_penalty":0)", "400 option \"repetition_penalty\" must be from 0.01 to 100, got 0"},
    Refusal{R"("n_probs":5)", "400 \"n_probs\" is not supported"},
    Refusal{R"("skip_special_tokens":false)", "400 \"skip_special_tokens\" is not supported"}};

TEST(RefusedChatCompletions, says_what_is_wrong) {
  for (const Refusal& refusal : refused_chat_completions) {
    SCOPED_TRACE(refusal.body);
    const auto call = parse_chat_completions(chat_body(refusal.body));
    ASSERT_FALSE(call) << refusal.body;
    EXPECT_EQ(text_of(call.error()), refusal.expected);
  }
}

TEST(OpenAiRequest, passes_what_asks_for_nothing_and_collects_what_nobody_knows) {
  const auto harmless = parse_chat_completions(chat_body(
      R"("stop_token_ids":[],"guided_json":null,"chat_template_kwargs":{},"min_tokens":0,"n_predict":-1,
      "repetition_penalty":1.0,"skip_special_tokens":true,"tool_choice":"auto","modalities":["text"],"store":false,
      "metadata":{"a":"b"},"parallel_tool_calls":true,"prompt_cache_key":"k","safety_identifier":"s",
      "stream_options":{"include_usage":true},"response_format":{"type":"text"},"reasoning_effort":"none")"));
  ASSERT_TRUE(harmless) << harmless.error().message;
  EXPECT_EQ(harmless->unknown_fields, std::vector<std::string>{});

  const auto chat = parse_chat_completions(
      chat_body(R"("verbosity":"low","stream_options":{"include_obfuscation":true},"tfs_z":0.8)"));
  ASSERT_TRUE(chat) << chat.error().message;
  EXPECT_EQ(chat->unknown_fields,
            (std::vector<std::string>{"stream_options.include_obfuscation", "tfs_z", "verbosity"}));
  EXPECT_EQ(parse_completions(R"({"model":"m","prompt":"p","messages":[1]})")->unknown_fields,
            std::vector<std::string>{"messages"});
}

TEST(OpenAiRequest, knows_a_constraint_by_each_of_its_names) {
  using constraint::Kind;
  using constraint::Spec;
  const std::string schema = R"({"type":"object","properties":{"z":{},"a":{}}})";  // in the client's order
  const std::pair<std::string, Spec> names[] = {
      {R"("response_format":{"type":"json_object"})", {.kind = Kind::json_object}},
      {R"("response_format":{"type":"json_object","schema":)" + schema + "}",
       {.kind = Kind::json_schema, .text = schema}},
      {R"("response_format": {"type":"json_schema", "json_schema" : {"name":"n","strict":true,"schema": )" + schema +
           " }}",
       {.kind = Kind::json_schema, .text = schema}},
      {R"("structured_outputs":{"json":)" + schema + "}", {.kind = Kind::json_schema, .text = schema}},
      {R"("structured_outputs":{"json":"{}"})", {.kind = Kind::json_schema, .text = "{}"}},
      {R"("structured_outputs":{"json_object":true})", {.kind = Kind::json_object}},
      {R"("structured_outputs":{"regex":"a+"})", {.kind = Kind::regex, .text = "a+"}},
      {R"("structured_outputs":{"choice":["a","b"]})", {.kind = Kind::choice, .choices = {"a", "b"}}},
      {R"("structured_outputs":{"grammar":"g"})", {.kind = Kind::gbnf, .text = "g"}},
      {R"("guided_json":)" + schema, {.kind = Kind::json_schema, .text = schema}},
      {R"("guided_regex":"a+")", {.kind = Kind::regex, .text = "a+"}},
      {R"("guided_choice":["a"])", {.kind = Kind::choice, .choices = {"a"}}},
      {R"("guided_grammar":"g")", {.kind = Kind::gbnf, .text = "g"}},
      {R"("grammar":"g")", {.kind = Kind::gbnf, .text = "g"}},
      {R"("json_schema":true)", {.kind = Kind::json_schema, .text = "true"}},
      {R"("regex":"a+")", {.kind = Kind::regex, .text = "a+"}},
      {R"("choice":["a"])", {.kind = Kind::choice, .choices = {"a"}}},
  };
  for (const auto& [body, spec] : names) {
    const auto call = parse_chat_completions(chat_body(body));
    ASSERT_TRUE(call) << body << ": " << call.error().message;
    ASSERT_TRUE(call->constraint) << body;
    EXPECT_EQ(*call->constraint, spec) << body << ": " << call->constraint->text;
    EXPECT_EQ(call->unknown_fields, std::vector<std::string>{}) << body;
  }
  EXPECT_FALSE(parse_chat_completions(chat_body(R"("response_format":{"type":"text"},"grammar":"")"))->constraint);
  // As guidance sends it, for older and newer servers.
  const auto twice = parse_chat_completions(chat_body(R"("guided_grammar":"g","structured_outputs":{"grammar":"g"})"));
  ASSERT_TRUE(twice) << twice.error().message;
  EXPECT_EQ(*twice->constraint, (Spec{.kind = Kind::gbnf, .text = "g"}));
}

TEST(OpenAiRequest, reads_tools_as_they_are_written_and_calls_of_the_history) {
  const auto call = parse_chat_completions(R"({"model":"m","messages":[{"role":"user","content":"q"},
      {"role":"assistant","content":null,"tool_calls":[
        {"id":"call12345","type":"function","function":{"name":"f","arguments":"{\"z\": 1, \"a\": 2}"}},
        {"function":{"name":"g","arguments":{"z":1,"a":{"y":[],"b":0}}}},{"function":{"name":"h"}}]},
      {"role":"tool","tool_call_id":"call12345","content":"3"}],
      "tools":[{"type":"function","function":{"name":"f","description":"d","strict":false,
        "parameters":{"type":"object","properties":{"z":{"type":"number"},"a":{"type":"number"}}}}},
        {"function":{"name":"g"}}],
      "tool_choice":{"type":"function","function":{"name":"g"}},"parallel_tool_calls":false})");
  ASSERT_TRUE(call) << call.error().message;
  ASSERT_EQ(call->tools.size(), 2U);
  EXPECT_EQ(call->tools[0].description, "d");
  EXPECT_FALSE(call->tools[0].strict);
  EXPECT_EQ(call->tools[0].parameters,
            R"({"type":"object","properties":{"z":{"type":"number"},"a":{"type":"number"}}})");
  EXPECT_EQ(call->tools[1].parameters, "");
  EXPECT_EQ(call->tool_choice.mode, ToolMode::required);
  EXPECT_EQ(call->tool_choice.name, "g");
  EXPECT_FALSE(call->parallel_calls);
  const std::vector<ToolCall>& calls = call->messages[1].tool_calls;
  ASSERT_EQ(calls.size(), 3U);
  EXPECT_EQ(calls[0].id, "call12345");
  EXPECT_EQ(calls[0].arguments, R"({"z": 1, "a": 2})");
  EXPECT_EQ(calls[1].arguments, R"({"z":1,"a":{"y":[],"b":0}})");
  EXPECT_EQ(calls[2].arguments, "{}");
  EXPECT_EQ(call->messages[2].tool_call_id, "call12345");
  EXPECT_EQ(call->unknown_fields, std::vector<std::string>{});
}

TEST(OpenAiRequest, bounds_the_arguments_of_calls_in_the_history) {
  const auto error_of = [](const std::string& arguments) {
    const auto call = parse_chat_completions(
        R"({"model":"m","messages":[{"role":"assistant","tool_calls":[{"function":{"name":"f","arguments":)" +
        arguments + "}}]}]}");
    return call ? std::string() : call.error().message;
  };
  std::string many = "{";
  for (int i = 0; i < 2001; ++i) many += (i == 0 ? "\"" : ",\"") + std::to_string(i) + "\":0";
  many += "}";
  const std::string members =
      "\"messages[0].tool_calls[0].function.arguments\" has an object of more than 2000 members";
  EXPECT_EQ(error_of(many), members);
  EXPECT_EQ(error_of(nlohmann::json(many).dump()), members) << "as a text, too";
  const std::string deep = "{\"a\":" + std::string(1 << 20, '[') + std::string(1 << 20, ']') + "}";
  EXPECT_EQ(error_of(nlohmann::json(deep).dump()),
            "\"messages[0].tool_calls[0].function.arguments\" is nested more than 64 levels deep");
  EXPECT_EQ(error_of(R"("{\"a\": tru")"), "") << "what a model wrote may be cut";
}

TEST(OpenAiRequest, arguments_that_a_model_nested_deeply_are_a_text_for_templates) {
  const std::string deep = "{\"a\":" + std::string(1 << 20, '[') + std::string(1 << 20, ']') + "}";
  const std::vector<Message> messages = {
      {.role = "assistant", .content = {}, .tool_calls = {{.id = {}, .name = "f", .arguments = deep}}}};
  const ChatTemplateInput input = chat_input(messages, {}, 0);
  EXPECT_EQ(input.messages[0]["tool_calls"][0]["function"]["arguments"], deep);
  EXPECT_EQ(arguments_object(deep).dump(), "{}");
}

TEST(OpenAiRequest, collects_what_nobody_knows_of_tools_and_calls) {
  const auto call = parse_chat_completions(
      R"({"model":"m","messages":[{"role":"assistant","tool_calls":[
            {"id":"1","type":"function","index":0,"a":1,"function":{"name":"f","index":0,"arguments":{},"b":1}}]}],
          "tools":[{"type":"function","c":1,"function":{"name":"f","d":1}}],
          "tool_choice":{"type":"function","e":1,"function":{"name":"f","g":1}},
          "response_format":{"type":"text","h":1}})");
  ASSERT_TRUE(call) << call.error().message;
  EXPECT_THAT(call->unknown_fields,
              testing::UnorderedElementsAre("messages[0].tool_calls[0].a", "messages[0].tool_calls[0].function.b",
                                            "tools[0].c", "tools[0].function.d", "tool_choice.e",
                                            "tool_choice.function.g", "response_format.h"));
  const auto schema = parse_chat_completions(
      chat_body(R"("response_format":{"type":"json_schema","i":1,"json_schema":{"name":"n","j":1,"schema":{}}})"));
  ASSERT_TRUE(schema) << schema.error().message;
  EXPECT_THAT(schema->unknown_fields,
              testing::UnorderedElementsAre("response_format.i", "response_format.json_schema.j"));
}

TEST(OpenAiRequest, reads_thinking_by_each_of_its_names) {
  const auto think = [](const std::string& fields) {
    const auto call = parse_chat_completions(chat_body(fields));
    if (!call) return call.error().message;
    if (!call->think) return std::string("unsaid");
    return std::string(call->think->enabled ? "on " : "off ") + call->think->level;
  };
  EXPECT_EQ(think(""), "unsaid");
  EXPECT_EQ(think(R"("reasoning_effort":"none")"), "off ");
  EXPECT_EQ(think(R"("reasoning_effort":"minimal")"), "on low");
  EXPECT_EQ(think(R"("reasoning_effort":"xhigh")"), "on max");
  EXPECT_EQ(think(R"("reasoning":{"effort":"high"})"), "on high");
  EXPECT_EQ(think(R"("reasoning":{"enabled":false})"), "off ");
  const auto call = parse_chat_completions(
      chat_body(R"("reasoning":{"max_tokens":77},"chat_template_kwargs":{"z":1,"enable_thinking":false})"));
  EXPECT_EQ(call->thinking_tokens_max, 77);
  EXPECT_EQ(call->template_variables, R"({"z":1,"enable_thinking":false})");
}

TEST(OpenAiRequest, needs_a_message) {
  EXPECT_EQ(parse_chat_completions(R"({"model":"m"})").error().message, "\"messages\" is required");
  EXPECT_EQ(parse_chat_completions(R"({"model":"m","messages":[]})").error().message, "\"messages\" must not be empty");
}

}  // namespace
}  // namespace quire::api::openai
