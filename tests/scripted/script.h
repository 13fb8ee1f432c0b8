// What a scripted model would write, turn by turn.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quire::scripted {

struct Turn {
  std::vector<std::string> seen;  // texts that the prompt holds, all of them
  std::string says;               // control tokens by their names
};

// Immutable; any thread.
class Script {
 public:
  explicit Script(std::vector<Turn> turns) : turns_(std::move(turns)) {}
  // The last turn all of whose texts stand in the prompt: a conversation that has gone further shows more of them.
  // None: not even an empty list, which is seen in every prompt.
  std::optional<size_t> turn_for(std::string_view prompt) const;
  const Turn& turn(size_t index) const { return turns_[index]; }

 private:
  std::vector<Turn> turns_;
};

}  // namespace quire::scripted
