// How a model wants to be asked: the one template of several that a model may have.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/result.h"
#include "store/model_defaults.h"
#include "text/chat_template.h"
#include "text/chat_turns.h"
#include "text/gotemplate/go_template.h"
#include "text/parts/syntax.h"
#include "text/tokenizer.h"

namespace quire::server {

// As Ollama chooses: with a built-in renderer's name stored, the file's own template, whose output such renderers
// reproduce; else the Go template that is stored beside the weights; else the file's own; else none, and the contents
// stand with line breaks between. Immutable; any thread.
class PromptTemplate {
 public:
  // A template that cannot be used is an error of render(), so that raw prompts are served all the same.
  // `own`: the file's own (tokenizer.chat_template); one without a letter counts as absent.
  static PromptTemplate choose(const store::ModelDefaults& stored, std::string_view own, const Tokenizer& tokenizer);

  // What the chosen one's answers are written in; without a vocabulary, for a model that is not loaded.
  static parts::Syntax syntax_of(const store::ModelDefaults& stored, std::string_view own);

  // In roles that the template knows, the last message left open where the input says so.
  Result<PromptText> render(const ChatTemplateInput& input) const;
  // What it writes for a text with a gap; none: it knows of no gaps, and the model's own tokens for that are to be
  // used.
  Result<std::optional<PromptText>> render_fill_in(const GenerateTemplateInput& input) const;
  // As it is written; empty: the model has none.
  const std::string& source() const { return source_; }
  // How what it asks for is answered.
  const parts::Syntax& syntax() const { return syntax_; }
  // Why render() fails always, or empty.
  std::string fault() const;

 private:
  using Chosen = std::variant<std::monostate, ChatTemplate, GoTemplate, Error>;
  // `source`: the chosen template's; `parser`: that of the model's manifest, or its renderer.
  PromptTemplate(Chosen chosen, std::string_view source, std::string_view parser);
  Result<PromptText> render_as_it_is(const ChatTemplateInput& input) const;

  Chosen chosen_;
  std::string source_;
  TemplateRoles roles_;  // that the template shows
  parts::Syntax syntax_;
};

}  // namespace quire::server
