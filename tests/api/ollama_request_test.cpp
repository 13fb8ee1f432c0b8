#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "api/ollama/request.h"
#include "api/ollama/store_calls.h"
#include "api/options.h"

namespace quire::api::ollama {
namespace {

std::string text_of(const ApiError& error) { return std::to_string(error.status) + " " + error.message; }

GenerationCall generate(const std::string& body) {
  auto call = parse_generate(body);
  EXPECT_TRUE(call) << (call ? "" : text_of(call.error())) << " for " << body;
  return call.value_or(GenerationCall{});
}

TEST(OllamaRequest, has_the_documented_defaults) {
  const GenerationCall call = generate(R"({"model":"m","prompt":"hi"})");
  EXPECT_TRUE(call.stream);
  EXPECT_TRUE(call.truncate);
  EXPECT_FALSE(call.raw);
  EXPECT_FALSE(call.empty());
  EXPECT_EQ(call.priority, std::nullopt);
  EXPECT_EQ(call.logprobs_top_n, -1);
  EXPECT_EQ(call.keep_alive_ns, std::nullopt);
  const GenerationOptions& options = call.options;
  EXPECT_FLOAT_EQ(options.sampling.temperature, 0.8F);
  EXPECT_EQ(options.sampling.top_k, 40);
  EXPECT_FLOAT_EQ(options.sampling.top_p, 0.9F);
  EXPECT_EQ(options.sampling.min_p, 0.0F);
  EXPECT_EQ(options.sampling.typical_p, 1.0F);
  EXPECT_EQ(options.sampling.repeat_last_n, 64);
  EXPECT_EQ(options.sampling.repeat_penalty, 1.0F);
  EXPECT_EQ(options.seed, std::nullopt);
  EXPECT_EQ(options.num_predict, -1);
  EXPECT_EQ(options.num_keep, 4);
  EXPECT_EQ(options.num_ctx, std::nullopt);
  EXPECT_TRUE(options.cache_prompt);
  EXPECT_FALSE(options.ignore_eos);
}

TEST(OllamaRequest, reads_every_option) {
  const GenerationCall call = generate(R"({"model":"m","prompt":"hi","options":{
      "num_predict":7,"num_ctx":128,"num_keep":9,"seed":42,"temperature":0.5,"top_k":3,"top_p":0.25,"min_p":0.125,
      "typical_p":0.75,"repeat_last_n":-1,"repeat_penalty":1.5,"presence_penalty":-2,"frequency_penalty":2,
      "stop":["a","","b"],"ignore_eos":true,"cache_prompt":false,
      "num_batch":1,"num_gpu":-1,"main_gpu":0,"use_mmap":true,"num_thread":2,"draft_num_predict":1,
      "tfs_z":1,"low_vram":false}})");
  const GenerationOptions& options = call.options;
  EXPECT_EQ(options.num_predict, 7);
  EXPECT_EQ(options.num_ctx, 128);
  EXPECT_EQ(options.num_keep, 9);
  EXPECT_EQ(options.guesses_max, 1);
  EXPECT_EQ(options.seed, 42U);
  EXPECT_EQ(options.sampling.temperature, 0.5F);
  EXPECT_EQ(options.sampling.top_k, 3);
  EXPECT_EQ(options.sampling.top_p, 0.25F);
  EXPECT_EQ(options.sampling.min_p, 0.125F);
  EXPECT_EQ(options.sampling.typical_p, 0.75F);
  EXPECT_EQ(options.sampling.repeat_last_n, -1);
  EXPECT_EQ(options.sampling.repeat_penalty, 1.5F);
  EXPECT_EQ(options.sampling.presence_penalty, -2.0F);
  EXPECT_EQ(options.sampling.frequency_penalty, 2.0F);
  EXPECT_EQ(options.stop, (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(options.ignore_eos);
  EXPECT_FALSE(options.cache_prompt);
  EXPECT_EQ(call.unknown_fields, (std::vector<std::string>{"options.low_vram", "options.tfs_z"}));
}

TEST(OllamaRequest, reads_the_samplers_of_llama_cpp_and_vllm_among_the_options) {
  const GenerationCall call = generate(R"({"model":"m","prompt":"hi","options":{
      "n_predict":9,"min_tokens":3,"stop_token_ids":[5,6],"allowed_token_ids":[9,4,9],"bad_words":["no"],
      "repetition_penalty":1.25,"min_keep":2,"dynatemp_range":0.5,"dynatemp_exponent":2,"top_n_sigma":1.5,
      "xtc_probability":0.5,"xtc_threshold":0.25,"mirostat":2,"mirostat_tau":4,"mirostat_eta":0.25,
      "dry_multiplier":0.75,"dry_base":1.5,"dry_allowed_length":3,"dry_penalty_last_n":64,
      "dry_sequence_breakers":["\n","\n",";"],"logit_bias":[[7,-1],["ab",false]],"samplers":["top_k","typ_p","temperature"]}})");
  const GenerationOptions& options = call.options;
  EXPECT_EQ(call.unknown_fields, std::vector<std::string>{});
  EXPECT_EQ(options.num_predict, 9);
  EXPECT_THAT(call.given_options, testing::Contains("num_predict")) << "the model's own does not count";
  EXPECT_EQ(options.min_tokens, 3);
  EXPECT_EQ(options.stop_tokens, (std::vector<TokenId>{5, 6}));
  EXPECT_EQ(options.sampling.allowed_tokens, (std::vector<TokenId>{4, 9}));
  EXPECT_EQ(options.texts.bad_words, std::vector<std::string>{"no"});
  EXPECT_EQ(options.sampling.repetition_penalty, 1.25F);
  EXPECT_EQ(options.sampling.min_keep, 2);
  EXPECT_EQ(options.sampling.dynatemp_range, 0.5F);
  EXPECT_EQ(options.sampling.dynatemp_exponent, 2.0F);
  EXPECT_EQ(options.sampling.top_n_sigma, 1.5F);
  EXPECT_EQ(options.sampling.xtc.probability, 0.5F);
  EXPECT_EQ(options.sampling.xtc.threshold, 0.25F);
  EXPECT_EQ(options.sampling.mirostat.version, 2);
  EXPECT_EQ(options.sampling.mirostat.tau, 4.0F);
  EXPECT_EQ(options.sampling.mirostat.eta, 0.25F);
  EXPECT_EQ(options.sampling.dry.multiplier, 0.75F);
  EXPECT_EQ(options.sampling.dry.base, 1.5F);
  EXPECT_EQ(options.sampling.dry.allowed_length, 3);
  EXPECT_EQ(options.sampling.dry.penalty_last_n, 64);
  EXPECT_EQ(options.texts.dry_breakers, (std::vector<std::string>{"\n", "\n", ";"}));
  EXPECT_EQ(options.sampling.logit_bias, (std::vector<std::pair<TokenId, float>>{{7, -1.0F}}));
  ASSERT_EQ(options.texts.biases.size(), 1U);
  EXPECT_EQ(options.texts.biases[0].first, "ab");
  EXPECT_EQ(options.texts.biases[0].second, -std::numeric_limits<float>::infinity());
  EXPECT_THAT(options.sampling.order.steps(),
              testing::ElementsAre(SamplingStep::top_k, SamplingStep::typical_p, SamplingStep::temperature));
}

