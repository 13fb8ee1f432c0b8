// Regular languages: laws of their algebra over random ones, texts in JSON strings and in grammars, bounds, errors.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>

#include "text/constraint/automaton/automaton.h"
#include "text/constraint/pattern/regular.h"
#include "text/unicode.h"

namespace quire::constraint {
namespace {

using testing::HasSubstr;

Regular parse(std::string_view pattern, Match match = Match::whole) {
  auto parsed = Regular::parse(pattern, match);
  EXPECT_TRUE(parsed) << pattern << ": " << (parsed ? "" : parsed.error().message);
  return parsed ? *std::move(parsed) : Regular::nothing();
}

// Patterns over characters of one, two, three and four bytes, of which some begin alike.
std::string random_pattern(std::mt19937& random, int depth) {
  const char* const atoms[] = {"a", "b",   "[ab]", "\xC3\xA9", "\xC3\xA8", "\xE2\x82\xAC", "\xF0\x9F\x98\x80",
                               ".", "[^a]"};
  const auto inner = [&] { return random_pattern(random, depth - 1); };
  if (depth == 0) return atoms[random() % std::size(atoms)];
  switch (random() % 6) {
    case 0:
    case 1: {
      const std::string first = inner();
      return first + inner();
    }
    case 2:
    case 3: {
      const std::string first = inner();
      return "(?:" + first + "|" + inner() + ")";
    }
    case 4:
      return "(?:" + inner() + ")*";
    default:
      return "(?:" + inner() + "){1,2}";
  }
}

class ConstraintAlgebra : public testing::Test {
 protected:
  static constexpr uint32_t seed = 4711;
  void SetUp() override { RecordProperty("seed", seed); }
  Regular next() {
    const std::string pattern = random_pattern(random_, static_cast<int>(random_() % 4));
    return parse(pattern, random_() % 2 == 0 ? Match::whole : Match::anywhere);
  }
  static Regular both(const Regular& a, const Regular& b) { return *a.both(b); }
  static Regular either(const Regular& a, const Regular& b) { return *a.either(b); }
  static Regular without(const Regular& a, const Regular& b) { return *a.without(b); }
  static Regular complement(const Regular& a) { return without(Regular::any(), a); }

