// The parts of one choice as they gather until they are sent: what every writer keeps.
#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "text/parts/parts.h"

namespace quire::api {

// A call, or what is new of one.
struct GatheredCall {
  size_t call = 0;
  bool begins = false;  // name and id are known from here on
  bool ended = false;
  std::string name;
  std::string id;
  std::string arguments;
};

// One thread.
class GatheredParts {
 public:
  // `answer_id` and the choice make the ids of calls that have none of their own.
  void add(std::span<const parts::Part> parts, std::string_view answer_id, size_t choice);
  // Without the new pieces of calls, which may be sent later.
  bool has_text() const { return !content.empty() || !thinking.empty(); }
  bool empty() const { return !has_text() && calls.empty(); }
  void clear();
  // Takes the calls out that are whole.
  std::vector<GatheredCall> take_ended();

  std::string content;
  std::string thinking;
  std::vector<GatheredCall> calls;  // one entry each
  bool has_called = false;          // since the beginning

 private:
  GatheredCall& open(size_t call);
};

// Nine letters and digits, which some templates insist on: the same for the same arguments.
std::string call_id(std::string_view answer_id, size_t choice, size_t call);

// The arguments as an object; an empty one where the answer was cut before they were whole, or where they go over the
// bounds of parse_in_order, as they would when they came back in the history.
nlohmann::ordered_json arguments_object(const std::string& arguments);

}  // namespace quire::api
