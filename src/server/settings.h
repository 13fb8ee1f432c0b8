// What the environment says: QUIRE_NAME, else OLLAMA_NAME where Ollama has it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/host_port.h"
#include "base/result.h"
#include "core/limits.h"
#include "model/kv_type.h"
#include "server/environment.h"
#include "server/observe/log_format.h"
#include "server/requests/client_identity.h"

namespace quire::server {

struct Settings {
  std::string host = "127.0.0.1";  // HOST
  uint16_t port = 11434;           // HOST
  int32_t parallel_max = 0;        // NUM_PARALLEL: contexts that run together at most; 0 and "auto": no cap
  int32_t queue_max = 512;         // MAX_QUEUE: requests that may wait
  int64_t queue_tokens_max = Limits{}.queue_tokens_max;  // QUIRE_MAX_QUEUE_TOKENS: of their prompts; 0: no bound
  int64_t target_gap_ns = 0;                             // QUIRE_TARGET_ITL_MS: between two tokens of a stream; 0: auto
  std::vector<ClientWeight> client_weights;              // QUIRE_CLIENT_WEIGHTS: "NAME=W,NAME=W"
  int32_t models_max = 3;                                // MAX_LOADED_MODELS
  std::filesystem::path models_folder;                   // MODELS; default: HOME/.quire/models
  std::string models_variable;                           // the variable that named it; empty: the default
  std::filesystem::path tune_folder;        // what `quire tune` wrote: models_folder/quire/tune; empty: nothing is read
  std::filesystem::path response_folder;    // models_folder/quire/responses; empty: none are kept
  uint64_t response_bytes_max = 256 << 20;  // QUIRE_RESPONSE_STORE: of responses that are kept; 0 and "off": none are
  int64_t keep_alive_ns = 300'000'000'000;  // KEEP_ALIVE; negative: for ever
  int64_t drain_timeout_ns = 30'000'000'000;  // QUIRE_DRAIN_TIMEOUT: for answers in progress when it is told to stop
  int32_t context_tokens = 0;                 // CONTEXT_LENGTH: longest context; 0: what the model was trained for
  std::optional<int32_t> shift_keep;          // of requests that do not say `shift`: their full contexts keep so many
  std::vector<std::string> origins;           // ORIGINS: allowed beside the local ones
  int debug = 0;                              // DEBUG: 1 debug, 2 trace
  std::string isa;                            // QUIRE_ISA: kernel table by name; empty: the best there is
  int32_t threads = 0;                        // QUIRE_THREADS: workers; 0: auto
  std::string device;                         // QUIRE_DEVICE: what computes beside the cores; empty: auto
  std::optional<int64_t> gpu_layers;          // QUIRE_GPU_LAYERS: of each model; none and "auto": as many as fit
  std::string cuda_library = "libcuda.so.1";  // QUIRE_CUDA_LIBRARY: NVIDIA's driver, by name or path
  std::string vulkan_library = "libvulkan.so.1";  // QUIRE_VULKAN_LIBRARY: Vulkan's loader, the same
  uint64_t memory_bytes = 0;                      // QUIRE_MEMORY: for KV; 0: auto
  LogFormat log_format = LogFormat::text;         // QUIRE_LOG_FORMAT: text or json
  KvType kv_type = KvType::f16;                   // KV_CACHE_TYPE: f16 or q8_0
  bool drafts = true;                             // QUIRE_DRAFT: auto, lookup, off, or ...
  bool mtp_drafts = true;                         // ... for auto: by a model's MTP block, where it has one
  std::string draft_model;                        // ... the model that guesses: a name, or FILE.gguf
  std::filesystem::path machine_root = "/";       // QUIRE_MACHINE_ROOT: where /proc and /sys say what this machine has
  std::vector<std::string> warnings;              // what was not taken as it was written; for the log
};

// An error names the variable, what it holds and what was expected; under Ollama's name it is a warning, as Environment
// has it. Empty values count as unset.
Result<Settings> read_settings(const EnvironmentLookup& lookup);

// "auto", "lookup", "off", or the model that guesses.
void set_draft(std::string_view text, Settings& settings);

// "8G", "512MiB", "1000000": a number of bytes; K, M, G and T are powers of 1024.
Result<uint64_t> parse_bytes(std::string_view text);

}  // namespace quire::server
