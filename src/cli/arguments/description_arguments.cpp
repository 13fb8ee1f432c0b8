#include <fmt/format.h>

#include "cli/arguments/arguments.h"
#include "cli/describe.h"

namespace quire::cli {

void add_description_commands(CLI::App& app, Action& action) {
  CLI::App* completion = app.add_subcommand("completion", "A script that lets a shell complete quire's commands");
  const auto shell = std::make_shared<std::string>();
  completion->add_option("shell", *shell, "bash, zsh or fish")->type_name("SHELL")->required();
  completion->footer("For this shell alone: source <(quire completion bash), or: quire completion fish | source");
  completion->callback([&app, &action, shell] {
    action = [&app, shell]() -> Result<int> {
      QUIRE_TRY(const std::string script, completion_script(describe(app), *shell));
      fmt::print("{}", script);
      return 0;
    };
  });

  CLI::App* manual = app.add_subcommand("man-page", "The manual, for man(1)");
  manual->footer("To read it: quire man-page | man -l -");
  manual->callback([&app, &action] {
    action = [&app]() -> Result<int> {
      fmt::print("{}", man_page(describe(app), environment_text));
      return 0;
    };
  });
}

}  // namespace quire::cli
