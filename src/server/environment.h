// Variables of the environment, read as Ollama reads its own.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace quire::server {

// The value of an environment variable, or null.
using EnvironmentLookup = std::function<const char*(const char* name)>;

// A variable that is set, and the name it was found by. Its value has no spaces and quotes around it.
struct Variable {
  std::string name;
  std::string value;

  bool is_ollamas() const { return name.starts_with("OLLAMA_"); }
};

// Looks for QUIRE_NAME, else for OLLAMA_NAME; what is empty counts as unset. One thread, for the time of a start.
//
// What cannot be read is an error under quire's own name. Under Ollama's it is a warning, and the default stays: such a
// value did not stop Ollama either.
class Environment {
 public:
  // Borrows both.
  Environment(const EnvironmentLookup& lookup, std::vector<std::string>& warnings)
      : lookup_(lookup), warnings_(warnings) {}

  std::optional<Variable> find(std::string_view suffix) const;
  void warn(const Variable& variable, std::string_view text) const;

  // A whole number from min to max; `target` stays where the variable is not set. Under Ollama's name one beyond max
  // is max.
  Result<void> read_integer(std::string_view suffix, int64_t min, int64_t max, int64_t& target) const;

  // `parse` makes a Result<T> of the text.
  template <typename T, typename Parse>
  Result<void> read_with(std::string_view suffix, Parse parse, T& target) const {
    const std::optional<Variable> variable = find(suffix);
    if (!variable) return {};
    auto parsed = parse(std::string_view(variable->value));
    if (!parsed) return refuse(*variable, parsed.error().message);
    target = std::move(*parsed);
    return {};
  }

 private:
  Result<void> refuse(const Variable& variable, std::string_view why) const;

  const EnvironmentLookup& lookup_;
  std::vector<std::string>& warnings_;
};

// Go's strconv.ParseBool: 1, t, T, TRUE, true, True and their opposites.
std::optional<bool> parse_truth(std::string_view text);

}  // namespace quire::server
