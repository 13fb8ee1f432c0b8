// How keys and values lie (kernels/scalar/kv_chunk.h, kernels/gpu/kv.h): chunks of 32 positions of a KV head.
#include "form.glsl"

const int attention_chunk = 32;

layout(constant_id = 3) const bool kv_in_q8_0 = false;

struct KvLayer {
  Bytes keys;
  Bytes values;
  uint type;
  uint unused;
  int64_t block_tokens;
  int64_t kv_heads;
  int64_t head_dim;
  int64_t latent_dim;
};

struct RowPlace {
  Integers blocks;
  int64_t position;  // below 0: a row of no sequence
  int64_t end;
};
layout(buffer_reference, scalar, buffer_reference_align = 8) buffer RowPlaces { RowPlace at[]; };

// Of keys and values in q8_0: bytes of a chunk's scales, which its quants follow.
int scales_bytes(int head_dim) { return quotient_up(head_dim, quant_group) * attention_chunk * 2; }

int64_t chunk_bytes(int head_dim) {
  if (!kv_in_q8_0) return int64_t(attention_chunk * head_dim * 2);
  return int64_t(scales_bytes(head_dim) + attention_chunk * head_dim);
}

// Where the chunk of a position begins, in the keys as in the values.
int64_t chunk_offset(int block, int block_tokens, int kv_heads, int kv_head, int head_dim, int position) {
  const int block_chunks = block_tokens / attention_chunk;
  const int64_t chunk =
      (int64_t(block) * kv_heads + kv_head) * block_chunks + position % block_tokens / attention_chunk;
  return chunk * chunk_bytes(head_dim);
}

Halves halves_at(Bytes from, int64_t offset) { return Halves(uint64_t(from) + uint64_t(offset)); }
SignedBytes quants_at(Bytes from, int64_t offset, int head_dim) {
  return SignedBytes(uint64_t(from) + uint64_t(offset + scales_bytes(head_dim)));
}
// Of element d of position i.
int scale_index(int i, int d) { return d / quant_group * attention_chunk + i; }
int element_index(bool of_keys, int i, int d, int head_dim) {
  return of_keys ? d * attention_chunk + i : i * head_dim + d;
}
