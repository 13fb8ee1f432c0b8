#include "text/constraint/schema/number.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <vector>

#include "text/constraint/pattern/dfa.h"

namespace quire::constraint {
namespace {

// As far as a double has them: what reads the answer should not find infinity, or zero.
constexpr std::string_view double_exponent = "(0?[0-9]{1,2}|[12][0-9]{2}|30[0-7])";
// Steps whose remainders are counted with.
constexpr uint32_t step_max = 10'000;

// Where a decimal text is: -?(0|[1-9][0-9]*)(\.[0-9]+)?
enum class Part : uint8_t { start, minus, zero, whole, point, fraction };

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool may_end(Part part) { return part == Part::zero || part == Part::whole || part == Part::fraction; }

// The part after one more character; none where it cannot come.
std::optional<Part> next_part(Part part, char c) {
  switch (part) {
    case Part::start:
      if (c == '-') return Part::minus;
      [[fallthrough]];
    case Part::minus:
      if (!is_digit(c)) return std::nullopt;
      return c == '0' ? Part::zero : Part::whole;
    case Part::zero:
      return c == '.' ? std::optional(Part::point) : std::nullopt;
    case Part::whole:
      if (c == '.') return Part::point;
      return is_digit(c) ? std::optional(Part::whole) : std::nullopt;
    case Part::point:
    case Part::fraction:
      return is_digit(c) ? std::optional(Part::fraction) : std::nullopt;
  }
  return std::nullopt;
}

// The automaton whose states are those that `step(state, character)` reaches from `start`.
template <typename State, typename Step, typename Accepts>
Regular automaton_of(const State& start, Step step, Accepts accepts) {
  std::map<State, uint32_t> number{{start, 0}};
  std::vector<State> states{start};
  std::vector<std::vector<ByteEdge>> edges;
  std::vector<uint8_t> accepting;
  for (size_t at = 0; at < states.size(); ++at) {
    const State state = states[at];
    edges.emplace_back();
    accepting.push_back(accepts(state));
    for (const char c : std::string_view("-.0123456789")) {
      const std::optional<State> target = step(state, c);
      if (!target) continue;
      const auto [found, is_new] = number.try_emplace(*target, static_cast<uint32_t>(states.size()));
      if (is_new) states.push_back(*target);
      const auto byte = static_cast<uint8_t>(c);
      edges.back().push_back({.first = byte, .last = byte, .target = found->second});
    }
  }
  return Regular::of_automaton(from_edges(edges, accepting));
}

// A number's magnitude beside that of a bound.
struct Compared {
  Part part = Part::start;
  bool negative = false;
  Order order = Order::equal;  // of what was read, digit by digit
  uint32_t count = 0;          // digits read of this part, up to one more than the bound has; 0 once decided
  bool decided = false;        // `order` holds whatever comes
  auto operator<=>(const Compared&) const = default;
};

class Comparison {
 public:
  explicit Comparison(const Decimal& bound) : bound_(bound) {}

  std::optional<Compared> step(Compared state, char c) const {
    const std::optional<Part> part = next_part(state.part, c);
    if (!part) return std::nullopt;
    const bool begins = state.part == Part::start || state.part == Part::minus;
    state.part = *part;
    if (c == '-') {
      state.negative = true;
    } else if (c == '.') {
      if (!state.decided) end_whole(state);
    } else if (begins && other_side(state.negative)) {
      decide(state, state.negative ? Order::less : Order::greater);
    } else if (!state.decided && *part == Part::whole) {
      read(state, c, bound_.whole);
      state.count = std::min<uint32_t>(state.count + 1, static_cast<uint32_t>(bound_.whole.size()) + 1);
    } else if (!state.decided && *part == Part::fraction) {
      read(state, c, bound_.fraction);
      if (state.order != Order::equal) {
        decide(state, state.order);
      } else {
        state.count = std::min<uint32_t>(state.count + 1, static_cast<uint32_t>(bound_.fraction.size()));
      }
    }
    return state;
  }

