#include "base/bytes.h"
#include "base/check.h"
#include "kernels/kernels.h"

namespace quire {

int64_t kv_chunk_size_bytes(ElementType type, int64_t head_dim) {
  QUIRE_CHECK(type == ElementType::f16 || type == ElementType::q8_0, "a type that KV is kept in");
  if (type == ElementType::f16) return attention_chunk * head_dim * static_cast<int64_t>(sizeof(uint16_t));
  const int64_t scales = ceil_div(head_dim, quant_group) * static_cast<int64_t>(sizeof(uint16_t));
  return attention_chunk * (scales + head_dim);
}

}  // namespace quire
