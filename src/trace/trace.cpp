#include "trace/trace.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <optional>
#include <unordered_map>

namespace quire::trace {

namespace {

constexpr std::string_view azure_heading = "TIMESTAMP,ContextTokens,GeneratedTokens";
constexpr int32_t mooncake_block_tokens = 512;

// One line's text from left to right. What does not fit leaves `ok` false, and then nothing fits any more.
struct Scanner {
  std::string_view rest;
  bool ok = true;

  bool take(char c) {
    if (ok && !rest.empty() && rest.front() == c) {
      rest.remove_prefix(1);
      return true;
    }
    return false;
  }
  void expect(char c) { ok = take(c) && ok; }
  void spaces() {
    while (take(' ') || take('\t')) {
    }
  }
  // Decimal digits, no sign.
  int64_t number() {
    int64_t value = 0;
    if (!ok || rest.empty() || rest.front() < '0' || rest.front() > '9') {
      ok = false;
      return 0;
    }
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), value);
    ok = error == std::errc();
    rest.remove_prefix(static_cast<size_t>(end - rest.data()));
    return value;
  }
  int64_t digits(size_t count) {
    const std::string_view before = rest;
    const int64_t value = number();
    ok = ok && before.size() - rest.size() == count;
    return value;
  }
};

// Calls take(line, number from 1) for each line that is not empty, until one fails.
template <typename Take>
Result<void> for_each_line(std::string_view text, Take take) {
  size_t line_number = 0;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    ++line_number;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!line.empty()) QUIRE_TRY_VOID(take(line, line_number));
  }
  return {};
}

std::unexpected<Error> bad_line(size_t line_number, std::string_view line, std::string_view expected) {
  constexpr size_t shown = 60;
  return fail(ErrorKind::invalid, fmt::format("line {} of the trace: expected {}, found '{}'{}", line_number, expected,
                                              line.substr(0, shown), line.size() > shown ? " ..." : ""));
}

Result<void> check_request(const TraceRequest& request, size_t line_number, std::string_view line) {
  const auto is_length = [](int32_t tokens) { return tokens >= 1 && tokens <= TraceBounds::tokens; };
  if (!is_length(request.prompt_tokens) || !is_length(request.generated_tokens)) {
    return bad_line(line_number, line, fmt::format("lengths of 1 to {} tokens", TraceBounds::tokens));
  }
  if (request.arrived_ns < 0 || request.arrived_ns > TraceBounds::arrived_ns) {
    return bad_line(line_number, line, "a time within 11 days of the first one");
  }
  return {};
}

Result<void> add(Trace& trace, TraceRequest request) {
  if (trace.requests.size() == TraceBounds::requests) {
    return fail(ErrorKind::too_large, fmt::format("a trace of more than {} requests", TraceBounds::requests));
  }
  trace.requests.push_back(std::move(request));
  return {};
}

Result<Trace> ordered(Trace trace) {
  if (trace.requests.empty()) return fail(ErrorKind::invalid, "a trace without requests");
  std::ranges::stable_sort(trace.requests, {}, &TraceRequest::arrived_ns);
  return trace;
}

// "2023-11-16 18:15:46.6805900" in nanoseconds; the fraction has up to nine digits, or is not there.
int64_t scan_time(Scanner& scan) {
  const int64_t year = scan.digits(4);
  scan.expect('-');
  const int64_t month = scan.digits(2);
  scan.expect('-');
  const int64_t day = scan.digits(2);
  scan.expect(' ');
  const int64_t hour = scan.digits(2);
  scan.expect(':');
  const int64_t minute = scan.digits(2);
  scan.expect(':');
  const int64_t second = scan.digits(2);
  int64_t fraction_ns = 0;
  if (scan.take('.')) {
    const std::string_view before = scan.rest;
    fraction_ns = scan.number();
    const size_t digits = before.size() - scan.rest.size();
    scan.ok = scan.ok && digits <= 9;
    for (size_t digit = digits; digit < 9; ++digit) fraction_ns *= 10;
  }
  const std::chrono::year_month_day date(std::chrono::year(static_cast<int>(year)),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day)));
  // Years that nanoseconds in 64 bits can say.
  scan.ok = scan.ok && year >= 1970 && year <= 2200 && date.ok() && hour < 24 && minute < 60 && second < 61;
  if (!scan.ok) return 0;
  const int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  return (((days * 24 + hour) * 60 + minute) * 60 + second) * 1'000'000'000 + fraction_ns;
}

// A length as the bounds check wants it: what is far too long stays too long.
int32_t scan_length(Scanner& scan) {
  return static_cast<int32_t>(std::min<int64_t>(scan.number(), int64_t{TraceBounds::tokens} + 1));
}

// Hashes become dense numbers, and a hash that names two different beginnings is found out.
class Blocks {
 public:
  // -1: the hash stood behind another block before.
  int32_t number(int64_t hash, int32_t parent) {
    const auto [at, fresh] = numbers_.try_emplace(hash, static_cast<int32_t>(parents_.size()));
    if (fresh) parents_.push_back(parent);
    return parents_[static_cast<size_t>(at->second)] == parent ? at->second : -1;
  }
  int32_t count() const { return static_cast<int32_t>(parents_.size()); }

