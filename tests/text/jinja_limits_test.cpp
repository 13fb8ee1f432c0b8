// Hostile templates: each ends in an error, in bounded time, memory and stack.
#include <gtest/gtest.h>

#include <chrono>
#include <random>
#include <string>

#include "text/jinja/template.h"
#include "text/template_mutation.h"

namespace quire::jinja {
namespace {

std::string repeated(std::string_view text, size_t count) {
  std::string out;
  for (size_t i = 0; i < count; ++i) out += text;
  return out;
}

Result<PromptText> render(std::string_view source, const Limits& limits = {}) {
  QUIRE_TRY(const auto parsed, Template::parse(source));
  Heap heap(limits.memory_bytes_max);
  Render::Globals globals;
  Dict* message = heap.dict();
  message->set(heap.text("role"), heap.text(user_text("user")));
  message->set(heap.text("content"), heap.text(user_text("Grüße <|x|>")));
  globals.emplace_back("messages", heap.list({Value(message), Value(message)}));
  return parsed->render(heap, globals, limits, 0);
}

TEST(JinjaLimits, deep_nesting_is_an_error_of_the_parser) {
  const std::string sources[] = {
      "{{ " + repeated("(", 500'000),
      "{{ " + repeated("(", 5'000) + "1" + repeated(")", 5'000) + " }}",
      "{{ " + repeated("[", 300'000),
      "{{ " + repeated("{1:", 100'000),
      "{{ " + repeated("-", 300'000) + "1 }}",
      "{{ " + repeated("not ", 100'000) + "1 }}",
      "{{ 1" + repeated(" + 1", 100'000) + " }}",
      "{{ 1" + repeated(" or 1", 100'000) + " }}",
      "{{ 1" + repeated("|abs", 100'000) + " }}",
      "{{ x" + repeated(".a", 100'000) + " }}",
      "{{ x" + repeated("[0", 100'000) + " }}",
      "{{ x" + repeated("()", 100'000) + " }}",
      "{{ 1" + repeated(" if 1 else 1", 50'000) + " }}",
      "{{ 1" + repeated(" is odd", 50'000) + " }}",
      "{{ f(" + repeated("f(", 100'000),
      repeated("{% if 1 %}", 50'000),
      repeated("{% for x in y %}", 50'000),
      repeated("{% macro m() %}", 50'000),
      repeated("{% set x %}", 50'000),
      "{% set " + repeated("(", 100'000) + "a",
      "{{ '" + std::string(2 << 20, 'a') + "' }}",
  };
  for (const std::string& source : sources) EXPECT_FALSE(Template::parse(source)) << source.substr(0, 40);
}

TEST(JinjaLimits, long_templates_that_are_not_deep_are_fine) {
  EXPECT_TRUE(render(repeated("{{ 1 }}", 20'000)));
  EXPECT_TRUE(render("{{ " + repeated("1 ~ ", 20'000) + "1 }}"));
  EXPECT_TRUE(render("{{ [" + repeated("1, ", 20'000) + "] | length }}"));
  EXPECT_TRUE(render("{% if 0 %}" + repeated("{% elif 0 %}", 20'000) + "{% endif %}"));
}

// Each either ends in an error or in time; none takes the machine's memory or the stack.
TEST(JinjaLimits, what_a_template_may_spend_is_bounded) {
  Limits limits;
  limits.steps_max = 300'000;
  limits.memory_bytes_max = size_t{16} << 20;
  limits.output_bytes_max = size_t{1} << 20;
  const char* sources[] = {
      "{{ 'a' * 1000000000000 }}",
      "{{ 'a' * 99999999999999999 * 99999 }}",
      "{{ [1] * 1000000000000 }}",
      "{{ range(1000000000000) }}",
      "{{ 10 ** 10 ** 10 ** 10 }}",
      "{{ 2 ** 100000000000 }}",
      "{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}",
      "{% for i in range(100000) %}aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa{% endfor %}",
      "{% set ns = namespace(x='a') %}{% for i in range(100) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
      "{% set ns = namespace(x='a') %}{% for i in range(100) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}",
      "{% set ns = namespace(x=[1]) %}{% for i in range(100) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
      "{% set ns = namespace(x='ab') %}{% for i in range(100) %}{% set ns.x = ns.x.replace('a', ns.x) %}{% endfor %}",
      "{% set ns = namespace(x=['a']) %}{% for i in range(100) %}{% set ns.x = [ns.x | join('x') * 2, 'b'] %}{% endfor "
      "%}",
      "{% set ns = namespace(x=[]) %}{% for i in range(5000) %}{% set ns.x = [ns.x] %}{% endfor %}{{ ns.x }}",
      "{% set ns = namespace(x=[]) %}{% for i in range(5000) %}{% set ns.x = [ns.x] %}{% endfor %}{{ ns.x | tojson }}",
      "{% set ns = namespace(x=[]) %}{% for i in range(60) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x }}",
      "{% set l = [] %}{% set _ = l.append(l) %}{{ l }}",
      "{% set l = [] %}{% set _ = l.append(l) %}{{ l | tojson }}",
      "{% set d = {} %}{% set _ = d.update(a=d) %}{{ d | tojson }}",
      "{% set l = [1] %}{% for i in l %}{% set _ = l.append(i) %}{% endfor %}",
      "{% set l = [1] %}{% for i in range(64) %}{% set _ = l.extend(l) %}{% endfor %}",
      "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
      "{% macro m(x) %}{% for i in [1] %}{% if 1 %}{{ m([x]) }}{% endif %}{% endfor %}{% endmacro %}{{ m(1) }}",
      "{% macro m() %}{{ caller() }}{% endmacro %}{% macro n() %}{% call m() %}{{ n() }}{% endcall %}{% endmacro %}{{ "
      "n() }}",
      "{% for x in [[1]] recursive %}{{ loop([x]) }}{% endfor %}",
      "{{ 'a'.center(1000000000000) }}",
      "{{ 'a'.ljust(1000000000) | length }}",
      "{{ '%1000000000d' % 1 }}",
      "{{ '{:1000000000}'.format(1) }}",
      "{{ '%.1000000000f' % 1.5 }}",
      "{{ 'a' | indent(1000000000) }}",
      "{{ [1, [2]] | tojson(indent='a' * 1000000) }}",
      "{{ [1, 2] | batch(100000000000, 1) | list }}",
      "{{ [] | slice(100000000000) | list }}",
      "{% set s = 'a' * 1000000 %}{% for i in range(100000) %}{% set t = s.upper() %}{% endfor %}",
      "{% set s = 'a' * 1000000 %}{% for i in range(100000) %}{% set t = s.split('b') %}{% endfor %}",
      "{% set s = 'a' * 1000000 %}{% for i in range(100000) %}{% set t = s == s ~ '' %}{% endfor %}",
      "{% set s = ('a' * 1000000) | list %}{{ s }}",
      "{% set s = 'a' * 1000000 %}{{ s.split('a') }}",
      "{% set s = 'a' * 1000000 %}{{ s.replace('', s) }}",
      "{% set l = range(100000) | list %}{{ l | unique | list | length }}",
      "{% set l = range(100000) | list %}{% for i in l %}{{ i in l }}{% endfor %}",
  };
  for (const char* source : sources) EXPECT_FALSE(render(source, limits)) << source;
}

TEST(JinjaLimits, comparing_cycles_ends) {
  const auto rendered = render(
      "{% set a = [] %}{% set b = [] %}{% set _ = a.append(a) %}{% set _ = b.append(b) %}{{ a == b }}{{ a == a }}");
  ASSERT_TRUE(rendered);
  EXPECT_EQ(rendered->text, "FalseTrue");
}

// The deepest templates that parse, rendered: the stack holds (an overflow would end the test run).
TEST(JinjaLimits, the_stack_holds_what_the_parser_lets_through) {
  EXPECT_TRUE(render("{{ " + repeated("(", 100) + "1" + repeated(")", 100) + " }}"));
  EXPECT_TRUE(render("{{ 1" + repeated(" + 1", 200) + " }}"));
  EXPECT_TRUE(render("{{ " + repeated("[", 90) + repeated("]", 90) + " }}"));
  EXPECT_TRUE(render(repeated("{% if 1 %}", 90) + "x" + repeated("{% endif %}", 90)));
  const std::string body = repeated("{% if 1 %}", 40) + "{{ " + repeated("[", 60) + "m()" + repeated("]", 60) + " }}" +
                           repeated("{% endif %}", 40);
  EXPECT_FALSE(render("{% macro m() %}" + body + "{% endmacro %}{{ m() }}"));
}

TEST(JinjaLimits, recursion_of_real_templates_is_deep_enough) {
  // A macro that renders a schema calls itself once a level, from within loops and conditions.
  const auto rendered = render(
      "{% macro m(k) %}{% if k > 0 %}{% for i in [1] %}{% if true %}{{ m(k - 1) }}{% endif %}{% endfor %}"
      "{% else %}end{% endif %}{% endmacro %}{{ m(60) }}");
  ASSERT_TRUE(rendered) << rendered.error().message;
  EXPECT_EQ(rendered->text, "end");
}

TEST(JinjaLimits, mutated_templates_render_or_fail_cleanly) {
  const std::string seeds[] = {
      "{% for m in messages %}{% if loop.first and m.role == 'system' %}<|{{ m['role'] }}|>{{ m.content | trim }}\n"
      "{%- elif m.role != 'x' -%} {{ '<|im_start|>' + m.role + '\\n' ~ m.content[1:-2] }}{% else %}{{ 1.5 // 2 }}{% "
      "endif %}"
      "{% endfor %}{{ 'yes' if messages | length > 1 else [1, 2.5, none, {'a': (1,)}] }}",
      "{% macro f(a, b=2) %}{{ a }}{{ b }}{{ caller() if caller }}{% endmacro %}{{ f(1, b='x') }}{% call f(3) %}c{% "
      "endcall %}"
      "{% set ns = namespace(n=0) %}{% for i in range(5) if i is odd %}{% set ns.n = ns.n + i %}{% endfor %}{{ ns.n }}"
      "{% filter upper %}{{ messages[0] | tojson(indent=2) }}{% endfilter %}{% raw %}{{ x }}{% endraw %}{# c #}",
      "{{ messages | selectattr('role', 'equalto', 'user') | map(attribute='content') | list | join(', ') | title }}"
      "{{ '%s-%05.1f' % ('a', 2.25) }}{{ '{:>8}|{a}'.format('x', a=1) }}{{ 'a,b'.split(',', 1)[::-1] | "
      "sort(reverse=true) }}"
      "{% set x, y = 1, 'é' %}{{ x ~ y.upper().center(7, '*') }}{% set z | replace('a', 'b') %}aa{% endset %}{{ z }}",
  };
  const std::string_view alphabet = "{}%#()[]|.,:'\"-+*/=<>!~ \n_abcintfor019\\\xC3";
  Limits limits;
  limits.steps_max = 20'000;
  limits.memory_bytes_max = size_t{4} << 20;
  limits.output_bytes_max = size_t{1} << 16;
  const uint32_t seed = 20250704;
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  for (int round = 0; round < 20'000; ++round) {
    const std::string source = test::mutated(random, seeds, alphabet);
    SCOPED_TRACE(source);
    test::expect_sound(render(source, limits));
    if (HasFailure()) break;
  }
}

}  // namespace
}  // namespace quire::jinja
