// Bodies of the endpoints that change what is stored: /api/pull, push, create, copy, delete. Pure functions; any
// thread. A field that nobody knows is refused by name: what is stored would not be what was asked for.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/error.h"

namespace quire::api::ollama {

// /api/pull and /api/push.
struct TransferCall {
  std::string model;
  bool insecure = false;
  bool stream = true;
};
ApiResult<TransferCall> parse_transfer(std::string_view body);

struct CreateCall {
  std::string model;
  std::string from;                          // another model's name
  std::map<std::string, std::string> files;  // name -> digest of a blob that was sent before
  std::optional<std::string> template_;
  std::optional<std::string> system;
  std::vector<std::string> licenses;
  std::string parameters;                       // a JSON object; empty: none were given
  std::vector<std::string> unknown_parameters;  // of them, for the log: they are stored, and change nothing here
  std::string messages;                         // a JSON array; empty: none were given
  std::string quantize;                         // a type's name; empty: the weights stay as they are
  std::string renderer;
  std::string parser;
  std::string requires_;
  bool stream = true;
  std::string asked;  // the body without "stream": equal where the same is asked for
};
// Adapters, drafts, remote models and what else there is no field for are refused by name.
ApiResult<CreateCall> parse_create(std::string_view body);

struct CopyCall {
  std::string source;
  std::string destination;
};
ApiResult<CopyCall> parse_copy(std::string_view body);
// The model's name.
ApiResult<std::string> parse_delete(std::string_view body);

// A line of a stream that tells how far something is. Numbers stand only beside a digest.
std::string progress_line(const std::string& status, const std::string& digest, uint64_t total_bytes,
                          uint64_t completed_bytes);

}  // namespace quire::api::ollama
