#include "server/environment.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/ascii.h"

namespace quire::server {
namespace {

// Ollama takes these away from both ends of every value: files of variables have quotes that no shell removed.
constexpr std::string_view around_values = " \t\r\n\"'";

}  // namespace

std::optional<Variable> Environment::find(std::string_view suffix) const {
  for (const std::string_view prefix : {"QUIRE_", "OLLAMA_"}) {
    std::string name = fmt::format("{}{}", prefix, suffix);
    const char* value = lookup_(name.c_str());
    const std::string_view text = trimmed(value == nullptr ? "" : value, around_values);
    if (!text.empty()) return Variable{std::move(name), std::string(text)};
  }
  return std::nullopt;
}

void Environment::warn(const Variable& variable, std::string_view text) const {
  warnings_.push_back(fmt::format("{}: {}", variable.name, text));
}

Result<void> Environment::refuse(const Variable& variable, std::string_view why) const {
  if (!variable.is_ollamas()) return fail(ErrorKind::invalid, fmt::format("{}: {}", variable.name, why));
  warn(variable, fmt::format("{}; the default stays", why));
  return {};
}

Result<void> Environment::read_integer(std::string_view suffix, int64_t min, int64_t max, int64_t& target) const {
  const std::optional<Variable> variable = find(suffix);
  if (!variable) return {};
  int64_t number = 0;
  const char* end = variable->value.data() + variable->value.size();
  const auto [stop, error] = std::from_chars(variable->value.data(), end, number);
  const bool too_large =
      stop == end &&
      (error == std::errc::result_out_of_range ? variable->value[0] != '-' : error == std::errc() && number > max);
  if (too_large && variable->is_ollamas()) {
    number = max;
  } else if (error != std::errc() || stop != end || number < min || number > max) {
    return refuse(*variable, fmt::format("expected an integer from {} to {}, found \"{}\"", min, max, variable->value));
  }
  target = number;
  return {};
}

std::optional<bool> parse_truth(std::string_view text) {
  constexpr std::array<std::string_view, 6> yes = {"1", "t", "T", "TRUE", "true", "True"};
  constexpr std::array<std::string_view, 6> no = {"0", "f", "F", "FALSE", "false", "False"};
  if (std::ranges::find(yes, text) != yes.end()) return true;
  if (std::ranges::find(no, text) != no.end()) return false;
  return std::nullopt;
}

}  // namespace quire::server
