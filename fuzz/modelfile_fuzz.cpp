// What people write down of a model: any text is a Modelfile or an error, and a Modelfile survives being written.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "store/modelfile.h"

namespace {

// The grammar has no way to write it.
bool holds_three_quotes(const quire::store::Modelfile& file) {
  const auto holds = [](const std::string& text) { return text.find("\"\"\"") != std::string::npos; };
  for (const auto* texts : {&file.from, &file.adapters, &file.drafts, &file.licenses}) {
    if (std::ranges::any_of(*texts, holds)) return true;
  }
  return holds(file.template_.value_or("")) || holds(file.system.value_or("")) || holds(file.renderer) ||
         holds(file.parser) ||
         std::ranges::any_of(file.parameters, [&](const auto& parameter) { return holds(parameter.value); }) ||
         std::ranges::any_of(file.messages, [&](const auto& message) { return holds(message.content); });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  using namespace quire::store;
  const auto file = Modelfile::parse({reinterpret_cast<const char*>(bytes), size});
  if (!file) return 0;
  (void)parameters_json(file->parameters);
  if (holds_three_quotes(*file)) return 0;
  const auto again = Modelfile::parse(file->to_text());
  QUIRE_CHECK(again && *again == *file, "a Modelfile is what it is written as");
  return 0;
}
