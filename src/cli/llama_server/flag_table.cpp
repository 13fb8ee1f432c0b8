#include "cli/llama_server/flag_table.h"

#include <fmt/format.h>

#include <charconv>
#include <limits>

#include "api/call.h"

namespace quire::cli {
namespace {

// A whole number from min to max.
template <typename Number>
Result<Number> number_of(std::string_view value, Number min, Number max) {
  Number number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc() || end != value.data() + value.size() || number < min || number > max) {
    return fail(ErrorKind::invalid, fmt::format("expected an integer from {} to {}, found \"{}\"", min, max, value));
  }
  return number;
}

constexpr int32_t any_number = std::numeric_limits<int32_t>::max();

Result<void> set_context(LlamaServerOptions& options, std::string_view value) {
  QUIRE_TRY(options.context_tokens, number_of<int32_t>(value, 0, any_number));
  return {};
}

Result<void> set_parallel(LlamaServerOptions& options, std::string_view value) {
  QUIRE_TRY(const int32_t count, number_of<int32_t>(value, -1, 4096));
  if (count == 0) return fail(ErrorKind::invalid, "expected -1 or at least 1, found 0");
  options.parallel = count < 0 ? std::nullopt : std::optional(count);
  return {};
}

Result<void> set_threads(LlamaServerOptions& options, std::string_view value) {
  QUIRE_TRY(const int32_t count, number_of<int32_t>(value, -1, 1024));
  options.threads = count < 1 ? std::nullopt : std::optional(count);
  return {};
}

Result<void> set_keep(LlamaServerOptions& options, std::string_view value) {
  QUIRE_TRY(const int32_t count, number_of<int32_t>(value, -1, any_number));
  options.keep = count < 0 ? api::keep_prompt : count;
  return {};
}

Result<void> set_port(LlamaServerOptions& options, std::string_view value) {
  QUIRE_TRY(options.port, number_of<uint16_t>(value, 0, std::numeric_limits<uint16_t>::max()));
  return {};
}

// Keys and values are kept alike. What is smaller than the smallest served is kept in that.
Result<void> set_kv_type(LlamaServerOptions& options, std::string_view value) {
  KvType wanted = KvType::f16;
  if (value == "q8_0" || value == "q5_1" || value == "q5_0" || value == "q4_1" || value == "q4_0" ||
      value == "iq4_nl") {
    wanted = KvType::q8_0;
    if (value != "q8_0") options.notes.push_back(fmt::format("a cache in {} is not served: q8_0 is used", value));
  } else if (value != "f16") {
    return fail(ErrorKind::unsupported, fmt::format("expected f16 or q8_0, found \"{}\"", value));
  }
  if (options.kv_type && *options.kv_type != wanted) {
    return fail(ErrorKind::unsupported, "keys and values of different types are not served");
  }
  options.kv_type = wanted;
  return {};
}

// Ollama gives one where it renders every prompt itself; any other would be asked for in earnest.
Result<void> set_template(LlamaServerOptions& options, std::string_view value) {
  if (value != "chatml") return fail(ErrorKind::unsupported, "a template of one's own is not served: the model's is");
  options.notes.emplace_back("--chat-template chatml: conversations are written by the model's own template");
  return {};
}

Result<void> set_reasoning_format(LlamaServerOptions&, std::string_view value) {
  if (value == "auto" || value == "deepseek") return {};
  return fail(ErrorKind::unsupported, "thinking is always apart, as with auto and deepseek");
}

Result<void> set_reasoning_budget(LlamaServerOptions&, std::string_view value) {
  if (value == "-1") return {};
  return fail(ErrorKind::unsupported, "a request says itself how much is thought");
}

constexpr HonouredFlag honoured[] = {
    {{"-m", "--model"},
     true,
     "the model's file",
     [](LlamaServerOptions& o, std::string_view v) -> Result<void> { return o.model = v, Result<void>(); }},
    {{"-a", "--alias"},
     true,
     "the model's name",
     [](LlamaServerOptions& o, std::string_view v) -> Result<void> { return o.alias = v, Result<void>(); }},
    {{"--host"},
     true,
     "the address to listen on (127.0.0.1)",
     [](LlamaServerOptions& o, std::string_view v) -> Result<void> { return o.host = v, Result<void>(); }},
    {{"--port"}, true, "the port to listen on (8080)", set_port},
    {{"-c", "--ctx-size"}, true, "tokens of all contexts together; 0: each has the model's own", set_context},
    {{"-np", "--parallel"}, true, "contexts that run together; -1: by the load", set_parallel},
    {{"-t", "--threads"}, true, "workers (every core)", set_threads},
    {{"-ctk", "--cache-type-k"}, true, "f16 or q8_0; smaller ones are q8_0", set_kv_type},
    {{"-ctv", "--cache-type-v"}, true, "the same, and no other than for keys", set_kv_type},
    {{"-md", "--model-draft", "--spec-draft-model"},
     true,
     "a smaller model of the same vocabulary, which guesses",
     [](LlamaServerOptions& o, std::string_view v) -> Result<void> { return o.draft = v, Result<void>(); }},
    {{"--chat-template"}, true, "chatml alone, which Ollama gives where it renders itself", set_template},
    {{"--reasoning-format"}, true, "auto or deepseek: thinking is apart", set_reasoning_format},
    {{"--reasoning-budget"}, true, "-1 alone", set_reasoning_budget},
    {{"--context-shift"},
     false,
     "a full context goes on with its first tokens and the newer half of the others",
     [](LlamaServerOptions& o, std::string_view) -> Result<void> { return o.shifts = true, Result<void>(); }},
    {{"--no-context-shift"},
     false,
     "a full context ends its answer, unless a request says otherwise (so without either)",
     [](LlamaServerOptions& o, std::string_view) -> Result<void> { return o.shifts = false, Result<void>(); }},
    {{"--keep"}, true, "those first tokens; -1: the prompt (0)", set_keep},
    {{"--list-devices"},
     false,
     "there are none beside the processors",
     [](LlamaServerOptions& o, std::string_view) -> Result<void> { return o.lists_devices = true, Result<void>(); }},
    {{"--version"},
     false,
     "show the version",
     [](LlamaServerOptions& o, std::string_view) -> Result<void> { return o.shows_version = true, Result<void>(); }},
    {{"-h", "--help", "--usage"},
     false,
     "show this",
     [](LlamaServerOptions& o, std::string_view) -> Result<void> { return o.shows_help = true, Result<void>(); }},
};

constexpr std::string_view on_processors = "processors compute, whatever devices there are";
constexpr std::string_view by_the_load = "steps are as large as the load makes them";
constexpr std::string_view no_other_answer = "how fast it is changes, not what is said";
constexpr std::string_view own_log = "the log has its own form";
constexpr std::string_view in_memory = "weights are in memory once, however they are read";
constexpr std::string_view one_cache = "what was computed is shared by all contexts as long as there is room";
constexpr std::string_view always_so = "it is always so";
constexpr std::string_view page = "the page is at /ui";

constexpr HarmlessFlag harmless[] = {
    {{"--no-webui", "--no-ui", "--webui", "--ui"}, false, page},
    {{"--offline"}, false, "nothing is fetched unless /api/pull asks"},
    {{"-v", "--verbose", "--log-verbose"}, false, own_log},
    {{"-lv", "--verbosity", "--log-verbosity"}, true, own_log},
    {{"--no-log-prefix", "--log-prefix"}, false, own_log},
    {{"--no-log-timestamps", "--log-timestamps"}, false, own_log},
    {{"--log-colors"}, true, own_log},
    {{"--jinja", "--no-jinja"}, false, "the model's own template is used, of whatever kind"},
    {{"-b", "--batch-size"}, true, by_the_load},
    {{"-ub", "--ubatch-size"}, true, by_the_load},
    {{"-cb", "--cont-batching", "-nocb", "--no-cont-batching"}, false, by_the_load},
    {{"-ngl", "--gpu-layers", "--n-gpu-layers"}, true, on_processors},
    {{"-sm", "--split-mode"}, true, on_processors},
    {{"-mg", "--main-gpu"}, true, on_processors},
    {{"-ts", "--tensor-split"}, true, on_processors},
    {{"-dev", "--device"}, true, on_processors},
    {{"-fit", "--fit"}, true, on_processors},
    {{"-fitt", "--fit-target"}, true, on_processors},
    {{"-fitc", "--fit-ctx"}, true, on_processors},
    {{"-nkvo", "--no-kv-offload", "-kvo", "--kv-offload"}, false, on_processors},
    {{"-fa", "--flash-attn"}, true, "attention is computed one way"},
    {{"--load-mode"}, true, in_memory},
    {{"--mmap", "--no-mmap", "--mlock", "--direct-io"}, false, in_memory},
    {{"--numa"}, true, in_memory},
    {{"--embedding", "--embeddings"}, false, "vectors are served beside answers"},
    {{"--rerank", "--reranking"}, false, "documents are ranked by every model that has a classifier"},
    {{"--spec-type"}, true, no_other_answer},
    {{"--spec-draft-n-max"}, true, no_other_answer},
    {{"--spec-draft-n-min"}, true, no_other_answer},
    {{"--spec-draft-backend-sampling"}, false, no_other_answer},
    {{"--image-min-tokens"}, true, "no model that sees is served"},
    {{"--no-mmproj", "--no-mmproj-offload"}, false, "no model that sees is served"},
    {{"-kvu", "--kv-unified", "-no-kvu", "--no-kv-unified"}, false, one_cache},
    {{"--cache-prompt", "--cache-idle-slots", "--no-cache-idle-slots"}, false, one_cache},
    {{"-cram", "--cache-ram"}, true, one_cache},
    {{"--cache-reuse"}, true, one_cache},
    {{"-ctxcp", "--ctx-checkpoints"}, true, one_cache},
    {{"-sps", "--slot-prompt-similarity"}, true, one_cache},
    {{"--swa-full"}, false, no_other_answer},
    {{"--slots", "--metrics"}, false, always_so},
    {{"--warmup", "--no-warmup"}, false, no_other_answer},
    {{"-tb", "--threads-batch"}, true, no_other_answer},
    {{"--threads-http"}, true, no_other_answer},
    {{"--prio"}, true, no_other_answer},
    {{"--prio-batch"}, true, no_other_answer},
    {{"--poll"}, true, no_other_answer},
    {{"-to", "--timeout"}, true, "a connection has bounds of its own"},
    {{"--log-disable"}, false, own_log},
};

constexpr std::string_view in_the_request = "a request says it itself";
constexpr std::string_view pull_first = "pull the model, or name its file with --model";
constexpr std::string_view not_served = "it is not served";
constexpr std::string_view proxy = "a proxy in front can do that";

constexpr RefusedFlag refused[] = {
    {{"--mmproj", "-mm", "--mmproj-url", "-mmu"}, not_served},
    {{"--lora", "--lora-scaled", "--lora-init-without-apply", "--control-vector"}, not_served},
    {{"--pooling"}, "the model's own pooling is used"},
    {{"--embd-normalize"}, in_the_request},
    {{"--api-key", "--api-key-file", "--ssl-key-file", "--ssl-cert-file"}, proxy},
    {{"--path", "--api-prefix"}, proxy},
    {{"--slot-save-path", "--no-slots", "--props"}, not_served},
    {{"--no-cache-prompt"}, "\"cache_prompt\": false in a request does that"},
    {{"--chat-template-file", "--chat-template-kwargs"}, "the model's own template is used"},
    {{"-n", "--predict", "--n-predict"}, in_the_request},
    {{"-s", "--seed"}, in_the_request},
    {{"--temp", "--top-k", "--top-p", "--min-p"}, in_the_request},
    {{"--samplers", "--sampling-seq", "--repeat-penalty", "--repeat-last-n"}, in_the_request},
    {{"--grammar", "--grammar-file", "-j", "--json-schema"}, in_the_request},
    {{"--ignore-eos", "-l", "--logit-bias"}, in_the_request},
    {{"-hf", "--hf-repo", "-hff", "--hf-file"}, pull_first},
    {{"-mu", "--model-url", "-dr", "--docker-repo"}, pull_first},
    {{"--models-dir", "--models-max", "--models-preset"}, "start `quire serve` for several models"},
    {{"--sleep-idle-seconds"}, "the model stays in memory"},
    {{"--rope-scaling", "--rope-scale", "--rope-freq-base", "--rope-freq-scale"}, "the model's file says it"},
    {{"--override-kv", "-ot", "--override-tensor"}, "the model's file says it"},
    {{"--spm-infill"}, "what comes before a gap is first"},
    {{"--log-file"}, "the log goes to standard error"},
};

}  // namespace

std::span<const HonouredFlag> honoured_flags() { return honoured; }
std::span<const HarmlessFlag> harmless_flags() { return harmless; }
std::span<const RefusedFlag> refused_flags() { return refused; }

}  // namespace quire::cli
