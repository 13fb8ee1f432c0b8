// Answers of models: any bytes are parts, the same for every way to cut them. The first byte picks the syntax, the
// second how the answer is cut.
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/check.h"
#include "text/parts/syntax.h"
#include "text/parts/syntax_table.h"

namespace {

using quire::parts::Part;
using quire::parts::Syntax;
using quire::parts::ToolSchema;

const std::vector<ToolSchema>& tools() {
  static const std::vector<ToolSchema> all = {
      {.name = "f", .parameters = R"({"properties": {"s": {"type": "string"}, "n": {"type": ["integer", "null"]}}})"},
      {.name = "g"}};
  return all;
}

Syntax syntax_of(uint8_t byte) {
  const auto rows = quire::parts::syntax_rows();
  std::string source;
  for (const std::string_view sign : rows[byte % rows.size()].signs.all()) source += sign;
  return Syntax::of(source, "");
}

// A line for each change of kind, so that texts that were given in pieces are equal.
class Told {
 public:
  void take(const std::vector<Part>& parts) {
    for (const Part& part : parts) std::visit([&](const auto& one) { add(one, part.index()); }, part);
  }
  const std::string& text() const { return text_; }
  void check_ended() const { QUIRE_CHECK(!open_, "each call that was begun has ended"); }

 private:
  void add(const quire::parts::CallBegun& begun, size_t kind) {
    QUIRE_CHECK(!open_ && begun.call == calls_, "calls come one after another");
    QUIRE_CHECK(begun.name == "f" || begun.name == "g", "calls name tools that were offered");
    open_ = true;
    add_line(kind, begun.name + " " + begun.id);
    last_ = npos;
  }
  void add(const quire::parts::CallEnded& ended, size_t kind) {
    QUIRE_CHECK(open_ && ended.call == calls_, "the open call ends");
    open_ = false;
    ++calls_;
    add_line(kind, "");
    last_ = npos;
  }
  void add(const quire::parts::CallArguments& more, size_t kind) {
    QUIRE_CHECK(open_ && more.call == calls_, "arguments are of the open call");
    add_line(kind, more.text);
  }
  template <typename Text>
  void add(const Text& part, size_t kind) {
    QUIRE_CHECK(!open_, "no text inside of a call");
    add_line(kind, part.text);
  }
  void add_line(size_t kind, std::string_view text) {
    if (kind != last_) text_ += "\n" + std::to_string(kind) + " ";
    last_ = kind;
    text_ += text;
  }

  static constexpr size_t npos = static_cast<size_t>(-1);
  std::string text_;
  size_t last_ = npos;
  size_t calls_ = 0;
  bool open_ = false;
};

// Pieces of 1 to `piece_max` bytes; 0: one piece.
std::string told(const Syntax& syntax, std::string_view text, size_t piece_max) {
  const auto parser = syntax.make_parser(text.substr(0, text.size() / 4), tools());
  Told result;
  std::vector<Part> parts;
  for (size_t turn = 0; !text.empty(); ++turn) {
    const size_t size = piece_max == 0 ? text.size() : 1 + turn * 7 % piece_max;
    parser->push(text.substr(0, size), parts);
    result.take(parts);
    parts.clear();
    text.remove_prefix(std::min(size, text.size()));
  }
  parser->finish(parts);
  result.take(parts);
  result.check_ended();
  return result.text();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* input, size_t size) {
  if (size < 2) return 0;
  const Syntax syntax = syntax_of(input[0]);
  const std::string_view text(reinterpret_cast<const char*>(input) + 2, size - 2);
  const std::string whole = told(syntax, text, 0);
  QUIRE_CHECK(told(syntax, text, 1) == whole, "byte by byte is the same");
  QUIRE_CHECK(told(syntax, text, 1 + input[1] % 16) == whole, "pieces are the same");
  return 0;
}