  // How the number that ends here stands to the bound.
  Order result(Compared state) const {
    if (other_side(state.negative)) return state.order;
    if (!state.decided && state.part != Part::fraction) end_whole(state);
    if (!state.decided && state.order == Order::equal && state.count < bound_.fraction.size())
      state.order = Order::less;
    if (!state.negative || state.order == Order::equal) return state.order;
    return state.order == Order::less ? Order::greater : Order::less;
  }

 private:
  // Its sign alone says how it stands; zero is on both sides.
  bool other_side(bool negative) const { return !bound_.is_zero() && negative != bound_.negative; }

  static void decide(Compared& state, Order order) {
    state.order = order;
    state.count = 0;
    state.decided = true;
  }

  static void read(Compared& state, char c, const std::string& digits) {
    if (state.order != Order::equal) return;
    const char digit = state.count < digits.size() ? digits[state.count] : '0';
    if (c != digit) state.order = c < digit ? Order::less : Order::greater;
  }

  void end_whole(Compared& state) const {
    const size_t size = bound_.whole.size();
    if (state.count != size) {
      decide(state, state.count < size ? Order::less : Order::greater);
    } else if (state.order != Order::equal) {
      decide(state, state.order);
    }
    state.count = 0;
  }

  const Decimal& bound_;
};

// What is left of a number when multiples are taken away.
struct Remainder {
  Part part = Part::start;
  uint32_t left = 0;    // of what was read, as a whole number
  uint32_t places = 0;  // digits after the point, up to those of the step
  auto operator<=>(const Remainder&) const = default;
};

Regular pattern(std::string_view text) {
  // Its own patterns are regular and small.
  return Regular::parse(text, Match::whole).value();
}

struct Side {
  std::string_view sign;
  Order beyond;  // how what is on it stands to its bounds
  bool negative;
};
constexpr Side sides[] = {{"", Order::greater, false}, {"-", Order::less, true}};

}  // namespace

Result<Decimal> Decimal::parse(std::string_view text) {
  Decimal out;
  if (text.starts_with('-')) out.negative = true, text.remove_prefix(1);
  int64_t exponent = 0;
  const size_t e = std::min(text.find_first_of("eE"), text.size());
  if (e < text.size()) {
    std::string_view digits = text.substr(e + 1);
    if (digits.starts_with('+')) digits.remove_prefix(1);
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), exponent);
    if (read.ec != std::errc()) exponent = INT32_MAX;
    text = text.substr(0, e);
  }
  const size_t point = std::min(text.find('.'), text.size());
  std::string digits(text.substr(0, point));
  if (point < text.size()) digits += text.substr(point + 1);
  int64_t whole = static_cast<int64_t>(point) + exponent;  // digits before the point
  const size_t zeros = std::min(digits.find_first_not_of('0'), digits.size());
  digits.erase(0, zeros);
  whole -= static_cast<int64_t>(zeros);
  while (digits.ends_with('0')) digits.pop_back();
  if (digits.empty()) return Decimal{};
  const auto size = static_cast<int64_t>(digits.size());
  if (std::max(whole, size) - std::min<int64_t>(whole, 0) > static_cast<int64_t>(digits_max)) {
    return fail(ErrorKind::too_large, fmt::format("a number has over {} digits", digits_max));
  }
  if (whole > size) digits.append(static_cast<size_t>(whole - size), '0');
  if (whole < 0) digits.insert(0, static_cast<size_t>(-whole), '0');
  const auto before = static_cast<size_t>(std::max<int64_t>(whole, 0));
  out.whole = digits.substr(0, before);
  out.fraction = digits.substr(before);
  return out;
}

Regular all_numbers() { return automaton_of(Part::start, next_part, may_end); }

Regular whole_numbers() { return multiples(Decimal{.whole = "1"}).value(); }

