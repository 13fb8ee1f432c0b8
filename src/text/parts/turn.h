// What the readers of one answer share, and the small pieces that they are made of.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "text/parts/output.h"
#include "text/parts/reading.h"

namespace quire::parts {

struct Tool {
  std::string name;
  std::string parameters;  // JSON schema
};

// One answer. One thread. What was taken from `in` and is no part yet is kept by it: a reader that does not find what
// it reads leaves it there, and it becomes text.
struct Turn {
  Input in;
  Output out;
  std::vector<Tool> tools = {};

  const Tool* tool(std::string_view name) const;
  // The call of this tool is certain: what was kept of it is not text.
  void begin_call(std::string_view name, std::string_view id);
  // From here on what is taken is kept again: the end of a call may be missing.
  void end_call();
};

constexpr bool is_white(int byte) { return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n'; }

// Takes white space; always true.
Reading skip_white(Turn& turn);
// Takes exactly this text; false where another byte comes, with what is the same taken. An empty one is there.
Reading expect(Turn& turn, std::string_view text);
// Takes exactly one of these texts, none of which begins with another one: `which` is its place.
Reading expect_one(Turn& turn, std::span<const std::string_view> texts, size_t& which);
// Appends a name of a tool: letters, digits, and what else stands in them.
Reading read_name(Turn& turn, std::string& name);
// Appends bytes until one of `stops` comes or the answer ends (false).
Reading read_until(Turn& turn, std::string_view stops, std::string& text);

}  // namespace quire::parts
