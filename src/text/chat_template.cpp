#include "text/chat_template.h"

#include "text/jinja/json_value.h"
#include "text/jinja/template.h"
#include "text/role_names.h"

namespace quire {

namespace {

// A usual name of a role counts as the template's own text.
// REQUIRES: no other value refers to the messages yet.
void unmark_role_names(jinja::Heap& heap, const jinja::Value& messages) {
  const jinja::Sequence* list = messages.sequence();
  if (list == nullptr) return;
  for (const jinja::Value& message : list->items) {
    jinja::Dict* fields = message.dict();
    jinja::Value* role = fields == nullptr ? nullptr : fields->find("role");
    const MarkedText* name = role == nullptr ? nullptr : role->text();
    if (name == nullptr) continue;
    if (is_role_name(name->bytes)) *role = heap.text(name->bytes);
  }
}

}  // namespace

Result<ChatTemplate> ChatTemplate::parse(std::string_view source, std::string bos, std::string eos) {
  QUIRE_TRY(auto parsed, jinja::Template::parse(source));
  return ChatTemplate(std::move(parsed), std::move(bos), std::move(eos));
}

ChatTemplate::ChatTemplate(std::unique_ptr<const jinja::Template> parsed, std::string bos, std::string eos)
    : parsed_(std::move(parsed)), bos_(std::move(bos)), eos_(std::move(eos)) {}
ChatTemplate::ChatTemplate(ChatTemplate&&) noexcept = default;
ChatTemplate& ChatTemplate::operator=(ChatTemplate&&) noexcept = default;
ChatTemplate::~ChatTemplate() = default;

Result<PromptText> ChatTemplate::render(const ChatTemplateInput& input) const {
  const jinja::Limits limits;
  jinja::Heap heap(limits.memory_bytes_max);
  jinja::Render::Globals globals;
  globals.emplace_back("bos_token", heap.text(bos_));
  globals.emplace_back("eos_token", heap.text(eos_));
  globals.emplace_back("add_generation_prompt", jinja::Value(input.add_generation_prompt));
  QUIRE_TRY(jinja::Value messages, jinja::value_of_json(heap, input.messages));
  unmark_role_names(heap, messages);
  globals.emplace_back("messages", std::move(messages));
  if (!input.tools.is_null()) {
    QUIRE_TRY(jinja::Value tools, jinja::value_of_json(heap, input.tools));
    globals.emplace_back("tools", std::move(tools));
  }
  if (input.extra.is_object()) {
    for (const auto& item : input.extra.items()) {
      QUIRE_TRY(jinja::Value value, jinja::value_of_json(heap, item.value()));
      globals.emplace_back(item.key(), std::move(value));
    }
  }
  return parsed_->render(heap, globals, limits, input.now_unix_s);
}

}  // namespace quire
