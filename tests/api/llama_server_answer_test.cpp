#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "api/llama_server/answer.h"
#include "api/llama_server/dialect.h"
#include "api/llama_server/request.h"
#include "api/llama_server/state.h"
#include "api/llama_server/tokens.h"

namespace quire::api::llama_server {
namespace {

using Object = nlohmann::ordered_json;

AnswerHead completion_head(bool stream, size_t choices = 1) {
  AnswerHead head{.stream = stream};
  head.model = "tiny:latest";
  head.choices = choices;
  head.choices_per_prompt = choices;
  head.prompts = {{.tokens = 5, .text = "<s>Once"}};
  head.settings = R"({"n_predict":2})";
  return head;
}

Finished completed(FinishReason reason, std::string stop_text = {}) {
  Finished finished{.reason = reason, .stop_text = std::move(stop_text)};
  finished.stats = {
      .prompt_tokens = 5, .cached_tokens = 4, .generated_tokens = 2, .prompt_ns = 2'000'000, .generate_ns = 10'000'000};
  return finished;
}

AnswerDelta said(std::string text, TokenId token) {
  return {.parts = {parts::Content{std::move(text)}}, .tokens = {token}, .logprobs = {}};
}

std::vector<Object> events_of(std::string_view out) {
  std::vector<Object> events;
  while (!out.empty()) {
    const size_t end = out.find("\n\n");
    EXPECT_TRUE(out.starts_with("data: ")) << out;
    events.push_back(Object::parse(out.substr(6, end - 6)));
    out.remove_prefix(end + 2);
  }
  return events;
}

TEST(LlamaServerAnswer, has_everything_in_one_piece) {
  AnswerHead head = completion_head(false);
  head.reported.tokens = true;
  const auto writer = make_completion_writer(std::move(head));
  std::string out;
  writer->delta(0, said("a\n", 7), 0, out);
  writer->delta(0, said("b", 8), 0, out);
  EXPECT_TRUE(out.empty());
  writer->finish(0, completed(FinishReason::length), {}, 0, out);
  EXPECT_EQ(
      out,
      R"({"index":0,"content":"a\nb","tokens":[7,8],"id_slot":-1,"stop":true,"model":"tiny:latest","tokens_predicted":2,)"
      R"("tokens_evaluated":5,"generation_settings":{"n_predict":2},"prompt":"<s>Once","has_new_line":true,)"
      R"("truncated":false,"stop_type":"limit","stopping_word":"","tokens_cached":6,"timings":{"cache_n":4,"prompt_n":1,)"
      R"("prompt_ms":2.0,"prompt_per_token_ms":2.0,"prompt_per_second":500.0,"predicted_n":2,"predicted_ms":10.0,)"
      R"("predicted_per_token_ms":5.0,"predicted_per_second":200.0}})");
}

TEST(LlamaServerAnswer, streams_events_without_a_mark_of_its_end) {
  AnswerHead head = completion_head(true);
  head.reported.timings_per_token = true;
  const auto writer = make_completion_writer(std::move(head));
  EXPECT_EQ(writer->content_type(), "text/event-stream");
  std::string out;
  AnswerDelta timed = said("a", 7);
  timed.stats = completed(FinishReason::length).stats;
  writer->delta(0, timed, 0, out);
  writer->delta(0, {.parts = {}, .tokens = {8}, .logprobs = {}}, 0, out);  // half a character
  writer->delta(0, said("b", 9), 0, out);
  writer->finish(0, completed(FinishReason::stop, "end"), {}, 0, out);
  const std::vector<Object> events = events_of(out);
  ASSERT_EQ(events.size(), 3U) << out;
  EXPECT_EQ(events[0]["content"], "a");
  EXPECT_EQ(events[0]["stop"], false);
  EXPECT_EQ(events[0]["tokens"], Object::array({7}));
  EXPECT_EQ(events[0]["timings"]["predicted_n"], 2);
  EXPECT_EQ(events[1]["tokens"], Object::array({8, 9}));
  EXPECT_EQ(events[1]["tokens_predicted"], 3);
  EXPECT_FALSE(events[1].contains("timings"));
  EXPECT_EQ(events[2]["content"], "");
  EXPECT_EQ(events[2]["stop_type"], "word");
  EXPECT_EQ(events[2]["stopping_word"], "end");
}

TEST(LlamaServerAnswer, of_several_is_a_list_in_their_order) {
  const auto writer = make_completion_writer(completion_head(false, 2));
  std::string out;
  writer->delta(1, said("b", 8), 0, out);
  writer->finish(1, completed(FinishReason::stop), {}, 0, out);
  writer->delta(0, said("a", 7), 0, out);
  writer->finish(0, completed(FinishReason::stop), {}, 0, out);
  const Object answers = Object::parse(out);
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(answers[0]["content"], "a");
  EXPECT_EQ(answers[1]["content"], "b");
  EXPECT_EQ(answers[1]["stop_type"], "eos");
  EXPECT_EQ(answers[1]["tokens"], Object::array());
}

TEST(LlamaServerAnswer, shows_the_fields_that_were_asked_for_under_their_paths) {
  AnswerHead head = completion_head(false);
  head.reported.fields = {"content", "generation_settings/n_predict", "timings/nothing", "content/x"};
  const auto writer = make_completion_writer(std::move(head));
  std::string out;
  writer->delta(0, said("a", 7), 0, out);
  writer->finish(0, completed(FinishReason::stop), {}, 0, out);
  EXPECT_EQ(out, R"({"content":"a","generation_settings/n_predict":2})");
}

TEST(LlamaServerAnswer, says_how_likely_its_tokens_were) {
  AnswerHead head = completion_head(false);
  head.wants_logprobs = true;
  const auto writer = make_completion_writer(std::move(head));
  std::string out;
  AnswerDelta delta = said("a", 7);
  delta.logprobs.push_back({.chosen = {7, -0.5F, "a"}, .top = {{7, -0.5F, "a"}, {9, -INFINITY, "\xff"}}});
  writer->delta(0, delta, 0, out);
  writer->finish(0, completed(FinishReason::stop), {}, 0, out);
  const Object likely = Object::parse(out)["completion_probabilities"];
  ASSERT_EQ(likely.size(), 1U);
  EXPECT_EQ(likely[0]["id"], 7);
  EXPECT_EQ(likely[0]["logprob"], -0.5);
  EXPECT_EQ(likely[0]["top_logprobs"][1]["bytes"], Object::array({255}));
  EXPECT_TRUE(likely[0]["top_logprobs"][1]["logprob"].is_number());
}

TEST(LlamaServerAnswer, errors_have_a_code_a_message_and_a_type) {
  EXPECT_EQ(error_body({400, "no"}), R"({"error":{"code":400,"message":"no","type":"invalid_request_error"}})");
  EXPECT_EQ(error_body({501, "no"}), R"({"error":{"code":501,"message":"no","type":"not_supported_error"}})");
  EXPECT_EQ(error_body({503, "no"}), R"({"error":{"code":503,"message":"no","type":"unavailable_error"}})");
  EXPECT_EQ(error_body({500, "no"}), R"({"error":{"code":500,"message":"no","type":"server_error"}})");
  ApiError overflow{400, "long"};
  overflow.overflow = ContextOverflow{.prompt_tokens = 9, .context_tokens = 4};
  EXPECT_EQ(
      error_body(overflow),
      R"({"error":{"code":400,"message":"long","type":"exceed_context_size_error","n_prompt_tokens":9,"n_ctx":4}})");
  const auto writer = make_completion_writer(completion_head(true));
  std::string out;
  writer->fail({500, "no"}, true, out);
  EXPECT_EQ(out, "data: " + error_body({500, "no"}) + "\n\n");
}

TEST(LlamaServerAnswer, settings_are_those_of_the_call) {
  const auto call = parse_completion(
      R"({"prompt":"p","top_k":3,"samplers":["typ_p"],"logit_bias":[[5,-1]],"n_probs":2,"grammar":"root ::= \"a\""})");
  ASSERT_TRUE(call) << call.error().message;
  const Object settings = Object::parse(generation_settings(*call, 99));
  EXPECT_EQ(settings["seed"], 99);
  EXPECT_EQ(settings["top_k"], 3);
  EXPECT_EQ(settings["samplers"], Object::array({"typ_p"}));
  EXPECT_EQ(settings["logit_bias"], Object::parse(R"([{"bias":-1.0,"token":5}])"));
  EXPECT_EQ(settings["n_probs"], 2);
  EXPECT_EQ(settings["grammar"], "root ::= \"a\"");
}

TEST(LlamaServerAnswer, pieces_are_texts_or_bytes) {
  const std::vector<TokenId> tokens = {1, 2};
  const std::vector<std::string> pieces = {"a", "\xe2\x82"};
  EXPECT_EQ(pieces_body(tokens, pieces), R"({"tokens":[{"id":1,"piece":"a"},{"id":2,"piece":[226,130]}]})");
  EXPECT_EQ(tokens_body({}), R"({"tokens":[]})");
}

TEST(LlamaServerAnswer, slots_are_the_contexts_that_run_and_room_for_more) {
  ContextLine running;
  running.view.id = SequenceId{17};
  running.view.prompt_tokens = 10;
  running.view.cached_tokens = 4;
  running.view.computed_tokens = 8;
  running.view.generated_tokens = 0;
  running.view.length_max = 30;
  const Properties properties{.model = "m", .context_tokens = 64, .contexts_max = 2};
  const Object slots = Object::parse(slots_body({&running, 1}, properties));
  ASSERT_EQ(slots.size(), 2U);
  EXPECT_EQ(slots[0]["id_task"], 17);
  EXPECT_EQ(slots[0]["n_prompt_tokens_processed"], 4);
  EXPECT_EQ(slots[0]["next_token"][0]["n_remain"], 20);
  EXPECT_EQ(slots[1]["is_processing"], false);
  const Object props = Object::parse(props_body(properties));
  EXPECT_EQ(props["total_slots"], 2);
  EXPECT_EQ(props["default_generation_settings"]["n_ctx"], 64);
  EXPECT_FLOAT_EQ(props["default_generation_settings"]["params"]["top_p"].get<float>(), 0.95F);
}

TEST(LlamaServerAnswer, is_read_by_the_client_side_of_its_own_dialect) {
  const auto writer = make_completion_writer(completion_head(true));
  std::string out;
  writer->delta(0, said("a", 7), 0, out);
  const auto piece = dialect.read_line(out.substr(0, out.find('\n')));
  ASSERT_TRUE(piece);
  EXPECT_EQ(piece->text, "a");
  EXPECT_TRUE(piece->reason.empty());
  out.clear();
  writer->finish(0, completed(FinishReason::length), {}, 0, out);
  const auto end = dialect.read_line(out.substr(0, out.find('\n')));
  ASSERT_TRUE(end);
  EXPECT_EQ(end->reason, "length");
  EXPECT_EQ(end->counts.prompt_tokens, 5);
  EXPECT_EQ(end->counts.cached_tokens, 4);
  EXPECT_EQ(end->counts.answer_tokens, 2);
  ClientCall call{.model = "m", .prompt = "p", .answer_tokens = 3};
  EXPECT_EQ(parse_completion(completion.client_body(call))->options.num_predict, 3);
}

}  // namespace
}  // namespace quire::api::llama_server
