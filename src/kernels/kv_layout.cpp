#include "base/check.h"
#include "kernels/kernels.h"
#include "kernels/scalar/kv_chunk.h"

namespace quire {

int64_t kv_chunk_size_bytes(ElementType type, int64_t head_dim) {
  QUIRE_CHECK(type == ElementType::f16 || type == ElementType::q8_0, "a type that KV is kept in");
  return scalar::chunk_size_bytes(type, head_dim);
}

}  // namespace quire
