// Chat templates: any bytes are an error, or a template that renders or fails within its limits.
#include <string_view>

#include "base/check.h"
#include "text/jinja/template.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* input, size_t size) {
  using namespace quire::jinja;
  const auto parsed = Template::parse({reinterpret_cast<const char*>(input), size});
  if (!parsed) return 0;
  Limits limits;
  limits.steps_max = 50'000;
  limits.memory_bytes_max = size_t{8} << 20;
  limits.output_bytes_max = size_t{1} << 18;
  Heap heap(limits.memory_bytes_max);
  Dict* message = heap.dict();
  message->set(heap.text("role"), heap.text(quire::user_text("user")));
  message->set(heap.text("content"), heap.text(quire::user_text("Gr\xC3\xBC\xC3\x9F"
                                                                "e <|x|>")));
  Render::Globals globals;
  globals.emplace_back("messages", heap.list({Value(message), Value(message)}));
  globals.emplace_back("add_generation_prompt", Value(true));
  const auto rendered = (*parsed)->render(heap, globals, limits, 1'751'619'903);
  if (rendered) {
    size_t last_end = 0;
    for (const quire::TextSpan& span : rendered->user_spans) {
      QUIRE_CHECK(span.begin >= last_end && span.begin < span.end, "spans are sorted and not empty");
      last_end = span.end;
    }
    QUIRE_CHECK(last_end <= rendered->text.size(), "spans are inside the text");
  }
  return 0;
}
