// Answers that tell of their prompts, and the best of several: OpenAI's completions and chat.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "api/openai/dialect.h"
#include "text/parts/parts.h"

namespace quire::api::openai {
namespace {

using Json = nlohmann::json;

PositionLogprobs position(TokenId token, float logprob, std::string text) {
  PositionLogprobs result;
  result.chosen = {token, logprob, std::move(text)};
  result.top = {{90, -0.25F, "x"}, {token, logprob, result.chosen.text}};
  return result;
}

// The prompt "hé" as three tokens behind a BOS.
AnswerHead head_of(bool stream) {
  AnswerHead head{.stream = stream, .wants_logprobs = true, .id = "id-1", .model = "tiny"};
  head.shown = {.echo = true, .echo_top_n = 1};
  head.shown.prompts.push_back(
      {.text = "h\u00e9", .tokens = {1, 7, 8, 9}, .names = {"<s>", "h", "\xc3", "\xa9"}, .offsets = {0, 0, 1, 2}});
  return head;
}

// The prompt in two pieces, then one token where there is one.
std::string written(const Endpoint& endpoint, AnswerHead head, bool says_something = true) {
  const auto writer = endpoint.make_writer(std::move(head));
  std::string out;
  writer->prompt(0, {{position(7, -1, "h")}});
  writer->prompt(0, {{position(8, -2, "\xc3"), position(9, -3, "\xa9")}});
  AnswerDelta delta;
  delta.parts.push_back(parts::Content{"!"});
  delta.tokens = {5};
  delta.logprobs.push_back(position(5, -0.5F, "!"));
  if (says_something) writer->delta(0, delta, 0, out);
  Finished finished{.reason = FinishReason::length};
  finished.stats.prompt_tokens = 4;
  writer->finish(0, finished, {}, 0, out);
  return out;
}

std::vector<Json> events_of(const std::string& stream) {
  std::vector<Json> events;
  for (size_t begin = 0; begin < stream.size();) {
    const size_t end = stream.find("\n\n", begin);
    const std::string data = stream.substr(begin + 6, end - begin - 6);
    if (data != "[DONE]") events.push_back(Json::parse(data));
    begin = end + 2;
  }
  return events;
}

const Json prompt_tokens = {"<s>", "h", "bytes:\\xc3", "bytes:\\xa9"};

TEST(EchoAnswer, begins_with_its_prompt_whose_first_token_has_no_logprob) {
  const Json choice = Json::parse(written(completions, head_of(false)))["choices"][0];
  EXPECT_EQ(choice["text"], "h\u00e9!");
  Json tokens = prompt_tokens;
  tokens.push_back("!");
  EXPECT_EQ(choice["logprobs"]["tokens"], tokens);
  EXPECT_EQ(choice["logprobs"]["token_logprobs"], Json({nullptr, -1.0, -2.0, -3.0, -0.5}));
  EXPECT_EQ(choice["logprobs"]["text_offset"], Json({0, 0, 1, 2, 2}));
  EXPECT_EQ(choice["logprobs"]["top_logprobs"][0], Json());
  EXPECT_EQ(choice["logprobs"]["top_logprobs"][1], Json({{"x", -0.25}})) << "one was asked for";
}

TEST(EchoAnswer, is_the_prompt_alone_where_nothing_is_generated) {
  const Json choice = Json::parse(written(completions, head_of(false), false))["choices"][0];
  EXPECT_EQ(choice["text"], "h\u00e9");
  EXPECT_EQ(choice["logprobs"]["tokens"], prompt_tokens);
  EXPECT_EQ(choice["finish_reason"], "length");
  const std::vector<Json> events = events_of(written(completions, head_of(true), false));
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0]["choices"][0]["text"], "h\u00e9");
  EXPECT_EQ(events[0]["choices"][0]["logprobs"]["tokens"], prompt_tokens);
}

TEST(EchoAnswer, streams_its_prompt_with_the_first_text) {
  const std::vector<Json> events = events_of(written(completions, head_of(true)));
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[0]["choices"][0]["text"], "h\u00e9!");
  EXPECT_EQ(events[0]["choices"][0]["logprobs"]["token_logprobs"].size(), 5U);
  EXPECT_EQ(events[1]["choices"][0]["text"], "");
  EXPECT_EQ(events[1]["choices"][0]["logprobs"], Json());
  AnswerHead bare = head_of(true);
  bare.wants_logprobs = false;
  EXPECT_EQ(events_of(written(completions, bare))[0]["choices"][0]["logprobs"], Json());
}

