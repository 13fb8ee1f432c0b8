#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>

#include "cli/arguments/arguments.h"
#include "cli/commands/commands.h"
#include "cli/conversation/conversation.h"

namespace quire::cli {
namespace {

std::vector<std::string> think_words() {
  std::vector<std::string> words = {"true", "false"};
  words.insert(words.end(), think_levels.begin(), think_levels.end());
  return words;
}

// A finite number within bounds; CLI11's own check lets "nan" through.
CLI::Validator number_within(double min, double max) {
  return CLI::Validator(
      [min, max](const std::string& text) {
        double value = 0;
        const bool fits =
            CLI::detail::lexical_cast(text, value) && std::isfinite(value) && value >= min && value <= max;
        return fits ? std::string() : fmt::format("'{}' is not a number from {} to {}", text, min, max);
      },
      "");
}

void add_sampling(CLI::App& run, RunOptions& options) {
  constexpr double temperature_max = 1e6, seed_max = 9007199254740992, tokens_max = 2147483647;
  run.add_option("--temperature", options.sampling.temperature, "0: always the likeliest token (0.8)")
      ->check(number_within(0, temperature_max));
  run.add_option("--seed", options.sampling.seed, "The same seed gives the same answer (random)")
      ->check(number_within(-seed_max, seed_max));
  run.add_option("--num-predict", options.sampling.num_predict, "Tokens of the answer at most (until it ends)")
      ->check(number_within(-2, tokens_max));
  run.add_option("--system", options.system, "The system message");
  run.add_flag("--raw", options.raw, "The prompt's own bytes alone: no template, nothing out of a pipe");
}

// An option of Ollama's that is not served: whoever gives it hears why. `takes_value`: a word follows it.
void add_refused_option(CLI::App& command, const char* name, bool takes_value, const char* reason) {
  CLI::Option* option = takes_value ? command.add_option(name) : command.add_flag(name);
  option->group("")->check([reason](const std::string&) { return std::string(reason); });
}

void add_transfer_command(CLI::App& app, Action& action, const char* name, const char* summary,
                          Result<void> (*run)(const TransferOptions&)) {
  CLI::App* command = app.add_subcommand(name, summary);
  const auto options = bind_command<TransferOptions>(command, action, run);
  command->add_option("model", options->model, "The model: NAME[:TAG], or HOST/NAMESPACE/NAME[:TAG]")
      ->type_name("MODEL")
      ->required();
  command->add_flag("--insecure", options->insecure, "The registry may be reached without TLS");
}

void add_show_command(CLI::App& app, Action& action) {
  CLI::App* show = app.add_subcommand("show", "Show what is known of a model");
  const auto options = bind_command<ShowOptions>(show, action, show_command);
  show->add_option("model", options->model, "The model")->type_name("MODEL")->required();
  CLI::Option_group* part = show->add_option_group("part", "One part alone");
  part->add_flag("--license", options->license, "Its licence");
  part->add_flag("--modelfile", options->modelfile, "Its Modelfile");
  part->add_flag("--parameters", options->parameters, "Its parameters");
  part->add_flag("--template", options->template_text, "Its chat template");
  part->add_flag("--system", options->system, "Its system message");
  part->require_option(0, 1);
  show->add_flag("-v,--verbose", options->verbose, "All metadata and tensors");
}

void add_list_commands(CLI::App& app, Action& action) {
  CLI::App* list = app.add_subcommand("list", "List the models that are here")->alias("ls");
  const auto listed = bind_command<ListOptions>(list, action, list_command);
  list->add_option("prefix", listed->prefix, "Names that begin with it alone")->type_name("PREFIX");
  add_show_command(app, action);
  CLI::App* ps = app.add_subcommand("ps", "List the models in memory");
  const auto running = bind_command<ListOptions>(ps, action, ps_command);
  ps->add_option("prefix", running->prefix, "Names that begin with it alone")->type_name("PREFIX");
}

void add_create_command(CLI::App& app, Action& action) {
  CLI::App* create = app.add_subcommand("create", "Make a model out of a Modelfile");
  const auto options = bind_command<CreateOptions>(create, action, create_command);
  create->add_option("model", options->model, "Its name")->type_name("MODEL")->required();
  create->add_option("-f,--file", options->file, "The Modelfile (./Modelfile)")->type_name("FILE");
  create->add_option("-q,--quantize", options->quantize, "The type of its weights, such as Q4_K_M (as they are)")
      ->type_name("TYPE");
  add_refused_option(*create, "--draft-quantize", true, "a draft model is not supported");
  add_refused_option(*create, "--experimental", false,
                     "models of safetensors files are not supported; convert them to GGUF");
}

}  // namespace

void add_conversation_commands(CLI::App& app, Action& action) {
  CLI::App* run = app.add_subcommand("run", "Talk with a model, or ask it one thing");
  const auto options = bind_command<RunOptions>(run, action, run_command);
  run->add_option("model", options->model, "The model, which is pulled if it is not here; or a GGUF file")
      ->type_name("MODEL|FILE.gguf")
      ->required();
  run->add_option_function<std::vector<std::string>>(
         "prompt",
         [options](const std::vector<std::string>& words) {
           options->prompt = fmt::format("{}", fmt::join(words, " "));
         },
         "The prompt; without one: standard input, or a conversation on a terminal")
      ->type_name("PROMPT");
  run->add_flag("--verbose", options->verbose, "Show counts and rates after an answer");
  run->add_flag("!--nowordwrap", options->wraps, "Leave lines to the terminal")->option_text(" ");
  run->add_option("--keepalive", options->keep_alive, "How long the model stays loaded, such as 10m or 0");
  run->add_option("--format", options->format, "json, or a JSON schema")->type_name("FORMAT");
  run->add_flag("--think{true}", options->think, "Think first: --think, --think=false, --think=low|medium|high|max")
      ->check(CLI::IsMember(think_words()))
      ->option_text(" ");
  run->add_flag("--hidethinking", options->hides_thinking, "Do not show the thoughts");
  run->add_flag("--insecure", options->insecure, "A registry may be reached without TLS");
  add_sampling(*run, *options);
  run->add_option("--dimensions", options->dimensions, "Of an embedding only so many, normalised again")
      ->check(CLI::PositiveNumber);
  run->add_flag("--truncate{true}", options->truncates, "--truncate=false: a text too long to be embedded is an error")
      ->check(CLI::IsMember({"true", "false"}))
      ->option_text(" ");
  run->footer(
      "A server is used when one answers (QUIRE_HOST); else the model runs in this process. Text in a pipe is\n"
      "the prompt, or stands before it: cat notes | quire run MODEL \"Summarize this\".");
}

void add_model_commands(CLI::App& app, Action& action) {
  add_transfer_command(app, action, "pull", "Fetch a model from a registry", pull_command);
  add_list_commands(app, action);

  CLI::App* stop = app.add_subcommand("stop", "Take a model out of memory");
  const auto name = bind_command<std::string>(stop, action, stop_command);
  stop->add_option("model", *name, "The model")->type_name("MODEL")->required();

  CLI::App* copy = app.add_subcommand("cp", "Give a model a second name");
  const auto names = bind_command<CopyOptions>(copy, action, copy_command);
  copy->add_option("source", names->source, "The model")->type_name("MODEL")->required();
  copy->add_option("destination", names->destination, "Its second name")->type_name("NAME")->required();

  CLI::App* remove = app.add_subcommand("rm", "Delete models");
  const auto removed = bind_command<std::vector<std::string>>(remove, action, remove_command);
  remove->add_option("models", *removed, "The models")->type_name("MODEL")->required();

  add_create_command(app, action);
  add_transfer_command(app, action, "push", "Send a model to a registry", push_command);
}

void add_refused_commands(CLI::App& app, Action& action) {
  const auto refuse = [&](const char* name, const char* reason) {
    CLI::App* command = app.add_subcommand(name, "")->group("")->allow_extras();
    command->callback([name, reason, &action] {
      action = [name, reason]() -> Result<int> {
        return fail(ErrorKind::unsupported, fmt::format("{} is not supported: {}", name, reason));
      };
    });
  };
  const char* no_account = "there is no account to sign in to; models are pulled without one";
  for (const char* name : {"signin", "login", "signout", "logout"}) refuse(name, no_account);
  refuse("launch", "start the program yourself and give it the server's address (QUIRE_HOST)");
}

}  // namespace quire::cli