TEST(OllamaRequest, reads_the_order_of_samplers_from_names_and_letters) {
  const auto steps = [](const std::string& samplers) {
    const SamplingOrder order =
        generate(R"({"model":"m","prompt":"p","options":{"samplers":)" + samplers + "}}").options.sampling.order;
    return std::vector<SamplingStep>(order.steps().begin(), order.steps().end());
  };
  using enum SamplingStep;
  EXPECT_EQ(steps(R"("edskypmxt")"),
            (std::vector{penalties, dry, top_n_sigma, top_k, typical_p, top_p, min_p, xtc, temperature}));
  EXPECT_EQ(steps(R"("tk")"), (std::vector{temperature, top_k}));
  EXPECT_EQ(steps(R"(["xtc","typical_p","penalties"])"), (std::vector{xtc, typical_p, penalties}));
  EXPECT_EQ(steps("[]").size(), sampling_step_count) << "asks for nothing";
}

TEST(OllamaRequest, takes_the_values_that_ollama_takes) {
  const auto options = [](const char* text) {
    return generate(std::string(R"({"model":"m","prompt":"p","options":{)") + text + "}}").options;
  };
  EXPECT_EQ(options(R"("num_ctx":0)").num_ctx, std::nullopt);
  EXPECT_EQ(options(R"("num_ctx":4096.0)").num_ctx, 4096);
  EXPECT_EQ(options(R"("num_predict":-2)").num_predict, -1);
  EXPECT_EQ(options(R"("num_predict":4.0)").num_predict, 4);
  EXPECT_EQ(options(R"("temperature":-1)").sampling.temperature, 0.0F);
  EXPECT_EQ(options(R"("temperature":-0.5)").sampling.temperature, 0.0F);
  EXPECT_EQ(options(R"("top_k":-40)").sampling.top_k, 0);
  EXPECT_EQ(options(R"("seed":3.0)").seed, 3U);
}