// vLLM's: null for the first token, then an object keyed by ids.
const Json list = Json::parse(
    R"([null,{"7":{"logprob":-1.0,"rank":2,"decoded_token":"h"},"90":{"logprob":-0.25,"rank":1,"decoded_token":"x"}}])");

TEST(PromptLogprobsAnswer, is_vllms_list_in_each_choice_or_beside_the_choices_of_a_chat) {
  AnswerHead head{.stream = false, .id = "id-1", .model = "tiny"};
  head.shown.logprobs_top_n = 1;
  const Json text = Json::parse(written(completions, head))["choices"][0];
  EXPECT_EQ(text["text"], "!");
  EXPECT_EQ(text["prompt_logprobs"].size(), 4U);
  EXPECT_EQ(text["prompt_logprobs"][0], list[0]);
  EXPECT_EQ(text["prompt_logprobs"][1], list[1]);
  const Json chat = Json::parse(written(chat_completions, head));
  EXPECT_EQ(chat["prompt_logprobs"][1], list[1]);
  EXPECT_FALSE(chat["choices"][0].contains("prompt_logprobs"));
  head.shown.logprobs_top_n = 0;
  EXPECT_EQ(Json::parse(written(completions, head))["choices"][0]["prompt_logprobs"][1].size(), 1U);
  head.shown.logprobs_top_n = -1;
  EXPECT_FALSE(Json::parse(written(completions, head))["choices"][0].contains("prompt_logprobs"));
}

TEST(PromptLogprobsAnswer, is_streamed_once_with_the_first_message) {
  AnswerHead head{.stream = true, .id = "id-1", .model = "tiny"};
  head.shown.logprobs_top_n = 1;
  const std::vector<Json> text = events_of(written(completions, head));
  EXPECT_EQ(text[0]["choices"][0]["prompt_logprobs"][1], list[1]);
  EXPECT_FALSE(text[1]["choices"][0].contains("prompt_logprobs"));
  const std::vector<Json> chat = events_of(written(chat_completions, head));
  EXPECT_EQ(chat[0]["prompt_logprobs"][1], list[1]);
  EXPECT_FALSE(chat[1].contains("prompt_logprobs"));
}

TEST(BestOfAnswer, has_the_likeliest_by_the_mean_of_their_tokens) {
  AnswerHead head{.stream = false, .id = "id-1", .model = "tiny", .choices = 6, .choices_per_prompt = 3, .best = 2};
  const auto writer = completions.make_writer(head);
  std::string out;
  const auto say = [&](size_t choice, const std::string& text, const std::vector<float>& logprobs) {
    AnswerDelta delta;
    delta.parts.push_back(parts::Content{text});
    for (const float logprob : logprobs) delta.logprobs.push_back(position(5, logprob, "t"));
    if (!logprobs.empty()) writer->delta(choice, delta, 0, out);
    Finished finished{.reason = FinishReason::stop};
    finished.stats.generated_tokens = static_cast<int64_t>(logprobs.size());
    writer->finish(choice, finished, {}, 0, out);
  };
  say(0, "a", {-2});
  say(1, "b", {-1, -1, -1});
  say(2, "c", {-3});
  say(3, "d", {});
  say(4, "e", {-9});
  say(5, "f", {-9});
  const Json answer = Json::parse(out);
  ASSERT_EQ(answer["choices"].size(), 4U);
  const char* texts[] = {"b", "a", "e", "f"};
  for (size_t index = 0; index < 4; ++index) {
    EXPECT_EQ(answer["choices"][index]["text"], texts[index]);
    EXPECT_EQ(answer["choices"][index]["index"], index);
    EXPECT_EQ(answer["choices"][index]["logprobs"], Json()) << "nobody asked for them";
  }
  EXPECT_EQ(answer["usage"]["completion_tokens"], 7) << "those that are not sent cost as much";
}

}  // namespace
}  // namespace quire::api::openai
