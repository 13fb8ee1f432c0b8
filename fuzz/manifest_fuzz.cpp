// What registries send: any text is a manifest, a config or an error; both survive being written; names have one key.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "store/manifest.h"
#include "store/model_name.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  using namespace quire::store;
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  if (const auto manifest = Manifest::parse(text)) {
    for (const std::string& digest : manifest->digests()) {
      QUIRE_CHECK(parse_digest(digest).value_or("") == digest, "a digest is a file's name");
    }
    const std::string written = manifest->to_json();
    const auto again = Manifest::parse(written);
    QUIRE_CHECK(again && again->to_json() == written, "a manifest is what it is written as");
  }
  if (const auto config = ModelConfig::parse(text)) {
    const std::string written = config->to_json();
    const auto again = ModelConfig::parse(written);
    QUIRE_CHECK(again && again->to_json() == written, "a config is what it is written as");
  }
  if (const auto name = ModelName::parse(text)) {
    const auto again = ModelName::parse(name->display());
    QUIRE_CHECK(again && *again == *name, "a name is what it is shown as");
    for (const auto& part : name->manifest_path()) QUIRE_CHECK(part != ".." && part != ".", "a path stays below");
  }
  return 0;
}
