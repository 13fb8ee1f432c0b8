// Fuzzes Charsmap: any bytes either fail to load with an error or replace parts of texts by texts of their own.
// Input: the table; its last bytes are also a text.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "gguf/metadata.h"
#include "text/charsmap.h"

namespace {

void replace_all(const quire::Charsmap& map, std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    const quire::Charsmap::Match match = map.longest(text, at);
    QUIRE_CHECK(match.size <= text.size() - at, "what is replaced is in the text");
    QUIRE_CHECK(match.replacement.size() < (size_t{1} << 20), "replacements end");
    at += match.size > 0 ? match.size : 1;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(bytes), size);
  quire::gguf::Metadata metadata;
  metadata.set("tokenizer.ggml.precompiled_charsmap", std::vector<uint8_t>(bytes, bytes + size));
  const auto read = quire::Charsmap::read(metadata);
  const auto parsed = quire::Charsmap::parse(input);
  for (const auto& map : {read, parsed}) {
    if (!map) {
      QUIRE_CHECK(!map.error().message.empty(), "an error says what is wrong");
      continue;
    }
    replace_all(*map, input.substr(size - size / 4));
    replace_all(*map, "Aa\u00bd\u1112\u1161\u11abe\u0301\ufb01\uff21\U0001f680");
  }
  return 0;
}
