// A model's Go template, as Ollama's published models carry them, rendered with the knowledge of which characters are
// the user's.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "text/chat_template.h"
#include "text/prompt_text.h"
#include "text/template_budget.h"

namespace quire {

// A prompt without a conversation around it.
struct GenerateTemplateInput {
  std::string system;                                                 // empty: none
  nlohmann::ordered_json messages = nlohmann::ordered_json::array();  // between system and prompt
  std::string prompt;
  // Not empty: the model fills in what is between prompt and suffix; system and messages are not used.
  std::string suffix;
  size_t image_count = 0;  // they belong to the prompt
  std::optional<ThinkRequest> think;
  int64_t now_unix_s = 0;
};

// Immutable; any thread. Safe against hostile templates: bounds on steps, depth, memory and output. What it prints
// equals what Ollama v0.33 prints, where that prints anything; of Go's text/template nothing that a template could use
// is missing but complex numbers, functions as values, and some verbs of printf (printf.cpp).
class GoTemplate {
 public:
  static Result<GoTemplate> parse(std::string_view source);
  GoTemplate(GoTemplate&&) noexcept;
  GoTemplate& operator=(GoTemplate&&) noexcept;
  ~GoTemplate();

  // What Ollama does for a chat: a template that mentions .Messages gets all of them, else it is executed for each
  // question and answer, and the last time it ends where the answer begins. The template decides alone how the last
  // message ends, so add_generation_prompt does nothing, and it cannot name what is in extra. An error carries the
  // line.
  Result<PromptText> render(const ChatTemplateInput& input, const TemplateLimits& limits = {}) const;
  // What Ollama does for a prompt: a chat of system and prompt, or with a suffix .Prompt and .Suffix.
  Result<PromptText> render(const GenerateTemplateInput& input, const TemplateLimits& limits = {}) const;

  // The fields and variables that the template mentions: lower case, sorted. A model with "tools" among them takes
  // tools, one with "suffix" fills in.
  const std::vector<std::string>& names() const;

 private:
  struct Parsed;
  explicit GoTemplate(std::unique_ptr<const Parsed> parsed);
  std::unique_ptr<const Parsed> parsed_;
};

}  // namespace quire