TEST(OllamaRequest, takes_half_of_a_pair_of_escapes_for_the_replacement_character) {
  const auto prompt = [](const std::string& text) {
    return generate(R"({"model":"m","prompt":")" + text + "\"}").prompt;
  };
  EXPECT_EQ(prompt(R"(a\ud83d)"), "a\ufffd");
  EXPECT_EQ(prompt(R"(\udE00b)"), "\ufffdb");
  EXPECT_EQ(prompt(R"(\ud83d\ude00)"), "\U0001f600") << "a whole one";
  EXPECT_EQ(prompt(R"(\ud83d\ud83d\ude00)"), "\ufffd\U0001f600");
  EXPECT_EQ(prompt(R"(\ude00\ud83d)"), "\ufffd\ufffd");
  EXPECT_EQ(prompt(R"(\ud83d\u0041)"), "\ufffdA");
  EXPECT_EQ(prompt(R"(\ud83d\n)"), "\ufffd\n");
  EXPECT_EQ(prompt(R"(\\ud83d)"), "\\ud83d") << "a backslash, then letters";
  EXPECT_EQ(prompt(R"(\\\ud83d)"), "\\\ufffd");
  EXPECT_EQ(prompt(R"(\"\ud83d)"), "\"\ufffd");
  EXPECT_FALSE(parse_generate(R"({"model":"m","prompt":"\ud8)"));
  EXPECT_FALSE(parse_generate(R"({"model":"m","prompt":"\ud83d)"));
  EXPECT_FALSE(parse_generate(R"({"model":"m","prompt":"\ud83x"})"));
  EXPECT_TRUE(parse_generate(R"({"model":"m","\ud83d":1,"prompt":"p"})")) << "in a name too";
}

TEST(OllamaRequest, names_unknown_fields_in_one_short_line) {
  EXPECT_EQ(names_text(std::vector<std::string>{"low_vram"}), R"("low_vram")");
  std::vector<std::string> many(3000, "x\n\x1b[2J" + std::string(5000, 'y'));
  const std::string text = names_text(many);
  EXPECT_TRUE(text.starts_with(R"("x\x0a\x1b[2Jyyyy)")) << text;
  EXPECT_TRUE(text.ends_with(" and 2992 more")) << text;
  EXPECT_LT(text.size(), 600U);
  EXPECT_EQ(text.find('\n'), std::string::npos);
}

TEST(OllamaRequest, takes_fields_beside_the_options) {
  const GenerationCall call = generate(R"({"model":"m","prompt":"p","stream":false,"keep_alive":"10m","priority":1,
      "ignore_eos":true,"cache_prompt":false,"truncate":false,"shift":false,"logprobs":true,"top_logprobs":5,
      "system":"s","context":[1,2.0,3],"user":"me","cache_salt":"tenant","deadline_ms":1500,
      "queue_timeout_ms":1})");
  EXPECT_FALSE(call.stream);
  EXPECT_EQ(call.keep_alive_ns, 600'000'000'000);
  EXPECT_EQ(call.priority, 1);
  EXPECT_TRUE(call.options.ignore_eos);
  EXPECT_FALSE(call.options.cache_prompt);
  EXPECT_FALSE(call.truncate);
  EXPECT_EQ(call.shift, false);
  EXPECT_EQ(generate(R"({"model":"m","prompt":"p"})").shift, true) << "unless it is said";
  EXPECT_EQ(call.logprobs_top_n, 5);
  EXPECT_EQ(call.system, "s");
  EXPECT_EQ(call.context, (std::vector<TokenId>{1, 2, 3}));
  EXPECT_EQ(call.user, "me");
  EXPECT_EQ(call.cache_salt, "tenant");
  EXPECT_EQ(call.deadline_ms, 1500);
  EXPECT_EQ(call.queue_timeout_ms, 1);
  EXPECT_EQ(call.unknown_fields, std::vector<std::string>{});
  EXPECT_EQ(call.given_options, (std::vector<std::string>{"ignore_eos", "cache_prompt"})) << "what is stored gives way";
}

TEST(OllamaRequest, collects_the_fields_that_nobody_knows_wherever_they_stand) {
  EXPECT_EQ(generate(R"({"model":"m","prompt":"p","messages":[{"role":"user"}],"mirostat":2,"nothing":null,"off":false,
      "options":{"num_ctx":8,"tfs_z":1}})")
                .unknown_fields,
            (std::vector<std::string>{"options.tfs_z", "messages", "mirostat"}));
  const auto chat = parse_chat(R"({"model":"m","system":"s","messages":[{"role":"user","content":"a"},
      {"role":"assistant","content":[{"type":"text","text":"b","cache_control":{}}],"reasoning_content":"c","refusal":"r"}]})");
  ASSERT_TRUE(chat) << chat.error().message;
  EXPECT_EQ(chat->unknown_fields,
            (std::vector<std::string>{"messages[1].content[0].cache_control", "messages[1].refusal", "system"}));
}

