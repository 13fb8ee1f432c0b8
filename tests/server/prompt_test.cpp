#include "server/requests/prompt.h"

#include <gtest/gtest.h>

#include <numeric>

#include "server/fake_model.h"

namespace quire::server::test {
namespace {

// The fake model's context is 200 tokens, a token a byte and one for BOS.
class PromptTest : public testing::Test {
 protected:
  FakeRecord record_;
  FakeModel model_{"fake", record_, [](std::vector<Event>&&) {}};

  std::string text_of(const std::vector<TokenId>& tokens) {
    std::string text;
    for (const TokenId token : tokens) text += token == 256 ? '^' : static_cast<char>(token);
    return text;
  }
  std::string prompt_of(const api::GenerationCall& call) {
    const auto tokens = make_prompt(call, model_, 0);
    return tokens ? text_of(tokens->tokens) : std::to_string(tokens.error().status) + " " + tokens.error().message;
  }
  static api::GenerationCall chat(std::vector<api::Message> messages) {
    api::GenerationCall call;
    call.messages = std::move(messages);
    return call;
  }
  static api::Message message(std::string role, std::string content) {
    api::Message result;
    result.role = std::move(role);
    result.content = std::move(content);
    return result;
  }
};

TEST_F(PromptTest, is_the_rendered_conversation) {
  EXPECT_EQ(prompt_of(chat({message("system", "s"), message("user", "u")})), "^s|u");
}

TEST_F(PromptTest, has_descriptions_of_tools_where_its_template_takes_them_for_granted) {
  api::GenerationCall call = chat({message("user", "u")});
  call.tools = {{.name = "described"}, {.name = "other", .description = "does"}};
  EXPECT_EQ(prompt_of(call), "^u");
}

TEST_F(PromptTest, of_generate_is_rendered_with_its_system_text_unless_raw) {
  api::GenerationCall call;
  call.prompt = "p";
  call.system = "s";
  EXPECT_EQ(prompt_of(call), "^s|p");
  call.raw = true;
  EXPECT_EQ(prompt_of(call), "^p");
}

TEST_F(PromptTest, continues_a_context_without_a_second_bos) {
  api::GenerationCall call;
  call.prompt = "more";
  call.context = {256, 'a', 'b'};
  EXPECT_EQ(prompt_of(call), "^abmore");
}

// user, assistant, user, ...: `count` messages of `bytes` each, which begin with their number.
std::vector<api::Message> dialogue(size_t count, size_t bytes) {
  std::vector<api::Message> messages(count);
  for (size_t i = 0; i < count; ++i) {
    messages[i].role = i % 2 == 0 ? "user" : "assistant";
    messages[i].content = std::to_string(i);
    messages[i].content.resize(bytes, '.');
  }
  return messages;
}

TEST_F(PromptTest, loses_whole_turns_never_an_answer_without_its_question) {
  for (size_t count = 1; count <= 25; count += 2) {
    const std::vector<api::Message> messages = dialogue(count, 19);
    const auto prompt = make_prompt(chat(messages), model_, 0);
    ASSERT_TRUE(prompt) << prompt.error().message;
    // Room for 199 tokens: BOS and nine messages of 20 with their separators.
    EXPECT_EQ(prompt->dropped_messages, count <= 9 ? 0 : count - 9) << count;
    EXPECT_EQ(prompt->truncated(), count > 9);
    EXPECT_EQ(text_of(prompt->tokens).substr(1, 1), std::to_string(prompt->dropped_messages).substr(0, 1));
    EXPECT_EQ(prompt->dropped_messages % 2, 0U) << "the first that stays is a user's";
  }
}

TEST_F(PromptTest, keeps_what_belongs_to_the_last_question) {
  // Calls of tools and their results come and go with the question that led to them.
  std::vector<api::Message> messages = {message("assistant", "hello"),
                                        message("user", std::string(150, 'a')),
                                        message("assistant", "call"),
                                        message("tool", "result"),
                                        message("assistant", "so"),
                                        message("developer", "dev"),
                                        message("user", std::string(90, 'b')),
                                        message("assistant", "call"),
                                        message("tool", "result")};
  const auto prompt = make_prompt(chat(messages), model_, 0);
  ASSERT_TRUE(prompt) << prompt.error().message;
  EXPECT_EQ(text_of(prompt->tokens), "^dev|" + std::string(90, 'b') + "|call|result");
  EXPECT_EQ(prompt->dropped_messages, 5U);
  messages.back().content = std::string(150, 'c');
  EXPECT_EQ(prompt_of(chat(messages)).substr(0, 3), "400") << "the last turn is not taken apart";
}

TEST_F(PromptTest, is_found_with_few_renders) {
  struct Counting final : FakeModel {
    using FakeModel::FakeModel;
    Result<PromptText> render(const ChatTemplateInput& input) const override {
      ++renders;
      return FakeModel::render(input);
    }
    mutable int renders = 0;
  };
  const Counting model("fake", record_, [](std::vector<Event>&&) {});
  ASSERT_TRUE(make_prompt(chat(dialogue(2001, 19)), model, 0));
  EXPECT_LE(model.renders, 12) << "whole, the least, and a bisection over 1000 turns";
}

TEST_F(PromptTest, under_a_strict_template_is_shortened_to_one_that_it_takes) {
  // As many real ones: it raises unless user and assistant take turns, from the user on.
  struct Strict final : FakeModel {
    using FakeModel::FakeModel;
    Result<PromptText> render(const ChatTemplateInput& input) const override {
      bool is_users_turn = true;
      for (const auto& message : input.messages) {
        if (message["role"] == "system") continue;
        if ((message["role"] == "user") != is_users_turn) return fail(ErrorKind::invalid, "roles must alternate");
        is_users_turn = !is_users_turn;
      }
      return FakeModel::render(input);
    }
  };
  const Strict model("fake", record_, [](std::vector<Event>&&) {});
  std::vector<api::Message> messages = dialogue(41, 19);
  messages.insert(messages.begin(), message("system", "s"));
  const auto prompt = make_prompt(chat(messages), model, 0);
  ASSERT_TRUE(prompt) << prompt.error().message;
  EXPECT_EQ(prompt->dropped_messages, 32U);
}

TEST_F(PromptTest, goes_on_with_an_assistants_message_unless_the_call_says_otherwise) {
  api::GenerationCall call = chat({message("user", "u"), message("assistant", "a")});
  EXPECT_EQ(prompt_of(call), "^u|a~");
  call.last_turn = api::LastTurn::answered;
  EXPECT_EQ(prompt_of(call), "^u|a");
  call.last_turn = api::LastTurn::closed;
  EXPECT_EQ(prompt_of(call), "^u|a$");
  call.messages.pop_back();
  EXPECT_EQ(prompt_of(call), "^u$");
  call.last_turn = api::LastTurn::open;
  EXPECT_EQ(prompt_of(call), "^u~");
  call.last_turn = api::LastTurn::automatic;
  EXPECT_EQ(prompt_of(call), "^u");
}

TEST_F(PromptTest, drops_the_oldest_messages_until_the_rest_fits) {
  // Room for 199 tokens: BOS, "sys", and 3 messages of 49 with their separators.
  std::vector<api::Message> messages = {message("system", "sys")};
  for (int i = 0; i < 9; ++i) messages.push_back(message("user", std::string(48, static_cast<char>('0' + i))));
  messages.push_back(message("system", "mid"));
  messages.push_back(message("user", "last"));
  const std::string expected =
      "^sys|" + std::string(48, '6') + "|" + std::string(48, '7') + "|" + std::string(48, '8') + "|mid|last";
  EXPECT_EQ(prompt_of(chat(messages)), expected);
}

TEST_F(PromptTest, keeps_as_many_messages_as_fit_whatever_their_number) {
  for (size_t count = 1; count < 40; ++count) {
    std::vector<api::Message> messages(count, message("user", "123456789"));
    const std::string prompt = prompt_of(chat(messages));
    // BOS and nine bytes a message with a separator between two: k messages take 10 * k tokens.
    EXPECT_EQ(prompt.size(), 10 * std::min<size_t>(count, 19)) << count;
  }
}

TEST_F(PromptTest, refuses_a_chat_whose_last_message_is_too_long) {
  const std::string refused =
      "400 the prompt is longer than the context length currently available to the model; it has ";
  EXPECT_EQ(prompt_of(chat({message("user", "a"), message("user", std::string(199, 'x'))})),
            refused + "200 tokens, the context 200");
  EXPECT_EQ(prompt_of(chat({message("user", std::string(5000, 'x'))})),
            refused + "at least 200 tokens, the context 200");
  api::GenerationCall whole = chat({message("user", std::string(150, 'a')), message("user", std::string(150, 'b'))});
  whole.truncate = false;
  EXPECT_EQ(prompt_of(whole).substr(0, 3), "400");
}

TEST_F(PromptTest, of_a_text_loses_its_middle) {
  api::GenerationCall call;
  call.raw = true;
  call.options.num_keep = 3;
  call.prompt = "abcdef" + std::string(300, '-') + "end";
  const std::string prompt = prompt_of(call);
  EXPECT_TRUE(prompt.starts_with("^abc-")) << prompt;
  EXPECT_TRUE(prompt.ends_with("-end"));
  EXPECT_EQ(prompt.size(), 4U + (200 - 4) / 2);
  EXPECT_TRUE(make_prompt(call, model_, 0)->truncated());
  call.prompt = "abcdef" + std::string(30'000'000, '-') + "end";
  EXPECT_EQ(prompt_of(call), prompt);
  call.truncate = false;
  EXPECT_EQ(prompt_of(call).substr(0, 3), "400");
}

TEST_F(PromptTest, is_bounded_by_num_ctx) {
  api::GenerationCall call;
  call.raw = true;
  call.prompt = std::string(60, 'x');
  call.options.num_ctx = 50;
  EXPECT_EQ(context_limit(call, model_), 50);
  EXPECT_LT(prompt_of(call).size(), 50U);
  call.options.num_ctx = 5000;
  EXPECT_EQ(context_limit(call, model_), 200);
  call.options.num_ctx = 1;
  EXPECT_EQ(prompt_of(call).substr(0, 3), "400");
}

TEST_F(PromptTest, refuses_ids_outside_the_vocabulary) {
  api::GenerationCall call;
  call.prompt_tokens = {256, 257};
  EXPECT_EQ(prompt_of(call), "400 \"prompt\" holds the token id 257, the model's vocabulary has 257 tokens");
  call.prompt_tokens = {256};
  EXPECT_EQ(prompt_of(call), "^");
  call.options.sampling.logit_bias = {{1000, 1.0F}};
  EXPECT_EQ(prompt_of(call).substr(0, 3), "400");
  call.options.sampling.logit_bias.clear();
  call.options.stop_tokens = {257};
  EXPECT_EQ(prompt_of(call), "400 \"stop_token_ids\" holds the token id 257, the model's vocabulary has 257 tokens");
  call.options.stop_tokens.clear();
  call.options.sampling.allowed_tokens = {1, 257};
  EXPECT_EQ(prompt_of(call), "400 \"allowed_token_ids\" holds the token id 257, the model's vocabulary has 257 tokens");
}

TEST_F(PromptTest, in_pieces_is_one_text_to_the_files_tokens_around_it) {
  struct Ended final : FakeModel {
    using FakeModel::FakeModel;
    std::vector<TokenId> tokenize(std::string_view text, bool add_special, bool parse_special) const override {
      std::vector<TokenId> tokens = FakeModel::tokenize(text, add_special, parse_special);
      if (add_special) tokens.push_back('$');
      return tokens;
    }
  };
  const Ended model("fake", record_, [](std::vector<Event>&&) {});
  const api::TextPrompt text{.text = "a"};
  const api::TextPrompt ids{.tokens = {'b'}};
  const auto with = [&](std::vector<api::TextPrompt> pieces, bool add_special) {
    return text_of(prompt_tokens_of({.pieces = std::move(pieces)}, model, add_special, true));
  };
  EXPECT_EQ(with({text, ids, text}, true), "^aba$");
  EXPECT_EQ(with({text, ids}, true), "^ab");
  EXPECT_EQ(with({ids, text}, true), "ba$");
  EXPECT_EQ(with({text, ids, text}, false), "aba");
}

TEST_F(PromptTest, with_a_gap_is_rendered_whole_where_it_is_not_to_be_cut) {
  api::GenerationCall call;
  call.renders_only = true;
  call.truncate = false;
  call.fill_in = api::FillIn{.before = {.text = std::string(1000, 'b')}, .after = {.text = std::string(1000, 'a')}};
  EXPECT_EQ(prompt_of(call), "^{" + std::string(1000, 'b') + "|" + std::string(1000, 'a') + "}");
}

TEST_F(PromptTest, turns_the_texts_of_a_call_into_its_tokens) {
  api::GenerationCall call;
  call.prompt_tokens = {1};
  call.options.sampling.logit_bias = {{7, 1.0F}};
  call.options.texts.biases = {{"ab", -2.0F}};
  call.options.texts.bad_words = {"xy"};
  ASSERT_TRUE(make_prompts(call, model_, 0));
  EXPECT_EQ(call.options.sampling.logit_bias,
            (std::vector<std::pair<TokenId, float>>{{7, 1.0F}, {'a', -2.0F}, {'b', -2.0F}}));
  EXPECT_EQ(call.options.sampling.bad_words, (std::vector<std::vector<TokenId>>{{'x', 'y'}}));
}

// Every small size: the result always leaves room, keeps the beginning, and ends with the newest.
TEST(CutMiddle, holds_what_it_promises_for_every_small_size) {
  for (int32_t length = 1; length <= 24; ++length) {
    for (int32_t limit = 2; limit <= 12; ++limit) {
      for (int32_t keep = -1; keep <= 26; ++keep) {
        std::vector<TokenId> tokens(static_cast<size_t>(length));
        std::iota(tokens.begin(), tokens.end(), 0);
        const std::vector<TokenId> cut = cut_middle(tokens, keep, limit);
        ASSERT_GE(cut.size(), 1U);
        ASSERT_LT(cut.size(), static_cast<size_t>(limit));
        ASSERT_EQ(cut.back(), length - 1);
        if (length < limit) {
          ASSERT_EQ(cut, tokens);
        } else {
          for (int32_t i = 0; i < std::min(keep, limit - 2); ++i) ASSERT_EQ(cut[static_cast<size_t>(i)], i);
        }
      }
    }
  }
}

}  // namespace
}  // namespace quire::server::test
