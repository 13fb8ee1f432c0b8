// Sixteen lanes in four NEON registers: the vocabulary that src/kernels/lanes/ is written in.
// For leaf files that are compiled for ARMv8.2 with dot products: everything has internal linkage.
#pragma once

#include <arm_neon.h>

#include <cstdint>

#define QUIRE_LEAF_INLINE inline __attribute__((always_inline))

namespace quire {
namespace {

struct Floats {  // 16 f32
  float32x4_t q0;
  float32x4_t q1;
  float32x4_t q2;
  float32x4_t q3;
};
struct Words {  // 16 x 32 bits, also read as 32 x 16 or 64 x 8
  int32x4_t q0;
  int32x4_t q1;
  int32x4_t q2;
  int32x4_t q3;
};

// Of 32 registers, weights in floats need 4 for what 16 outputs multiply and 4 a row for its sums. Six rows would fit
// too, but so few as 6 * 3 / 8 rows meet four panels at a time, and two rows of those are 32 sums.
constexpr int matmul_tile_rows = 5;
constexpr int float_tile_rows = matmul_tile_rows;
constexpr int attention_queries = 6;  // with 1 vector each: 24 sums + 4 keys or values + 1 for what they meet
// Vectors of 16 positions, or of 16 elements, that so many queries meet at a time: two where one would leave the
// multipliers waiting for their own sums.
constexpr int attention_vectors(int queries) { return queries > 2 ? 1 : 2; }

// apply to each register of x, and of y and z where they are there.
template <class Result, class Apply, class... Lanes>
QUIRE_LEAF_INLINE Result each(const Apply& apply, const Lanes&... x) {
  return {apply(x.q0...), apply(x.q1...), apply(x.q2...), apply(x.q3...)};
}

QUIRE_LEAF_INLINE uint32x4_t as_bits(float32x4_t x) { return vreinterpretq_u32_f32(x); }
QUIRE_LEAF_INLINE float32x4_t of_bits(uint32x4_t x) { return vreinterpretq_f32_u32(x); }
QUIRE_LEAF_INLINE uint16x8_t as_u16(int32x4_t x) { return vreinterpretq_u16_s32(x); }
QUIRE_LEAF_INLINE uint8x16_t as_u8(int32x4_t x) { return vreinterpretq_u8_s32(x); }

// All ones in the first n of 16 lanes, for any number n.
struct LaneMask {
  uint32x4_t q0;
  uint32x4_t q1;
  uint32x4_t q2;
  uint32x4_t q3;
};
QUIRE_LEAF_INLINE LaneMask first_lanes(int64_t n) {
  const int32x4_t count = vdupq_n_s32(static_cast<int>(n));
  const int32x4_t first = {0, 1, 2, 3};
  return {vcgtq_s32(count, first), vcgtq_s32(count, vaddq_s32(first, vdupq_n_s32(4))),
          vcgtq_s32(count, vaddq_s32(first, vdupq_n_s32(8))), vcgtq_s32(count, vaddq_s32(first, vdupq_n_s32(12)))};
}
// The first n of 16 numbers, and zeros: there are no masked loads.
template <class Number>
struct FirstNumbers {
  Number lanes[16] = {};
  QUIRE_LEAF_INLINE FirstNumbers(const Number* at, int64_t n) {
    for (int64_t i = 0; i < 16 && i < n; ++i) lanes[i] = at[i];
  }
};
template <class Number>
QUIRE_LEAF_INLINE void copy_first(Number* at, const Number (&lanes)[16], int64_t n) {
  for (int64_t i = 0; i < 16 && i < n; ++i) at[i] = lanes[i];
}

QUIRE_LEAF_INLINE Floats broadcast(float value) {
  const float32x4_t four = vdupq_n_f32(value);
  return {four, four, four, four};
}
QUIRE_LEAF_INLINE Floats zeros() { return broadcast(0.0F); }
QUIRE_LEAF_INLINE Floats load(const float* at) {
  return {vld1q_f32(at), vld1q_f32(at + 4), vld1q_f32(at + 8), vld1q_f32(at + 12)};
}
QUIRE_LEAF_INLINE void store(float* at, Floats x) {
  vst1q_f32(at, x.q0);
  vst1q_f32(at + 4, x.q1);
  vst1q_f32(at + 8, x.q2);
  vst1q_f32(at + 12, x.q3);
}
// The first n of 16 lanes; a load gives 0 in the others.
QUIRE_LEAF_INLINE Floats load_first(const float* at, int64_t n) {
  return n >= 16 ? load(at) : load(FirstNumbers(at, n).lanes);
}
QUIRE_LEAF_INLINE void store_first(float* at, Floats x, int64_t n) {
  if (n >= 16) return store(at, x);
  float lanes[16];
  store(lanes, x);
  copy_first(at, lanes, n);
}
QUIRE_LEAF_INLINE Floats load_f16(const void* at) {
  const float16x8_t low = vreinterpretq_f16_u16(vld1q_u16(static_cast<const uint16_t*>(at)));
  const float16x8_t high = vreinterpretq_f16_u16(vld1q_u16(static_cast<const uint16_t*>(at) + 8));
  return {vcvt_f32_f16(vget_low_f16(low)), vcvt_high_f32_f16(low), vcvt_f32_f16(vget_low_f16(high)),
          vcvt_high_f32_f16(high)};
}
QUIRE_LEAF_INLINE Floats load_f16_first(const uint16_t* at, int64_t n) { return load_f16(FirstNumbers(at, n).lanes); }
QUIRE_LEAF_INLINE void store_f16_first(uint16_t* at, Floats x, int64_t n) {
  uint16_t lanes[16];
  vst1q_u16(lanes, vreinterpretq_u16_f16(vcvt_high_f16_f32(vcvt_f16_f32(x.q0), x.q1)));
  vst1q_u16(lanes + 8, vreinterpretq_u16_f16(vcvt_high_f16_f32(vcvt_f16_f32(x.q2), x.q3)));
  copy_first(at, lanes, n);
}
QUIRE_LEAF_INLINE float32x4_t bf16_lanes(uint16x4_t bits) { return vreinterpretq_f32_u32(vshll_n_u16(bits, 16)); }
QUIRE_LEAF_INLINE Floats load_bf16(const void* at) {
  const uint16x8_t low = vld1q_u16(static_cast<const uint16_t*>(at));
  const uint16x8_t high = vld1q_u16(static_cast<const uint16_t*>(at) + 8);
  return {bf16_lanes(vget_low_u16(low)), bf16_lanes(vget_high_u16(low)), bf16_lanes(vget_low_u16(high)),
          bf16_lanes(vget_high_u16(high))};
}
// A byte of each lane.
QUIRE_LEAF_INLINE Words load_u8_words(const uint8_t* at) {
  const uint8x16_t bytes = vld1q_u8(at);
  const uint16x8_t low = vmovl_u8(vget_low_u8(bytes));
  const uint16x8_t high = vmovl_high_u8(bytes);
  return {vreinterpretq_s32_u32(vmovl_u16(vget_low_u16(low))), vreinterpretq_s32_u32(vmovl_high_u16(low)),
          vreinterpretq_s32_u32(vmovl_u16(vget_low_u16(high))), vreinterpretq_s32_u32(vmovl_high_u16(high))};
}
QUIRE_LEAF_INLINE Floats load_u8(const uint8_t* at) {
  return each<Floats>([](int32x4_t lanes) { return vcvtq_f32_s32(lanes); }, load_u8_words(at));
}
QUIRE_LEAF_INLINE Floats load_i8(const void* at) {
  const int8x16_t bytes = vld1q_s8(static_cast<const int8_t*>(at));
  const int16x8_t low = vmovl_s8(vget_low_s8(bytes));
  const int16x8_t high = vmovl_high_s8(bytes);
  return {vcvtq_f32_s32(vmovl_s16(vget_low_s16(low))), vcvtq_f32_s32(vmovl_high_s16(low)),
          vcvtq_f32_s32(vmovl_s16(vget_low_s16(high))), vcvtq_f32_s32(vmovl_high_s16(high))};
}
QUIRE_LEAF_INLINE Floats load_i8_first(const int8_t* at, int64_t n) { return load_i8(FirstNumbers(at, n).lanes); }

QUIRE_LEAF_INLINE Floats add(Floats a, Floats b) {
  return each<Floats>([](auto x, auto y) { return x + y; }, a, b);
}
QUIRE_LEAF_INLINE Floats subtract(Floats a, Floats b) {
  return each<Floats>([](auto x, auto y) { return x - y; }, a, b);
}
QUIRE_LEAF_INLINE Floats multiply(Floats a, Floats b) {
  return each<Floats>([](auto x, auto y) { return x * y; }, a, b);
}
QUIRE_LEAF_INLINE Floats divide(Floats a, Floats b) {
  return each<Floats>([](auto x, auto y) { return x / y; }, a, b);
}
QUIRE_LEAF_INLINE Floats negate(Floats a) {
  return each<Floats>([](auto x) { return -x; }, a);
}
// b where either is NaN, which fmin and fmax are not.
QUIRE_LEAF_INLINE float32x4_t min_of(float32x4_t a, float32x4_t b) { return vbslq_f32(vcltq_f32(a, b), a, b); }
QUIRE_LEAF_INLINE float32x4_t max_of(float32x4_t a, float32x4_t b) { return vbslq_f32(vcgtq_f32(a, b), a, b); }
QUIRE_LEAF_INLINE Floats min(Floats a, Floats b) {
  return each<Floats>([](auto x, auto y) { return min_of(x, y); }, a, b);
}
QUIRE_LEAF_INLINE Floats max(Floats a, Floats b) {
  return each<Floats>([](auto x, auto y) { return max_of(x, y); }, a, b);
}
// a * b + c and a * b - c, rounded once.
QUIRE_LEAF_INLINE Floats fma(Floats a, Floats b, Floats c) {
  return each<Floats>([](auto x, auto y, auto z) { return vfmaq_f32(z, x, y); }, a, b, c);
}
QUIRE_LEAF_INLINE Floats fms(Floats a, Floats b, Floats c) { return fma(a, b, negate(c)); }
// a * b - c in even lanes, a * b + c in odd ones.
QUIRE_LEAF_INLINE Floats fma_alternating(Floats a, Floats b, Floats c) {
  const uint32x4_t even_sign = {0x80000000U, 0, 0x80000000U, 0};
  return fma(a, b, each<Floats>([=](float32x4_t x) { return of_bits(veorq_u32(as_bits(x), even_sign)); }, c));
}
QUIRE_LEAF_INLINE Floats swap_neighbours(Floats x) {
  return each<Floats>([](auto lanes) { return vrev64q_f32(lanes); }, x);
}
// The first 8 lanes of memory, n of them read, each twice.
QUIRE_LEAF_INLINE Floats load_twice(const float* at, int64_t n) {
  const Floats x = load(FirstNumbers(at, n).lanes);
  return {vzip1q_f32(x.q0, x.q0), vzip2q_f32(x.q0, x.q0), vzip1q_f32(x.q1, x.q1), vzip2q_f32(x.q1, x.q1)};
}
// x in the first n lanes, fill in the others.
QUIRE_LEAF_INLINE Floats keep_first(Floats x, int64_t n, Floats fill) {
  return each<Floats>([](auto kept, auto a, auto b) { return vbslq_f32(kept, a, b); }, first_lanes(n), x, fill);
}
// value, but 0 where x < floor.
QUIRE_LEAF_INLINE Floats zero_below(Floats value, Floats x, Floats floor) {
  return each<Floats>(
      [](float32x4_t kept, float32x4_t a, float32x4_t b) { return of_bits(vbicq_u32(as_bits(kept), vcltq_f32(a, b))); },
      value, x, floor);
}
// Lanes i and i + 8, then i and i + 4, 2, 1.
QUIRE_LEAF_INLINE float tree_sum(Floats x) {
  const float32x4_t four = vaddq_f32(vaddq_f32(x.q0, x.q2), vaddq_f32(x.q1, x.q3));
  const float32x2_t two = vadd_f32(vget_low_f32(four), vget_high_f32(four));
  return vget_lane_f32(two, 0) + vget_lane_f32(two, 1);
}
QUIRE_LEAF_INLINE float max_lane(Floats x) {
  const float32x4_t four = max_of(max_of(x.q0, x.q2), max_of(x.q1, x.q3));
  const float32x4_t two = max_of(four, vextq_f32(four, four, 2));
  return vgetq_lane_f32(max_of(two, vextq_f32(two, two, 1)), 0);
}

QUIRE_LEAF_INLINE Words broadcast_word(int32_t value) {
  const int32x4_t four = vdupq_n_s32(value);
  return {four, four, four, four};
}
QUIRE_LEAF_INLINE Words zero_words() { return broadcast_word(0); }
QUIRE_LEAF_INLINE int32x4_t load_bytes(const void* at) {
  return vreinterpretq_s32_u8(vld1q_u8(static_cast<const uint8_t*>(at)));
}
QUIRE_LEAF_INLINE Words load_words(const void* at) {
  const auto* bytes = static_cast<const uint8_t*>(at);
  return {load_bytes(bytes), load_bytes(bytes + 16), load_bytes(bytes + 32), load_bytes(bytes + 48)};
}
QUIRE_LEAF_INLINE Words broadcast_byte(int value) {
  const int32x4_t four = vreinterpretq_s32_s8(vdupq_n_s8(static_cast<int8_t>(value)));
  return {four, four, four, four};
}
QUIRE_LEAF_INLINE Floats to_floats(Words x) {
  return each<Floats>([](auto lanes) { return vcvtq_f32_s32(lanes); }, x);
}
QUIRE_LEAF_INLINE Words round_to_words(Floats x) {
  return each<Words>([](auto lanes) { return vcvtnq_s32_f32(lanes); }, x);
}
QUIRE_LEAF_INLINE Floats as_floats(Words x) {
  return each<Floats>([](auto lanes) { return vreinterpretq_f32_s32(lanes); }, x);
}
QUIRE_LEAF_INLINE Words as_words(Floats x) {
  return each<Words>([](auto lanes) { return vreinterpretq_s32_f32(lanes); }, x);
}
QUIRE_LEAF_INLINE Words bit_and(Words a, Words b) {
  return each<Words>([](auto x, auto y) { return x & y; }, a, b);
}
QUIRE_LEAF_INLINE Words bit_xor(Words a, Words b) {
  return each<Words>([](auto x, auto y) { return x ^ y; }, a, b);
}
// a | (b & mask). REQUIRES: a has no bits of mask.
QUIRE_LEAF_INLINE Words merge(Words a, Words b, Words mask) {
  return each<Words>(
      [](int32x4_t x, int32x4_t y, int32x4_t bits) { return vbslq_s32(vreinterpretq_u32_s32(bits), y, x); }, a, b,
      mask);
}
QUIRE_LEAF_INLINE Words max_words(Words a, Words b) {
  return each<Words>([](auto x, auto y) { return vmaxq_s32(x, y); }, a, b);
}
QUIRE_LEAF_INLINE Words add32(Words a, Words b) {
  return each<Words>([](auto x, auto y) { return vaddq_s32(x, y); }, a, b);
}
QUIRE_LEAF_INLINE Words subtract32(Words a, Words b) {
  return each<Words>([](auto x, auto y) { return vsubq_s32(x, y); }, a, b);
}
template <int bits>
QUIRE_LEAF_INLINE Words left32(Words x) {
  return each<Words>([](int32x4_t lanes) { return vshlq_n_s32(lanes, bits); }, x);
}
// By operators, as bits is a constant only once loops are unrolled.
QUIRE_LEAF_INLINE Words left16(Words x, int bits) {
  return each<Words>([bits](int32x4_t lanes) { return vreinterpretq_s32_u16(as_u16(lanes) << bits); }, x);
}
QUIRE_LEAF_INLINE Words right16(Words x, int bits) {
  return each<Words>([bits](int32x4_t lanes) { return vreinterpretq_s32_u16(as_u16(lanes) >> bits); }, x);
}
// Each byte of x is the number of one of 16 codes.
QUIRE_LEAF_INLINE Words look_up(const uint8_t* codes, Words x) {
  const uint8x16_t table = vld1q_u8(codes);
  return each<Words>([table](int32x4_t lanes) { return vreinterpretq_s32_u8(vqtbl1q_u8(table, as_u8(lanes))); }, x);
}
// The high four bits of each byte.
QUIRE_LEAF_INLINE Words high_nibbles(Words x) {
  return each<Words>([](int32x4_t lanes) { return vreinterpretq_s32_u8(vshrq_n_u8(as_u8(lanes), 4)); }, x);
}
QUIRE_LEAF_INLINE int32_t max_word(Words x) {
  return vmaxvq_s32(vmaxq_s32(vmaxq_s32(x.q0, x.q1), vmaxq_s32(x.q2, x.q3)));
}
QUIRE_LEAF_INLINE int32_t sum_words(Words x) {
  return vaddvq_s32(vaddq_s32(vaddq_s32(x.q0, x.q1), vaddq_s32(x.q2, x.q3)));
}
QUIRE_LEAF_INLINE void store_i8(int8_t* at, Words x) {
  const int16x8_t low = vqmovn_high_s32(vqmovn_s32(x.q0), x.q1);
  const int16x8_t high = vqmovn_high_s32(vqmovn_s32(x.q2), x.q3);
  vst1q_s8(at, vqmovn_high_s16(vqmovn_s16(low), high));
}

// The compiler forgets what it knows of x, at no cost: for loops whose results are known beforehand.
QUIRE_LEAF_INLINE void forget(Floats& x) { asm volatile("" : "+w"(x.q0), "+w"(x.q1), "+w"(x.q2), "+w"(x.q3)); }
QUIRE_LEAF_INLINE void forget(Words& x) { asm volatile("" : "+w"(x.q0), "+w"(x.q1), "+w"(x.q2), "+w"(x.q3)); }

}  // namespace
}  // namespace quire
