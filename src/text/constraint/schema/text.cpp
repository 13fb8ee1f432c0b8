#include "text/constraint/schema/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "text/constraint/schema/number.h"
#include "text/unicode.h"

namespace quire::constraint {
namespace {

constexpr std::pair<char, std::string_view> short_escapes[] = {
    {'"', "\\\""}, {'\\', "\\\\"}, {'\b', "\\b"}, {'\f', "\\f"}, {'\n', "\\n"}, {'\r', "\\r"}, {'\t', "\\t"}};

ByteSet bytes_of(std::string_view bytes) {
  ByteSet set;
  for (const char byte : bytes) set.set(static_cast<uint8_t>(byte));
  return set;
}

bool must_escape(char32_t c) { return c < 0x20 || c == '"' || c == '\\'; }

ByteSet ascii_plain() {
  ByteSet set;
  for (char32_t c = 0; c < 0x80; ++c) set.set(c, !must_escape(c));
  return set;
}

// REQUIRES: valid UTF-8.
std::vector<char32_t> code_points_of(std::string_view text) {
  std::vector<char32_t> out;
  for (size_t at = 0; at < text.size();) {
    const CodePoint found = code_point_at(text, at);
    out.push_back(static_cast<char32_t>(found.value));
    at += found.size_bytes;
  }
  return out;
}

std::string escape_of(char32_t c) {
  for (const auto& [escaped, text] : short_escapes) {
    if (static_cast<char32_t>(escaped) == c) return std::string(text);
  }
  return fmt::format("\\u{:04x}", static_cast<uint32_t>(c));
}

// As a grammar's repeat counts; more than it can is as good as no bound.
uint32_t repeat_max(uint64_t max) { return max >= unbounded ? unbounded : static_cast<uint32_t>(max); }

// Names as a tree of characters: children come after their parents.
struct NameTree {
  struct Branch {
    bool ends = false;
    std::map<char32_t, size_t> next = {};
  };
  std::vector<Branch> branches = {{}};

  explicit NameTree(const std::vector<std::string>& names) {
    for (const std::string& name : names) {
      size_t at = 0;
      for (const char32_t c : code_points_of(name)) {
        const auto [found, is_new] = branches[at].next.try_emplace(c, branches.size());
        at = found->second;
        if (is_new) branches.emplace_back();
      }
      branches[at].ends = true;
    }
  }
};

}  // namespace

std::string json_escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<uint8_t>(c);
    out += must_escape(byte) ? escape_of(byte) : std::string(1, c);
  }
  return out;
}

JsonText::JsonText(Grammar& grammar) : grammar_(grammar) {
  const NodeId space = grammar.bytes(" ");
  const NodeId line = grammar.sequence({grammar.bytes("\n"), grammar.repeat(space, 0, indent_max)});
  colon_ = grammar.sequence({grammar.bytes(":"), grammar.repeat(space, 0, 1)});
  comma_ = grammar.sequence({grammar.bytes(","), grammar.choice({grammar.nothing(), space, line})});
  space_inside_ = grammar.choice({grammar.nothing(), space, line});
  any_character_ = any_character();
  const NodeId quote = grammar.bytes("\"");
  any_string_ = shared("any string", grammar.sequence({quote, grammar.repeat(any_character_, 0), quote}));
  const RuleId any = grammar.declare("any value");
  any_value_ = grammar.refer(any);
  // Its own numbers are small.
  std::vector<NodeId> values = scalars({.null = true, .yes = true, .no = true, .strings = StringSet::all()}).value();
  values.push_back(grammar.bytes("{}"));
  values.push_back(object(any_object_members()));
  values.push_back(grammar.bytes("[]"));
  values.push_back(array(separated(any_value_, any_value_, 1, UINT64_MAX)));
  grammar.define(any, grammar.choice(std::move(values)));
}

NodeId JsonText::any_object_members() {
  const NodeId one = member(any_string_, any_value_);
  return separated(one, one, 1, UINT64_MAX);
}

