#include "api/duration.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <limits>

namespace quire::api {
namespace {

// Nanoseconds of one unit; 0 for an unknown one.
double unit_ns(std::string_view unit) {
  if (unit == "ns") return 1;
  if (unit == "us" || unit == "\xC2\xB5s" || unit == "\xCE\xBCs") return 1e3;  // u, micro sign, Greek mu
  if (unit == "ms") return 1e6;
  if (unit == "s") return 1e9;
  if (unit == "m") return 60e9;
  if (unit == "h") return 3600e9;
  return 0;
}

int64_t saturate(double ns) {
  constexpr double bound = 9.2e18;  // below 2^63
  if (ns >= bound) return std::numeric_limits<int64_t>::max();
  if (ns <= -bound) return std::numeric_limits<int64_t>::min();
  return static_cast<int64_t>(ns);
}

}  // namespace

Result<int64_t> parse_duration_ns(std::string_view text) {
  const auto broken = [&] {
    return fail(ErrorKind::invalid, fmt::format("invalid duration \"{}\": expected such as \"5m\", \"1h30m\" or "
                                                "a number of seconds",
                                                text));
  };
  std::string_view rest = text;
  const bool negative = rest.starts_with('-');
  if (negative || rest.starts_with('+')) rest.remove_prefix(1);
  if (rest.empty()) return broken();

  double total_ns = 0;
  bool first = true;
  while (!rest.empty()) {
    const size_t digits = std::min(rest.find_first_not_of("0123456789."), rest.size());
    double amount = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + digits, amount, std::chars_format::fixed);
    if (digits == 0 || error != std::errc() || end != rest.data() + digits) return broken();
    rest.remove_prefix(digits);
    const std::string_view unit = rest.substr(0, std::min(rest.find_first_of("0123456789."), rest.size()));
    rest.remove_prefix(unit.size());
    if (unit.empty()) {
      if (!first) return broken();
      total_ns = amount * 1e9;
      break;
    }
    const double scale = unit_ns(unit);
    if (scale == 0) return broken();
    total_ns += amount * scale;
    first = false;
  }
  return saturate(negative ? -total_ns : total_ns);
}

std::string rfc3339(FileTime time) {
  using namespace std::chrono;
  // The format has years of four digits.
  constexpr int64_t first_s = -62'135'596'800;  // year 1
  constexpr int64_t last_s = 253'402'300'799;   // the end of 9999
  const sys_seconds moment{seconds(std::clamp(time.unix_s, first_s, last_s))};
  const auto day = floor<days>(moment);
  const year_month_day date{day};
  const hh_mm_ss clock{moment - day};
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:09}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count(), time.ns);
}

std::string rfc3339_ns(int64_t unix_ns) {
  constexpr int64_t second_ns = 1'000'000'000;
  FileTime time{unix_ns / second_ns, static_cast<int32_t>(unix_ns % second_ns)};
  if (time.ns < 0) {
    --time.unix_s;
    time.ns += static_cast<int32_t>(second_ns);
  }
  return rfc3339(time);
}

}  // namespace quire::api
