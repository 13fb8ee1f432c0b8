// A conversation as a model's template can write it: what the template does with roles it was not made for, and the
// last message left open. Pure functions; any thread. For templates of any language: they take what renders.
#pragma once

#include <nlohmann/json.hpp>
#include <string_view>

#include "base/function_ref.h"
#include "base/result.h"
#include "text/chat_template.h"
#include "text/prompt_text.h"

namespace quire {

using RenderChat = FunctionRef<Result<PromptText>(const ChatTemplateInput&)>;

// Of which roles a template shows the content.
struct TemplateRoles {
  bool system = true;
  bool developer = true;
};

// Found by rendering short conversations and looking for what was said. "developer" must be named in the source too: a
// template that writes any role's name would write one that its model never saw. All true for a template that cannot
// even write a user's message: then its own error is what helps.
TemplateRoles find_roles(std::string_view source, RenderChat render);

// The messages in roles that the template shows. "developer" becomes "system", joined to a system message right before
// it. Where the template has no "system" either, what was said goes before the next user's message with a blank line
// between, or is one of its own where none follows. Other messages stay as they are.
nlohmann::ordered_json with_known_roles(nlohmann::ordered_json messages, const TemplateRoles& roles);

// The conversation in known roles, its last message left open where the input says so.
Result<PromptText> render_chat(ChatTemplateInput input, const TemplateRoles& roles, RenderChat render);

// The conversation with its last message left open: what is generated goes on where it ends. As transformers does for
// continue_final_message: rendered with a mark at its end, and cut there. An error where the mark does not come back,
// or not behind what the message says: such a prompt would not be what was asked for. REQUIRES: there is a message.
Result<PromptText> render_open(ChatTemplateInput input, RenderChat render);

}  // namespace quire