NodeId JsonText::bracketed(std::string_view open, NodeId inside, std::string_view close) {
  return grammar_.sequence({grammar_.bytes(open), space_inside_, inside, space_inside_, grammar_.bytes(close)});
}

NodeId JsonText::member(NodeId name, NodeId value) { return grammar_.sequence({name, colon_, value}); }

NodeId JsonText::name(std::string_view name) { return grammar_.bytes("\"" + json_escaped(name) + "\""); }

NodeId JsonText::separated(NodeId first, NodeId more, uint64_t min, uint64_t max) {
  if (max == 0) return min == 0 ? grammar_.nothing() : grammar_.never();
  const uint64_t least = min == 0 ? 0 : min - 1, most = max == UINT64_MAX ? UINT64_MAX : max - 1;
  if (least >= unbounded) return grammar_.never();
  const NodeId next = grammar_.sequence({comma_, more});
  const NodeId some = grammar_.sequence({first, grammar_.repeat(next, static_cast<uint32_t>(least), repeat_max(most))});
  return min == 0 ? grammar_.repeat(some, 0, 1) : some;
}

// A character of a string with every way to escape it; one outside of the basic plane is two escapes.
NodeId JsonText::any_character() {
  Grammar& g = grammar_;
  const Range plain[] = {{0x20, 0x21}, {0x23, 0x5b}, {0x5d, 0x10ffff}};
  const NodeId hex = g.byte_set(bytes_of("0123456789abcdefABCDEF"));
  const NodeId hex2 = g.sequence({hex, hex}), u = g.bytes("u"), d = g.byte_set(bytes_of("dD"));
  const NodeId not_d = g.byte_set(bytes_of("0123456789abcefABCEF"));
  const NodeId basic =
      g.choice({g.sequence({not_d, hex, hex2}), g.sequence({d, g.byte_set(bytes_of("01234567")), hex2})});
  const NodeId high = g.sequence({d, g.byte_set(bytes_of("89abAB")), hex2});
  const NodeId low = g.sequence({d, g.byte_set(bytes_of("cdefCDEF")), hex2});
  const NodeId code = g.sequence({u, g.choice({basic, g.sequence({high, g.bytes("\\u"), low})})});
  const NodeId escape = g.sequence({g.bytes("\\"), g.choice({g.byte_set(bytes_of("\"\\/bfnrt")), code})});
  return g.choice({g.characters(plain), escape});
}

NodeId JsonText::character(char32_t code_point) {
  if (must_escape(code_point)) return grammar_.bytes(escape_of(code_point));
  const Range one[] = {{code_point, code_point}};
  return grammar_.characters(one);
}

NodeId JsonText::shared(std::string name, NodeId node) {
  const RuleId rule = grammar_.declare(std::move(name));
  grammar_.define(rule, node);
  return grammar_.refer(rule);
}

// REQUIRES: ascending.
NodeId JsonText::other_character(const std::vector<char32_t>& code_points) {
  Grammar& g = grammar_;
  ByteSet ascii = ascii_plain();
  bool escapes = true, wide = true;  // none of them is excepted
  for (const char32_t c : code_points) {
    escapes &= !must_escape(c);
    wide &= c < 0x80;
    if (c < 0x80) ascii.reset(c);
  }
  const auto escapes_but = [&](const std::vector<char32_t>& excepted) {
    std::vector<NodeId> parts;
    for (char32_t c = 0; c < 0x80; ++c) {
      if (must_escape(c) && !std::ranges::binary_search(excepted, c)) parts.push_back(g.bytes(escape_of(c)));
    }
    return g.choice(std::move(parts));
  };
  const auto wide_but = [&](const std::vector<char32_t>& excepted) {
    std::vector<Range> ranges;
    char32_t from = 0x80;
    for (const char32_t c : excepted) {
      if (c < 0x80) continue;
      if (c > from) ranges.emplace_back(from, c - 1);
      from = c + 1;
    }
    if (from <= 0x10ffff) ranges.emplace_back(from, 0x10ffff);
    return g.characters(ranges);
  };
  if (!rest_of_string_) {
    const NodeId any = g.choice({g.byte_set(ascii_plain()), escapes_but({}), wide_but({})});
    rest_of_string_ = shared("rest of a string", g.sequence({g.repeat(any, 0), g.bytes("\"")}));
    other_escape_ = shared("escape in a string", g.sequence({escapes_but({}), *rest_of_string_}));
    other_wide_ = shared("character in a string", g.sequence({wide_but({}), *rest_of_string_}));
  }
  const NodeId rest = *rest_of_string_;
  return g.choice({g.sequence({g.byte_set(ascii), rest}),
                   escapes ? *other_escape_ : g.sequence({escapes_but(code_points), rest}),
                   wide ? *other_wide_ : g.sequence({wide_but(code_points), rest})});
}

