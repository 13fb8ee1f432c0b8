// How many contexts fit into a memory: one formula for `quire tune`, its tests and docs/parallelism.md.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "gguf/file.h"
#include "gguf/file_type.h"
#include "model/context_memory.h"
#include "model/kv_type.h"
#include "synth/shape.h"

namespace quire::cli {

// What a server with one model takes, in the sizes that the engine really uses. A plain value.
struct ModelMemory {
  std::string name;              // for messages
  uint64_t weight_bytes = 0;     // as packed: private memory
  uint64_t embedding_bytes = 0;  // the token table, which is read in place: pages of the file
  uint64_t workspace_bytes = 0;  // activations of the largest step
  uint64_t program_bytes = 0;    // the program, its threads and the vocabulary
  ContextMemory contexts;        // what they take of each class of memory
  int64_t context_max = 0;       // tokens that the model was made for
  KvType kv_type = KvType::f16;

  // All that does not depend on contexts.
  uint64_t fixed_bytes() const { return weight_bytes + embedding_bytes + workspace_bytes + program_bytes; }
  // Of a context of `tokens` tokens: whole blocks, the window of layers that have one, its state.
  uint64_t kv_bytes(int64_t tokens) const { return static_cast<uint64_t>(contexts.context_bytes(tokens)); }
};

// Of a model file; no weights are read. running_max: contexts in a step (Limits).
Result<ModelMemory> memory_of(const gguf::File& file, const std::string& name, KvType kv_type, int32_t running_max);
// Of a shape whose weights would be of a type.
Result<ModelMemory> memory_of(const synth::Shape& shape, int64_t vocab, gguf::FileType type, KvType kv_type,
                              int32_t running_max);

// What is left for KV; 0: nothing.
uint64_t memory_for_contexts(const ModelMemory& model, uint64_t memory_bytes);
// The most contexts of `tokens` tokens each whose KV fits beside all else into memory_bytes:
//   floor((memory - weights - embedding - workspace - program) / kv_bytes(tokens))
// REQUIRES: tokens > 0.
int64_t contexts_that_fit(const ModelMemory& model, uint64_t memory_bytes, int64_t tokens);
// The least memory for so many contexts.
uint64_t memory_needed(const ModelMemory& model, int64_t contexts, int64_t tokens);
// An error says how much is needed when not even one context fits.
Result<void> check_memory(const ModelMemory& model, uint64_t memory_bytes, int64_t tokens);

// The tables of docs/parallelism.md, as Markdown.
Result<std::string> memory_tables();

}  // namespace quire::cli