  std::mt19937 random_{seed};
};

TEST_F(ConstraintAlgebra, laws_of_sets_hold_state_by_state) {
  for (int round = 0; round < 200; ++round) {
    const Regular a = next(), b = next(), c = next();
    EXPECT_EQ(either(a, b), either(b, a));
    EXPECT_EQ(both(a, b), both(b, a));
    EXPECT_EQ(complement(either(a, b)), both(complement(a), complement(b)));
    EXPECT_EQ(complement(both(a, b)), either(complement(a), complement(b)));
    EXPECT_EQ(complement(complement(a)), a);
    EXPECT_EQ(without(a, b), both(a, complement(b)));
    EXPECT_EQ(both(a, either(b, c)), either(both(a, b), both(a, c)));
    EXPECT_EQ(either(a, both(a, b)), a);
    EXPECT_EQ(either(without(a, b), both(a, b)), a);
    EXPECT_EQ(both(a, complement(a)), Regular::nothing());
    EXPECT_EQ(either(a, complement(a)), Regular::any());
    EXPECT_EQ(either(a, Regular::nothing()), a);
    EXPECT_EQ(both(a, Regular::any()), a);
    EXPECT_TRUE(without(a, a).is_empty());
  }
}

TEST_F(ConstraintAlgebra, patterns_of_one_language_are_equal_values) {
  const std::pair<const char*, const char*> same[] = {
      {"a*", "(?:a|aa|)*"},
      {"(a|b)*", "(a*b*)*"},
      {"a(ba)*", "(ab)*a"},
      {"[a-z]", "[a-m]|[n-z]"},
      {"a{2,4}", "aa|aaa|aaaa"},
      {"\\d+", "[0-9][0-9]*"},
      {"[^]", "[\\s\\S]"},
      {"(?=a)[a-c]", "a"},
      {"(?!a)[a-c]", "[bc]"},
      {"[ac](?<!a)", "c"},
      {"a\\bb", "[]"},
      {"[\xC3\xA0-\xC3\xBF]", "(?:(?![\xC3\xA0-\xC3\xA8])[\xC3\xA0-\xC3\xBF])|[\xC3\xA0-\xC3\xA8]"},
      {"[\\u0000-\\u{10FFFF}]*", "[^]*"},
  };
  for (const auto& [one, other] : same) EXPECT_EQ(parse(one), parse(other)) << one << " " << other;
  EXPECT_EQ(parse("", Match::anywhere), Regular::any());
  EXPECT_EQ(parse("[]"), Regular::nothing());
  EXPECT_EQ(*Regular::characters(0, UINT64_MAX), Regular::any());
  EXPECT_EQ(*Regular::characters(2, 5), parse("[^]{2,5}"));
  EXPECT_EQ(*Regular::characters(3, UINT64_MAX), parse("[^]{3,}"));
  EXPECT_EQ(*Regular::characters(5, 2), Regular::nothing());
  EXPECT_EQ(*Regular::of({}), Regular::nothing());
  const std::vector<std::string> texts = {"b", "", "ab", "abc", "bc", "b"};
  EXPECT_EQ(*Regular::of(texts), parse("|b|ab|abc|bc"));
}

TEST_F(ConstraintAlgebra, a_grammar_has_the_same_texts) {
  for (int round = 0; round < 100; ++round) {
    const Regular language = both(next(), *Regular::characters(0, 3));
    Grammar grammar;
    grammar.set_root(language.add_to(grammar));
    ASSERT_TRUE(grammar.check());
    auto automaton = Automaton::compile(grammar);
    ASSERT_EQ(automaton.has_value(), !language.is_empty()) << (automaton ? "" : automaton.error().message);
    if (!automaton) continue;
    for (int text_round = 0; text_round < 300; ++text_round) {
      std::string text;
      for (auto count = random_() % 4; count > 0; --count) text += random_pattern(random_, 0);
      EXPECT_EQ(automaton->matches(text), language.matches(text)) << text;
    }
  }
}

TEST_F(ConstraintAlgebra, a_json_string_is_its_text_written_by_a_json_library) {
  std::vector<std::string> pool;
  for (int byte = 0; byte < 128; ++byte) pool.emplace_back(1, static_cast<char>(byte));
  for (const char* text : {"\xC3\xA9", "\xE2\x80\xA8", "\xF0\x9F\x98\x80", "\xC2\x85"}) pool.emplace_back(text);
  const auto inside = [](const std::string& text) {
    const std::string quoted = nlohmann::json(text).dump();
    return quoted.substr(1, quoted.size() - 2);
  };
  for (const char* pattern :
       {"[^]*", "[^a-z]*", "\\s+", "[\\0-\\x1f]+", "(?:[^\\\\\"]|\"\")*", "\\p{L}*", "(?:\\n|\\\\)+"}) {
    SCOPED_TRACE(pattern);
    const Regular language = parse(pattern);
    const auto written = language.as_json_string();
    ASSERT_TRUE(written);
    for (int round = 0; round < 3000; ++round) {
      std::string text;
      for (auto count = random_() % 3; count > 0; --count) text += pool[random_() % pool.size()];
      EXPECT_EQ(written->matches(inside(text)), language.matches(text)) << inside(text);
    }
    // Nothing else: no quote, no control character, no escape that need not be.
    for (const char* raw : {"\"", "\n", "\\", "\\/", "\\u0041", "\\u000a", "\\u00", "\\x"})
      EXPECT_FALSE(written->matches(raw)) << raw;
  }
  EXPECT_EQ(parse("[\\x01\\x1f]*").as_json_string()->matches("\\u0001\\u001F\\u001f"), true);
}

TEST(ConstraintRegular, no_language_has_a_text_that_is_not_utf_8) {
  const char* const broken[] = {
      "\x80",         "\xC3",         "\xC0\x80",         "\xC1\xBF",         "\xE0\x80\x80",     "\xE0\x9F\xBF",
      "\xED\xA0\x80", "\xED\xBF\xBF", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF",
      "\xE2\x82",     "\xC3\x28",     "\xE2\x28\xA1",     "\xF0\x9F\x98"};
  const Regular any = Regular::any(), all = parse("[^]*"), not_a = parse("[^a]*"), negated = parse("\\P{Lu}*");
  for (const char* text : broken) {
    for (const Regular* language : {&any, &all, &not_a, &negated}) EXPECT_FALSE(language->matches(text)) << text;
  }
  // And of what is valid, each character is one.
  const Regular one = *Regular::characters(1, 1);
  for (int32_t value = 0; value <= 0x10FFFF; value += value < 0x3000 ? 1 : 97) {
    if (value >= 0xD800 && value <= 0xDFFF) continue;
    std::string text;
    append_code_point(text, value);
    EXPECT_TRUE(one.matches(text)) << value;
  }
}

TEST(ConstraintRegular, what_is_wrong_with_a_pattern_is_named_with_its_place) {
  const std::tuple<const char*, ErrorKind, const char*> wrong[] = {
      {"a)", ErrorKind::invalid, "')' without its '(', at character 2"},
      {"\xC3\xA9(a", ErrorKind::invalid, "'(' without its ')', at character 2"},
      {"[a", ErrorKind::invalid, "'[' without its ']', at character 1"},
      {"[b-a]", ErrorKind::invalid, "in the wrong order, at character 2"},
      {"[\\w-a]", ErrorKind::invalid, "a range whose ends are not characters, at character 2"},
      {"[[:alpha:]]", ErrorKind::unsupported, "a POSIX class as '[:alpha:]' is not supported, at character 2"},
      {"*a", ErrorKind::invalid, "a quantifier with nothing before it, at character 1"},
      {"a|+", ErrorKind::invalid, "a quantifier with nothing before it, at character 3"},
      {"a**", ErrorKind::invalid, "a quantifier after what is no character, at character 3"},
      {"^*", ErrorKind::invalid, "a quantifier after what is no character, at character 2"},
      {"(?=a)*", ErrorKind::invalid, "a quantifier after what is no character, at character 6"},
      {"a{3,2}", ErrorKind::invalid, "a quantifier whose numbers are in the wrong order, at character 2"},
      {"a++", ErrorKind::unsupported, "a possessive quantifier is not supported, at character 2"},
      {"(?>a)", ErrorKind::unsupported, "an atomic group is not supported, at character 1"},
      {"(?(1)a)", ErrorKind::unsupported, "a conditional group is not supported, at character 1"},
      {"(?R)", ErrorKind::unsupported, "a recursive pattern is not supported, at character 1"},
      {"(?x)a", ErrorKind::unsupported, "the group '(?' with what follows it is not supported, at character 1"},
      {"(?i", ErrorKind::invalid, "'(' without its ')', at character 1"},
      {"(?#a", ErrorKind::invalid, "'(?#' without its ')', at character 1"},
      {"(?<a", ErrorKind::invalid, "a group without a name between '<' and '>', at character 1"},
      {"(?<>a)", ErrorKind::invalid, "a group without a name between '<' and '>', at character 1"},
      {"(a)\\1", ErrorKind::unsupported, "the back reference '\\1' is not supported, at character 4"},
      {"(?<n>a)\\k<n>", ErrorKind::unsupported, "a back reference by name is not supported, at character 8"},
      {"(?P<n>a)(?P=n)", ErrorKind::unsupported, "a back reference by name is not supported, at character 9"},
      {"(?=(?<=a)b)", ErrorKind::unsupported,
       "a lookahead and a lookbehind in one another is not supported, at character 4"},
      {"(?<=a(?=b))", ErrorKind::unsupported,
       "a lookahead and a lookbehind in one another is not supported, at character 6"},
      {"\\", ErrorKind::invalid, "'\\' at the end, at character 1"},
      {"\\q", ErrorKind::invalid, "the escape '\\q', at character 1"},
      {"\\x4", ErrorKind::invalid, "'\\x' without two hexadecimal digits, at character 1"},
      {"\\u12", ErrorKind::invalid, "'\\u' without four hexadecimal digits, at character 1"},
      {"\\u{}", ErrorKind::invalid, "'\\u{' without a number and '}', at character 1"},
      {"\\u{g}", ErrorKind::invalid, "'\\u{' with what is no hexadecimal digit, at character 1"},
      {"\\u{110000}", ErrorKind::invalid, "a code point above U+10FFFF, at character 1"},
      {"\\U00110000", ErrorKind::invalid, "'\\U' without a code point, at character 1"},
      {"\\c1", ErrorKind::invalid, "'\\c' without a letter, at character 1"},
      {"\\c", ErrorKind::invalid, "'\\c' without a letter, at character 1"},
      {"\\01", ErrorKind::unsupported, "an octal escape is not supported, at character 1"},
      {"[\\1]", ErrorKind::unsupported, "an octal escape is not supported, at character 2"},
      {"\\p", ErrorKind::invalid, "'\\p' without {a property}, at character 1"},
      {"\\p{Nope}", ErrorKind::unsupported, "the property 'Nope' is not supported, at character 1"},
      {"\\p{Script=greek}", ErrorKind::unsupported, "the property 'Script=greek' is not supported"},
      {"\\p{Greek}", ErrorKind::unsupported, "the property 'Greek' is not supported"},
      {"\xFF", ErrorKind::invalid, "the pattern is not valid UTF-8"},
  };
  for (const auto& [pattern, kind, message] : wrong) {
    const auto parsed = Regular::parse(pattern, Match::whole);
    ASSERT_FALSE(parsed) << pattern;
    EXPECT_EQ(parsed.error().kind, kind) << pattern;
    EXPECT_THAT(parsed.error().message, HasSubstr(message)) << pattern;
  }
}

TEST(ConstraintRegular, hostile_patterns_meet_a_bound) {
  const std::string nested = std::string(50'000, '(') + "a" + std::string(50'000, ')');
  std::string distinct, negated, looks, properties, folded = "(?i)", members = "[";
  for (int count = 0; count < 2000; ++count) {
    folded += "\\D";
    members += "\\p{L}";
  }
  members += "]";
  for (int32_t value = 0x4E00; value < 0x9E00; ++value) append_code_point(distinct, value);
  for (int32_t value = 0x4E00; value < 0x5E00; ++value) {
    negated += "[^";
    append_code_point(negated, value);
    negated += ']';
  }
  for (int count = 0; count < 10'000; ++count) looks += "(?=a)";
  for (const char* name :
       {"L",  "Lu", "Ll", "Lt", "Lm", "Lo", "M",  "Mn", "Mc", "Me", "N", "Nd", "Nl", "No", "P", "Pc", "Pd",
        "Ps", "Pe", "Pi", "Pf", "Po", "S",  "Sm", "Sc", "Sk", "So", "Z", "Zs", "Zl", "Zp", "C", "Cc"}) {
    properties += std::string("\\p{") + name + "}";
  }
  const std::pair<std::string, const char*> wrong[] = {
      {"((a{100}){100}){100}", "repeats of more than 100000 parts in all, at character 16"},
      {"a{4294967295}", "repeats of more than 100000 parts in all, at character 2"},
      {"(a|b)*a(a|b){20}", "the language takes more than 32768 states"},
      {"(?=.*a.{20}b)(?=.*b.{20}a).*", "the language takes more than 32768 states"},
      {".{40000}", "the language takes more than 32768 states"},
      {"(.?){3000}", "the pattern takes too much work"},
      {nested, "the pattern is too large"},
      {distinct, "the pattern takes too much work"},
      {negated, "the classes of the pattern take too much work"},
      {looks, "the pattern takes too much work"},
      {properties, "more than 32 different properties"},
      {folded, "classes of more than 1048576 ranges in all"},
      {members, "classes of more than 1048576 ranges in all, at character 1"},
      {std::string(100'001, 'a'), "the pattern is too large"},
  };
  for (const auto& [pattern, message] : wrong) {
    const auto parsed = Regular::parse(pattern, Match::whole);
    ASSERT_FALSE(parsed) << pattern.substr(0, 30);
    EXPECT_EQ(parsed.error().kind, ErrorKind::too_large);
    EXPECT_THAT(parsed.error().message, HasSubstr(message));
  }
  EXPECT_TRUE(parse(std::string(20'000, '(') + "a" + std::string(20'000, ')')).matches("a"));
  EXPECT_EQ(Regular::characters(0, 100'000).error().kind, ErrorKind::too_large);
  const Regular many = *Regular::characters(0, 199);
  EXPECT_EQ(many.both(parse("(?:[^]{61})*")).value().state_count(), 1465);
  EXPECT_EQ(parse("(?:[^]{997})*").both(parse("(?:[^]{991})*")).error().kind, ErrorKind::too_large);
}

}  // namespace
}  // namespace quire::constraint
