// The tables of docs/parallelism.md: the formula applied to models that people run.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "cli/tune/memory_formula.h"
#include "core/limits.h"
#include "model/kv_type.h"
#include "server/models/machine_memory.h"
#include "synth/shape.h"

namespace quire::cli {
namespace {

struct KnownModel {
  synth::Shape shape;
  int64_t vocab;
};

// Shapes as the models' own config.json files state them.
const std::array<KnownModel, 7>& known_models() {
  static const std::array<KnownModel, 7> models = {{
      {{"Llama 3.2 1B", "llama", 16, 2048, 8192, 32, 8, 64, 131072, true}, 128256},
      {{"Llama 3.2 3B", "llama", 28, 3072, 8192, 24, 8, 128, 131072, true}, 128256},
      {{"Llama 2 7B", "llama", 32, 4096, 11008, 32, 32, 128, 4096, false}, 32000},
      {{"Mistral 7B v0.3", "llama", 32, 4096, 14336, 32, 8, 128, 32768, false}, 32768},
      {{"Llama 3.1 8B", "llama", 32, 4096, 14336, 32, 8, 128, 131072, false}, 128256},
      {{"Qwen3 14B", "qwen3", 40, 5120, 17408, 40, 8, 128, 40960, false}, 151936},
      {{"Qwen3 32B", "qwen3", 64, 5120, 25600, 64, 8, 128, 40960, false}, 151936},
  }};
  return models;
}

constexpr std::array<uint64_t, 5> machine_gib = {4, 8, 16, 24, 64};
constexpr std::array<int64_t, 3> context_tokens = {2048, 4096, 8192};

// What quire may take of a machine: all but what the server keeps free for others.
uint64_t memory_of_machine(uint64_t gib) {
  const uint64_t total = gib << 30;
  return total - server::memory_reserve(total);
}

// "38 / 19 / 9"; "-" where not one fits, or the model is not made for that length, and one "-" for all.
std::string cell(const ModelMemory& model, uint64_t memory_bytes) {
  std::string text;
  int64_t most = 0;
  for (const int64_t tokens : context_tokens) {
    const int64_t count = tokens <= model.context_max ? contexts_that_fit(model, memory_bytes, tokens) : 0;
    most = std::max(most, count);
    text += (text.empty() ? "" : " / ") + (count > 0 ? fmt::to_string(count) : "-");
  }
  return most > 0 ? text : "-";
}

double gib(uint64_t bytes) { return static_cast<double>(bytes) / static_cast<double>(uint64_t{1} << 30); }

Result<std::string> table_of(KvType kv_type) {
  std::string out =
      fmt::format("KV in {}:\n\n| model | type | itself, GiB | KV of a token, KiB |", kv_type_name(kv_type));
  for (const uint64_t size : machine_gib) out += fmt::format(" {} GiB |", size);
  out += "\n|---|---|--:|--:|";
  for (size_t column = 0; column < machine_gib.size(); ++column) out += "--:|";
  out += '\n';
  for (const KnownModel& known : known_models()) {
    for (const gguf::FileType type : {gguf::FileType::q4_0, gguf::FileType::q4_k_m}) {
      QUIRE_TRY(const ModelMemory model, memory_of(known.shape, known.vocab, type, kv_type, Limits{}.running_max));
      const double token_kib = static_cast<double>(model.contexts.block_bytes + model.contexts.window_block_bytes) /
                               static_cast<double>(model.contexts.block_tokens) / 1024;
      out += fmt::format("| {} | {} | {:.2f} | {:.0f} |", known.shape.name, gguf::file_type_name(type),
                         gib(model.fixed_bytes()), token_kib);
      for (const uint64_t size : machine_gib) out += fmt::format(" {} |", cell(model, memory_of_machine(size)));
      out += '\n';
    }
  }
  return out;
}

}  // namespace

Result<std::string> memory_tables() {
  QUIRE_TRY(const std::string exact, table_of(KvType::f16));
  QUIRE_TRY(const std::string small, table_of(KvType::q8_0));
  return exact + "\n" + small;
}

}  // namespace quire::cli
