// The command line of llama.cpp's server, for programs that start one: which of its flags mean something here.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/kv_type.h"

namespace quire::cli {

struct LlamaServerOptions {
  std::string model;  // the weights' file; empty: none was given
  std::string alias;  // the model's name; empty: its file's
  std::string host = "127.0.0.1";
  uint16_t port = 8080;
  int32_t context_tokens = 0;           // of all contexts together; 0: each has what the model was trained for
  std::optional<int32_t> parallel;      // contexts that run together; absent: by the load
  std::optional<int32_t> threads;       // absent: every core
  std::optional<KvType> kv_type;        // absent: f16
  std::optional<std::string> draft;     // the smaller model that guesses; absent: lookups do
  bool shifts = false;                  // full contexts go on with a part of themselves
  int32_t keep = 0;                     // ... of which so many first tokens
  bool lists_devices = false;           // that, and nothing else
  bool shows_version = false;           // the same
  bool shows_help = false;              // the same
  std::vector<std::string> notes = {};  // flags that change nothing, and why; for the log

  // Of one context; 0: what the model was trained for.
  int32_t tokens_per_context() const { return parallel && *parallel > 0 ? context_tokens / *parallel : context_tokens; }
};

// `words`: without the program's name. An error names the flag: it is unknown, lacks its value, or means something that
// is not served.
Result<LlamaServerOptions> parse_llama_server(std::span<const std::string> words);

// What --help prints: each flag that is known, with what becomes of it.
std::string llama_server_help();

}  // namespace quire::cli
