#include "model/pooling.h"

#include <fmt/format.h>

#include <cstdint>
#include <string>

namespace quire {

Result<Pooling> read_pooling(const gguf::Metadata& metadata) {
  const std::string architecture = metadata.get_string_or("general.architecture", "").value_or("");
  const std::string key = architecture + ".pooling_type";
  if (metadata.find(key) == nullptr) return Pooling::last;
  QUIRE_TRY(const int64_t type, metadata.get_int_or(key, 0, 0, INT32_MAX));
  if (type == 1) return Pooling::mean;
  if (type == 3) return Pooling::last;
  return fail(
      ErrorKind::unsupported,
      fmt::format("the model has no vectors of texts here: {} is {}, served are 1 (mean) and 3 (last)", key, type));
}

}  // namespace quire
