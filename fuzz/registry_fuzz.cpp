// What a registry and a folder may hold beside manifests: a challenge, a token, a refusal, a part's state, a key, an
// address, lines. The first byte says which.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "net/line_splitter.h"
#include "net/url.h"
#include "store/registry/challenge.h"
#include "store/registry/part_state.h"
#include "store/registry/signing_key.h"

namespace {

using namespace quire;
using namespace quire::store::registry;

void check_part(std::string_view text) {
  const auto part = part_of_text(text);
  if (!part) return;
  const auto again = part_of_text(part_to_text(part->first, part->second));
  QUIRE_CHECK(again && *again == *part, "a state is what it is written as");
}

void check_key(std::string_view text) {
  const auto key = SigningKey::parse(text);
  if (!key) return;
  const auto again = SigningKey::parse(key->to_file_text());
  QUIRE_CHECK(again && again->public_line() == key->public_line(), "a key is what it is written as");
}

void check_lines(std::string_view text) {
  net::LineSplitter whole(64);
  net::LineSplitter bytewise(64);
  size_t lines = 0;
  whole.add(text, [&](std::string_view line) { return ++lines, line.size() <= 64; });
  for (const char& byte : text) {
    bytewise.add({&byte, 1}, [&](std::string_view) { return --lines, true; });
  }
  QUIRE_CHECK(lines == 0 && whole.state() == bytewise.state(), "lines do not depend on how they arrive");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(bytes) + 1, size - 1);
  switch (bytes[0]) {
    case 'c':
      (void)parse_challenge(text);
      break;
    case 't':
      (void)parse_token(text);
      break;
    case 'r':
      QUIRE_CHECK(refusal_text(text).size() <= 500, "a refusal is short");
      break;
    case 'p':
      check_part(text);
      break;
    case 'k':
      check_key(text);
      break;
    case 'u':
      (void)net::parse_url(text);
      break;
    default:
      check_lines(text);
      break;
  }
  return 0;
}
