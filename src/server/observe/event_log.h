// What a server writes to its log, for people or for programs.
#pragma once

#include <spdlog/formatter.h>
#include <spdlog/logger.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "server/observe/log_format.h"

namespace quire::server {

// Every line of the program's log comes in this format from now on. Before threads are started.
void set_log_format(LogFormat format);

// One thing that has happened, with what is known of it. Values may hold any bytes: what is not UTF-8 or would break a
// line is replaced or escaped.
class LogEvent {
 public:
  // Names are plain words.
  explicit LogEvent(std::string_view name) : name_(name) {}

  LogEvent& text(std::string_view name, std::string_view value);
  LogEvent& number(std::string_view name, int64_t value);
  // Three digits after the point.
  LogEvent& real(std::string_view name, double value);
  LogEvent& milliseconds(std::string_view name, int64_t ns) { return real(name, static_cast<double>(ns) * 1e-6); }

  std::string as_text() const;
  std::string as_json() const;  // without the braces

 private:
  using Value = std::variant<std::string, int64_t, double>;
  const std::string name_;
  std::vector<std::pair<std::string, Value>> fields_;
};

// Writes events among the messages of the default logger of its construction. Any thread.
class EventLog {
 public:
  explicit EventLog(LogFormat format);
  void write(spdlog::level::level_enum level, const LogEvent& event) const;
  bool writes(spdlog::level::level_enum level) const;

 private:
  const LogFormat format_;
  const std::shared_ptr<spdlog::logger> logger_;
};

}  // namespace quire::server
