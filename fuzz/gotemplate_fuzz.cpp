// Go templates: any bytes are an error, or a template that renders or fails within its limits.
#include <nlohmann/json.hpp>
#include <string_view>

#include "base/check.h"
#include "text/gotemplate/go_template.h"

namespace {

const quire::ChatTemplateInput& conversation() {
  static const quire::ChatTemplateInput input = {
      .messages = nlohmann::ordered_json::parse(R"([
        {"role": "system", "content": "s"},
        {"role": "user", "content": "Grüße <|x|>", "images": ["aGk="]},
        {"role": "assistant", "content": "", "thinking": "t",
         "tool_calls": [{"function": {"name": "f", "arguments": {"a": 1.5, "b": ["c", null]}}}]},
        {"role": "tool", "tool_name": "f", "content": "{}"}])"),
      .tools = nlohmann::ordered_json::parse(R"([{"type": "function", "function": {"name": "f", "parameters": {
        "type": "object", "properties": {"a": {"type": ["number", "null"], "enum": [1]}}}}}])"),
      .think = quire::ThinkRequest{.enabled = true, .level = "high"},
      .now_unix_s = 1'751'619'903};
  return input;
}

void check(const quire::Result<quire::PromptText>& rendered) {
  if (!rendered) return;
  size_t last_end = 0;
  for (const quire::TextSpan& span : rendered->user_spans) {
    QUIRE_CHECK(span.begin >= last_end && span.begin < span.end, "spans are sorted and not empty");
    last_end = span.end;
  }
  QUIRE_CHECK(last_end <= rendered->text.size(), "spans are inside the text");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* input, size_t size) {
  const auto parsed = quire::GoTemplate::parse({reinterpret_cast<const char*>(input), size});
  if (!parsed) return 0;
  quire::TemplateLimits limits;
  limits.steps_max = 50'000;
  limits.memory_bytes_max = size_t{8} << 20;
  limits.output_bytes_max = size_t{1} << 18;
  check(parsed->render(conversation(), limits));
  check(parsed->render(quire::GenerateTemplateInput{.prompt = "p", .suffix = "s"}, limits));
  return 0;
}
