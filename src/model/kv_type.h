// The names of KV types.
#pragma once

#include <string_view>

#include "backend/kv_type.h"
#include "base/result.h"

namespace quire {

// "f16" or "q8_0": the types that may be asked for. An error says what was found.
Result<KvType> parse_kv_type(std::string_view text);
std::string_view kv_type_name(KvType type);

}  // namespace quire
