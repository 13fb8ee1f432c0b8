#include "store/modelfile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace quire::store {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Modelfile parsed(std::string_view text) {
  const Result<Modelfile> file = Modelfile::parse(text);
  EXPECT_TRUE(file) << text << ": " << file.error().message;
  return file.value_or(Modelfile());
}

std::string refusal(std::string_view text) {
  const Result<Modelfile> file = Modelfile::parse(text);
  EXPECT_FALSE(file) << text;
  return file ? "" : file.error().message;
}

TEST(Modelfile, holds_what_its_commands_say) {
  const Modelfile file = parsed(R"(# a comment
from llama3.2
  PARAMETER temperature 0.7
Parameter stop "<|end|>"
PARAMETER   stop    User:
TEMPLATE """{{ .System }}

{{ .Prompt }}"""
SYSTEM You are brief. # and honest
ADAPTER ./a.gguf
LICENSE MIT
LICENSE """Apache
2.0"""
RENDERER r
PARSER p
REQUIRES v0.14.0
MESSAGE user Hi
MESSAGE assistant "Hello
there"
)");
  EXPECT_THAT(file.from, ElementsAre("llama3.2"));
  EXPECT_EQ(file.parameters,
            (std::vector<Modelfile::Parameter>{{"temperature", "0.7"}, {"stop", "<|end|>"}, {"stop", "User:"}}));
  EXPECT_EQ(file.template_, "{{ .System }}\n\n{{ .Prompt }}");
  EXPECT_EQ(file.system, "You are brief. # and honest");
  EXPECT_THAT(file.adapters, ElementsAre("./a.gguf"));
  EXPECT_THAT(file.licenses, ElementsAre("MIT", "Apache\n2.0"));
  EXPECT_EQ(file.renderer, "r");
  EXPECT_EQ(file.parser, "p");
  EXPECT_EQ(file.requires_, "0.14.0");
  EXPECT_EQ(file.messages, (std::vector<Modelfile::Message>{{"user", "Hi"}, {"assistant", "Hello\nthere"}}));
}

TEST(Modelfile, takes_values_as_ollama_does) {
  struct Row {
    const char* text;
    const char* from;
  };
  for (const Row& row : std::initializer_list<Row>{
           {"FROM \"FOO  BAR  \"", "FOO  BAR  "},
           {"FROM     FOOO BAR    ", "FOOO BAR"},
           {"FROM /what/is/the path ", "/what/is/the path"},
           {"FROM\tfoo", "foo"},
           {"FROM foo\r\nSYSTEM x\r\n", "foo"},
           {"PARAMETER what the \nFROM lemons make lemonade ", "lemons make lemonade"},
           {"FROM \"\"\"a \"b\" c\"\"\"", "a \"b\" c"},
           {"FROM a \"b\" c", "a \"b\" c"},
           {"FROM größe 日本 👩‍🚀", "größe 日本 👩‍🚀"},
           {"FROM a\x01 b\x7f\u0085c\u009b", "a bc"},
       }) {
    EXPECT_THAT(parsed(row.text).from, ElementsAre(row.from)) << row.text;
  }
}

TEST(Modelfile, reads_byte_order_marks) {
  EXPECT_THAT(parsed("\xef\xbb\xbf"
                     "FROM é")
                  .from,
              ElementsAre("é"));
  const std::u16string text = u"FROM é日\U0001f680";
  std::string little = "\xff\xfe";
  std::string big = "\xfe\xff";
  for (const char16_t unit : text) {
    little += {static_cast<char>(unit & 0xff), static_cast<char>(unit >> 8)};
    big += {static_cast<char>(unit >> 8), static_cast<char>(unit & 0xff)};
  }
  EXPECT_THAT(parsed(little).from, ElementsAre("é日🚀"));
  EXPECT_THAT(parsed(big).from, ElementsAre("é日🚀"));
  // Half a pair, and half a unit at the end.
  EXPECT_THAT(parsed(little.substr(0, little.size() - 2)).from, ElementsAre("é日\xef\xbf\xbd"));
  EXPECT_THAT(parsed(little + "x").from, ElementsAre("é日🚀"));
}

