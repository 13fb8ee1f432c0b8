// The commands of the `quire` program: one function and one file each. Options are plain values, which
// arguments/ fills from the command line. A command writes its result to standard output; an Error becomes one line on
// standard error and exit status 1.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/kv_type.h"

namespace quire::cli {

struct ServeOptions {
  std::optional<std::string> host;  // absent: QUIRE_HOST, OLLAMA_HOST, 127.0.0.1:11434
  std::optional<uint16_t> port;
  std::vector<std::string> models;        // names, GGUF files, or NAME=FILE.gguf
  std::optional<int32_t> threads;         // absent: every core
  std::optional<std::string> log_format;  // "text" or "json"; absent: QUIRE_LOG_FORMAT, text
  std::optional<std::string> draft;       // absent: QUIRE_DRAFT, auto
};
Result<void> serve_command(const ServeOptions& options);

// Sampling as asked for on the command line; what is absent is the server's default.
struct SamplingOptions {
  std::optional<double> temperature;
  std::optional<int64_t> seed;
  std::optional<int64_t> num_predict;
};

struct RunOptions {
  std::string model;                  // a name, or a GGUF file, which is run in this process
  std::optional<std::string> prompt;  // absent: standard input, or a conversation on a terminal
  bool raw = false;                   // no template: the prompt's own bytes after BOS
  bool verbose = false;               // counts and rates after each answer, on standard error
  bool wraps = true;                  // words, at the width of a terminal
  bool insecure = false;              // a registry without TLS may be asked
  std::string system;
  std::string format;  // "json", or a JSON schema
  std::string think;   // "true", "false" or a level; empty: the model's own way
  bool hides_thinking = false;
  std::optional<std::string> keep_alive;
  SamplingOptions sampling;
  // Of models that make vectors.
  std::optional<int32_t> dimensions;
  std::string truncates;  // true, false; empty: as the server does
};
Result<void> run_command(const RunOptions& options);

struct ListOptions {
  std::string prefix;  // of the names that are listed; for list_command in whatever case, as Ollama has it
};
Result<void> list_command(const ListOptions& options);
Result<void> ps_command(const ListOptions& options);

struct ShowOptions {
  std::string model;
  bool verbose = false;
  // At most one: print that part alone.
  bool license = false, modelfile = false, parameters = false, template_text = false, system = false;
};
Result<void> show_command(const ShowOptions& options);

Result<void> stop_command(const std::string& model);

struct TransferOptions {
  std::string model;
  bool insecure = false;  // the registry may have no TLS
};
Result<void> pull_command(const TransferOptions& options);
Result<void> push_command(const TransferOptions& options);

struct CopyOptions {
  std::string source, destination;
};
Result<void> copy_command(const CopyOptions& options);

Result<void> remove_command(const std::vector<std::string>& models);

struct CreateOptions {
  std::string model;
  std::string file;      // the Modelfile; empty: ./Modelfile, else this folder's model
  std::string quantize;  // the type of its weights; empty: as they are
};
Result<void> create_command(const CreateOptions& options);

struct DemoOptions {
  std::optional<std::string> model;  // absent: QUIRE_MODEL, the model in the box, the tests' model
  std::string host = "127.0.0.1";
  uint16_t port = 11434;  // the next free one when it is taken
  bool once = false;      // ends after the table
  int32_t num_predict = 256;
};
Result<void> demo_command(const DemoOptions& options);

enum class OutputFormat : uint8_t { table, jsonl };

struct BenchBatchOptions {
  std::string model;
  int32_t prompt = 128;
  int32_t generate = 32;
  std::vector<int32_t> parallel = {1, 8, 32};
  std::optional<int32_t> threads;
  std::optional<KvType> kv_type;  // absent: QUIRE_KV_CACHE_TYPE, OLLAMA_KV_CACHE_TYPE, f16
  OutputFormat format = OutputFormat::table;
  bool sample = false;  // as the native endpoints' defaults do; else greedily
  bool roof = false;    // also what was read and multiplied a second, to compare with `bench roof`
};
Result<void> bench_batch_command(const BenchBatchOptions& options);

struct BenchDraftOptions {
  std::string model;
  std::string prompt_file, answer_file;
  int32_t tokens = 0;          // of the answer, the first so many; 0: all
  std::string draft;           // the model that guesses, or mtp: its MTP block; empty: lookups do
  int32_t draft_percent = 70;  // ... and is taken to be right so often
  int32_t runs = 3;
  std::vector<int32_t> parallel = {1};
  std::optional<int32_t> threads;
  std::optional<KvType> kv_type;
  OutputFormat format = OutputFormat::table;
};
Result<void> bench_draft_command(const BenchDraftOptions& options);

struct BenchLoadOptions {
  std::string model;
  std::optional<int32_t> threads;
  OutputFormat format = OutputFormat::table;
};
Result<void> bench_load_command(const BenchLoadOptions& options);

struct BenchRoofOptions {
  int threads = 0;  // 0: every core
  bool gpus_alone = false;
  OutputFormat format = OutputFormat::table;
};
Result<void> bench_roof_command(const BenchRoofOptions& options);

struct TokenizeOptions {
  std::string file;
  bool special = false;  // special tokens in the text are parsed, and BOS and EOS added as the file asks
  bool pieces = false;   // "id<TAB>piece", one a line
};
Result<void> tokenize_command(const TokenizeOptions& options);

struct RenderOptions {
  std::string source;         // FILE.gguf or FILE.jinja
  std::string messages_file;  // "-": standard input
  std::string bos, eos;       // their texts; empty: the file's own
  bool generation_prompt = true;
  bool spans = false;  // also the user's byte ranges, on standard error
};
Result<void> render_command(const RenderOptions& options);

struct LogitsOptions {
  std::string file;
  std::vector<int32_t> tokens;
  std::string out;
  std::optional<int32_t> threads;
  std::optional<KvType> kv_type;
};
Result<void> logits_command(const LogitsOptions& options);

}  // namespace quire::cli
