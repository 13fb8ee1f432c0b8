#include "cli/arguments/arguments.h"
#include "cli/commands/commands.h"

namespace quire::cli {

const char* const environment_text =
    "Environment (an OLLAMA_ name counts where there is no QUIRE_ one):\n"
    "  QUIRE_HOST               where the server listens and clients look (127.0.0.1:11434)\n"
    "  QUIRE_MODELS             the folder with models (~/.quire/models)\n"
    "  QUIRE_NUM_PARALLEL       contexts that run together at most (auto)\n"
    "  QUIRE_TARGET_ITL_MS      the gap between two tokens to keep under (auto)\n"
    "  QUIRE_DRAFT              who guesses: auto (the model's MTP block, else lookup), lookup, off, or a smaller "
    "model (auto)\n"
    "  QUIRE_MAX_QUEUE          requests that may wait (512)\n"
    "  QUIRE_MAX_QUEUE_TOKENS   tokens of their prompts (1048576)\n"
    "  QUIRE_CLIENT_WEIGHTS     shares of clients: user:ann=3,key:sk-...=2 (1 each)\n"
    "  QUIRE_MAX_LOADED_MODELS  models in memory at once (3)\n"
    "  QUIRE_KEEP_ALIVE         how long an idle model stays (5m)\n"
    "  QUIRE_CONTEXT_LENGTH     the longest context (the model's own)\n"
    "  QUIRE_KV_CACHE_TYPE      f16, or q8_0 in 53 % of the memory (f16)\n"
    "  QUIRE_DRAIN_TIMEOUT      for answers that run when the server is told to stop (30s)\n"
    "  QUIRE_RESPONSE_STORE     bytes of responses that are kept on the disk, or off (256M)\n"
    "  QUIRE_ORIGINS            web pages that may ask, besides those of this machine\n"
    "  QUIRE_LOG_FORMAT         text, or json: an object a line (text)\n"
    "  QUIRE_DEBUG              1 logs more, 2 everything (0)\n"
    "  QUIRE_THREADS            workers (every core)\n"
    "  QUIRE_MEMORY             bytes for the contexts of all models (auto)\n"
    "  QUIRE_DEVICE             auto: a GPU where there is a card; cpu: never; cuda, vulkan: its (auto)\n"
    "  QUIRE_GPU_LAYERS         layers of each model that a GPU has, from the last on (as many as fit)\n"
    "  QUIRE_CUDA_LIBRARY       NVIDIA's driver, by name or path (libcuda.so.1)\n"
    "  QUIRE_VULKAN_LIBRARY     Vulkan's loader, the same (libvulkan.so.1)\n"
    "  QUIRE_ISA                instruction set (the best)\n"
    "  QUIRE_NOHISTORY          set: `quire run` keeps no lines that were typed\n";

void add_server_commands(CLI::App& app, Action& action) {
  CLI::App* serve = app.add_subcommand("serve", "Start the server")->alias("start");
  const auto options = bind_command<ServeOptions>(serve, action, serve_command);
  serve->add_option("--host", options->host, "Address to listen on (QUIRE_HOST)");
  serve->add_option("--port", options->port, "Port to listen on; 0: any that is free");
  serve->add_option("--model", options->models, "A model to serve: FILE.gguf, or NAME=FILE.gguf; may be repeated")
      ->type_name("[NAME=]FILE.gguf")
      ->allow_extra_args(false);
  serve->add_option("--threads", options->threads, "Workers (every core)")->check(CLI::Range(1, 1024));
  serve
      ->add_option("--draft", options->draft,
                   "A smaller model that guesses for those of its vocabulary, auto, lookup or off")
      ->type_name("NAME|FILE.gguf");
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

}  // namespace quire::cli