TEST(OllamaRequest, takes_a_salt_of_256_bytes_and_refuses_more) {
  const auto salted = [](size_t bytes) {
    return parse_generate(R"({"model":"m","prompt":"p","cache_salt":")" + std::string(bytes, 's') + "\"}");
  };
  EXPECT_TRUE(salted(256));
  for (const size_t bytes : {size_t{257}, size_t{1} << 20}) {
    const auto call = salted(bytes);
    ASSERT_FALSE(call);
    EXPECT_EQ(text_of(call.error()), "400 \"cache_salt\" must have at most 256 bytes, got " + std::to_string(bytes));
    EXPECT_EQ(call.error().param, "cache_salt");
  }
}

TEST(OllamaRequest, counts_what_asks_for_nothing_as_unset) {
  generate(R"({"model":"m","prompt":"p","format":"","tools":[],"think":false,"images":null,"suffix":"","template":"",
      "options":null,"keep_alive":null,"context":[]})");
}

TEST(OllamaRequest, takes_openais_choice_of_tools) {
  const auto call = parse_chat(R"({"model":"m","messages":[{"role":"user","content":"q"}],"parallel_tool_calls":false,
      "tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":"required"})");
  ASSERT_TRUE(call) << call.error().message;
  EXPECT_EQ(call->tool_choice.mode, ToolMode::required);
  EXPECT_FALSE(call->parallel_calls);
  EXPECT_EQ(call->unknown_fields, std::vector<std::string>{});
}