 private:
  std::unordered_map<int64_t, int32_t> numbers_;
  std::vector<int32_t> parents_;
};

struct MooncakeLine {
  int64_t timestamp_ms = -1, input_length = -1, output_length = -1;
  std::optional<std::vector<int64_t>> hash_ids;
};

std::vector<int64_t> scan_hashes(Scanner& scan) {
  std::vector<int64_t> hashes;
  scan.expect('[');
  scan.spaces();
  if (scan.take(']')) return hashes;
  do {
    scan.spaces();
    hashes.push_back(scan.number());
    scan.spaces();
  } while (scan.take(','));
  scan.expect(']');
  return hashes;
}

// {"timestamp": 0, "input_length": 6758, "output_length": 500, "hash_ids": [0, 1]}: these members, in any order.
MooncakeLine scan_members(Scanner& scan) {
  MooncakeLine line;
  scan.spaces();
  scan.expect('{');
  do {
    scan.spaces();
    scan.expect('"');
    const std::string_view key = scan.rest.substr(0, scan.rest.find('"'));
    scan.rest.remove_prefix(key.size());
    scan.expect('"');
    scan.spaces();
    scan.expect(':');
    scan.spaces();
    if (key == "timestamp") {
      line.timestamp_ms = scan.number();
    } else if (key == "input_length") {
      line.input_length = scan_length(scan);
    } else if (key == "output_length") {
      line.output_length = scan_length(scan);
    } else if (key == "hash_ids") {
      line.hash_ids = scan_hashes(scan);
    } else {
      scan.ok = false;
    }
    scan.spaces();
  } while (scan.take(','));
  scan.expect('}');
  scan.spaces();
  return line;
}

}  // namespace

Result<Trace> parse_azure_trace(std::string_view text) {
  Trace trace;
  int64_t first_ns = 0;
  bool heading_seen = false;
  const auto take = [&](std::string_view line, size_t line_number) -> Result<void> {
    if (!std::exchange(heading_seen, true)) {
      if (line != azure_heading) return bad_line(line_number, line, azure_heading);
      return {};
    }
    Scanner scan{.rest = line};
    TraceRequest request;
    request.arrived_ns = scan_time(scan);
    scan.expect(',');
    request.prompt_tokens = scan_length(scan);
    scan.expect(',');
    request.generated_tokens = scan_length(scan);
    if (!scan.ok || !scan.rest.empty()) {
      return bad_line(line_number, line, "YYYY-MM-DD hh:mm:ss.fraction,tokens,tokens");
    }
    if (trace.requests.empty()) first_ns = request.arrived_ns;
    request.arrived_ns -= first_ns;
    QUIRE_TRY_VOID(check_request(request, line_number, line));
    return add(trace, std::move(request));
  };
  QUIRE_TRY_VOID(for_each_line(text, take));
  return ordered(std::move(trace));
}

Result<Trace> parse_mooncake_trace(std::string_view text) {
  Trace trace{.block_tokens = mooncake_block_tokens};
  Blocks blocks;
  const auto take = [&](std::string_view line, size_t line_number) -> Result<void> {
    Scanner scan{.rest = line};
    const MooncakeLine members = scan_members(scan);
    if (!scan.ok || !scan.rest.empty() || members.timestamp_ms < 0 || members.input_length < 0 ||
        members.output_length < 0 || !members.hash_ids) {
      return bad_line(line_number, line, "an object of timestamp, input_length, output_length and hash_ids");
    }
    TraceRequest request{.prompt_tokens = static_cast<int32_t>(members.input_length),
                         .generated_tokens = static_cast<int32_t>(members.output_length)};
    // What is far too late stays too late.
    request.arrived_ns = std::min(members.timestamp_ms, TraceBounds::arrived_ns / 1'000'000 + 1) * 1'000'000;
    QUIRE_TRY_VOID(check_request(request, line_number, line));
    const int64_t begun = (members.input_length + mooncake_block_tokens - 1) / mooncake_block_tokens;
    if (std::ssize(*members.hash_ids) != begun) {
      return bad_line(line_number, line, fmt::format("{} hashes for {} tokens", begun, members.input_length));
    }
    for (const int64_t hash : *members.hash_ids) {
      request.blocks.push_back(blocks.number(hash, request.blocks.empty() ? -1 : request.blocks.back()));
      if (request.blocks.back() < 0) {
        return bad_line(line_number, line, fmt::format("hash {} behind the same hash as before", hash));
      }
    }
    return add(trace, std::move(request));
  };
  QUIRE_TRY_VOID(for_each_line(text, take));
  trace.block_count = blocks.count();
  return ordered(std::move(trace));
}

Result<Trace> parse_trace(std::string_view text) {
  return text.starts_with('{') ? parse_mooncake_trace(text) : parse_azure_trace(text);
}

}  // namespace quire::trace
