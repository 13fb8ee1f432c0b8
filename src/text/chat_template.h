// A model's own chat template (Jinja), rendered with the knowledge of which characters are the user's.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "text/prompt_text.h"

namespace quire {

namespace jinja {
class Template;
}

// What a request says of thinking.
struct ThinkRequest {
  bool enabled = false;
  std::string level;  // "low", "medium", "high" or "max"; empty: the request names none
};

// What a template may see. Every string inside messages, tools and extra is the user's, but for a message's role where
// it is one of the usual names: templates spell control tokens with it.
struct ChatTemplateInput {
  nlohmann::ordered_json messages = nlohmann::ordered_json::array();
  nlohmann::ordered_json tools;   // null: undefined for the template
  nlohmann::ordered_json extra = nlohmann::ordered_json::object();  // further variables, e.g. enable_thinking
  std::optional<ThinkRequest> think;  // for Go templates; a Jinja template has a name of its own for it, in extra
  bool add_generation_prompt = true;
  bool leaves_open = false;  // the last message is gone on with; for render_chat, a template alone does not know how
  int64_t now_unix_s = 0;         // what strftime_now formats (UTC)
};

// Immutable; any thread. Safe against hostile templates: bounds on steps, depth and output.
class ChatTemplate {
 public:
  // bos and eos are the texts of those tokens, which templates print.
  static Result<ChatTemplate> parse(std::string_view source, std::string bos, std::string eos);
  ChatTemplate(ChatTemplate&&) noexcept;
  ChatTemplate& operator=(ChatTemplate&&) noexcept;
  ~ChatTemplate();

  // An error carries the line and what the template raised.
  Result<PromptText> render(const ChatTemplateInput& input) const;

 private:
  ChatTemplate(std::unique_ptr<const jinja::Template> parsed, std::string bos, std::string eos);
  std::unique_ptr<const jinja::Template> parsed_;
  std::string bos_;
  std::string eos_;
};

}  // namespace quire