TEST(OllamaRequest, is_only_a_load_without_a_prompt) {
  EXPECT_TRUE(generate(R"({"model":"m"})").empty());
  EXPECT_EQ(generate(R"({"model":"m","keep_alive":0})").keep_alive_ns, 0);
  EXPECT_TRUE(parse_chat(R"({"model":"m","messages":[]})")->empty());
}

TEST(OllamaRequest, keeps_a_model_for_ever_when_keep_alive_is_negative) {
  EXPECT_EQ(generate(R"({"model":"m","keep_alive":-1})").keep_alive_ns, keep_alive_forever);
  EXPECT_EQ(generate(R"({"model":"m","keep_alive":"-1s"})").keep_alive_ns, keep_alive_forever);
}

TEST(OllamaRequest, reads_messages_with_roles_in_lower_case_and_parts_as_lines) {
  const auto call = parse_chat(R"({"model":"m","messages":[{"role":"System","content":"s"},
      {"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]},
      {"role":"assistant","content":null,"thinking":"hm"},{"role":"tool","content":"t","tool_name":"f"}]})");
  ASSERT_TRUE(call) << call.error().message;
  ASSERT_EQ(call->messages.size(), 4U);
  EXPECT_EQ(call->messages[0].role, "system");
  EXPECT_EQ(call->messages[1].content, "a\nb");
  EXPECT_EQ(call->messages[2].thinking, "hm");
  EXPECT_EQ(call->messages[3].tool_name, "f");
}

struct Refusal {
  const char* body;
  const char* expected;  // status and message
};

