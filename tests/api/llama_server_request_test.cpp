#include <fmt/format.h>
#include <gtest/gtest.h>

#include "api/llama_server/request.h"

namespace quire::api::llama_server {
namespace {

GenerationCall parsed(std::string_view body) {
  auto call = parse_completion(body);
  EXPECT_TRUE(call) << call.error().message;
  return call ? std::move(*call) : GenerationCall();
}

std::string refusal_of(std::string_view body) {
  const auto call = parse_completion(body);
  return call ? "no refusal" : fmt::format("{} {}", call.error().status, call.error().message);
}

TEST(LlamaServerRequest, has_llama_cpps_defaults) {
  const GenerationCall call = parsed(R"({"prompt":"p"})");
  EXPECT_EQ(call.model, "");
  EXPECT_FALSE(call.stream);
  EXPECT_TRUE(call.raw && !call.truncate && call.options.cache_prompt && call.reported.prompt);
  const SamplingParams& sampling = call.options.sampling;
  EXPECT_FLOAT_EQ(sampling.temperature, 0.8F);
  EXPECT_EQ(sampling.top_k, 40);
  EXPECT_FLOAT_EQ(sampling.top_p, 0.95F);
  EXPECT_FLOAT_EQ(sampling.min_p, 0.05F);
  EXPECT_EQ(call.options.num_predict, -1);
  EXPECT_EQ(call.logprobs_top_n, -1);
}

TEST(LlamaServerRequest, takes_a_prompt_in_each_of_its_forms) {
  EXPECT_EQ(parsed(R"({"prompt":"p"})").prompt, "p");
  EXPECT_EQ(parsed(R"({"prompt":[1,2]})").prompt_tokens, (std::vector<TokenId>{1, 2}));
  EXPECT_EQ(parsed(R"({"prompt":{"prompt_string":"p"}})").prompt, "p");
  const GenerationCall mixed = parsed(R"({"prompt":[1,2,"a",3]})");
  ASSERT_EQ(mixed.prompt_pieces.size(), 3U);
  EXPECT_EQ(mixed.prompt_pieces[0].tokens, (std::vector<TokenId>{1, 2}));
  EXPECT_EQ(mixed.prompt_pieces[1].text, "a");
  EXPECT_EQ(mixed.prompt_pieces[2].tokens, std::vector<TokenId>{3});
  const GenerationCall several = parsed(R"({"prompt":["a",[4,"b"],[5]]})");
  EXPECT_EQ(several.prompt, "a");
  ASSERT_EQ(several.more_prompts.size(), 2U);
  EXPECT_EQ(several.more_prompts[0].pieces.size(), 2U);
  EXPECT_EQ(several.more_prompts[1].tokens, std::vector<TokenId>{5});
}

TEST(LlamaServerRequest, reads_the_fields_of_its_own) {
  const GenerationCall call = parsed(
      R"({"prompt":"p","n_predict":7,"n_probs":3,"return_tokens":true,"timings_per_token":true,"t_max_predict_ms":20,
      "n_cmpl":2,"n_keep":-1,"response_fields":["content","timings/cache_n"],"preserved_tokens":["<t>"],
      "samplers":["top_k","temperature"],"ignore_eos":true,"stop":["x"],"seed":5,"cache_prompt":false,"stream":true,
      "id_slot":2,"n_cache_reuse":8,"n_discard":1,"sse_ping_interval":3,"n_indent":0,"post_sampling_probs":false})");
  EXPECT_EQ(call.options.num_predict, 7);
  EXPECT_EQ(call.logprobs_top_n, 3);
  EXPECT_TRUE(call.reported.tokens && call.reported.timings_per_token && call.stream);
  EXPECT_EQ(call.generate_ms_max, 20);
  EXPECT_EQ(call.choices, 2);
  EXPECT_EQ(call.options.num_keep, INT32_MAX);
  EXPECT_EQ(call.reported.fields, (std::vector<std::string>{"content", "timings/cache_n"}));
  EXPECT_EQ(call.preserved_tokens, std::vector<std::string>{"<t>"});
  EXPECT_EQ(call.options.sampling.order.steps().size(), 2U);
  EXPECT_TRUE(call.options.ignore_eos && !call.options.cache_prompt);
  EXPECT_TRUE(call.unknown_fields.empty());
  EXPECT_EQ(parsed(R"({"prompt":"p","max_tokens":9})").options.num_predict, 9);
  EXPECT_EQ(parsed(R"({"prompt":"p","max_tokens":9,"n_predict":4})").options.num_predict, 4);
  EXPECT_EQ(parsed(R"({"prompt":"p"})").options.guesses_max, -1);
  EXPECT_EQ(parsed(R"({"prompt":"p","speculative.n_max":3})").options.guesses_max, 3);
  EXPECT_EQ(parsed(R"({"prompt":"p","n_predict":-2})").options.num_predict, -1);
}

TEST(LlamaServerRequest, is_refused_by_name_where_an_answer_would_be_another_one) {
  EXPECT_EQ(refusal_of("{}"), "400 \"prompt\" is required");
  EXPECT_EQ(refusal_of(R"({"prompt":7})"),
            "400 \"prompt\" must be a string, an array of token ids and strings, or an array of these; "
            "{\"prompt_string\"} is a string too");
  EXPECT_EQ(refusal_of(R"({"prompt":["a",[]]})").substr(0, 15), "400 \"prompt[1]\"");
  EXPECT_EQ(refusal_of(R"({"prompt":[[],"a"]})").substr(0, 15), "400 \"prompt[0]\"");
  EXPECT_EQ(refusal_of(R"({"prompt":[1,{}]})"), "400 \"prompt\" must hold token ids, got an object");
  EXPECT_EQ(refusal_of(R"({"prompt":{"prompt_string":"p","multimodal_data":["x"]}})"),
            "400 \"prompt.multimodal_data\" is not supported");
  for (const char* field : {R"("lora":[{"id":0,"scale":1}])", R"("post_sampling_probs":true)",
                            R"("return_progress":true)", R"("grammar_lazy":true)", R"("n_indent":4)"}) {
    EXPECT_NE(refusal_of(fmt::format(R"({{"prompt":"p",{}}})", field)).find("is not supported"), std::string::npos)
        << field;
  }
  EXPECT_EQ(refusal_of(R"({"prompt":"p","n_probs":21})"), "400 \"n_probs\" must be an integer from 0 to 20, got 21");
  EXPECT_EQ(refusal_of(R"({"prompt":["a","b"],"n_cmpl":65})"),
            "400 \"n_cmpl\" times the number of prompts must be at most 128, got 130");
  EXPECT_EQ(refusal_of(R"({"prompt":["a","b"],"n":65})"),
            "400 \"n\" times the number of prompts must be at most 128, got 130");
  EXPECT_EQ(parsed(R"({"prompt":"p","novelty":1})").unknown_fields, std::vector<std::string>{"novelty"});
}

TEST(LlamaServerRequest, of_infill_has_a_gap) {
  const auto call = parse_infill(
      R"({"input_prefix":"a","input_suffix":[1,"b"],"prompt":"c","input_extra":[{"filename":"f","text":"t"},{"text":"u"}]})");
  ASSERT_TRUE(call) << call.error().message;
  ASSERT_TRUE(call->fill_in);
  EXPECT_EQ(call->fill_in->before.pieces.at(0).text, "a");
  EXPECT_EQ(call->fill_in->before.pieces.at(1).text, "c");
  EXPECT_EQ(call->fill_in->after.pieces.size(), 2U);
  ASSERT_EQ(call->fill_in->other_files.size(), 2U);
  EXPECT_EQ(call->fill_in->other_files[0].name, "f");
  EXPECT_EQ(call->fill_in->other_files[1].text, "u");
  const auto mixed = parse_infill(R"({"input_prefix":[1,"b"],"input_suffix":"","prompt":"c"})");
  ASSERT_TRUE(mixed) << mixed.error().message;
  ASSERT_EQ(mixed->fill_in->before.pieces.size(), 3U) << "pieces have no pieces";
  EXPECT_EQ(mixed->fill_in->before.pieces[0].tokens, std::vector<TokenId>{1});
  EXPECT_EQ(mixed->fill_in->before.pieces[2].text, "c");
  EXPECT_EQ(parse_infill(R"({"input_prefix":"a"})").error().message, "\"input_suffix\" is required");
  EXPECT_EQ(
      parse_infill(R"({"input_prefix":"a","input_suffix":"b","input_extra":[{"text":"t","x":1}]})").error().message,
      "\"input_extra[0].x\" is not supported");
}

TEST(LlamaServerRequest, of_texts_and_tokens) {
  const auto call = parse_tokenize(R"({"content":"x","add_special":true,"parse_special":false,"with_pieces":true})");
  ASSERT_TRUE(call);
  EXPECT_EQ(call->content.text, "x");
  EXPECT_TRUE(call->add_special && !call->parse_special && call->with_pieces);
  EXPECT_TRUE(parse_tokenize(R"({"content":"x"})")->parse_special);
  EXPECT_TRUE(parse_tokenize(R"({"content":[]})")->content.tokens.empty());
  EXPECT_EQ(parse_tokenize(R"({"content":7})").error().message,
            "\"content\" must be a string, or an array of token ids and strings, got a number");
  EXPECT_EQ(parse_tokenize(R"({"content":"x","more":1})").error().message, "\"more\" is not supported");
  EXPECT_EQ(parse_detokenize(R"({"tokens":[1,2]})")->tokens, (std::vector<TokenId>{1, 2}));
  EXPECT_EQ(parse_detokenize(R"({"tokens":"x"})").error().message,
            "\"tokens\" must be an array of token ids, got a string");
}

}  // namespace
}  // namespace quire::api::llama_server
