// What is said of models, whichever dialect says it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_time.h"
#include "core/view.h"

namespace quire::api {

// A model's `details` object.
struct ModelDetails {
  std::string family;              // the architecture
  std::string parameter_size;      // "1.2B"
  std::string quantization_level;  // "Q4_K_M"
  int64_t context_length = 0;      // as trained; 0: unknown
  int64_t embedding_length = 0;
};

// One model of the store.
struct ModelSummary {
  std::string name;  // name:tag
  uint64_t size_bytes = 0;
  std::string digest;
  FileTime modified;
  ModelDetails details;
  bool calls = false;     // its template shows tools and writes calls
  bool thinks = false;    // its template writes thinking
  bool fills_in = false;  // what is missing between two texts
  bool embeds = false;    // it was made for vectors: its file says how rows become one
};

// Blocks or states of one class that a model's contexts hold: how many there are, may be in use, are in use, and hold
// what was computed before.
struct ClassMemory {
  int32_t total = 0;
  int32_t limit = 0;
  int32_t held = 0;
  int32_t cached = 0;
  uint64_t bytes = 0;     // of one
  std::string_view type;  // of their elements: "f16"; empty: it goes without saying
};

// Bytes of what contexts hold, in blocks of all kinds and states: in use, kept for who asks for the same, all that may
// be in use, and all.
struct ContextBytes {
  uint64_t held = 0;
  uint64_t cached = 0;
  uint64_t limit = 0;
  uint64_t total = 0;
  uint64_t used() const { return held + cached; }
};

// What a model's scheduler has done since it was loaded.
struct SchedulerTotals {
  int64_t steps = 0;
  int64_t prompt_tokens_computed = 0;
  int64_t prefix_hit_tokens = 0;  // of prompts, not computed
  int64_t generated_tokens = 0;
  int64_t preemptions = 0;
  int64_t recomputed_tokens = 0;
  int64_t evicted_blocks = 0;
  int64_t draft_tokens = 0;     // guesses that were computed
  int64_t accepted_tokens = 0;  // ... and were right
};

// The part of a model that lies on one device.
struct DevicePart {
  std::string device;
  bool on_host = true;  // its memory is the machine's
  int64_t layers = 0;
  uint64_t weights_bytes = 0;
  uint64_t workspace_bytes = 0;
  ContextBytes context_bytes;
};

// One model in memory.
struct RunningModel {
  ModelSummary summary;
  std::optional<int64_t> expires_unix_ns;  // none: stays for ever
  int32_t context_length = 0;
  // Ollama's ps says nothing of these.
  int64_t requests_running = 0;
  int64_t requests_waiting = 0;
  ControllerView controller;
  ClassMemory kv_blocks;
  std::optional<ClassMemory> window_blocks;  // of layers with windows, where they have blocks of their own
  std::optional<ClassMemory> states;         // of recurrent layers
  ContextBytes context_bytes;
  std::vector<DevicePart> devices;  // in the order of its layers, then a model's that guesses for it
  SchedulerTotals since_load;
};

struct TensorLine {
  std::string name;
  std::string type;
  std::vector<uint64_t> shape;
};

struct ModelDescription {
  ModelSummary summary;
  std::string license;
  std::string chat_template;  // of Go's text/template or Jinja, whichever is used
  std::string system;
  std::string options = "{}";   // a JSON object: what is stored, and what was asked to be shown beside it
  std::string messages = "[]";  // a JSON array
  std::string renderer;
  std::string parser;
  std::string requires_;
  std::string modelfile;
  std::string metadata;  // the file's, as a JSON object
  std::vector<TensorLine> tensors;
};

}  // namespace quire::api
