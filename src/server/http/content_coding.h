// Bodies that clients send compressed.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace quire::server {

// What a 415 lists.
inline constexpr std::string_view accepted_codings = "gzip, zstd";

// The body without its Content-Encoding ("gzip", "x-gzip", "zstd"; "identity" and "" leave it as it is).
// ErrorKind::unsupported: another coding, or several; ErrorKind::invalid: broken or cut off; ErrorKind::too_large: more
// than `bytes_max` when unpacked. Nothing beyond that is ever held. Any thread.
Result<std::string> decode_body(std::string_view coding, std::string body, size_t bytes_max);

}  // namespace quire::server
