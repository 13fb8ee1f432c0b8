// What a pull or a push tells while it runs: the lines that Ollama streams.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <string>

namespace quire::store::registry {

// One line. Without a digest it is about the model as a whole.
struct Progress {
  std::string status;  // "pulling manifest", "pulling 0123456789ab", "success", ...
  std::string digest;
  uint64_t total_bytes = 0;
  uint64_t completed_bytes = 0;
};

// "0123456789ab" of "sha256:0123456789ab...": what people see of a digest.
inline std::string short_digest(const std::string& digest) {
  return digest.substr(std::min<size_t>(7, digest.size()), 12);
}

// How the work meets its caller. Both are called on the thread that works.
struct Hooks {
  std::function<void(const Progress&)> on_progress = [](const Progress&) {};
  std::function<bool()> keep_going = [] { return true; };  // false: cancelled; what has arrived is kept
};

}  // namespace quire::store::registry
