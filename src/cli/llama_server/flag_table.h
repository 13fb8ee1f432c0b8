// The flags of llama.cpp's server as tables.
#pragma once

#include <array>
#include <span>
#include <string_view>

#include "base/result.h"
#include "cli/llama_server/flags.h"

namespace quire::cli {

using FlagNames = std::array<std::string_view, 4>;  // the ones that are not there are empty

struct HonouredFlag {
  FlagNames names;
  bool has_value = true;
  std::string_view meaning;
  Result<void> (*apply)(LlamaServerOptions& options, std::string_view value);
};

// Accepted: what it asks for is so anyway, or has no meaning here.
struct HarmlessFlag {
  FlagNames names;
  bool has_value = false;
  std::string_view why;
};

// An answer, or a server, would be another one without it.
struct RefusedFlag {
  FlagNames names;
  std::string_view why;
};

std::span<const HonouredFlag> honoured_flags();
std::span<const HarmlessFlag> harmless_flags();
std::span<const RefusedFlag> refused_flags();

}  // namespace quire::cli
