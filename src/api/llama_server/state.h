// What llama.cpp's server says of its model and its slots: /props and /slots.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "api/live.h"

namespace quire::api::llama_server {

struct Properties {
  std::string model;  // by its name
  std::string path;
  std::string chat_template;
  std::string bos;  // the texts of these tokens; empty: none
  std::string eos;
  std::string version;
  int32_t context_tokens = 0;
  int32_t contexts_max = 0;  // that run together at most
};

// The settings of a request that leaves everything open are those of parse_completion.
std::string props_body(const Properties& properties);

// A slot for each context that may run: what runs in the first ones, in the order in which it came; the others are
// idle. What a request asks for is nobody else's business, so `params` is missing.
std::string slots_body(std::span<const ContextLine> contexts, const Properties& properties);

}  // namespace quire::api::llama_server
