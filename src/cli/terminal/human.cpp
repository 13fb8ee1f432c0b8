#include "cli/terminal/human.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <ctime>
#include <vector>

#include "base/shown.h"
#include "text/utf8.h"

namespace quire::cli {
namespace {

constexpr int64_t second_ns = 1'000'000'000;
constexpr std::string_view replacement = "\xef\xbf\xbd";

std::string human_span(int64_t seconds) {
  if (seconds < 1) return "Less than a second";
  if (seconds == 1) return "1 second";
  if (seconds < 60) return fmt::format("{} seconds", seconds);
  const int64_t minutes = seconds / 60;
  if (minutes == 1) return "About a minute";
  if (minutes < 60) return fmt::format("{} minutes", minutes);
  const auto hours = static_cast<int64_t>(std::llround(static_cast<double>(seconds) / 3600));
  if (hours == 1) return "About an hour";
  struct Unit {
    int64_t hours_below, hours;
    const char* name;
  };
  // Each unit from two of it on.
  constexpr std::array<Unit, 4> units = {
      {{48, 1, "hours"}, {24 * 7 * 2, 24, "days"}, {24 * 30 * 2, 24 * 7, "weeks"}, {24 * 365 * 2, 24 * 30, "months"}}};
  for (const Unit& unit : units) {
    if (hours < unit.hours_below) return fmt::format("{} {}", hours / unit.hours, unit.name);
  }
  return fmt::format("{} years", seconds / 3600 / 24 / 365);
}

// A fraction of a unit without the zeros at its end: "1.5", "2".
std::string with_fraction(int64_t amount, int64_t unit) {
  const int digits = unit == 1 ? 0 : static_cast<int>(std::llround(std::log10(static_cast<double>(unit))));
  std::string text = fmt::format("{}", amount / unit);
  if (amount % unit == 0) return text;
  std::string fraction = fmt::format("{:0{}}", amount % unit, digits);
  fraction.erase(fraction.find_last_not_of('0') + 1);
  return text + "." + fraction;
}

// Its characters, a space for each that cannot be shown.
std::vector<std::string_view> showable_characters(std::string_view text) {
  std::vector<std::string_view> characters;
  for (size_t at = 0; at < text.size();) {
    const size_t size = std::max<size_t>(utf8_character_size(text, at), 1);
    const std::string_view character = text.substr(at, size);
    characters.push_back(is_showable(character) ? character : " ");
    at += size;
  }
  return characters;
}

}  // namespace

std::string human_bytes(int64_t bytes) {
  constexpr std::array<const char*, 5> units = {"B", "KB", "MB", "GB", "TB"};
  size_t unit = 0;
  auto value = static_cast<double>(bytes);
  for (; value >= 1000 && unit + 1 < units.size(); ++unit) value /= 1000;
  const bool whole = unit == 0 || value >= 10 || value == std::trunc(value);
  if (whole) return fmt::format("{} {}", static_cast<int64_t>(value), units[unit]);
  return fmt::format("{:.1f} {}", value, units[unit]);
}

std::string human_age(int64_t seconds_ago) {
  if (seconds_ago >= 0) return human_span(seconds_ago) + " ago";
  constexpr int64_t forever_years = 20;
  const int64_t left = -seconds_ago;
  if (left / 3600 / 24 / 365 > forever_years) return "Forever";
  return human_span(left) + " from now";
}

std::string go_duration(int64_t ns) {
  if (ns == 0) return "0s";
  if (ns < 0) return "-" + go_duration(-std::max(ns, -INT64_MAX));
  if (ns < 1000) return fmt::format("{}ns", ns);
  if (ns < 1'000'000) return with_fraction(ns, 1000) + "µs";
  if (ns < second_ns) return with_fraction(ns, 1'000'000) + "ms";
  const int64_t minutes = ns / (60 * second_ns);
  const std::string seconds = with_fraction(ns % (60 * second_ns), second_ns) + "s";
  if (minutes == 0) return seconds;
  if (minutes < 60) return fmt::format("{}m{}", minutes, seconds);
  return fmt::format("{}h{}m{}", minutes / 60, minutes % 60, seconds);
}

std::optional<int64_t> unix_ns_of(std::string_view rfc3339) {
  const std::string text(rfc3339);
  std::tm fields{};
  const char* rest = strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &fields);
  if (rest == nullptr) return std::nullopt;
  int64_t ns = 0;
  if (*rest == '.') {
    int64_t unit = second_ns / 10;
    for (++rest; *rest >= '0' && *rest <= '9'; ++rest, unit /= 10) ns += (*rest - '0') * unit;
  }
  int64_t at = timegm(&fields);
  int hours = 0, minutes = 0;
  char sign = '+';
  if (*rest != 'Z') {
    if (std::sscanf(rest, "%c%2d:%2d", &sign, &hours, &minutes) != 3 || (sign != '+' && sign != '-')) {
      return std::nullopt;
    }
    at -= (sign == '-' ? -1 : 1) * (hours * 60 + minutes) * 60;
  }
  constexpr int64_t seconds_max = INT64_MAX / second_ns - 1;  // some 292 years: later is as good as then
  return std::clamp(at, -seconds_max, seconds_max) * second_ns + ns;
}

int64_t unix_now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::string valid_utf8(std::string_view text) {
  std::string valid;
  valid.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    const size_t size = utf8_character_size(text, at);
    valid += size == 0 ? replacement : text.substr(at, size);
    at += std::max<size_t>(size, 1);
  }
  return valid;
}

size_t column_count(std::string_view text) {
  size_t columns = 0;
  for (size_t at = 0; at < text.size();) {
    utf8proc_int32_t character = 0;
    const utf8proc_ssize_t size = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()) + at,
                                                   static_cast<utf8proc_ssize_t>(text.size() - at), &character);
    if (size > 0) columns += static_cast<size_t>(std::max(utf8proc_charwidth(character), 0));
    at += size > 0 ? static_cast<size_t>(size) : 1;
  }
  return columns;
}

std::string one_line_head(std::string_view text, size_t columns) {
  std::string line;
  size_t taken = 0;
  for (const std::string_view character : showable_characters(text)) {
    taken += column_count(character);
    if (taken > columns) break;
    line += character;
  }
  return line;
}

std::string one_line_tail(std::string_view text, size_t columns) {
  const std::vector<std::string_view> characters = showable_characters(text);
  size_t begin = characters.size(), taken = 0;
  while (begin > 0 && taken + column_count(characters[begin - 1]) <= columns)
    taken += column_count(characters[--begin]);
  std::string line;
  for (; begin < characters.size(); ++begin) line += characters[begin];
  return line;
}

}  // namespace quire::cli