const Refusal refused_generate[] = {
    Refusal{"", "400 missing request body"},
    Refusal{" \n", "400 missing request body"},
    Refusal{"{", "400 invalid JSON at byte 2"},
    Refusal{"{\"a\":1e999}", "400 invalid JSON: a number is out of range"},
    Refusal{"{\"a\":\"\xff\"}", "400 invalid JSON at byte 7"},
    Refusal{"{} x", "400 invalid JSON at byte 4"},
    Refusal{"[]", "400 the request body must be a JSON object, got an array"},
    Refusal{"7", "400 the request body must be a JSON object, got a number"},
    Refusal{"{}", "400 model is required"},
    Refusal{R"({"model":""})", "400 model is required"},
    Refusal{R"({"model":5})", "400 \"model\" must be a string, got a number"},
    Refusal{R"({"model":"m","prompt":[]})", "400 \"prompt\" must be a string, got an array"},
    Refusal{R"({"model":"m","stream":"no"})", "400 \"stream\" must be a boolean, got a string"},
    Refusal{R"({"model":"m","options":[]})", "400 \"options\" must be an object, got an array"},
    Refusal{R"({"model":"m","options":{"num_ctx":"big"}})", "400 option \"num_ctx\" must be of type integer"},
    Refusal{R"({"model":"m","options":{"num_ctx":1.5}})", "400 option \"num_ctx\" must be of type integer"},
    Refusal{R"({"model":"m","options":{"temperature":"hot"}})", "400 option \"temperature\" must be of type float32"},
    Refusal{R"({"model":"m","options":{"stop":5}})", "400 option \"stop\" must be of type array"},
    Refusal{R"({"model":"m","options":{"use_mmap":1}})", "400 option \"use_mmap\" must be of type boolean"},
    Refusal{R"({"model":"m","options":{"num_ctx":-5}})", "400 option \"num_ctx\" must be at least 0, got -5"},
    Refusal{R"({"model":"m","options":{"num_predict":-3}})", "400 option \"num_predict\" must be at least -2, got -3"},
    Refusal{R"({"model":"m","options":{"temperature":101}})",
            "400 option \"temperature\" must be at most 100, got 101"},
    Refusal{R"({"model":"m","options":{"top_p":7}})", "400 option \"top_p\" must be from 0 to 1, got 7"},
    Refusal{R"({"model":"m","options":{"mirostat":3}})", "400 option \"mirostat\" must be from 0 to 2, got 3"},
    Refusal{R"({"model":"m","options":{"dry_base":0.5}})", "400 option \"dry_base\" must be from 1 to 1000, got 0.5"},
    Refusal{R"({"model":"m","options":{"xtc_probability":2}})",
            "400 option \"xtc_probability\" must be from 0 to 1, got 2"},
    Refusal{R"({"model":"m","options":{"min_tokens":-1}})", "400 option \"min_tokens\" must be at least 0, got -1"},
    Refusal{R"({"model":"m","options":{"min_tokens":5,"num_predict":4}})",
            "400 \"min_tokens\" must be at most the 4 tokens of the answer, got 5"},
    Refusal{R"({"model":"m","options":{"samplers":["top_k","infill"]}})",
            "400 \"samplers\" names \"infill\", which is not served"},
    Refusal{R"({"model":"m","options":{"samplers":"kz"}})", "400 \"samplers\" names \"z\", which is not served"},
    Refusal{R"({"model":"m","options":{"samplers":"kk"}})", "400 \"samplers\" names \"top_k\" twice"},
    Refusal{R"({"model":"m","options":{"samplers":[1]}})", "400 option \"samplers\" must be of type array of strings"},
    Refusal{R"({"model":"m","options":{"bad_words":[" "]}})", "400 \"bad_words\" must not hold a blank text"},
    Refusal{R"({"model":"m","options":{"stop_token_ids":[-1]}})", "400 \"stop_token_ids\" must hold token ids, got -1"},
    Refusal{R"({"model":"m","options":{"allowed_token_ids":5}})",
            "400 option \"allowed_token_ids\" must be of type array"},
    Refusal{R"({"model":"m","options":{"dry_sequence_breakers":["0123456789012345678901234567890123456789x"]}})",
            "400 \"dry_sequence_breakers\" must hold texts of at most 40 bytes, got 41"},
    Refusal{R"({"model":"m","options":{"logit_bias":[[5]]}})",
            "400 \"logit_bias[0]\" must be an array of a token id or a text, and its bias"},
    Refusal{R"({"model":"m","options":{"logit_bias":[["a",true]]}})",
            "400 \"logit_bias[0]\" must be a number or false, got a boolean"},
    Refusal{R"({"model":"m","options":{"logit_bias":[[1.5,1]]}})",
            "400 \"logit_bias[0]\" must hold token ids, got 1.5"},
    Refusal{R"({"model":"m","options":{"logit_bias":5}})",
            "400 \"logit_bias\" must be an object or an array, got a number"},
    Refusal{R"({"model":"m","tools":[{}]})", "400 \"tools\" is not supported"},
    Refusal{R"({"model":"m","format":"yaml"})", "400 \"format\" must be \"json\" or a JSON schema, got \"yaml\""},
    Refusal{R"({"model":"m","format":7})", "400 \"format\" must be a schema, got a number"},
    Refusal{R"({"model":"m","format":"json","grammar":"root ::= x"})",
            "400 \"grammar\" is a second constraint: an answer can have one"},
    Refusal{R"({"model":"m","think":"much"})", "400 \"think\" must be true, false, or low, medium, high or max"},
    Refusal{R"({"model":"m","think":1})", "400 \"think\" must be true, false, or low, medium, high or max"},
    Refusal{R"({"model":"m","images":["x"]})", "400 \"images\" is not supported"},
    Refusal{R"({"model":"m","suffix":7})", "400 \"suffix\" must be a string, got a number"},
    Refusal{R"({"model":"m","raw":true,"template":"x"})", "400 raw mode does not support template, system, or context"},
    Refusal{R"({"model":"m","min_tokens":5})", "400 \"min_tokens\" is not supported"},
    Refusal{R"({"model":"m","prompt":"p","raw":true,"system":"s"})",
            "400 raw mode does not support template, system, or context"},
    Refusal{R"({"model":"m","context":"x"})", "400 \"context\" must be an array, got a string"},
    Refusal{R"({"model":"m","context":[-1]})", "400 \"context\" must hold token ids, got -1"},
    Refusal{R"({"model":"m","context":["x"]})", "400 \"context\" must hold token ids, got a string"},
    Refusal{R"({"model":"m","keep_alive":"soon"})",
            "400 \"keep_alive\": invalid duration \"soon\": expected such as \"5m\", \"1h30m\" or a number of seconds"},
    Refusal{R"({"model":"m","keep_alive":true})",
            "400 \"keep_alive\" must be a duration or a number of seconds, got a boolean"},
    Refusal{R"({"model":"m","priority":8})", "400 \"priority\" must be an integer from 0 to 7, got 8"},
    Refusal{R"({"model":"m","priority":-1})", "400 \"priority\" must be an integer from 0 to 7, got -1"},
    Refusal{R"({"model":"m","priority":1.5})", "400 \"priority\" must be an integer from 0 to 7, got 1.5"},
    Refusal{R"({"model":"m","priority":"high"})", "400 \"priority\" must be an integer, got a string"},
    Refusal{R"({"model":"m","user":7})", "400 \"user\" must be a string, got a number"},
    Refusal{R"({"model":"m","cache_salt":7})", "400 \"cache_salt\" must be a string, got a number"},
    Refusal{R"({"model":"m","deadline_ms":0})", "400 \"deadline_ms\" must be an integer from 1 to 31536000000, got 0"},
    Refusal{R"({"model":"m","deadline_ms":-5})",
            "400 \"deadline_ms\" must be an integer from 1 to 31536000000, got -5"},
    Refusal{R"({"model":"m","deadline_ms":1e300})",
            "400 \"deadline_ms\" must be an integer from 1 to 31536000000, got 1e+300"},
    Refusal{R"({"model":"m","queue_timeout_ms":"1s"})", "400 \"queue_timeout_ms\" must be an integer, got a string"},
    Refusal{R"({"model":"m","logprobs":true,"top_logprobs":21})",
            "400 \"top_logprobs\" must be an integer from 0 to 20, got 21"},
    Refusal{R"({"model":"m","top_logprobs":2})", "400 \"top_logprobs\" needs \"logprobs\" to be true"}};

