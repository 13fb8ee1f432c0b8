// `quire run` on a terminal, with a server that remembers what it was told.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <optional>

#include "cli/fake_ollama.h"
#include "cli/terminal_program.h"

namespace quire::cli {
namespace {

using nlohmann::json;

constexpr const char* prompt = ">>> ";
constexpr const char* control_c = "\x03";
constexpr const char* control_d = "\x04";

class PromptTest : public testing::Test {
 protected:
  void SetUp() override {
    home_ = std::filesystem::path(testing::TempDir()) /
            (std::string("prompt_") + testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::remove_all(home_);
    std::filesystem::create_directory(home_);
  }
  void start(std::vector<std::string> more = {}, std::string locale = "LANG=C") {
    more.insert(more.begin(), {"run", "m"});
    program_.emplace(more, std::vector{server_.environment(), "HOME=" + home_.string(), std::move(locale)});
    ASSERT_TRUE(program_->shows(prompt)) << program_->output();
  }
  // The messages of the last turn, once there have been so many.
  json messages(size_t turns) {
    const auto calls = server_.wait_for("POST /api/chat", turns);
    EXPECT_EQ(calls.size(), turns) << program_->output();
    return calls.empty() ? json() : calls.back().body["messages"];
  }
  std::string last_content(size_t turns) {
    const json all = messages(turns);
    return all.is_array() && !all.empty() ? all.back()["content"].get<std::string>() : "";
  }

  std::filesystem::path home_;
  FakeOllama server_;
  std::optional<TerminalProgram> program_;
};

TEST_F(PromptTest, sends_every_character_whatever_the_locale) {
  for (const char* locale : {"LANG=C", "LC_ALL=POSIX", "LANG=de_DE.ISO-8859-1", "LANG=C.UTF-8"}) {
    SCOPED_TRACE(locale);
    start({}, locale);
    const size_t turns = server_.calls("POST /api/chat").size() + 1;
    program_->type("Was ist größer? 日本 🙂\r");
    EXPECT_EQ(last_content(turns), "Was ist größer? 日本 🙂");
    EXPECT_TRUE(program_->shows("Hello."));
    ASSERT_TRUE(program_->shows(prompt));
    program_->type(control_d);
    EXPECT_EQ(program_->end(), 0);
  }
}

TEST_F(PromptTest, what_is_no_utf8_becomes_the_replacement_character) {
  start();
  program_->type("caf\xe9 au lait\r");
  EXPECT_EQ(last_content(1), "caf\xef\xbf\xbd au lait");
}

TEST_F(PromptTest, pasted_lines_are_one_message) {
  start();
  EXPECT_NE(program_->output().find("\x1b[?2004h"), std::string::npos) << "the terminal is asked to mark pastes";
  program_->type("Look:\x1b[200~first größe\r\tsecond\r/bye\x1b[201~ thanks\r");
  EXPECT_EQ(last_content(1), "Look:first größe\n\tsecond\n/bye thanks");
  EXPECT_TRUE(program_->shows("Hello."));
  EXPECT_TRUE(program_->shows(prompt));
  std::string large;
  for (int line = 0; line < 200; ++line) large += "line " + std::to_string(line) + "\r";
  program_->type("\x1b[200~" + large + "\x1b[201~\r");
  EXPECT_EQ(last_content(2).size(), large.size());
}

TEST_F(PromptTest, an_interrupt_at_the_prompt_drops_the_line_and_nothing_else) {
  start();
  program_->type("not this");
  ASSERT_TRUE(program_->shows("this"));
  program_->type(control_c);
  ASSERT_TRUE(program_->shows(prompt));
  program_->type(control_c);
  ASSERT_TRUE(program_->shows("Ctrl-D or /bye leaves."));
  ASSERT_TRUE(program_->shows(prompt));
  program_->type("this\r");
  EXPECT_EQ(messages(1), json::parse(R"([{"role":"user","content":"this"}])"));
  EXPECT_TRUE(program_->shows("Hello.")) << "the interrupts do not cancel what comes later";
}

TEST_F(PromptTest, an_interrupt_stops_the_answer_and_keeps_what_was_said) {
  start();
  server_.hold("POST /api/chat", "Once");
  program_->type("tell\r");
  ASSERT_TRUE(program_->shows("Once"));
  program_->type(control_c);
  ASSERT_TRUE(program_->shows(prompt));
  server_.hold("POST /api/chat", "");
  program_->type("never answered\r");
  server_.wait_for("POST /api/chat", 2);
  program_->type(control_c);
  ASSERT_TRUE(program_->shows(prompt));
  server_.hold("POST /api/chat", std::nullopt);
  program_->type("go on\r");
  EXPECT_EQ(messages(3), json::parse(R"([{"role":"user","content":"tell"},{"role":"assistant","content":"Once"},
                                         {"role":"user","content":"go on"}])"))
      << "a turn without a word of an answer leaves no trace";
  EXPECT_TRUE(program_->shows("Hello."));
}

TEST_F(PromptTest, several_lines_stand_between_three_quotes) {
  start();
  program_->type("\"\"\"one\r");
  ASSERT_TRUE(program_->shows("... "));
  program_->type("two\"\"\"\r");
  EXPECT_EQ(last_content(1), "one\ntwo");
  ASSERT_TRUE(program_->shows(prompt));
  program_->type("/set system \"\"\"be\r");
  ASSERT_TRUE(program_->shows("... "));
  program_->type("brief\"\"\"\r");
  ASSERT_TRUE(program_->shows("Set system message."));
  program_->type("hi\r");
  EXPECT_EQ(messages(2).front(), json::parse(R"({"role":"system","content":"be\nbrief"})"));
}

TEST_F(PromptTest, what_is_set_is_sent_and_what_makes_no_sense_is_refused_where_it_is_typed) {
  const std::string picture = (home_ / "cat.JPG").string();
  std::ofstream(picture) << "not really";
  start();
  for (const auto& [line, reply] : std::vector<std::pair<std::string, std::string>>{
           {"/set parameter temperature 0.5", "Set parameter 'temperature' to '0.5'"},
           {"/set parameter stop \"two words\" end", "Set parameter 'stop' to 'two words, end'"},
           {"/set parameter temperature nan", "error: temperature: 'nan' is not a number"},
           {"/set parameter top_p 2", "error: top_p: '2' is not a number from 0 to 1"},
           {"/set parameter seed 1e400", "error: seed"},
           {"/set parameter num_predict 1.5", "error: num_predict: '1.5' is not a whole number"},
           {"/set parameter nonsense 1", "error: unknown parameter 'nonsense'"},
           {"/set think much", "error: think 'much': expected true, false or low, medium, high, max"},
           {"/set think low", "Set 'think' mode to 'low'."},
           {"what is in " + picture + " ?", "error: pictures are not supported yet: " + picture},
           {"/set nonsense", "Unknown command '/set nonsense'"},
           {"/nonsense", "Unknown command '/nonsense'"},
           {"/load other", "Couldn't find model 'other'"},
           {"/set nowordwrap", "Set 'nowordwrap' mode."},
           {"/clear", "Cleared session context"}}) {
    program_->type(line + "\r");
    EXPECT_TRUE(program_->shows(reply)) << line << "\n" << program_->output();
    EXPECT_TRUE(program_->shows(prompt));
  }
  program_->type("hi\r");
  messages(1);
  EXPECT_EQ(server_.calls("POST /api/chat")[0].body["options"],
            json::parse(R"({"temperature":0.5,"stop":["two words","end"]})"));
  EXPECT_EQ(server_.calls("POST /api/chat")[0].body["think"], "low");
}

TEST_F(PromptTest, thoughts_that_are_interrupted_leave_the_terminal_as_it_was) {
  server_.on("POST /api/chat", [](const json&) {
    return FakeOllama::Reply{.body = R"({"message":{"thinking":"Hm"},"done":false})"
                                     "\n"
                                     R"({"message":{"content":""},"done":true,"done_reason":"length"})"
                                     "\n"};
  });
  start();
  program_->type("hi\r");
  ASSERT_TRUE(program_->shows("Hm"));
  EXPECT_TRUE(program_->shows("\x1b[0m")) << program_->output();
}

TEST_F(PromptTest, a_conversation_is_saved_under_a_name) {
  server_.on("POST /api/create", [](const json&) { return FakeOllama::Reply{.body = "{\"status\":\"success\"}\n"}; });
  start();
  program_->type("/set system Be brief.\r");
  ASSERT_TRUE(program_->shows("Set system message."));
  program_->type("hi\r");
  ASSERT_TRUE(program_->shows("Hello."));
  program_->type("/save mine\r");
  EXPECT_TRUE(program_->shows("Created new model 'mine'"));
  EXPECT_EQ(server_.wait_for("POST /api/create", 1).at(0).body, json::parse(R"({
    "model":"mine","from":"m","system":"Be brief.",
    "messages":[{"role":"user","content":"hi"},{"role":"assistant","content":"Hello."}]})"));
}

TEST_F(PromptTest, says_that_a_prompt_was_shortened) {
  server_.on("POST /api/chat", [](const json&) {
    return FakeOllama::Reply{.body = R"({"message":{"content":"Hm."},"done":true,"prompt_truncated":true})"
                                     "\n"};
  });
  start();
  program_->type("hi\r");
  EXPECT_TRUE(program_->shows("its oldest turns were left out")) << program_->output();
}

TEST_F(PromptTest, wraps_at_the_width_that_the_terminal_has_now) {
  const std::string words = "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omikron";
  server_.on("POST /api/chat", [&](const json&) { return FakeOllama::said(words); });
  start();
  program_->type("wide\r");
  ASSERT_TRUE(program_->shows("omikron"));
  const std::string wide = program_->output();
  EXPECT_NE(wide.find("nu xi "), std::string::npos);
  ASSERT_TRUE(program_->shows(prompt));
  program_->resize(30);
  program_->type("narrow\r");
  EXPECT_TRUE(program_->shows("\x1b[2D\x1b[K\r\nepsilon ")) << "30 columns less a margin hold four words";
}

TEST_F(PromptTest, remembers_lines_between_runs_unless_told_not_to) {
  start();
  program_->type("first größe\r");
  last_content(1);
  ASSERT_TRUE(program_->shows("Hello."));
  ASSERT_TRUE(program_->shows(prompt));
  program_->type(control_d);
  EXPECT_EQ(program_->end(), 0);
  start();
  program_->type("\x1b[A\r");
  EXPECT_EQ(last_content(2), "first größe");
}

TEST_F(PromptTest, an_error_of_one_answer_does_not_end_the_conversation) {
  server_.on("POST /api/chat",
             [](const json&) { return FakeOllama::Reply{.status = 500, .body = R"({"error":"no room"})"}; });
  start();
  program_->type("hi\r");
  EXPECT_TRUE(program_->shows("error: no room"));
  server_.on("POST /api/chat", [](const json&) { return FakeOllama::said("Hello."); });
  ASSERT_TRUE(program_->shows(prompt));
  program_->type("again\r");
  EXPECT_EQ(messages(2), json::parse(R"([{"role":"user","content":"again"}])"));
}

TEST_F(PromptTest, an_interrupt_ends_the_wait_for_a_model_that_loads) {
  server_.hold("POST /api/generate", "");
  program_.emplace(std::vector<std::string>{"run", "m"}, std::vector{server_.environment(), "HOME=" + home_.string()});
  server_.wait_for("POST /api/generate", 1);
  program_->type(control_c);
  EXPECT_EQ(program_->end(), 1);
  EXPECT_NE(program_->output().find("Error: interrupted"), std::string::npos) << program_->output();
}

}  // namespace
}  // namespace quire::cli
