// The arguments of KvWriteF16 and KvWriteQ8_0 of kernels/gpu/kv.h, and where an element goes.
struct Arguments {
  KvLayer layer;
  RowPlaces rows;
  int64_t row_count;
  Floats k;
  Floats v;
};
#include "launch.glsl"

int key_elements() { return int(args.layer.latent_dim > 0l ? args.layer.latent_dim : args.layer.head_dim); }
int value_elements() {
  return int(args.layer.latent_dim > 0l ? args.layer.head_dim - args.layer.latent_dim : args.layer.head_dim);
}

// Element `index` of a head of a row: of k, or behind k's elements of v.
struct KvElement {
  Bytes half_of_chunk;  // keys or values
  int64_t offset;       // of the chunk
  int position;         // in the chunk
  int d;
  bool in_keys;
  float x;
};

KvElement kv_element(int row, int head, int index) {
  const int position = int(args.rows.at[row].position), head_dim = int(args.layer.head_dim);
  const int block_tokens = int(args.layer.block_tokens), kv_heads = int(args.layer.kv_heads);
  const int block = args.rows.at[row].blocks.at[position / block_tokens];
  const int k_dim = key_elements(), v_dim = value_elements();
  const bool of_key = index < k_dim, in_keys = of_key || args.layer.latent_dim > 0l;
  KvElement element;
  element.offset = chunk_offset(block, block_tokens, kv_heads, head, head_dim, position);
  element.position = position % attention_chunk;
  element.in_keys = in_keys;
  element.d = in_keys ? index : index - k_dim;
  if (in_keys) {
    element.half_of_chunk = args.layer.keys;
  } else {
    element.half_of_chunk = args.layer.values;
  }
  const int64_t head_of_rows = int64_t(row) * kv_heads + head;
  element.x =
      of_key ? from(args.k, head_of_rows * k_dim).at[index] : from(args.v, head_of_rows * v_dim).at[index - k_dim];
  return element;
}
