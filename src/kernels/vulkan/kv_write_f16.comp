// KvWriteF16 of kernels/gpu/kv.h.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "arithmetic.glsl"
#include "arrays.glsl"
#include "kv.glsl"
#include "kv_write.glsl"
#include "elements.glsl"

void main() {
  if (!begins()) return;
  const int elements = key_elements() + value_elements(), head_dim = int(args.layer.head_dim);
  const Piece piece = piece_of(args.layer.kv_heads * elements);
  if (args.rows.at[piece.row].position < 0l) return;
  for (int i = piece.begin; i < piece.end; i += element_threads) {
    KvElement element = kv_element(piece.row, i / elements, i % elements);
    const int index = element_index(element.in_keys, element.position, element.d, head_dim);
    halves_at(element.half_of_chunk, element.offset).at[index] = uint16_t(f16_of_f32(element.x));
  }
}
