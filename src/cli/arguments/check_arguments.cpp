#include "cli/arguments/arguments.h"
#include "cli/commands/commands.h"
#include "cli/commands/imatrix_command.h"
#include "cli/commands/inspect_command.h"
#include "cli/commands/quantize_command.h"
#include "cli/commands/simulate_command.h"
#include "cli/commands/synth_command.h"
#include "gguf/file_type.h"
#include "model/arch/architecture.h"
#include "synth/shape.h"

namespace quire::cli {
namespace {

void add_text_commands(CLI::App& app, Action& action) {
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

  const std::string types = "One of " + gguf::file_type_names();
  CLI::App* synth = app.add_subcommand("synth", "Make a model of a named shape with random weights");
  const auto made = bind_command<SynthOptions>(synth, action, run_synth);
  synth->add_option("shape", made->shape, "One of " + synth::shape_names() + "; the options change it")
      ->type_name("SHAPE")
      ->required();
  synth->add_option("out", made->out, "The file to write")->type_name("OUT.gguf")->required();
  synth
      ->add_option("--vocab", made->vocab,
                   "The file that lends its vocabulary, or how many tokens to make up (as the shape)")
      ->type_name("FILE.gguf|COUNT");
  synth->add_option("--type", made->type, types)->capture_default_str();
  synth->add_option("--seed", made->seed, "The file is a function of it, the shape, the vocabulary and the type")
      ->capture_default_str();
  synth->add_option("--arch", made->arch, "One of " + architecture_names());
  synth->add_option("--layers", made->layers, "Layers");
  synth->add_option("--width", made->width, "Elements of the residual stream");
  synth->add_option("--heads", made->heads, "Query heads");
  synth->add_option("--kv-heads", made->kv_heads, "Key and value heads");
  synth->add_option("--head-dim", made->head_dim, "Elements of a head (width / heads)");
  synth->add_option("--ffn", made->ffn, "Elements of the feed-forward layer");
  synth->add_option("--context", made->context, "Tokens of context that the file claims");
  synth->add_option("--experts", made->experts, "Experts of a layer (the family's)");
  synth->add_option("--experts-used", made->experts_used, "Experts that a token has");
  synth->add_option("--expert-ffn", made->expert_ffn, "Elements of an expert's feed-forward layer");
  synth->add_option("--window", made->window, "Positions that a layer with a window sees (the family's)");
  synth->add_option("--shared-kv-layers", made->shared_kv_layers,
                    "Last layers that read the keys and values of others");
  synth->add_option("--layer-inputs", made->layer_inputs, "Elements that each layer is given of a token");
  synth->add_flag("--untied", made->untied, "An output matrix of its own");
  synth->add_flag("--mtp", made->mtp, "A block behind the layers that guesses (multi-token prediction)");
  synth->add_flag("--rope-factors", made->rope_factors, "Frequency factors as Llama 3.1 has them");
  synth->add_option("--threads", made->threads, "Workers; changes the time only (every core)");

  CLI::App* quantize = app.add_subcommand("quantize", "Convert a model to another type");
  const auto converted = bind_command<QuantizeOptions>(quantize, action, run_quantize);
  quantize->add_option("in", converted->in, "The file to read")->type_name("IN.gguf")->required();
  quantize->add_option("out", converted->out, "The file to write; it may be the same")
      ->type_name("OUT.gguf")
      ->required();
  quantize->add_option("type", converted->type, types)->type_name("TYPE")->required();
  quantize
      ->add_option("--imatrix", converted->imatrix, "Weigh errors by how much each input matters (llama.cpp's file)")
      ->type_name("FILE");
  quantize->add_option("--threads", converted->threads, "Workers; changes the time only (every core)");

  CLI::App* imatrix = app.add_subcommand("imatrix", "How much a text uses each input of a model's matrices");
  const auto observed = bind_command<ImatrixOptions>(imatrix, action, run_imatrix);
  imatrix->add_option("model", observed->model, "The model")->type_name("MODEL.gguf")->required();
  imatrix->add_option("text", observed->text, "What it is to read")->type_name("TEXTFILE")->required();
  imatrix->add_option("-o,--out", observed->out, "The file to write, for quantize --imatrix")
      ->type_name("FILE")
      ->required();
  imatrix->add_option("--chunk", observed->chunk_tokens, "Tokens of a piece, each of which is a text of its own")
      ->check(CLI::Range(2, 1 << 20))
      ->capture_default_str();
  imatrix->add_option("--chunks", observed->chunks, "The first so many pieces (all)")->check(CLI::PositiveNumber);
  imatrix->add_option("--threads", observed->threads, "Workers (every core)")->check(CLI::Range(1, 1024));
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

}  // namespace

void add_checking_commands(CLI::App& app, Action& action) {
  add_file_commands(app, action);
  add_text_commands(app, action);
  add_simulate_command(app, action);
}

}  // namespace quire::cli
