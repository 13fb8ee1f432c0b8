#include "cli/app.h"

#include <fmt/format.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <functional>
#include <memory>
#include <system_error>

#include "cli/bench/bench_serve_command.h"
#include "cli/bench/compare_command.h"
#include "cli/bench/stress_command.h"
#include "cli/commands/commands.h"
#include "cli/commands/inspect_command.h"
#include "cli/commands/quantize_command.h"
#include "cli/commands/simulate_command.h"
#include "cli/commands/synth_command.h"
#include "cli/tune/tune_command.h"

namespace quire::cli {
namespace {

// What the arguments ask for; set by the command that was named. Its value is the exit status.
using Action = std::function<Result<int>()>;

Result<int> status_of(Result<int> result) { return result; }
Result<int> status_of(const Result<void>& result) {
  if (!result) return std::unexpected(result.error());
  return 0;
}

constexpr const char* environment_text =
    "Environment (an OLLAMA_ name counts where there is no QUIRE_ one):\n"
    "  QUIRE_HOST               where the server listens and clients look (127.0.0.1:11434)\n"
    "  QUIRE_MODELS             the folder with models (~/.quire/models)\n"
    "  QUIRE_NUM_PARALLEL       contexts that run together at most (auto)\n"
    "  QUIRE_MAX_QUEUE          requests that may wait (512)\n"
    "  QUIRE_MAX_LOADED_MODELS  models in memory at once (3)\n"
    "  QUIRE_KEEP_ALIVE         how long an idle model stays (5m)\n"
    "  QUIRE_CONTEXT_LENGTH     the longest context (the model's own)\n"
    "  QUIRE_LOG_FORMAT         text, or json: an object a line (text)\n"
    "  QUIRE_THREADS, QUIRE_MEMORY, QUIRE_ISA   workers, bytes for contexts, instruction set (auto)\n";

// A command with its own options: they live as long as the action that uses them.
template <typename Options, typename Value>
std::shared_ptr<Options> bind_command(CLI::App* command, Action& action, Result<Value> (*run)(const Options&)) {
  auto options = std::make_shared<Options>();
  command->callback([options, run, &action] { action = [options, run] { return status_of(run(*options)); }; });
  return options;
}

void add_server_commands(CLI::App& app, Action& action) {
  CLI::App* serve = app.add_subcommand("serve", "Start the server")->alias("start");
  const auto options = bind_command<ServeOptions>(serve, action, serve_command);
  serve->add_option("--host", options->host, "Address to listen on (QUIRE_HOST)");
  serve->add_option("--port", options->port, "Port to listen on; 0: any that is free");
  serve->add_option("--model", options->models, "A model to serve: FILE.gguf, or NAME=FILE.gguf; may be repeated")
      ->type_name("[NAME=]FILE.gguf")
      ->allow_extra_args(false);
  serve->add_option("--threads", options->threads, "Workers (every core)")->check(CLI::Range(1, 1024));
  serve->add_option("--log-format", options->log_format, "How the log is written, for people or programs (text)")
      ->check(CLI::IsMember({"text", "json"}));
  serve->footer(environment_text);

  CLI::App* demo = app.add_subcommand("demo", "Serve a model and show eight contexts answering at once");
  const auto shown = bind_command<DemoOptions>(demo, action, demo_command);
  demo->add_option("--model", shown->model, "The model (QUIRE_MODEL, else the one in the repository)")
      ->type_name("FILE.gguf");
  demo->add_option("--host", shown->host, "Address to listen on")->capture_default_str();
  demo->add_option("--port", shown->port, "Port to listen on, the next free one if it is taken")->capture_default_str();
  demo->add_option("--num-predict", shown->num_predict, "Tokens of an answer")
      ->check(CLI::Range(1, 1 << 20))
      ->capture_default_str();
  demo->add_flag("--once", shown->once, "End after the table instead of serving on");
}

void add_run_command(CLI::App& app, Action& action) {
  CLI::App* run = app.add_subcommand("run", "Ask a model, or talk with it");
  const auto options = bind_command<RunOptions>(run, action, run_command);
  run->add_option("model", options->model, "A name the server knows, or a GGUF file to run in this process")
      ->type_name("NAME|FILE.gguf")
      ->required();
  run->add_option_function<std::vector<std::string>>(
         "prompt",
         [options](const std::vector<std::string>& words) {
           options->prompt = fmt::format("{}", fmt::join(words, " "));
         },
         "The prompt; without one: standard input, or a conversation on a terminal")
      ->type_name("PROMPT");
  run->add_flag("--raw", options->raw, "The prompt's own bytes, without the model's template");
  run->add_option("--temperature", options->sampling.temperature, "0: always the likeliest token (0.8)")
      ->check(CLI::NonNegativeNumber);
  run->add_option("--seed", options->sampling.seed, "The same seed gives the same answer (random)");
  run->add_option("--num-predict", options->sampling.num_predict, "Tokens of the answer at most (until it ends)");
  run->add_option("--system", options->system, "The system message");
  run->add_option("--keepalive", options->keep_alive, "How long the model stays loaded, such as 10m or 0");
  run->add_flag("--verbose", options->verbose, "Show counts and rates after an answer");
  run->footer(
      "A server is used when one answers (QUIRE_HOST); else the model runs in this process. Text in a pipe is\n"
      "the prompt, or stands before it: cat notes | quire run NAME \"Summarize this\".");
}

void add_client_commands(CLI::App& app, Action& action) {
  app.add_subcommand("list", "List the models that the server has")->alias("ls")->callback([&action] {
    action = [] { return status_of(list_command()); };
  });
  app.add_subcommand("ps", "List the models in memory")->callback([&action] {
    action = [] { return status_of(ps_command()); };
  });

  CLI::App* show = app.add_subcommand("show", "Show what is known of a model");
  const auto options = bind_command<ShowOptions>(show, action, show_command);
  show->add_option("model", options->model, "The model")->type_name("NAME")->required();
  CLI::Option_group* part = show->add_option_group("part", "One part alone");
  part->add_flag("--license", options->license, "Its licence");
  part->add_flag("--modelfile", options->modelfile, "Its Modelfile");
  part->add_flag("--parameters", options->parameters, "Its parameters");
  part->add_flag("--template", options->template_text, "Its chat template");
  part->add_flag("--system", options->system, "Its system message");
  part->require_option(0, 1);
  show->add_flag("-v,--verbose", options->verbose, "All metadata");

  CLI::App* stop = app.add_subcommand("stop", "Take a model out of memory");
  const auto name = bind_command<std::string>(stop, action, stop_command);
  stop->add_option("model", *name, "The model")->type_name("NAME")->required();
}

void add_kv_type(CLI::App& command, std::optional<KvType>& kv_type) {
  command
      .add_option_function<std::string>(
          "--kv-type", [&kv_type](const std::string& text) { kv_type = *parse_kv_type(text); },
          "How keys and values are kept: f16 or q8_0 (QUIRE_KV_CACHE_TYPE, f16)")
      ->option_text("TYPE")
      ->check([](const std::string& text) {
        const auto type = parse_kv_type(text);
        return type ? std::string() : type.error().message;
      });
}

void add_format(CLI::App& command, OutputFormat& format) {
  const std::map<std::string, OutputFormat> formats = {{"table", OutputFormat::table}, {"jsonl", OutputFormat::jsonl}};
  command.add_option("--format", format, "table, or jsonl: one object a line (table)")
      ->option_text("FORMAT")
      ->transform(CLI::Transformer(formats));
}

// --model, --threads and --format of a bench command.
template <typename Options>
void add_bench_options(CLI::App& command, Options& options) {
  command.add_option("--model", options.model, "The model")->type_name("FILE.gguf")->required();
  command.add_option("--threads", options.threads, "Workers (every core)")->check(CLI::Range(1, 1024));
  add_format(command, options.format);
}

void add_bench_command(CLI::App& app, Action& action) {
  CLI::App* bench = app.add_subcommand("bench", "Measure")->require_subcommand(1);
  CLI::App* load = bench->add_subcommand("load", "Time and memory that loading a model takes, in this process");
  add_bench_options(*load, *bind_command<BenchLoadOptions>(load, action, bench_load_command));

  CLI::App* batch = bench->add_subcommand("batch", "Prompt and decode speed of contexts together, in this process");
  const auto options = bind_command<BenchBatchOptions>(batch, action, bench_batch_command);
  add_bench_options(*batch, *options);
  batch->add_option("--prompt", options->prompt, "Tokens of a prompt")
      ->check(CLI::Range(1, 1 << 20))
      ->capture_default_str();
  batch->add_option("--generate", options->generate, "Tokens of an answer")
      ->check(CLI::Range(1, 1 << 20))
      ->capture_default_str();
  batch->add_option("--parallel", options->parallel, "Contexts, one measurement each")
      ->delimiter(',')
      ->check(CLI::Range(1, 512))
      ->capture_default_str();
  add_kv_type(*batch, options->kv_type);
  batch->add_flag("--sample", options->sample,
                  "Sample as /api/generate does by default (temperature 0.8); else greedy");
  batch->add_flag("--roof", options->roof, "Also GB/s of weights and G multiply-adds/s, which `bench roof` bounds");
  batch->footer(
      "The keys are llama-batched-bench's: pp tg pl n_kv t_pp speed_pp t_tg speed_tg t speed.\n"
      "--roof adds gb_s_tg (packed weights, read once a step), gmac_s_pp and gmac_s_tg (of weights).");

  CLI::App* compare = bench->add_subcommand("compare", "One server with N contexts beside N servers with one each");
  const auto compared = bind_command<BenchCompareOptions>(compare, action, bench_compare_command);
  compare->add_option("--model", compared->model, "The model")->type_name("FILE.gguf")->required();
  const auto add_count = [compare](const char* name, int32_t& value, int32_t max, const char* text) {
    compare->add_option(name, value, text)->check(CLI::Range(1, max))->capture_default_str();
  };
  add_count("--instances", compared->instances, 64, "N: server processes, clients, contexts");
  add_count("--requests", compared->requests, 1 << 20, "Requests of each client, one after another");
  add_count("--prompt", compared->prompt, 1 << 20, "Tokens of a prompt");
  add_count("--generate", compared->generate, 1 << 20, "Tokens of an answer");
  compare->add_option("--format", compared->json, "table, or jsonl: one object a setup (table)")
      ->option_text("FORMAT")
      ->transform(CLI::Transformer(std::map<std::string, bool>{{"table", false}, {"jsonl", true}}));

  CLI::App* roof = bench->add_subcommand("roof", "What this machine could do at most: read memory, multiply and add");
  const auto measured = bind_command<BenchRoofOptions>(roof, action, bench_roof_command);
  roof->add_option("--threads", measured->threads, "Workers, besides 1 (every core)")->check(CLI::Range(1, 1024));
  add_format(*roof, measured->format);

  CLI::App* serve = bench->add_subcommand("serve", "Load running servers over HTTP: throughput, latencies, waits");
  add_bench_serve_options(*serve, *bind_command<BenchServeOptions>(serve, action, run_bench_serve));

  CLI::App* stress = bench->add_subcommand("stress", "A server of its own under mixed load with faults, watched");
  add_stress_options(*stress, *bind_command<StressOptions>(stress, action, run_stress));
}

void add_tune_command(CLI::App& app, Action& action) {
  CLI::App* tune = app.add_subcommand("tune", "Measure how many contexts pay on this machine, and how many fit");
  const auto options = bind_command<TuneOptions>(tune, action, tune_command);
  CLI::Option_group* what = tune->add_option_group("what", "One of");
  what->add_option("model", options->model, "The model")->type_name("NAME|FILE.gguf");
  what->add_flag("--table", options->table, "The tables of docs/parallelism.md, without measuring");
  what->require_option(1);
  tune->add_option("--context", options->context, "Tokens of a context at its longest (4096)")
      ->check(CLI::Range(2, 1 << 30));
  tune->add_option("--memory", options->memory, "What the server may take in all, such as 4GiB (what is available)")
      ->type_name("SIZE");
  tune->add_option("--threads", options->threads, "Workers (every core)")->check(CLI::Range(1, 1024));
  add_kv_type(*tune, options->kv_type);
  tune->add_option("--seconds", options->seconds, "Time for measuring")
      ->check(CLI::Range(1, 86400))
      ->capture_default_str();
  tune->add_option("--format", options->json, "table, or json: one object (table)")
      ->option_text("FORMAT")
      ->transform(CLI::Transformer(std::map<std::string, bool>{{"table", false}, {"json", true}}));
  tune->add_option("--svg", options->svg, "Also draw the curve into this file")->type_name("FILE");
  tune->add_flag("!--no-write", options->writes, "Leave no file for the server")->option_text(" ");
  tune->footer(
      "The smallest number pays that gives at least 98 % of the best throughput measured. A server that loads the\n"
      "model begins with it (QUIRE_MODELS/quire/tune); OLLAMA_NUM_PARALLEL stays the upper bound.");
}

void add_checking_commands(CLI::App& app, Action& action) {
  CLI::App* tokenize = app.add_subcommand("tokenize", "Token ids of the text on standard input");
  const auto text = bind_command<TokenizeOptions>(tokenize, action, tokenize_command);
  tokenize->add_option("file", text->file, "The vocabulary")->type_name("FILE.gguf")->required();
  tokenize->add_flag("--special", text->special, "Parse special tokens, and add BOS and EOS as the file asks");
  tokenize->add_flag("--pieces", text->pieces, "One token a line, with the text that names it");

  CLI::App* render = app.add_subcommand("render", "The prompt that a chat template makes of messages");
  const auto messages = bind_command<RenderOptions>(render, action, render_command);
  render->add_option("template", messages->source, "A model, or a template")
      ->type_name("FILE.gguf|FILE.jinja")
      ->required();
  render
      ->add_option("messages", messages->messages_file,
                   "An array of messages, or an object with messages, tools and further variables; -: standard input")
      ->type_name("MESSAGES.json")
      ->required();
  render->add_option("--bos", messages->bos, "The text of the BOS token (the model's)");
  render->add_option("--eos", messages->eos, "The text of the EOS token (the model's)");
  render->add_flag("!--no-generation-prompt", messages->generation_prompt, "Without the beginning of the answer")
      ->option_text(" ");
  render->add_flag("--spans", messages->spans, "Also the byte ranges that the messages wrote, on standard error");

  CLI::App* logits = app.add_subcommand("logits", "Logits at each position of a sequence of tokens");
  const auto tokens = bind_command<LogitsOptions>(logits, action, logits_command);
  logits->add_option("file", tokens->file, "The model")->type_name("FILE.gguf")->required();
  logits->add_option("--tokens", tokens->tokens, "Token ids: 1,2,3")->delimiter(',')->required();
  logits->add_option("--out", tokens->out, "Where to write: a row of float32 a position")
      ->type_name("FILE")
      ->required();
  logits->add_option("--threads", tokens->threads, "Workers (every core)")->check(CLI::Range(1, 1024));
  add_kv_type(*logits, tokens->kv_type);
}

void add_file_commands(CLI::App& app, Action& action) {
  CLI::App* inspect = app.add_subcommand("inspect", "What a model file holds: metadata, tensors, totals by type");
  const auto inspected = bind_command<InspectOptions>(inspect, action, run_inspect);
  inspect->add_option("file", inspected->file, "The file")->type_name("FILE.gguf")->required();

  const char* types = "F32, F16, BF16, Q8_0, Q6_K, Q5_K_M, Q5_1, Q5_0, Q4_K_M, Q4_1 or Q4_0";
  CLI::App* synth = app.add_subcommand("synth", "Make a model of a named shape with random weights");
  const auto made = bind_command<SynthOptions>(synth, action, run_synth);
  synth->add_option("shape", made->shape, "llama-1b, qwen3-0.6b or tiny; the options change it")
      ->type_name("SHAPE")
      ->required();
  synth->add_option("out", made->out, "The file to write")->type_name("OUT.gguf")->required();
  synth->add_option("--vocab", made->vocab, "The file that lends its vocabulary")->type_name("FILE.gguf")->required();
  synth->add_option("--type", made->type, types)->capture_default_str();
  synth->add_option("--seed", made->seed, "The file is a function of it, the shape, the vocabulary and the type")
      ->capture_default_str();
  synth->add_option("--arch", made->arch, "llama, qwen2 or qwen3");
  synth->add_option("--layers", made->layers, "Layers");
  synth->add_option("--width", made->width, "Elements of the residual stream");
  synth->add_option("--heads", made->heads, "Query heads");
  synth->add_option("--kv-heads", made->kv_heads, "Key and value heads");
  synth->add_option("--head-dim", made->head_dim, "Elements of a head (width / heads)");
  synth->add_option("--ffn", made->ffn, "Elements of the feed-forward layer");
  synth->add_option("--context", made->context, "Tokens of context that the file claims");
  synth->add_flag("--untied", made->untied, "An output matrix of its own");
  synth->add_flag("--rope-factors", made->rope_factors, "Frequency factors as Llama 3.1 has them");
  synth->add_option("--threads", made->threads, "Workers; changes the time only (every core)");

  CLI::App* quantize = app.add_subcommand("quantize", "Convert a model to another type");
  const auto converted = bind_command<QuantizeOptions>(quantize, action, run_quantize);
  quantize->add_option("in", converted->in, "The file to read")->type_name("IN.gguf")->required();
  quantize->add_option("out", converted->out, "The file to write; it may be the same")
      ->type_name("OUT.gguf")
      ->required();
  quantize->add_option("type", converted->type, types)->type_name("TYPE")->required();
  quantize->add_option("--threads", converted->threads, "Workers; changes the time only (every core)");
}

void add_simulate_command(CLI::App& app, Action& action) {
  CLI::App* simulate = app.add_subcommand("simulate", "Run the scheduler and the engine in made-up worlds");
  const auto options = bind_command<SimulateOptions>(simulate, action, run_simulate);
  simulate->add_option("--seed", options->seed, "The first world's seed")->capture_default_str();
  simulate->add_option("--seeds", options->seeds, "How many worlds, seeds ascending")->capture_default_str();
  simulate->add_flag("--trace", options->trace, "A line for each step");
  CLI::Option* seats =
      simulate->add_flag("--seats", options->seats, "Who gets a model into memory, in worlds of its own");
  SimulateTraceOptions& trace = options->trace_options;
  CLI::Option* file =
      simulate->add_option("--trace-file", trace.file, "Compare policies on recorded requests (may be .zst)")
          ->type_name("FILE")
          ->excludes("--seeds")
          ->excludes("--trace")
          ->excludes(seats);
  const auto add = [&](const char* name, auto& value, const char* text) {
    return simulate->add_option(name, value, text)->needs(file)->group("With --trace-file");
  };
  add("--policy", trace.policy, "fcfs, priority, fair, all, or compare: all of them")->capture_default_str();
  add("--time-scale", trace.time_scale, "Times of arrival are multiplied by it")->capture_default_str();
  add("--token-scale", trace.token_scale, "Tokens that are simulated as one (32 where the trace has blocks, else 8)")
      ->check(CLI::PositiveNumber);
  add("--requests", trace.requests, "The first so many (all)")->check(CLI::PositiveNumber);
  CLI::Option* blocks =
      add("--kv-blocks", trace.kv_blocks, "KV blocks (so many that none is ever evicted)")->check(CLI::PositiveNumber);
  add("--kv-share", trace.kv_share, "KV blocks in per cent of the trace's different ones")
      ->check(CLI::PositiveNumber)
      ->excludes(blocks);
  add("--cost-model", trace.cost_model,
      "Nanoseconds: step,stream row,prompt row,stream read,prompt read of a KV token");
  add("--running", trace.running_max, "Contexts at most")->check(CLI::Range(1, 4096))->capture_default_str();
  add("--step-tokens", trace.step_tokens_max, "Rows of a step at most")
      ->check(CLI::Range(1, 1 << 16))
      ->capture_default_str();
  add("--ageing-steps", trace.ageing_steps, "Steps of waiting that make a request one band more urgent")
      ->check(CLI::Range(1, 1 << 30))
      ->capture_default_str();
  add("--clients", trace.clients, "Clients, with shares of 1, 1/2, 1/3, ...")->capture_default_str();
  simulate->footer(
      "The same seed is the same world, step by step. A broken promise is exit status 1, and the output\n"
      "says how to replay it. On a trace the seed decides who is which client in which band.");
}

// fmt throws where a stream takes no more, as on a full disk.
Result<int> run_action(const Action& action) {
  try {
    return action();
  } catch (const std::system_error& error) {
    return fail(ErrorKind::io, error.what());
  }
}

}  // namespace

int run_program(int argc, const char* const* argv) {
  CLI::App app("quire serves one loaded language model to many requests at once.", "quire");
  app.set_version_flag("-v,--version", "quire version " QUIRE_VERSION);
  app.require_subcommand(1);
  Action action;
  add_server_commands(app, action);
  add_run_command(app, action);
  add_client_commands(app, action);
  add_bench_command(app, action);
  add_tune_command(app, action);
  add_checking_commands(app, action);
  add_file_commands(app, action);
  add_simulate_command(app, action);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;  // prints the help, the version, or what is wrong
  }
  // What a server notes goes to standard error. One inside another command is silent: its client hears what is wrong.
  const auto sink = std::make_shared<spdlog::sinks::stderr_color_sink_mt>();
  spdlog::set_default_logger(std::make_shared<spdlog::logger>("quire", sink));
  spdlog::set_level(spdlog::level::off);
  std::signal(SIGXFSZ, SIG_IGN);  // a file that may not grow is an error of the write, as a full disk is
  Result<int> status = run_action(action);
  if ((std::fflush(stdout) != 0 || std::ferror(stdout) != 0) && status) {
    status = fail(ErrorKind::io, "the output could not be written in full");
  }
  if (status) return *status;
  fmt::print(stderr, "quire: {}\n", status.error().message);
  return 1;
}

}  // namespace quire::cli
