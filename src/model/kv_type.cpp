#include "model/kv_type.h"

#include <fmt/format.h>

#include "base/check.h"

namespace quire {

Result<KvType> parse_kv_type(std::string_view text) {
  for (const KvType type : {KvType::f16, KvType::q8_0}) {
    if (text == kv_type_name(type)) return type;
  }
  return fail(ErrorKind::invalid, fmt::format("expected f16 or q8_0, found \"{}\"", text));
}

std::string_view kv_type_name(KvType type) {
  switch (type) {
    case KvType::f16:
      return "f16";
    case KvType::q8_0:
      return "q8_0";
    case KvType::f32:
      return "f32";
  }
  QUIRE_CHECK(false, "a KV type");
  return {};
}

}  // namespace quire
