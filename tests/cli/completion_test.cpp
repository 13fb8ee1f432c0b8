// What shells and man(1) are told of the commands.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "cli/describe.h"
#include "cli/fake_ollama.h"
#include "cli/nearest_name.h"
#include "cli/shell.h"

namespace quire::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(NearestName, is_a_slip_away_or_begins_so) {
  const std::vector<std::string> names = {"run",  "pull",  "push",   "list",      "show",
                                          "stop", "serve", "create", "completion"};
  EXPECT_EQ(nearest_name("lsit", names), "list") << "letters that changed places";
  EXPECT_EQ(nearest_name("pul", names), "pull");
  EXPECT_EQ(nearest_name("srve", names), "serve");
  EXPECT_EQ(nearest_name("comp", names), "completion");
  EXPECT_EQ(nearest_name("xyzzy", names), "");
  EXPECT_EQ(nearest_name("", names), "");
}

// What bash offers for a line that is being typed. It parts words at colons, too.
std::string offered(const std::string& line, const std::string& environment = "true") {
  std::string words = line;
  for (size_t at = 0; (at = words.find(':', at)) != std::string::npos; at += 3) words.replace(at, 1, " : ");
  if (line.ends_with(' ')) words += "\"\"";
  return shell(environment + "; bin=$(dirname $(echo QUIRE )); PATH=$bin:$PATH; export PATH; " +
               "bash -c 'source <(quire completion bash); COMP_LINE=\"" + line +
               "\"; COMP_POINT=${#COMP_LINE}; COMP_WORDBREAKS=:; COMP_WORDS=(" + words +
               "); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _quire; printf \"%s \" \"${COMPREPLY[@]}\"'")
      .out;
}

TEST(Completion, bash_offers_commands_options_and_models) {
  FakeOllama server;
  server.on("GET /api/tags", [](const auto&) {
    return FakeOllama::Reply{
        .body = R"({"models":[{"name":"llama3.2:latest","digest":"1"},{"name":"qwen:1b","digest":"2"}]})"};
  });
  EXPECT_EQ(offered("quire pu"), "pull push ");
  EXPECT_THAT(offered("quire bench "), HasSubstr("batch "));
  EXPECT_EQ(offered("quire run m --no"), "--nowordwrap ");
  EXPECT_EQ(offered("quire bench batch --par"), "--parallel ");
  EXPECT_EQ(offered("quire show l", "export " + server.environment()), "llama3.2:latest ");
  EXPECT_EQ(offered("quire show llama3.2:la", "export " + server.environment()), "latest ") << "behind the colon";
  EXPECT_EQ(shell("QUIRE completion bash | tr -d '\\n\\40-\\176' | wc -c").out, "0\n") << "plain text alone";
  EXPECT_THAT(offered("quire sign"), Not(HasSubstr("signin"))) << "what is refused is not offered";
}

TEST(Completion, a_models_name_is_never_a_command) {
  const std::string made = testing::TempDir() + "/made_by_a_name";
  std::filesystem::remove(made);
  FakeOllama server;
  server.on("GET /api/tags", [&](const auto&) {
    return FakeOllama::Reply{.body = R"({"models":[{"name":"$(touch$IFS)" + made + R"():x","digest":"1"}]})"};
  });
  EXPECT_THAT(offered("quire show ", "export " + server.environment()), HasSubstr("$(touch$IFS"));
  EXPECT_FALSE(std::filesystem::exists(made));
}

TEST(Completion, each_shell_understands_its_script) {
  for (const char* name : {"bash", "zsh", "fish"}) {
    const Ran ran = shell(std::string("QUIRE completion ") + name);
    EXPECT_EQ(ran.status, 0);
    EXPECT_THAT(ran.out, Not(HasSubstr("->"))) << "choices are words";
    for (const char* word : {"nowordwrap", "pull", "quantize", "completion"})
      EXPECT_THAT(ran.out, HasSubstr(word)) << name;
    const std::string check = name == std::string("fish") ? "fish -N" : std::string(name) + " -n";
    // A shell that is not here cannot be asked.
    EXPECT_EQ(shell("command -v " + std::string(name) + " >/dev/null || exit 0; QUIRE completion " + name + " > \"" +
                    testing::TempDir() + "/script\"; " + check + " \"" + testing::TempDir() + "/script\"")
                  .status,
              0)
        << name;
  }
  EXPECT_THAT(shell("QUIRE completion tcsh 2>&1").out, HasSubstr("no completion for 'tcsh'"));
}

TEST(ManPage, has_every_command_that_the_help_has) {
  const Ran ran = shell("QUIRE man-page");
  EXPECT_EQ(ran.status, 0);
  const std::string help = shell("QUIRE --help").out;
  for (const char* command : {"run", "pull", "list", "show", "ps", "stop", "cp", "rm", "create", "push", "serve",
                              "bench", "tune", "inspect", "completion"}) {
    EXPECT_THAT(ran.out, HasSubstr(std::string("\\fBquire ") + command)) << command;
    EXPECT_THAT(help, HasSubstr(std::string("  ") + command)) << command;
  }
  EXPECT_THAT(ran.out, HasSubstr("QUIRE_HOST"));
  EXPECT_THAT(ran.out, Not(HasSubstr("signin")));
  for (const std::string_view line : {"\n.SH NAME\n", "\n.SH EXIT STATUS\n"})
    EXPECT_THAT(ran.out, HasSubstr(std::string(line)));
}

}  // namespace
}  // namespace quire::cli
