#include "cli/arguments/arguments.h"
#include "cli/bench/bench_serve_command.h"
#include "cli/bench/compare_command.h"
#include "cli/bench/stress_command.h"
#include "cli/commands/commands.h"
#include "cli/tune/tune_command.h"

namespace quire::cli {
namespace {

void add_format(CLI::App& command, OutputFormat& format,
                const char* text = "table, or jsonl: one object a line (table)") {
  const std::map<std::string, OutputFormat> formats = {{"table", OutputFormat::table}, {"jsonl", OutputFormat::jsonl}};
  command.add_option("--format", format, text)->option_text("FORMAT")->transform(CLI::Transformer(formats));
}

// --model, --threads and --format of a bench command.
template <typename Options>
void add_bench_options(CLI::App& command, Options& options) {
  command.add_option("--model", options.model, "The model")->type_name("FILE.gguf")->required();
  command.add_option("--threads", options.threads, "Workers (every core)")->check(CLI::Range(1, 1024));
  add_format(command, options.format);
}

void add_bench_draft_command(CLI::App& bench, Action& action) {
  CLI::App* draft = bench.add_subcommand("draft", "What guesses bring where given texts are answered, in this process");
  const auto replayed = bind_command<BenchDraftOptions>(draft, action, bench_draft_command);
  add_bench_options(*draft, *replayed);
  draft->add_option("--prompt-file", replayed->prompt_file, "The prompt")->type_name("FILE")->required();
  draft->add_option("--answer-file", replayed->answer_file, "What is answered, whatever the model would say")
      ->type_name("FILE")
      ->required();
  draft->add_option("--tokens", replayed->tokens, "The answer's first so many tokens (all)")
      ->check(CLI::Range(2, 1 << 20));
  draft
      ->add_option("--draft", replayed->draft,
                   "Who computes the guesses instead of lookups: a model, or mtp, its own MTP block")
      ->type_name("FILE.gguf");
  draft->add_option("--right", replayed->draft_percent, "How often it is taken to be right, whatever it says")
      ->type_name("PERCENT")
      ->check(CLI::Range(0, 100))
      ->capture_default_str();
  draft->add_option("--runs", replayed->runs, "Pairs of runs, without guesses and with")
      ->check(CLI::Range(1, 99))
      ->capture_default_str();
  draft->add_option("--parallel", replayed->parallel, "Contexts that answer together, one measurement each")
      ->delimiter(',')
      ->check(CLI::Range(1, 512))
      ->capture_default_str();
  add_kv_type(*draft, replayed->kv_type);
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
      "Beside them: answers (a hash, the same on every device), idle_tg (share of t_tg without a step), device,\n"
      "gpu_layers, layers.\n"
      "--roof adds gb_s_tg (packed weights a step, of experts all), gmac_s_pp and gmac_s_tg (of weights).");

  add_bench_draft_command(*bench, action);

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
  add_format(*compare, compared->format, "table, or jsonl: one object a setup (table)");

  CLI::App* roof = bench->add_subcommand("roof", "What this machine could do at most: read memory, multiply and add");
  const auto measured = bind_command<BenchRoofOptions>(roof, action, bench_roof_command);
  roof->add_option("--threads", measured->threads, "Workers, besides 1 (every core)")->check(CLI::Range(1, 1024));
  roof->add_flag("--gpus", measured->gpus_alone, "GPUs alone; an error where none can be used");
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

}  // namespace

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

void add_measuring_commands(CLI::App& app, Action& action) {
  add_bench_command(app, action);
  add_tune_command(app, action);
}

}  // namespace quire::cli
