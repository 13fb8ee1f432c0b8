// Hostile templates and requests: each ends in an error, in bounded time, memory and stack.
#include <gtest/gtest.h>

#include <random>

#include "text/gotemplate/go_template.h"
#include "text/gotemplate_fixture.h"
#include "text/template_mutation.h"

namespace quire::gotemplate {
namespace {

using test::execute;

std::string repeated(std::string_view text, size_t count) {
  std::string out;
  for (size_t i = 0; i < count; ++i) out += text;
  return out;
}

TEST(GoTemplateLimits, deep_nesting_is_an_error_of_the_parser) {
  const std::string sources[] = {
      "{{ " + repeated("(", 100'000),
      "{{ " + repeated("(", 5'000) + "1" + repeated(")", 5'000) + " }}",
      "{{ " + repeated("print (", 50'000) + "1" + repeated(")", 50'000) + " }}",
      repeated("{{ if 1 }}", 20'000),
      repeated("{{ range 1 }}", 20'000),
      repeated("{{ with 1 }}", 20'000),
      repeated("{{ block \"b\" . }}", 20'000),
      repeated("{{ if 1 }}x{{ else }}", 20'000),
      "{{ `" + std::string(2 << 20, 'a') + "` }}",
  };
  for (const std::string& source : sources) EXPECT_FALSE(parse(source)) << source.substr(0, 40);
}

TEST(GoTemplateLimits, long_templates_that_are_not_deep_are_fine) {
  EXPECT_TRUE(execute(repeated("{{ 1 }}", 20'000), {}));
  EXPECT_TRUE(execute("{{ print " + repeated("1 ", 20'000) + "}}", {}));
  EXPECT_TRUE(execute("{{ 1 " + repeated("| print ", 20'000) + "}}", {}));
  EXPECT_TRUE(execute("{{ if 0 }}" + repeated("{{ else if 0 }}", 20'000) + "{{ end }}", {}));
  EXPECT_TRUE(execute("{{ $x := and nil }}{{ $x" + repeated(".a", 20'000) + " }}", {}));
}

// Each either ends in an error or in time; none takes the machine's memory or the stack.
TEST(GoTemplateLimits, what_a_template_may_spend_is_bounded) {
  TemplateLimits limits;
  limits.steps_max = 100'000;
  limits.memory_bytes_max = size_t{16} << 20;
  limits.output_bytes_max = size_t{1} << 20;
  const Json data = {{"s", std::string(200'000, 'a')}, {"list", std::vector<int>(20'000, 1)}};
  const char* sources[] = {
      "{{ range 1000000000000 }}{{ end }}",
      "{{ range 100000 }}{{ range 100000 }}{{ end }}{{ end }}",
      "{{ range 100000 }}aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa{{ end }}",
      "{{ $x := `a` }}{{ range 100 }}{{ $x = printf `%s%s` $x $x }}{{ end }}",
      "{{ $x := `a` }}{{ range 100 }}{{ $x = print $x $x }}{{ end }}",
      "{{ $x := `\"` }}{{ range 100 }}{{ $x = json $x }}{{ end }}",
      "{{ $x := `&` }}{{ range 100 }}{{ $x = html $x $x }}{{ end }}",
      "{{ $x := `a` }}{{ range 100 }}{{ $x = printf `%x` $x }}{{ end }}",
      "{{ range 1000 }}{{ printf `%1000000d` 1 }}{{ end }}",
      "{{ $x := printf `%1000000d%1000000d` 1 1 }}",
      "{{ range 1000 }}{{ $x := printf `%.999999f` 1.5 }}{{ end }}{{ range 1000000 }}{{ end }}",
      "{{ range 100000 }}{{ $x := print $.s }}{{ end }}",
      "{{ range 100000 }}{{ $x := eq $.s $.s }}{{ end }}",
      "{{ range 100000 }}{{ $x := js $.s }}{{ end }}",
      "{{ range 100000 }}{{ $x := json $.list }}{{ end }}",
      "{{ range 100000 }}{{ $x := slice $.s 1 }}{{ end }}",
      "{{ range 100000 }}{{ $x := printf $.s }}{{ end }}",
      "{{ range $i, $_ := .list }}{{ range $.list }}{{ end }}{{ end }}",
      "{{ define `t` }}{{ template `t` }}{{ end }}{{ template `t` }}",
      "{{ define `t` }}{{ template `t` . }}{{ template `t` . }}{{ end }}{{ template `t` 1 }}",
      "{{ template `` }}",
      "{{ define `t` }}{{ range 1 }}{{ with 1 }}{{ print (print (print 1)) }}{{ template `t` }}{{ end }}{{ end }}{{ "
      "end "
      "}}{{ template `t` }}",
  };
  for (const char* source : sources) EXPECT_FALSE(execute(source, data, limits)) << source;
}

TEST(GoTemplateLimits, recursion_of_real_templates_is_deep_enough) {
  const auto printed = execute(
      "{{ define `t` }}{{ if .next }}{{ with .next }}{{ template `t` . }}{{ end }}{{ else }}end{{ end }}{{ end }}"
      "{{ template `t` . }}",
      [] {
        Json data = Json::object();
        for (int i = 0; i < 60; ++i) data = {{"next", data}};
        return data;
      }());
  ASSERT_TRUE(printed) << printed.error().message;
  EXPECT_EQ(printed->text, "end");
}

TEST(GoTemplateLimits, requests_that_are_no_conversation_are_errors) {
  const auto parsed = GoTemplate::parse("{{ .Tools }}{{ range .Messages }}{{ .ToolCalls }}{{ end }}");
  ASSERT_TRUE(parsed);
  Json deep = "x";
  for (int i = 0; i < 200; ++i) deep = Json::array({deep});
  const Json messages[] = {Json::object(),
                           {1},
                           {{{"role", 1}}},
                           {{{"content", {1}}}},
                           {{{"images", 1}}},
                           {{{"thinking", 1}}},
                           {{{"tool_calls", "x"}}},
                           {{{"tool_calls", {1}}}},
                           {{{"tool_calls", {{{"function", {{"arguments", "{"}}}}}}}},
                           {{{"tool_calls", {{{"function", {{"arguments", {{"a", deep}}}}}}}}}}};
  for (const Json& json : messages) EXPECT_FALSE(parsed->render(ChatTemplateInput{.messages = json})) << json;
  Json nested = Json::object();
  for (int i = 0; i < 200; ++i) nested = {{"properties", {{"p", nested}}}};
  const Json tools[] = {1,
                        {1},
                        {{{"function", 1}}},
                        {{{"function", {{"name", 1}}}}},
                        {{{"function", {{"parameters", {{"required", {1}}}}}}}},
                        {{{"function", {{"parameters", {{"properties", {{"p", {{"type", 1}}}}}}}}}}},
                        {{{"function", {{"parameters", nested}}}}}};
  for (const Json& json : tools) {
    EXPECT_FALSE(parsed->render(ChatTemplateInput{.messages = Json::array(), .tools = json})) << json;
  }
}

TEST(GoTemplateLimits, many_messages_of_one_role_take_time_by_their_size) {
  const auto parsed = GoTemplate::parse("{{ .System }}{{ len .Messages }}");
  ASSERT_TRUE(parsed);
  const Json message = {{"role", "system"}, {"content", std::string(1'000, 'a')}};
  const auto printed = parsed->render(ChatTemplateInput{.messages = Json(5'000, message)});
  ASSERT_TRUE(printed) << printed.error().message;
  EXPECT_EQ(printed->text.size(), 5'000 * 1'002 - 2 + 1U);
}

TEST(GoTemplateLimits, mutated_templates_render_or_fail_cleanly) {
  const std::string seeds[] = {
      "{{- range $i, $m := .list }}{{- if eq .name \"user\" -}} <|{{ .name }}|> {{ $m.n | printf \"%5.2f|%-4v\" }}\n"
      "{{- else if and $.s (gt (len $.list) 1) }}{{ break }}{{ else }}{{ slice $.list $i }}{{ end }}{{ end }}",
      "{{ define \"t\" }}{{ with .a }}{{ . }}{{ else }}{{ json . }}{{ end }}{{ end }}{{ template \"t\" .map }}"
      "{{ block \"b\" .s }}{{ html . 'x' 0x1F -1.5e3 nil true }}{{ end }}{{/* c */}}",
      "{{ $x := `a` }}{{ range $k, $v := .map }}{{ $x = printf \"%q%+v%x\" $k $v $x }}{{ continue }}{{ end }}{{ $x }}"
      "{{ (index .list 0).name }}{{ println .map .list (not .n) }}{{ urlquery .s | js | printf \"%*d\" 3 }}",
  };
  const Json data = {{"s", "Grüße <|x|>"},
                     {"n", nullptr},
                     {"list", {{{"name", "user"}, {"n", 1}}, {{"name", "x"}, {"n", 2.5}}, nullptr}},
                     {"map", {{"a", "b"}, {"c", {1, "two", false}}}}};
  TemplateLimits limits;
  limits.steps_max = 20'000;
  limits.memory_bytes_max = size_t{4} << 20;
  limits.output_bytes_max = size_t{1} << 16;
  const uint32_t seed = 20261128;
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  for (int round = 0; round < 20'000; ++round) {
    const std::string source = quire::test::mutated(random, seeds, "{}()|.,:'\"`-+*/=$%!~ \n_abcendifrange019\\\xC3");
    SCOPED_TRACE(source);
    quire::test::expect_sound(execute(source, data, limits));
    if (HasFailure()) break;
  }
}

}  // namespace
}  // namespace quire::gotemplate
