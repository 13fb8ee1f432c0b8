// What a model says, taken apart: content, thinking, calls of tools.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace quire::parts {

struct Content {
  std::string text;
  bool operator==(const Content&) const = default;
};
struct Thinking {
  std::string text;
  bool operator==(const Thinking&) const = default;
};
// Calls of one answer have the numbers 0, 1, ...; one is open at a time.
struct CallBegun {
  size_t call = 0;
  std::string name;
  std::string id;  // as the model wrote it; empty: its syntax has none
  bool operator==(const CallBegun&) const = default;
};
// More of the text of the call's arguments, which is one JSON object when it has ended.
struct CallArguments {
  size_t call = 0;
  std::string text;
  bool operator==(const CallArguments&) const = default;
};
struct CallEnded {
  size_t call = 0;
  bool operator==(const CallEnded&) const = default;
};
using Part = std::variant<Content, Thinking, CallBegun, CallArguments, CallEnded>;

// One answer's text as it grows. One thread. The parts, pieces of one kind joined, do not depend on how the text was
// cut. What cannot become anything but content is given at once; a call that turns out to be broken is content, as far
// as nothing of it was given.
class PartsParser {
 public:
  virtual ~PartsParser() = default;
  // Appends the parts that are certain now.
  virtual void push(std::string_view text, std::vector<Part>& parts) = 0;
  // Nothing more comes: appends the rest.
  virtual void finish(std::vector<Part>& parts) = 0;
};

}  // namespace quire::parts
