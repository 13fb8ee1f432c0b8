#include "text/constraint/schema/scalars.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "text/constraint/schema/number.h"

namespace quire::constraint {
namespace {

using Kind = SchemaJson::Kind;
using Numbers = std::shared_ptr<const Regular>;

Numbers shared(Regular numbers) { return std::make_shared<const Regular>(std::move(numbers)); }

bool any_type(const SchemaJson& json, Place value, std::string_view type) {
  if (json.is(value, Kind::string)) return json.node(value).text == type;
  if (!json.is(value, Kind::array)) return false;
  return std::ranges::any_of(json.node(value).items,
                             [&](Place item) { return json.is(item, Kind::string) && json.node(item).text == type; });
}

constexpr size_t states_a_step = 16;

// What it takes to intersect each piece of one with each of the other.
size_t pairs_cost(const StringSet& a, const StringSet& b) {
  const auto count = [](const StringSet& set, size_t& automata, size_t& states) {
    for (const StringSet::Piece& piece : set.pieces()) {
      if (piece.texts == nullptr) continue;
      ++automata;
      states += piece.texts->state_count();
    }
  };
  size_t automata_a = 0, states_a = 0, automata_b = 0, states_b = 0;
  count(a, automata_a, states_a);
  count(b, automata_b, states_b);
  const size_t pairs = a.pieces().size() * b.pieces().size();
  return (pairs + automata_a * states_b + automata_b * states_a) / states_a_step;
}

constexpr auto type_names =
    std::to_array<std::string_view>({"null", "boolean", "integer", "number", "string", "array", "object"});

// What schemas of draft 3 said with keywords that mean nothing since.
constexpr auto forgotten = std::to_array<std::string_view>({"extends", "disallow", "divisibleBy", "$recursiveRef"});

}  // namespace

std::vector<size_t> keyword_order(const SchemaDocument& document, Place schema) {
  const std::vector<std::string>& keys = document.json().node(schema).keys;
  if (document.draft() != Draft::newest) {  // what is beside a reference does not count
    const auto reference = std::ranges::find(keys, "$ref");
    if (reference != keys.end()) return {static_cast<size_t>(reference - keys.begin())};
  }
  std::vector<size_t> order;
  for (const bool first : {true, false}) {
    for (size_t i = 0; i < keys.size(); ++i) {
      if ((keys[i] == "type" || keys[i] == "const" || keys[i] == "enum") == first) order.push_back(i);
    }
  }
  return order;
}

Result<uint64_t> count_of(const SchemaDocument& document, Place schema, std::string_view keyword, Place value) {
  if (document.json().is(value, Kind::number)) {
    QUIRE_TRY(const Decimal number, Decimal::parse(document.json().node(value).text));
    uint64_t count = 0;
    if (number.is_zero()) return 0;
    const char* end = number.whole.data() + number.whole.size();
    const auto read = std::from_chars(number.whole.data(), end, count);
    if (number.is_whole() && !number.negative && read.ec == std::errc()) return count;
  }
  return document.invalid(schema, keyword, "it is a whole number, at least 0");
}

bool admits(const SchemaJson& json, Place schema, std::string_view type) {
  const std::optional<Place> value = json.find(schema, "type");
  return !value || any_type(json, *value, type);
}

ScalarAlgebra::ScalarAlgebra(const SchemaDocument& document, Steps& steps)
    : document_(document),
      steps_(steps),
      all_numbers_(shared(all_numbers())),
      no_numbers_(shared(Regular::nothing())),
      whole_numbers_(shared(whole_numbers())) {}

Result<void> ScalarAlgebra::pay(const Scalars& value) const {
  size_t states = value.numbers == nullptr ? 0 : value.numbers->state_count();
  for (const StringSet::Piece& piece : value.strings.pieces()) {
    states += piece.texts == nullptr ? 0 : piece.texts->state_count();
  }
  return steps_.spend(states / states_a_step);
}

bool ScalarAlgebra::is_none(const Scalars& value) const {
  return !value.null && !value.yes && !value.no && value.numbers != nullptr && value.numbers->is_empty() &&
         value.strings.pieces().empty();
}

bool ScalarAlgebra::is_all(const Scalars& value) const {
  return value.null && value.yes && value.no && value.numbers == nullptr && value.strings.is_all();
}

Result<Scalars> ScalarAlgebra::both(const Scalars& a, const Scalars& b) const {
  Scalars out{
      .null = a.null && b.null, .yes = a.yes && b.yes, .no = a.no && b.no, .narrowed = a.narrowed || b.narrowed};
  if (a.numbers == nullptr || b.numbers == nullptr || a.numbers == b.numbers) {
    out.numbers = a.numbers == nullptr ? b.numbers : a.numbers;
  } else if (a.numbers->is_empty() || b.numbers->is_empty()) {
    out.numbers = no_numbers_;
  } else {
    QUIRE_TRY(Regular numbers, a.numbers->both(*b.numbers));
    out.numbers = shared(std::move(numbers));
  }
  QUIRE_TRY_VOID(steps_.spend(pairs_cost(a.strings, b.strings)));
  QUIRE_TRY(out.strings, a.strings.both(b.strings));
  QUIRE_TRY_VOID(pay(out));
  return out;
}

Result<Scalars> ScalarAlgebra::either(const Scalars& a, const Scalars& b) const {
  Scalars out{
      .null = a.null || b.null, .yes = a.yes || b.yes, .no = a.no || b.no, .narrowed = a.narrowed || b.narrowed};
  if (a.numbers != nullptr && b.numbers != nullptr) {
    if (a.numbers->is_empty() || a.numbers == b.numbers) {
      out.numbers = b.numbers;
    } else if (b.numbers->is_empty()) {
      out.numbers = a.numbers;
    } else {
      QUIRE_TRY(Regular numbers, a.numbers->either(*b.numbers));
      if (numbers != *all_numbers_) out.numbers = shared(std::move(numbers));
    }
  }
  QUIRE_TRY(out.strings, a.strings.either(b.strings));
  QUIRE_TRY_VOID(pay(out));
  return out;
}

Result<Scalars> ScalarAlgebra::complement(const Scalars& value) const {
  Scalars out{.null = !value.null, .yes = !value.yes, .no = !value.no, .numbers = no_numbers_};
  if (value.numbers != nullptr && value.numbers->is_empty()) {
    out.numbers = nullptr;
  } else if (value.numbers != nullptr) {
    QUIRE_TRY(Regular numbers, all_numbers_->without(*value.numbers));
    out.numbers = shared(std::move(numbers));
  }
  QUIRE_TRY(out.strings, value.strings.complement());
  QUIRE_TRY_VOID(pay(out));
  return out;
}

Result<bool> ScalarAlgebra::disjoint(const Scalars& a, const Scalars& b) const {
  QUIRE_TRY(const Scalars common, both(a, b));
  if (common.null || common.yes || common.no || common.numbers == nullptr || !common.numbers->is_empty()) return false;
  // What the standard lets in beside could be in both.
  if (common.narrowed && !a.strings.pieces().empty() && !b.strings.pieces().empty()) return false;
  return common.strings.is_empty();
}

Result<Scalars> ScalarAlgebra::constant(Place value, bool negative) const {
  const SchemaJson::Node& node = document_.json().node(value);
  Scalars out = none();
  if (node.kind == Kind::null) out.null = true;
  if (node.kind == Kind::boolean) (node.truth ? out.yes : out.no) = true;
  if (node.kind == Kind::number) {
    QUIRE_TRY(const Decimal number, Decimal::parse(node.text));
    out.numbers = shared(numbers(Order::equal, number));
  }
  if (node.kind == Kind::string) {
    const std::string texts[] = {node.text};
    QUIRE_TRY(Regular text, Regular::of(texts));
    out.strings = StringSet::of(shared(std::move(text)));
  }
  if (negative) return complement(out);
  return out;
}

Result<Scalars> ScalarAlgebra::assertion(Place schema, const std::string& keyword, Place value, bool negative) {
  if (keyword == "format") {
    if (!admits(document_.json(), schema, "string")) return negative ? none() : all();
    QUIRE_TRY(const std::optional<Scalars> found, formatted(schema, value, negative));
    return found.value_or(negative ? none() : all());
  }
  QUIRE_TRY(const std::optional<Scalars> found, positive(schema, keyword, value));
  if (!found) return negative ? none() : all();
  if (negative) return complement(*found);
  return *found;
}

Result<std::optional<Scalars>> ScalarAlgebra::positive(Place schema, const std::string& keyword, Place value) {
  const SchemaJson& json = document_.json();
  if (std::ranges::find(forgotten, keyword) != forgotten.end()) {
    return document_.unsupported(schema, keyword, "it is no keyword of the drafts that are known");
  }
  if (keyword == "type") return types(schema, value);
  if (keyword == "const") return constant(value, false);
  if (keyword == "enum") {
    if (!json.is(value, Kind::array)) return document_.invalid(schema, keyword, "it is a list of values");
    return listed(value);
  }
  if (admits(json, schema, "number") || admits(json, schema, "integer")) {
    for (const char* bound : {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"}) {
      if (keyword == bound && !json.is(value, Kind::boolean)) return bounded(schema, keyword, value);
    }
    if (keyword == "multipleOf") return stepped(schema, value);
  }
  if (!admits(json, schema, "string")) return std::nullopt;
  Scalars out = all();
  if (keyword == "minLength" || keyword == "maxLength") {
    QUIRE_TRY(const uint64_t count, count_of(document_, schema, keyword, value));
    out.strings = keyword == "minLength" ? StringSet::lengths(count, UINT64_MAX) : StringSet::lengths(0, count);
    return out;
  }
  if (keyword == "pattern") {
    if (!json.is(value, Kind::string)) return document_.invalid(schema, keyword, "it is no text");
    QUIRE_TRY(const auto texts, pattern(schema, keyword, json.node(value).text));
    out.strings = StringSet::of(texts);
    return out;
  }
  return std::nullopt;
}

Result<Scalars> ScalarAlgebra::types(Place schema, Place value) const {
  const SchemaJson& json = document_.json();
  const auto known = [&](Place item) {
    return json.is(item, Kind::string) && std::ranges::find(type_names, json.node(item).text) != type_names.end();
  };
  const bool list = json.is(value, Kind::array) && !json.node(value).items.empty();
  if (list ? !std::ranges::all_of(json.node(value).items, known) : !known(value)) {
    return document_.invalid(schema, "type", "it is none of JSON's types");
  }
  const bool boolean = any_type(json, value, "boolean");
  Scalars out{.null = any_type(json, value, "null"), .yes = boolean, .no = boolean, .numbers = no_numbers_};
  if (any_type(json, value, "number")) {
    out.numbers = nullptr;
  } else if (any_type(json, value, "integer")) {
    out.numbers = whole_numbers_;
  }
  if (any_type(json, value, "string")) out.strings = StringSet::all();
  return out;
}

Result<Scalars> ScalarAlgebra::listed(Place values) const {
  const SchemaJson& json = document_.json();
  Scalars out = none();
  std::vector<std::string> texts;
  for (const Place value : json.node(values).items) {
    if (json.is(value, Kind::string)) {
      texts.push_back(json.node(value).text);
    } else if (!json.is(value, Kind::object) && !json.is(value, Kind::array)) {
      QUIRE_TRY(const Scalars one, constant(value, false));
      QUIRE_TRY(out, either(out, one));
    }
  }
  if (!texts.empty()) {
    QUIRE_TRY(Regular all_texts, Regular::of(texts));
    out.strings = StringSet::of(shared(std::move(all_texts)));
  }
  return out;
}

Result<Scalars> ScalarAlgebra::bounded(Place schema, const std::string& keyword, Place value) const {
  const SchemaJson& json = document_.json();
  if (!json.is(value, Kind::number)) return document_.invalid(schema, keyword, "it is no number");
  QUIRE_TRY(const Decimal bound, Decimal::parse(json.node(value).text));
  const bool lower = keyword.ends_with("inimum");
  bool exclusive = keyword.starts_with("exclusive");
  if (!exclusive) {  // draft 4
    const std::optional<Place> flag = json.find(schema, lower ? "exclusiveMinimum" : "exclusiveMaximum");
    exclusive = flag && json.is(*flag, Kind::boolean) && json.node(*flag).truth;
  }
  Regular outside = numbers(lower ? Order::less : Order::greater, bound);
  if (exclusive) {
    QUIRE_TRY(outside, outside.either(numbers(Order::equal, bound)));
  }
  QUIRE_TRY(Regular inside, all_numbers_->without(outside));
  Scalars out = all();
  out.numbers = shared(std::move(inside));
  return out;
}

Result<Scalars> ScalarAlgebra::stepped(Place schema, Place value) const {
  const SchemaJson& json = document_.json();
  if (!json.is(value, Kind::number)) return document_.invalid(schema, "multipleOf", "it is no number");
  QUIRE_TRY(const Decimal step, Decimal::parse(json.node(value).text));
  if (step.negative || step.is_zero()) return document_.invalid(schema, "multipleOf", "it is not over 0");
  Result<Regular> steps = multiples(step);
  if (!steps) return document_.unsupported(schema, "multipleOf", steps.error().message);
  Scalars out = all();
  out.numbers = shared(std::move(*steps));
  return out;
}

Result<std::optional<Scalars>> ScalarAlgebra::formatted(Place schema, Place value, bool negative) const {
  const SchemaJson& json = document_.json();
  if (!json.is(value, Kind::string)) return document_.invalid(schema, "format", "it is no text");
  const auto format = find_format(json.node(value).text);
  if (!format) return document_.unsupported(schema, "format", format.error().message);
  if (!*format) return std::nullopt;
  const auto& [texts, within] = **format;
  Scalars out = negative ? none() : all();
  out.strings = StringSet::of(negative && within != nullptr ? within : texts);
  out.narrowed = !negative && within != nullptr;
  if (negative) {
    QUIRE_TRY(out.strings, out.strings.complement());
  }
  return out;
}

Result<std::shared_ptr<const Regular>> ScalarAlgebra::pattern(Place schema, std::string_view keyword,
                                                              const std::string& text) {
  auto known = patterns_.find(text);
  if (known == patterns_.end()) {
    Result<Regular> parsed = Regular::parse(text, Match::anywhere);
    if (!parsed) {
      return fail(parsed.error().kind, fmt::format("schema: '{}' at {}: {}", keyword, document_.json().pointer(schema),
                                                   parsed.error().message));
    }
    QUIRE_TRY_VOID(steps_.spend(parsed->state_count()));
    known = patterns_.emplace(text, shared(std::move(*parsed))).first;
  }
  return known->second;
}

}  // namespace quire::constraint