NodeId JsonText::name_except(const std::vector<std::string>& names) {
  if (names.empty()) return any_string_;
  if (const auto known = names_.find(names); known != names_.end()) return known->second;
  const NameTree tree(names);
  const NodeId quote = grammar_.bytes("\"");
  std::vector<NodeId> made(tree.branches.size());
  for (size_t i = tree.branches.size(); i-- > 0;) {
    const NameTree::Branch& branch = tree.branches[i];
    std::vector<NodeId> ways;
    std::vector<char32_t> taken;
    for (const auto& [c, next] : branch.next) {
      taken.push_back(c);
      ways.push_back(grammar_.sequence({character(c), made[next]}));
    }
    ways.push_back(other_character(taken));
    if (!branch.ends) ways.push_back(quote);
    made[i] = grammar_.choice(std::move(ways));
  }
  return names_.emplace(names, shared("other name", grammar_.sequence({quote, made[0]}))).first->second;
}

Result<NodeId> JsonText::string(const Regular& texts) {
  QUIRE_TRY(const Regular inside, texts.as_json_string());
  const NodeId quote = grammar_.bytes("\"");
  return grammar_.sequence({quote, inside.add_to(grammar_), quote});
}

Result<NodeId> JsonText::strings(const StringSet::Piece& piece) {
  if (piece == StringSet::Piece{}) return any_string_;
  const auto known = std::ranges::find(strings_, piece, &std::pair<StringSet::Piece, NodeId>::first);
  if (known != strings_.end()) return known->second;
  NodeId node = grammar_.never();
  if (piece.texts != nullptr) {
    QUIRE_TRY(const Regular texts, piece_texts(piece));
    QUIRE_TRY(node, string(texts));
  } else if (piece.min < unbounded) {  // else longer than any answer
    const NodeId quote = grammar_.bytes("\"");
    node = grammar_.sequence(
        {quote, grammar_.repeat(any_character_, static_cast<uint32_t>(piece.min), repeat_max(piece.max)), quote});
  }
  return strings_.emplace_back(piece, shared("string", node)).second;
}

Result<NodeId> JsonText::numbers(const Scalars& scalars) {
  const auto& set = scalars.numbers;
  for (const auto& [known, node] : numbers_) {
    if (known == set || (known != nullptr && set != nullptr && *known == *set)) return node;
  }
  QUIRE_TRY(const Regular texts, spelled(set == nullptr ? all_numbers() : *set));
  return numbers_.emplace_back(set, shared("number", texts.add_to(grammar_))).second;
}

Result<std::vector<NodeId>> JsonText::scalars(const Scalars& scalars) {
  std::vector<NodeId> out;
  if (scalars.null) out.push_back(grammar_.bytes("null"));
  if (scalars.yes) out.push_back(grammar_.bytes("true"));
  if (scalars.no) out.push_back(grammar_.bytes("false"));
  if (scalars.numbers == nullptr || !scalars.numbers->is_empty()) {
    QUIRE_TRY(const NodeId node, numbers(scalars));
    out.push_back(node);
  }
  for (const StringSet::Piece& piece : scalars.strings.pieces()) {
    QUIRE_TRY(const NodeId node, strings(piece));
    out.push_back(node);
  }
  return out;
}

}  // namespace quire::constraint
