// What the device makes of numbers, for the self-test (backend/gpu/vulkan/self_test.h). Of each three numbers six
// results: their fused product and sum, a quotient, a root, a product, a sum, and the first one's low bits as an f16.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "arithmetic.glsl"
#include "arrays.glsl"

struct Arguments {
  Floats numbers;
  Floats results;
  int64_t count;
};
#include "launch.glsl"

const int results_each = 6;
const int threads = 64;
layout(local_size_x = threads) in;

void main() {
  if (!begins()) return;
  const int i = int(block_index()) * threads + thread_index();
  if (i >= int(args.count)) return;
  Floats numbers = from(args.numbers, 3 * i);
  Floats results = from(args.results, results_each * i);
  const float a = numbers.at[0], b = numbers.at[1], c = numbers.at[2];
  results.at[0] = fused(a, b, c);
  results.at[1] = quotient(a, b);
  results.at[2] = root(uintBitsToFloat(floatBitsToUint(a) & ~sign_bit));
  results.at[3] = product(a, b);
  results.at[4] = sum(a, c);
  results.at[5] = f32_of_f16(floatBitsToUint(a) & 0xFFFFu);
}
