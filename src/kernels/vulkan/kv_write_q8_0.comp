// KvWriteQ8_0 of kernels/gpu/kv.h. A task a group of a head, a thread an element.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "arithmetic.glsl"
#include "arrays.glsl"
#include "kv.glsl"
#include "kv_write.glsl"
#include "group_scale.glsl"
#include "tasks.glsl"

shared uint magnitudes[block_tasks][task_threads];

void main() {
  if (!begins()) return;
  const int k_dim = key_elements(), v_dim = value_elements(), head_dim = int(args.layer.head_dim);
  const int key_groups = quotient_up(k_dim, quant_group), groups = key_groups + quotient_up(v_dim, quant_group);
  const int kv_heads = int(args.layer.kv_heads), lane = task_lane(), own = task_of_block();
  const int task = int(task_index()), row = task / groups / kv_heads, head = task / groups % kv_heads;
  const int group = task % groups;
  const bool of_key = group < key_groups;
  const int begin = (of_key ? group : group - key_groups) * quant_group;
  const int count = min(quant_group, (of_key ? k_dim : v_dim) - begin);
  bool is_there = task_index() < args.row_count * kv_heads * groups && lane < count;
  if (is_there) is_there = args.rows.at[row].position >= 0l;
  KvElement element;
  element.x = 0.0;
  if (is_there) element = kv_element(row, head, (of_key ? begin : k_dim + begin) + lane);
  magnitudes[own][lane] = magnitude_bits(element.x);
  barrier();
  if (!is_there) return;
  uint magnitude = 0u;
  for (int i = 0; i < task_threads; ++i) magnitude = max(magnitude, magnitudes[own][i]);
  const KvScale scale = kv_scale(magnitude);
  const int index = element_index(element.in_keys, element.position, element.d, head_dim);
  quants_at(element.half_of_chunk, element.offset, head_dim).at[index] = int8_t(kv_quant(element.x, scale.inverse));
  if (lane != 0) return;
  halves_at(element.half_of_chunk, element.offset).at[scale_index(element.position, element.d)] = uint16_t(scale.scale);
}