Regular numbers(Order order, const Decimal& bound) {
  const Comparison comparison(bound);
  return automaton_of(
      Compared{}, [&](const Compared& state, char c) { return comparison.step(state, c); },
      [&](const Compared& state) { return may_end(state.part) && comparison.result(state) == order; });
}

Result<Regular> multiples(const Decimal& step) {
  const auto places = static_cast<uint32_t>(step.fraction.size());
  const std::string digits = step.whole + step.fraction;
  uint32_t value = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (read.ec != std::errc() || uint64_t{value} * (places + 2) > step_max) {
    return fail(ErrorKind::too_large, "a step of so many digits takes too many states");
  }
  const auto take = [&](const Remainder& state, char c) -> std::optional<Remainder> {
    const std::optional<Part> part = next_part(state.part, c);
    if (!part) return std::nullopt;
    Remainder after = state;
    after.part = *part;
    if (!is_digit(c)) return after;
    const auto digit = static_cast<uint32_t>(c - '0');
    if (*part == Part::fraction && state.places == places) return digit == 0 ? std::optional(after) : std::nullopt;
    if (*part == Part::fraction) ++after.places;
    after.left = (state.left * 10 + digit) % value;
    return after;
  };
  const auto accepts = [&](const Remainder& state) {
    uint32_t left = state.left;
    for (uint32_t place = state.places; place < places; ++place) left = left * 10 % value;
    return may_end(state.part) && left == 0;
  };
  return automaton_of(Remainder{}, take, accepts);
}

Result<Regular> spelled(const Regular& numbers_) {
  static const Regular everything =
      pattern(std::string(R"(-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?)").append(double_exponent).append(")?"));
  static const Regular all = all_numbers(), whole = whole_numbers(), digits = pattern("-?(0|[1-9][0-9]*)");
  if (numbers_ == all) return everything;
  QUIRE_TRY(const Regular fractions, numbers_.without(whole));
  if (fractions.is_empty()) return numbers_.both(digits);
  Regular out = numbers_;
  const auto holds = [&](Order order, std::string_view text, bool negative) -> Result<bool> {
    QUIRE_TRY(Decimal bound, Decimal::parse(text));
    bound.negative = negative && !bound.is_zero();
    QUIRE_TRY(const Regular missing, numbers(order, bound).without(numbers_));
    return missing.is_empty();
  };
  for (const Side& side : sides) {
    const auto add = [&](std::string_view form) -> Result<void> {
      QUIRE_TRY(out, out.either(pattern(std::string(side.sign).append(form))));
      return {};
    };
    QUIRE_TRY(const bool whole_side, holds(side.beyond, "0", false));
    if (whole_side) {
      QUIRE_TRY_VOID(
          add(std::string(R"(([1-9][0-9]*(\.[0-9]+)?|0\.[0-9]*[1-9][0-9]*)[eE][+-]?)").append(double_exponent)));
      continue;
    }
    QUIRE_TRY(const bool large, holds(side.beyond, "9999999999999999", side.negative));
    if (large) QUIRE_TRY_VOID(add(R"([1-9](\.[0-9]+)?[eE]\+?(1[6-9]|[2-9][0-9]|[12][0-9]{2}|30[0-7]))"));
    // Between zero and the bound: what is not beyond either of them.
    Decimal bound{.negative = side.negative, .fraction = "0001"};
    const Order below = side.negative ? Order::greater : Order::less;
    QUIRE_TRY(const Regular small, numbers(side.beyond, Decimal{}).both(numbers(below, bound)));
    QUIRE_TRY(const Regular missing, small.without(numbers_));
    if (missing.is_empty()) QUIRE_TRY_VOID(add(R"([1-9](\.[0-9]+)?[eE]-(0?[5-9]|[1-9][0-9]|[12][0-9]{2}|30[0-7]))"));
  }
  return out;
}

}  // namespace quire::constraint
