// Which characters of a prompt are the user's.
#include <gtest/gtest.h>

#include <map>
#include <sstream>

#include "text/gotemplate/go_template.h"
#include "text/gotemplate_fixture.h"

namespace quire::gotemplate {
namespace {

using test::marked;

std::string rendered(std::string_view source, const Json& messages, const Json& tools = nullptr) {
  const auto parsed = GoTemplate::parse(source);
  if (!parsed) return parsed.error().message;
  const auto printed = parsed->render(ChatTemplateInput{.messages = messages, .tools = tools});
  return printed ? marked(*printed) : printed.error().message;
}

Json user(const std::string& content) { return {{{"role", "user"}, {"content", content}}}; }

TEST(GoTemplateSpans, contents_are_the_users_and_roles_are_the_templates) {
  const Json messages = {{{"role", "system"}, {"content", "s"}},
                         {{"role", "User"}, {"content", "<|x|>"}},
                         {{"role", "im_end"}, {"content", "e"}}};
  EXPECT_EQ(rendered("{{ range .Messages }}<|{{ .Role }}|>{{ .Content }}{{ end }}", messages),
            "<|system|>«s»<|user|>«<|x|>»<|«im_end»|>«e»");
  EXPECT_EQ(rendered("{{ .System }}|{{ .Prompt }}|{{ .Response }}", messages), "«s»|«<|x|>»|");
}

TEST(GoTemplateSpans, marks_go_along_with_the_bytes) {
  const Json messages = user("a<b");
  const auto printed = [&](const std::string& pipeline) {
    return rendered("{{ range .Messages }}{{ $c := .Content }}" + pipeline + "{{ end }}", messages);
  };
  EXPECT_EQ(printed("{{ $x := printf `(%s|%4s|%.1s)` $c $c $c }}{{ $x }}"), "(«a<b»| «a<b»|«a»)");
  EXPECT_EQ(printed("{{ print $c 1 2 $c }}{{ println $c }}"), "«a<b»1 2«a<ba<b»\n");
  EXPECT_EQ(printed("{{ printf `%q %x` $c $c }}"), "\"«a<b»\" «613c62»");
  EXPECT_EQ(printed("{{ json $c }}{{ html $c }}{{ js $c }}{{ urlquery $c }}"), "\"«a\\u003cb»\"«a&lt;ba\\u003Cba%3Cb»");
  EXPECT_EQ(printed("{{ slice $c 1 }}{{ slice (printf `x%sy` $c) 2 }}"), "«<b<b»y");
  EXPECT_EQ(printed("{{ or `` $c }}{{ and 1 $c }}{{ with $c }}{{ . }}{{ end }}"), "«a<ba<ba<b»");
  EXPECT_EQ(printed("{{ $y := `` }}{{ range 2 }}{{ $y = printf `%s.%s` $y $c }}{{ end }}{{ $y }}"), ".«a<b».«a<b»");
  EXPECT_EQ(printed("{{ printf $c }}{{ printf (print `%d` $c) 1 }}"), "«a<b1a<b»");
}

TEST(GoTemplateSpans, templates_pass_marks_on) {
  EXPECT_EQ(rendered("{{ define `t` }}[{{ . }}]{{ end }}{{ range .Messages }}{{ template `t` .Content }}{{ end }}",
                     user("a")),
            "[«a»]");
}

TEST(GoTemplateSpans, joined_turns_and_placeholders_are_not_the_users) {
  const Json messages = {{{"role", "user"}, {"content", "one [img] [img-0]"}, {"images", {"", ""}}},
                         {{"role", "user"}, {"content", "two"}, {"images", {""}}}};
  EXPECT_EQ(rendered("{{ range .Messages }}{{ .Content }}{{ end }}", messages),
            "[img-1]«one »[img-0]« [img-0]»\n\n[img-2]«two»");
}

TEST(GoTemplateSpans, names_and_texts_of_tools_are_the_users) {
  const Json tools = {
      {{"type", "function"}, {"function", {{"name", "f"}, {"parameters", {{"properties", {{"p", Json::object()}}}}}}}}};
  EXPECT_EQ(
      rendered("{{ range .Tools }}{{ . }}{{ end }}{{ range .Messages }}{{ end }}", user("u"), tools),
      "{\"type\":\"«function»\",\"function\":{\"name\":\"«f»\",\"description\":\"\",\"parameters\":{\"type\":\"\","
      "\"properties\":{\"«p»\":{}}}}}");
}

// A copy of the JSON in which every text that a client writes is made of one letter that no template has. Below a key
// of any_json, so are the keys.
Json with_letters(const Json& json, const std::string& key, bool is_any_json = false) {
  const auto letters = [](size_t count) {
    std::string out;
    for (size_t i = 0; i < count; ++i) out += "Ж";
    return out;
  };
  if (json.is_string()) return key == "role" ? json : Json(letters(json.get<std::string>().size()));
  is_any_json = is_any_json || key == "arguments" || key == "items";
  Json out = json;
  if (json.is_array()) {
    for (Json& item : out) item = with_letters(item, key, is_any_json);
  } else if (json.is_object()) {
    out = Json::object();
    for (const auto& item : json.items()) {
      const bool is_free = is_any_json || key == "properties";
      out[is_free ? letters(out.size() + 1) : item.key()] = with_letters(item.value(), item.key(), is_any_json);
    }
  }
  return out;
}

TEST(GoTemplateSpans, no_template_prints_a_users_character_outside_of_a_span) {
  size_t letters = 0;
  for (const Json& conversation : Json::parse(test::read_data("conversations.json"))) {
    if (!conversation.contains("messages")) continue;
    const ChatTemplateInput input{.messages = with_letters(conversation["messages"], "messages"),
                                  .tools = with_letters(member(conversation, "tools"), "tools")};
    const auto folder = std::filesystem::path(QUIRE_SOURCE_DIR) / "tests" / "data" / "gotemplates";
    for (const auto& file : std::filesystem::recursive_directory_iterator(folder)) {
      if (file.path().extension() != ".gotmpl") continue;
      SCOPED_TRACE(file.path().filename().string() + " " + conversation["name"].get<std::string>());
      const auto parsed = GoTemplate::parse(test::read_data(file.path()));
      ASSERT_TRUE(parsed);
      const auto printed = parsed->render(input);
      if (!printed) continue;  // hidden-messages
      size_t done = 0;
      for (const TextSpan& span : printed->user_spans) {
        EXPECT_EQ(printed->text.substr(done, span.begin - done).find("Ж"), std::string::npos);
        const std::string text = printed->text.substr(span.begin, span.end - span.begin);
        // urlquery writes the letter as %D0%96.
        EXPECT_EQ(text.find_first_not_of("Ж%D096"), std::string::npos) << text;
        letters += text.size();
        done = span.end;
      }
      EXPECT_EQ(printed->text.substr(done).find("Ж"), std::string::npos);
    }
  }
  EXPECT_GT(letters, 10'000U);
}

}  // namespace
}  // namespace quire::gotemplate
