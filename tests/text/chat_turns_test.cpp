#include "text/chat_turns.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "test_data.h"

namespace quire {
namespace {

using Json = nlohmann::ordered_json;

std::string read_turns(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

ChatTemplate parse_template(std::string_view source) {
  auto parsed = ChatTemplate::parse(source, "<bos>", "<eos>");
  EXPECT_TRUE(parsed) << parsed.error().message;
  return std::move(*parsed);
}

TemplateRoles roles_of(std::string_view source) {
  const ChatTemplate chat = parse_template(source);
  return find_roles(source, [&](const ChatTemplateInput& input) { return chat.render(input); });
}

Json message(const char* role, std::string content) { return {{"role", role}, {"content", std::move(content)}}; }

// The rendered conversation as its template knows it; what is wrong, where it cannot be rendered.
std::string written(std::string_view source, Json messages) {
  const ChatTemplate chat = parse_template(source);
  ChatTemplateInput input;
  input.messages = with_known_roles(std::move(messages), roles_of(source));
  const auto rendered = chat.render(input);
  return rendered ? rendered->text : rendered.error().message;
}

Result<PromptText> open(std::string_view source, Json messages) {
  const ChatTemplate chat = parse_template(source);
  ChatTemplateInput input;
  input.messages = std::move(messages);
  return render_open(input, [&](const ChatTemplateInput& changed) { return chat.render(changed); });
}

std::string open_text(std::string_view source, Json messages) {
  const auto rendered = open(source, std::move(messages));
  return rendered ? rendered->text : rendered.error().message;
}

constexpr const char* any_role = "{% for m in messages %}<{{ m.role }}>{{ m.content }}</>{% endfor %}";
constexpr const char* drops_others =
    "{% for m in messages %}{% if m.role in ['system', 'user'] %}<{{ m.role }}>{{ m.content }}</>{% endif %}{% endfor "
    "%}";
constexpr const char* knows_developer =
    "{% for m in messages %}{% if m.role in ['user', 'developer'] %}<{{ m.role }}>{{ m.content }}</>{% endif %}"
    "{% endfor %}";
constexpr const char* refuses_system =
    "{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('no system') }}{% endif %}"
    "<{{ m.role }}>{{ m.content | trim }}</>{% endfor %}{% if add_generation_prompt %}<model>{% endif %}";
constexpr const char* drops_system =
    "{% for m in messages %}{% if m.role != 'system' %}<{{ m.role }}>{{ m.content }}</>{% endif %}{% endfor %}";

TEST(TemplateRoles, are_those_whose_content_is_shown) {
  EXPECT_TRUE(roles_of(any_role).system);
  EXPECT_FALSE(roles_of(any_role).developer) << "it writes every name, also one that its model never saw";
  EXPECT_FALSE(roles_of(drops_others).developer);
  EXPECT_TRUE(roles_of(knows_developer).developer);
  EXPECT_FALSE(roles_of(knows_developer).system);
  EXPECT_FALSE(roles_of(refuses_system).system);
  EXPECT_FALSE(roles_of(drops_system).system);
  const TemplateRoles broken = roles_of("{{ missing.field }}");
  EXPECT_TRUE(broken.system && broken.developer) << "its own error is what helps";
}

TEST(TemplateRoles, of_a_developer_becomes_system) {
  EXPECT_EQ(written(any_role, {message("developer", "d"), message("user", "u")}), "<system>d</><user>u</>");
  EXPECT_EQ(written(any_role, {message("system", "s"), message("developer", "d"), message("user", "u")}),
            "<system>s\n\nd</><user>u</>");
  EXPECT_EQ(written(any_role, {message("user", "u"), message("developer", "d"), message("developer", "e")}),
            "<user>u</><system>d\n\ne</>");
  EXPECT_EQ(written(knows_developer, {message("developer", "d"), message("user", "u")}), "<developer>d</><user>u</>");
  EXPECT_EQ(written(refuses_system, {message("developer", "d"), message("user", "u")}), "<user>d\n\nu</><model>");
}

TEST(TemplateRoles, of_a_system_goes_into_the_next_users_turn_where_there_is_none) {
  EXPECT_EQ(written(refuses_system, {message("system", "s"), message("user", "u"), message("user", "v")}),
            "<user>s\n\nu</><user>v</><model>");
  EXPECT_EQ(written(drops_system, {message("system", "s"), message("system", "t"), message("assistant", "a"),
                                   message("user", "u"), message("system", "z"), message("user", "v")}),
            "<assistant>a</><user>s\n\nt\n\nu</><user>z\n\nv</>");
  EXPECT_EQ(written(refuses_system, {message("user", "u"), message("system", "s")}), "<user>u</><user>s</><model>");
  EXPECT_EQ(written(any_role, {message("system", "s"), message("user", "u")}), "<system>s</><user>u</>");
}

TEST(OpenChat, ends_where_the_last_message_ends) {
  EXPECT_EQ(open_text(any_role, {message("user", "u"), message("assistant", "a b")}), "<user>u</><assistant>a b");
  EXPECT_EQ(open_text(any_role, {message("user", "u"), message("assistant", "a \n")}), "<user>u</><assistant>a \n");
  EXPECT_EQ(open_text(any_role, {message("user", "u"), message("assistant", "")}), "<user>u</><assistant>");
  EXPECT_EQ(open_text(any_role, {message("user", "u")}), "<user>u") << "whose message it is does not matter";
  EXPECT_EQ(open_text(any_role, {message("user", "a"), message("assistant", "a")}), "<user>a</><assistant>a");
  EXPECT_EQ(open_text(refuses_system, {message("assistant", "  a \n")}), "<assistant>a") << "it takes spaces away";
  EXPECT_EQ(open_text("{% for m in messages %}<{{ m.role }}>\n\n{{ m.content | trim }}</>{% endfor %}",
                      {message("assistant", " ")}),
            "<assistant>\n\n")
      << "and only those of the message";
}

TEST(OpenChat, takes_its_mark_out_of_what_is_the_users) {
  const auto rendered = open(any_role, {message("user", "u"), message("assistant", "quire-goes-on-here-0. a")});
  ASSERT_TRUE(rendered);
  EXPECT_EQ(rendered->text, "<user>u</><assistant>quire-goes-on-here-0. a");
  ASSERT_FALSE(rendered->user_spans.empty());
  EXPECT_EQ(rendered->user_spans.back().begin, 21U);
  EXPECT_EQ(rendered->user_spans.back().end, rendered->text.size());
  const auto empty = open(any_role, {message("user", "u"), message("assistant", "")});
  ASSERT_TRUE(empty);
  ASSERT_EQ(empty->user_spans.size(), 1U);
  EXPECT_EQ(empty->user_spans[0].end, 7U);
}

TEST(OpenChat, follows_templates_that_take_thoughts_out) {
  constexpr const char* source =
      "{% for m in messages %}<{{ m.role }}>{{ m.content.split('</think>')[-1].lstrip('\\n') }}</>{% endfor %}";
  EXPECT_EQ(open_text(source, {message("assistant", "<think>hm</think>\n\nFour")}), "<assistant>Four");
  EXPECT_EQ(open_text(source, {message("assistant", "<think>hm")}), "<assistant><think>hm");
}

TEST(OpenChat, is_refused_where_it_would_be_another_prompt) {
  const Json chat = {message("user", "u"), message("assistant", "abc")};
  const std::string once = "it does not write the last message exactly once, so that cannot be continued";
  EXPECT_EQ(open_text("{% for m in messages if m.role == 'user' %}{{ m.content }}{% endfor %}", chat), once);
  EXPECT_EQ(open_text("{% for m in messages %}{{ m.content }}{{ m.content }}{% endfor %}", chat), once);
  EXPECT_EQ(open_text("{% for m in messages %}{{ m.content[1:] }}{% endfor %}", chat),
            "it changes the last message, so that cannot be continued");
  EXPECT_EQ(open_text(any_role, {{{"role", "assistant"}}}), "the last message has no text that could be continued");
}

// Goldens of tools/goldens/continued_chats.py, by jinja2 and as transformers cuts.
TEST(OpenChat, is_what_transformers_leaves_open_under_every_real_template) {
  QUIRE_TEST_DATA_OR_SKIP(templates, "templates");
  const Json golden =
      Json::parse(read_turns(std::filesystem::path(QUIRE_SOURCE_DIR) / "tests" / "data" / "continued_chats.json"));
  size_t compared = 0;
  for (const auto& [name, outputs] : golden.at("outputs").items()) {
    const std::filesystem::path path = templates / (name + ".jinja");
    if (!std::filesystem::exists(path)) continue;
    const ChatTemplate chat = parse_template(read_turns(path));
    for (size_t index = 0; index < outputs.size(); ++index) {
      SCOPED_TRACE(name + " " + std::to_string(index));
      ChatTemplateInput input;
      input.messages = golden.at("conversations").at(index);
      input.now_unix_s = golden.at("now_unix_s").get<int64_t>();
      const auto rendered = render_open(input, [&](const ChatTemplateInput& changed) { return chat.render(changed); });
      ASSERT_EQ(rendered.has_value(), !outputs[index].is_null()) << (rendered ? "" : rendered.error().message);
      if (!rendered) continue;
      ++compared;
      EXPECT_EQ(rendered->text.size(), outputs[index][0].get<size_t>());
      const auto tail = outputs[index][1].get<std::string>();
      EXPECT_TRUE(rendered->text.ends_with(tail)) << rendered->text << "\nexpected at its end:\n" << tail;
      // What the assistant is said to have begun is the client's text: no token of it may close the turn.
      ASSERT_FALSE(rendered->user_spans.empty());
      EXPECT_EQ(rendered->user_spans.back().end, rendered->text.size());
    }
  }
  EXPECT_GE(compared, 100U);
}

}  // namespace
}  // namespace quire