TEST(Modelfile, says_which_line_and_command_is_wrong) {
  EXPECT_EQ(refusal(""), "no FROM line");
  EXPECT_EQ(refusal("SYSTEM x"), "no FROM line");
  EXPECT_EQ(refusal("\nFROM foo\nBADCOMMAND param1 value1\n"),
            "(line 3): command must be one of \"from\", \"license\", \"template\", \"system\", \"adapter\", \"draft\", "
            "\"renderer\", \"parser\", \"parameter\", \"message\", or \"requires\"");
  EXPECT_EQ(refusal("FROM"), "(line 1): FROM has no value");
  EXPECT_EQ(refusal("FROM a\nPARAMETER temperature\n"), "(line 2): PARAMETER temperature has no value");
  EXPECT_EQ(refusal("FROM a\nPARAMETER \n"), "(line 2): PARAMETER has no name");
  EXPECT_EQ(refusal("FROM a\nMESSAGE bot hi"),
            "(line 2): message role must be one of \"system\", \"user\", or \"assistant\"");
  EXPECT_EQ(refusal("FROM a\nSYSTEM \"\"\"b\nc\n"), "(line 2): the quotation after SYSTEM has no end");
  EXPECT_EQ(refusal("FROM a\nREQUIRES soon"), "(line 2): requires must be a valid semver (e.g. 0.14.0)");
  EXPECT_EQ(Modelfile::parse(std::string(5 << 20, '\n')).error().kind, ErrorKind::too_large);
}

TEST(Modelfile, becomes_the_same_file_again) {
  const std::vector<std::string> texts = {"plain", "two words", " edges ", "\"quoted\"", "a \"b\"\nc", "line\nbreak",
                                          "\"",    "a\"",       "tab\t",   "# none",     "",           "é\r\n\"x"};
  for (const std::string& text : texts) {
    Modelfile file{.from = {text, "m"}, .adapters = {text}, .licenses = {text, text}, .messages = {{"user", text}}};
    file.template_ = text;
    file.system = text;
    file.parameters = {{"stop", text}};
    EXPECT_EQ(parsed(file.to_text()), file) << file.to_text();
  }
}

TEST(Parameters, become_ollamas_options) {
  const Result<ModelfileParameters> parameters = parameters_json({{"temperature", "0.7"},
                                                                  {"stop", "a"},
                                                                  {"num_ctx", "4096"},
                                                                  {"use_mmap", "true"},
                                                                  {"stop", "b"},
                                                                  {"num_ctx", "8192"},
                                                                  {"mirostat", "1"}});
  ASSERT_TRUE(parameters) << parameters.error().message;
  EXPECT_EQ(parameters->json, R"({"temperature":0.7,"stop":["a","b"],"num_ctx":8192,"use_mmap":true})");
  EXPECT_THAT(parameters->warnings, ElementsAre("parameter mirostat is deprecated"));
  EXPECT_THAT(parameters_json({})->warnings, IsEmpty());
  // Numbers of 32 bits, written as Go writes them.
  EXPECT_EQ(parameters_json({{"top_p", "0.123456789"}, {"min_p", "1e-7"}, {"temperature", "1.0"}})->json,
            R"({"top_p":0.12345679,"min_p":1e-7,"temperature":1})");
  EXPECT_FALSE(parameters_json({{"temperature", "1e39"}}));
}

TEST(Parameters, are_refused_by_name) {
  EXPECT_EQ(parameters_json({{"temprature", "1"}}).error().message, "unknown parameter 'temprature'");
  EXPECT_EQ(parameters_json({{"top_k", "0.5"}}).error().message, "invalid int value [0.5] of parameter 'top_k'");
  EXPECT_EQ(parameters_json({{"top_p", "nan"}}).error().message, "invalid float value [nan] of parameter 'top_p'");
  EXPECT_EQ(parameters_json({{"use_mmap", "yes"}}).error().message, "invalid bool value [yes] of parameter 'use_mmap'");
  EXPECT_FALSE(parameters_json({{"num_ctx", "99999999999999999999"}}));
}

}  // namespace
}  // namespace quire::store