TEST(RefusedGenerate, says_what_is_wrong) {
  for (const Refusal& refusal : refused_generate) {
    SCOPED_TRACE(refusal.body);
    const auto call = parse_generate(refusal.body);
    ASSERT_FALSE(call);
    EXPECT_EQ(text_of(call.error()), refusal.expected);
  }
}

const Refusal refused_chat[] = {
    Refusal{R"({"model":"m","messages":"hi"})", "400 \"messages\" must be an array, got a string"},
    Refusal{R"({"model":"m","messages":["hi"]})", "400 \"messages[0]\" must be an object, got a string"},
    Refusal{R"({"model":"m","messages":[{"content":"x"}]})", "400 \"messages[0].role\" is required"},
    Refusal{R"({"model":"m","messages":[{"role":"user","content":5}]})",
            "400 \"messages[0].content\" must be a string or an array of parts, got a number"},
    Refusal{R"({"model":"m","messages":[{"role":"user","content":"x","images":["y"]}]})",
            "400 \"messages[0].images\" is not supported"},
    Refusal{R"({"model":"m","messages":[{"role":"assistant","content":"","tool_calls":[{}]}]})",
            "400 \"messages[0].tool_calls[0].function\" is required"},
    Refusal{R"({"model":"m","messages":[{"role":"user","content":[{"type":"image_url","image_url":{}}]}]})",
            "400 \"messages[0].content[0].image_url\" is not supported"}};

TEST(RefusedChat, says_what_is_wrong) {
  for (const Refusal& refusal : refused_chat) {
    SCOPED_TRACE(refusal.body);
    const auto call = parse_chat(refusal.body);
    ASSERT_FALSE(call);
    EXPECT_EQ(text_of(call.error()), refusal.expected);
  }
}

