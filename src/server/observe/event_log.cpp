#include "server/observe/event_log.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

#include "api/json_text.h"
#include "base/shown.h"

namespace quire::server {
namespace {

// Lines of this logger are an event's fields already; those of all others are a message.
constexpr std::string_view event_logger_name = "quire.event";

class JsonFormatter final : public spdlog::formatter {
 public:
  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& line) override {
    const auto since_epoch = message.time.time_since_epoch();
    const auto seconds = std::chrono::floor<std::chrono::seconds>(since_epoch);
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch - seconds).count();
    const auto level = spdlog::level::to_string_view(message.level);
    fmt::format_to(std::back_inserter(line), R"({{"time":"{:%Y-%m-%dT%H:%M:%S}.{:03}Z","level":"{}",)",
                   fmt::gmtime(static_cast<std::time_t>(seconds.count())), ms,
                   fmt::string_view(level.data(), level.size()));
    const std::string_view payload(message.payload.data(), message.payload.size());
    const bool is_event = std::string_view(message.logger_name.data(), message.logger_name.size()) == event_logger_name;
    if (is_event) {
      fmt::format_to(std::back_inserter(line), "{}}}\n", payload);
    } else {
      fmt::format_to(std::back_inserter(line), "\"message\":{}}}\n", api::json_string(payload));
    }
  }
  std::unique_ptr<spdlog::formatter> clone() const override { return std::make_unique<JsonFormatter>(); }
};

// spdlog's usual line. What a stranger named may hold a line break that begins a line of the log, or move a cursor.
class TextFormatter final : public spdlog::formatter {
 public:
  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& line) override {
    const std::string_view payload(message.payload.data(), message.payload.size());
    if (is_showable(payload)) return pattern_.format(message, line);
    const std::string text = shown(payload);
    spdlog::details::log_msg changed = message;
    changed.payload = spdlog::string_view_t(text.data(), text.size());
    pattern_.format(changed, line);
  }
  std::unique_ptr<spdlog::formatter> clone() const override { return std::make_unique<TextFormatter>(); }

 private:
  spdlog::pattern_formatter pattern_;
};

// As it is where nothing can be taken for something else.
std::string plain_or_quoted(const std::string& value) {
  const bool plain = !value.empty() && std::ranges::all_of(value, [](char c) {
    return c > ' ' && c < 127 && c != '"' && c != '=' && c != '\\';
  });
  return plain ? value : api::json_string(value);
}

}  // namespace

Result<LogFormat> parse_log_format(std::string_view text) {
  if (text == "text") return LogFormat::text;
  if (text == "json") return LogFormat::json;
  return fail(ErrorKind::invalid, fmt::format("expected text or json, found \"{}\"", text));
}

void set_log_format(LogFormat format) {
  if (format == LogFormat::json) {
    spdlog::set_formatter(std::make_unique<JsonFormatter>());
  } else {
    spdlog::set_formatter(std::make_unique<TextFormatter>());
  }
}

LogEvent& LogEvent::text(std::string_view name, std::string_view value) {
  fields_.emplace_back(name, std::string(value));
  return *this;
}

LogEvent& LogEvent::number(std::string_view name, int64_t value) {
  fields_.emplace_back(name, value);
  return *this;
}

LogEvent& LogEvent::real(std::string_view name, double value) {
  fields_.emplace_back(name, std::isfinite(value) ? value : 0.0);
  return *this;
}

std::string LogEvent::as_text() const {
  std::string line = name_;
  for (const auto& [name, value] : fields_) {
    if (const std::string* text = std::get_if<std::string>(&value)) {
      line += fmt::format(" {}={}", name, plain_or_quoted(*text));
    } else if (const int64_t* number = std::get_if<int64_t>(&value)) {
      line += fmt::format(" {}={}", name, *number);
    } else {
      line += fmt::format(" {}={:.3f}", name, std::get<double>(value));
    }
  }
  return line;
}

std::string LogEvent::as_json() const {
  std::string line = fmt::format("\"event\":\"{}\"", name_);
  for (const auto& [name, value] : fields_) {
    if (const std::string* text = std::get_if<std::string>(&value)) {
      line += fmt::format(",\"{}\":{}", name, api::json_string(*text));
    } else if (const int64_t* number = std::get_if<int64_t>(&value)) {
      line += fmt::format(",\"{}\":{}", name, *number);
    } else {
      line += fmt::format(",\"{}\":{:.3f}", name, std::get<double>(value));
    }
  }
  return line;
}

EventLog::EventLog(LogFormat format)
    : format_(format),
      logger_(std::make_shared<spdlog::logger>(std::string(event_logger_name),
                                               spdlog::default_logger()->sinks().begin(),
                                               spdlog::default_logger()->sinks().end())) {
  logger_->set_level(spdlog::level::trace);
}

bool EventLog::writes(spdlog::level::level_enum level) const { return spdlog::should_log(level); }

void EventLog::write(spdlog::level::level_enum level, const LogEvent& event) const {
  if (writes(level)) logger_->log(level, format_ == LogFormat::json ? event.as_json() : event.as_text());
}

}  // namespace quire::server
