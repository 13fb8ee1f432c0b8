// What a request is refused with, before it is written in the dialect of the endpoint that was asked.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <utility>

#include "base/result.h"
#include "core/event.h"

namespace quire::api {

// A prompt that has no room in the context.
struct ContextOverflow {
  int64_t prompt_tokens = 0;
  bool at_least = false;  // it was not counted to its end
  int64_t context_tokens = 0;
};

struct [[nodiscard]] ApiError {
  int status = 500;
  std::string message;
  std::string param = {};   // the field that is at fault, if one is
  std::string reason = {};  // a word for programs: how a request ended that nothing was wrong with, "deadline"
  bool too_large = false;   // the request can never have room here
  std::optional<ContextOverflow> overflow = {};  // each dialect has its own words for it
};

template <typename T>
using ApiResult = std::expected<T, ApiError>;

inline std::unexpected<ApiError> refuse(int status, std::string message, std::string param = {}) {
  return std::unexpected(ApiError{status, std::move(message), std::move(param)});
}

// Ollama's text for a full queue; its two spaces are on the wire.
extern const char* const busy_message;

// The status that tells a client whether to change the request, to come back later, or to complain.
ApiError from_error(const Error& error);

// What a request is told that ended without a whole answer, and without being refused.
ApiError from_finished(const Finished& finished);

}  // namespace quire::api