TEST(JsonBounds, refuse_nesting_before_anything_is_built) {
  const std::string deep(100'000, '[');
  const auto call = parse_generate("{\"model\":" + deep);
  ASSERT_FALSE(call);
  EXPECT_EQ(call.error().status, 400);
  EXPECT_EQ(call.error().message, "invalid JSON: nested more than 64 levels deep at byte 72");
}

TEST(JsonBounds, ignore_brackets_inside_strings) {
  EXPECT_TRUE(parse_generate(R"({"model":"m","prompt":")" + std::string(1000, '[') + R"(\"[{"})"));
}

TEST(JsonBounds, refuse_more_values_than_a_body_may_hold) {
  std::string body = R"({"model":"m","context":[0)";
  for (int i = 0; i < 2'000'001; ++i) body += ",0";
  const auto call = parse_generate(body + "]}");
  ASSERT_FALSE(call);
  EXPECT_EQ(call.error().status, 413);
}

TEST(OllamaShow, takes_the_model_by_either_name) {
  EXPECT_EQ(parse_show(R"({"model":"m","verbose":true})")->model, "m");
  EXPECT_EQ(parse_show(R"({"name":"n"})")->model, "n");
  EXPECT_EQ(parse_show("{}").error().message, "model is required");
  EXPECT_EQ(parse_show(R"({"model":"m","name":"n"})")->model, "m");
}

// What Ollama's own client sends has every field, set or not.
TEST(StoreCalls, take_the_fields_of_ollamas_client) {
  EXPECT_TRUE(parse_show(R"({"model":"m","system":"","template":"","verbose":false,"options":null,"name":"m"})"));
  EXPECT_TRUE(parse_transfer(R"({"model":"m","insecure":true,"username":"","password":"","stream":null,"name":"m"})"));
  EXPECT_TRUE(parse_copy(R"({"source":"a","destination":"b"})"));
  EXPECT_TRUE(parse_delete(R"({"model":"m","name":"m"})"));
  const auto create = parse_create(R"({"model":"m","name":"m","from":"b","quantization":"q8_0","license":["MIT"],
      "template":"t","system":"s","parameters":{"stop":["x"]},"messages":[{"role":"user","content":"c"}],
      "renderer":"r","parser":"p","requires":"0.1","stream":true,"files":{}})");
  ASSERT_TRUE(create) << create.error().message;
  EXPECT_EQ(create->quantize, "q8_0");
}

TEST(StoreCalls, refuse_by_name_what_they_do_not_know) {
  const auto refusal = [](const auto& call) { return call ? std::string("taken") : text_of(call.error()); };
  EXPECT_EQ(refusal(parse_show(R"({"model":"m","tensors":true})")), "400 \"tensors\" is not supported");
  EXPECT_EQ(refusal(parse_transfer(R"({"model":"m","password":"p"})")), "400 \"password\" is not supported");
  EXPECT_EQ(refusal(parse_copy(R"({"source":"a","destination":"b","move":true})")), "400 \"move\" is not supported");
  EXPECT_EQ(refusal(parse_delete(R"({"model":"m","keep":"blobs"})")), "400 \"keep\" is not supported");
  EXPECT_EQ(refusal(parse_create(R"({"model":"m","from":"b","parameters":{"num_ctx":"big"}})")),
            "400 option \"num_ctx\" must be of type integer")
      << "every request would be refused";
  EXPECT_EQ(refusal(parse_create(R"({"model":"m","from":"b","messages":[{"role":"user","images":["x"]}]})")),
            "400 \"messages[0].images\" is not supported");
  EXPECT_EQ(parse_create(R"({"model":"m","from":"b","parameters":{"tfs_z":1,"num_ctx":8}})")->unknown_parameters,
            std::vector<std::string>{"options.tfs_z"});
  for (const char* field : {"adapters", "draft_files", "draft_quantize", "remote_host", "modelfile", "path", "info"}) {
    EXPECT_EQ(refusal(parse_create(R"({"model":"m","from":"b",")" + std::string(field) + R"(":{"a":"b"}})")),
              "400 \"" + std::string(field) + "\" is not supported");
  }
}

}  // namespace
}  // namespace quire::api::ollama
