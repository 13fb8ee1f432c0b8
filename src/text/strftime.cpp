#include "text/strftime.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>

namespace quire {

namespace {

constexpr std::array<std::string_view, 7> weekdays = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                      "Thursday", "Friday", "Saturday"};
constexpr std::array<std::string_view, 12> months = {"January",   "February", "March",    "April",
                                                     "May",       "June",     "July",     "August",
                                                     "September", "October",  "November", "December"};

struct Moment {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  int weekday = 0;   // 0: Sunday
  int year_day = 0;  // 0: the first of January
  int64_t unix_s = 0;
};

Moment moment_of(int64_t unix_s) {
  using namespace std::chrono;
  // Within what a chrono year can hold.
  constexpr int64_t year_9999 = 253'402'300'799;
  unix_s = std::clamp<int64_t>(unix_s, 0, year_9999);
  const sys_seconds time{seconds(unix_s)};
  const sys_days days = floor<std::chrono::days>(time);
  const year_month_day date(days);
  const hh_mm_ss clock(time - days);
  const sys_days new_year = sys_days(date.year() / January / 1);
  return {.year = static_cast<int>(date.year()),
          .month = static_cast<int>(static_cast<unsigned>(date.month())),
          .day = static_cast<int>(static_cast<unsigned>(date.day())),
          .hour = static_cast<int>(clock.hours().count()),
          .minute = static_cast<int>(clock.minutes().count()),
          .second = static_cast<int>(clock.seconds().count()),
          .weekday = static_cast<int>(weekday(days).c_encoding()),
          .year_day = static_cast<int>((days - new_year).count()),
          .unix_s = unix_s};
}

std::string number(int value, int width, char pad, char flag) {
  if (flag == '-') return fmt::format("{}", value);
  if (flag == '_') pad = ' ';
  if (flag == '0') pad = '0';
  return pad == '0' ? fmt::format("{:0{}}", value, width) : fmt::format("{:{}}", value, width);
}

std::string convert(const Moment& m, char conversion, char flag) {
  const auto month = months[static_cast<size_t>(m.month - 1)];
  const auto weekday = weekdays[static_cast<size_t>(m.weekday)];
  const int hour12 = m.hour % 12 == 0 ? 12 : m.hour % 12;
  switch (conversion) {
    case 'Y':
      return fmt::format("{}", m.year);
    case 'C':
      return number(m.year / 100, 2, '0', flag);
    case 'y':
      return number(m.year % 100, 2, '0', flag);
    case 'm':
      return number(m.month, 2, '0', flag);
    case 'd':
      return number(m.day, 2, '0', flag);
    case 'e':
      return number(m.day, 2, ' ', flag);
    case 'H':
      return number(m.hour, 2, '0', flag);
    case 'k':
      return number(m.hour, 2, ' ', flag);
    case 'I':
      return number(hour12, 2, '0', flag);
    case 'l':
      return number(hour12, 2, ' ', flag);
    case 'M':
      return number(m.minute, 2, '0', flag);
    case 'S':
      return number(m.second, 2, '0', flag);
    case 'f':
      return "000000";
    case 'j':
      return number(m.year_day + 1, 3, '0', flag);
    case 'U':
      return number((m.year_day + 7 - m.weekday) / 7, 2, '0', flag);
    case 'W':
      return number((m.year_day + 7 - (m.weekday + 6) % 7) / 7, 2, '0', flag);
    case 'w':
      return fmt::format("{}", m.weekday);
    case 'u':
      return fmt::format("{}", m.weekday == 0 ? 7 : m.weekday);
    case 'B':
      return std::string(month);
    case 'b':
    case 'h':
      return std::string(month.substr(0, 3));
    case 'A':
      return std::string(weekday);
    case 'a':
      return std::string(weekday.substr(0, 3));
    case 'p':
      return m.hour < 12 ? "AM" : "PM";
    case 'P':
      return m.hour < 12 ? "am" : "pm";
    case 's':
      return fmt::format("{}", m.unix_s);
    case 'Z':
    case 'z':
      return "";  // Python prints nothing for a time without a zone
    case 'n':
      return "\n";
    case 't':
      return "\t";
    case '%':
      return "%";
    default:
      return flag == 0 ? fmt::format("%{}", conversion) : fmt::format("%{}{}", flag, conversion);
  }
}

// Conversions that stand for others.
std::string_view composite(char conversion) {
  switch (conversion) {
    case 'F':
      return "%Y-%m-%d";
    case 'T':
    case 'X':
      return "%H:%M:%S";
    case 'R':
      return "%H:%M";
    case 'D':
    case 'x':
      return "%m/%d/%y";
    case 'c':
      return "%a %b %e %H:%M:%S %Y";
    case 'r':
      return "%I:%M:%S %p";
    default:
      return {};
  }
}

void append_formatted(std::string& out, const Moment& moment, std::string_view format, bool is_inner) {
  for (size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%' || i + 1 >= format.size()) {
      out.push_back(format[i]);
      continue;
    }
    char flag = 0;
    if (i + 2 < format.size() && (format[i + 1] == '-' || format[i + 1] == '_' || format[i + 1] == '0'))
      flag = format[++i];
    const char conversion = format[++i];
    const std::string_view parts = composite(conversion);
    if (!parts.empty() && !is_inner) {
      append_formatted(out, moment, parts, true);
    } else {
      out += convert(moment, conversion, flag);
    }
  }
}

}  // namespace

std::string format_utc(int64_t unix_s, std::string_view format) {
  std::string out;
  append_formatted(out, moment_of(unix_s), format, false);
  return out;
}

}  // namespace quire
