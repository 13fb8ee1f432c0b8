// Sixteen lanes in two AVX2 registers: the vocabulary that src/kernels/lanes/ is written in.
// For leaf files that are compiled for AVX2, FMA and F16C: everything has internal linkage.
#pragma once

#include <immintrin.h>

#include <cstdint>

#define QUIRE_LEAF_INLINE inline __attribute__((always_inline))

namespace quire {
namespace {

struct Floats {  // 16 f32
  __m256 low;
  __m256 high;
};
struct Words {  // 16 x 32 bits, also read as 32 x 16 or 64 x 8
  __m256i low;
  __m256i high;
};

constexpr int matmul_tile_rows = 4;   // sums of 4 rows are half of the 16 registers; unpacked quads stay in L1
constexpr int float_tile_rows = 6;    // 12 sums + 2 weights + 1 input: 8 sums are just what hides an fma's latency
constexpr int attention_queries = 6;  // with 1 vector each: 12 sums + 2 keys or values + 1 for what they meet
// Vectors of 16 positions, or of 16 elements, that so many queries meet at a time: two where one would leave the
// multipliers waiting for their own sums.
constexpr int attention_vectors(int queries) { return queries > 2 ? 1 : 2; }

QUIRE_LEAF_INLINE const __m256i* as_vector(const void* at) { return static_cast<const __m256i*>(at); }
QUIRE_LEAF_INLINE const __m128i* as_half(const void* at) { return static_cast<const __m128i*>(at); }

// All ones in the first n of 16 lanes, for any number n.
QUIRE_LEAF_INLINE Words first_lanes(int64_t n) {
  const __m256i count = _mm256_set1_epi32(static_cast<int>(n));
  return {_mm256_cmpgt_epi32(count, _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7)),
          _mm256_cmpgt_epi32(count, _mm256_setr_epi32(8, 9, 10, 11, 12, 13, 14, 15))};
}

QUIRE_LEAF_INLINE Floats zeros() { return {_mm256_setzero_ps(), _mm256_setzero_ps()}; }
QUIRE_LEAF_INLINE Floats broadcast(float value) { return {_mm256_set1_ps(value), _mm256_set1_ps(value)}; }
QUIRE_LEAF_INLINE Floats load(const float* at) { return {_mm256_loadu_ps(at), _mm256_loadu_ps(at + 8)}; }
QUIRE_LEAF_INLINE void store(float* at, Floats x) {
  _mm256_storeu_ps(at, x.low);
  _mm256_storeu_ps(at + 8, x.high);
}
// The first n of 16 lanes; a load gives 0 in the others.
QUIRE_LEAF_INLINE Floats load_first(const float* at, int64_t n) {
  const Words mask = first_lanes(n);
  return {_mm256_maskload_ps(at, mask.low), _mm256_maskload_ps(at + 8, mask.high)};
}
QUIRE_LEAF_INLINE void store_first(float* at, Floats x, int64_t n) {
  if (n >= 16) return store(at, x);  // a store with a mask is some forty operations on Zen
  const Words mask = first_lanes(n);
  _mm256_maskstore_ps(at, mask.low, x.low);
  _mm256_maskstore_ps(at + 8, mask.high, x.high);
}
QUIRE_LEAF_INLINE Floats load_f16(const void* at) {
  return {_mm256_cvtph_ps(_mm_loadu_si128(as_half(at))), _mm256_cvtph_ps(_mm_loadu_si128(as_half(at) + 1))};
}
QUIRE_LEAF_INLINE Floats load_f16_first(const uint16_t* at, int64_t n) {
  uint16_t lanes[16] = {};
  for (int64_t i = 0; i < 16 && i < n; ++i) lanes[i] = at[i];
  return load_f16(lanes);
}
QUIRE_LEAF_INLINE void store_f16_first(uint16_t* at, Floats x, int64_t n) {
  uint16_t lanes[16];
  __m128i* halves = reinterpret_cast<__m128i*>(lanes);
  _mm_storeu_si128(halves, _mm256_cvtps_ph(x.low, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
  _mm_storeu_si128(halves + 1, _mm256_cvtps_ph(x.high, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
  for (int64_t i = 0; i < 16 && i < n; ++i) at[i] = lanes[i];
}
QUIRE_LEAF_INLINE __m256 bf16_lanes(__m128i bits) {
  return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(bits), 16));
}
QUIRE_LEAF_INLINE Floats load_bf16(const void* at) {
  return {bf16_lanes(_mm_loadu_si128(as_half(at))), bf16_lanes(_mm_loadu_si128(as_half(at) + 1))};
}
// A byte of each lane.
QUIRE_LEAF_INLINE Words load_u8_words(const uint8_t* at) {
  return {_mm256_cvtepu8_epi32(_mm_loadl_epi64(as_half(at))), _mm256_cvtepu8_epi32(_mm_loadl_epi64(as_half(at + 8)))};
}
QUIRE_LEAF_INLINE Floats load_u8(const uint8_t* at) {
  const Words words = load_u8_words(at);
  return {_mm256_cvtepi32_ps(words.low), _mm256_cvtepi32_ps(words.high)};
}
QUIRE_LEAF_INLINE Floats load_i8(const void* at) {
  const int8_t* bytes = static_cast<const int8_t*>(at);
  return {_mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64(as_half(bytes)))),
          _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64(as_half(bytes + 8))))};
}
QUIRE_LEAF_INLINE Floats load_i8_first(const int8_t* at, int64_t n) {
  int8_t lanes[16] = {};
  for (int64_t i = 0; i < 16 && i < n; ++i) lanes[i] = at[i];
  return load_i8(lanes);
}

QUIRE_LEAF_INLINE Floats add(Floats a, Floats b) {
  return {_mm256_add_ps(a.low, b.low), _mm256_add_ps(a.high, b.high)};
}
QUIRE_LEAF_INLINE Floats subtract(Floats a, Floats b) {
  return {_mm256_sub_ps(a.low, b.low), _mm256_sub_ps(a.high, b.high)};
}
QUIRE_LEAF_INLINE Floats multiply(Floats a, Floats b) {
  return {_mm256_mul_ps(a.low, b.low), _mm256_mul_ps(a.high, b.high)};
}
QUIRE_LEAF_INLINE Floats divide(Floats a, Floats b) {
  return {_mm256_div_ps(a.low, b.low), _mm256_div_ps(a.high, b.high)};
}
QUIRE_LEAF_INLINE Floats negate(Floats a) {
  const __m256 sign = _mm256_set1_ps(-0.0F);
  return {_mm256_xor_ps(a.low, sign), _mm256_xor_ps(a.high, sign)};
}
// b where either is NaN.
QUIRE_LEAF_INLINE Floats min(Floats a, Floats b) {
  return {_mm256_min_ps(a.low, b.low), _mm256_min_ps(a.high, b.high)};
}
QUIRE_LEAF_INLINE Floats max(Floats a, Floats b) {
  return {_mm256_max_ps(a.low, b.low), _mm256_max_ps(a.high, b.high)};
}
// a * b + c and a * b - c, rounded once.
QUIRE_LEAF_INLINE Floats fma(Floats a, Floats b, Floats c) {
  return {_mm256_fmadd_ps(a.low, b.low, c.low), _mm256_fmadd_ps(a.high, b.high, c.high)};
}
QUIRE_LEAF_INLINE Floats fms(Floats a, Floats b, Floats c) {
  return {_mm256_fmsub_ps(a.low, b.low, c.low), _mm256_fmsub_ps(a.high, b.high, c.high)};
}
// a * b - c in even lanes, a * b + c in odd ones.
QUIRE_LEAF_INLINE Floats fma_alternating(Floats a, Floats b, Floats c) {
  return {_mm256_fmaddsub_ps(a.low, b.low, c.low), _mm256_fmaddsub_ps(a.high, b.high, c.high)};
}
QUIRE_LEAF_INLINE Floats swap_neighbours(Floats x) {
  return {_mm256_permute_ps(x.low, 0xB1), _mm256_permute_ps(x.high, 0xB1)};
}
// The first 8 lanes of memory, n of them read, each twice.
QUIRE_LEAF_INLINE Floats load_twice(const float* at, int64_t n) {
  const __m256 x = _mm256_maskload_ps(at, first_lanes(n).low);
  return {_mm256_permutevar8x32_ps(x, _mm256_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3)),
          _mm256_permutevar8x32_ps(x, _mm256_setr_epi32(4, 4, 5, 5, 6, 6, 7, 7))};
}
// x in the first n lanes, fill in the others.
QUIRE_LEAF_INLINE Floats keep_first(Floats x, int64_t n, Floats fill) {
  const Words mask = first_lanes(n);
  return {_mm256_blendv_ps(fill.low, x.low, _mm256_castsi256_ps(mask.low)),
          _mm256_blendv_ps(fill.high, x.high, _mm256_castsi256_ps(mask.high))};
}
// value, but 0 where x < floor.
QUIRE_LEAF_INLINE Floats zero_below(Floats value, Floats x, Floats floor) {
  return {_mm256_and_ps(value.low, _mm256_cmp_ps(x.low, floor.low, _CMP_NLT_UQ)),
          _mm256_and_ps(value.high, _mm256_cmp_ps(x.high, floor.high, _CMP_NLT_UQ))};
}
// Lanes i and i + 8, then i and i + 4, 2, 1.
QUIRE_LEAF_INLINE float tree_sum(Floats x) {
  const __m256 eight = _mm256_add_ps(x.low, x.high);
  const __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}
QUIRE_LEAF_INLINE float max_lane(Floats x) {
  const __m256 eight = _mm256_max_ps(x.low, x.high);
  const __m128 four = _mm_max_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  const __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_max_ss(two, _mm_movehdup_ps(two)));
}

QUIRE_LEAF_INLINE Words zero_words() { return {_mm256_setzero_si256(), _mm256_setzero_si256()}; }
QUIRE_LEAF_INLINE Words load_words(const void* at) {
  return {_mm256_loadu_si256(as_vector(at)), _mm256_loadu_si256(as_vector(at) + 1)};
}
QUIRE_LEAF_INLINE Words broadcast_word(int32_t value) { return {_mm256_set1_epi32(value), _mm256_set1_epi32(value)}; }
QUIRE_LEAF_INLINE Words broadcast_byte(int value) {
  const __m256i bytes = _mm256_set1_epi8(static_cast<char>(value));
  return {bytes, bytes};
}
// Four int8, or two int16, to every lane.
QUIRE_LEAF_INLINE Words broadcast_at(const void* at) {
  int32_t word;
  __builtin_memcpy(&word, at, sizeof(word));
  return broadcast_word(word);
}
// Two int32 within 16 bits, as int16 to every lane.
QUIRE_LEAF_INLINE Words broadcast_narrowed(const int32_t* at) {
  int64_t words;
  __builtin_memcpy(&words, at, sizeof(words));
  const __m256i pairs = _mm256_set1_epi64x(words);
  const __m256i narrow = _mm256_packs_epi32(pairs, pairs);
  return {narrow, narrow};
}
// An int8 of each lane, as int16, twice.
QUIRE_LEAF_INLINE Words load_i8_twice(const void* at) {
  const __m256i low_halves =
      _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 1, 0, 1, 4, 5, 4, 5, 8, 9, 8, 9, 12, 13, 12, 13));
  const int8_t* bytes = static_cast<const int8_t*>(at);
  return {_mm256_shuffle_epi8(_mm256_cvtepi8_epi32(_mm_loadl_epi64(as_half(bytes))), low_halves),
          _mm256_shuffle_epi8(_mm256_cvtepi8_epi32(_mm_loadl_epi64(as_half(bytes + 8))), low_halves)};
}
QUIRE_LEAF_INLINE Floats to_floats(Words x) { return {_mm256_cvtepi32_ps(x.low), _mm256_cvtepi32_ps(x.high)}; }
QUIRE_LEAF_INLINE Words round_to_words(Floats x) { return {_mm256_cvtps_epi32(x.low), _mm256_cvtps_epi32(x.high)}; }
QUIRE_LEAF_INLINE Floats as_floats(Words x) { return {_mm256_castsi256_ps(x.low), _mm256_castsi256_ps(x.high)}; }
QUIRE_LEAF_INLINE Words as_words(Floats x) { return {_mm256_castps_si256(x.low), _mm256_castps_si256(x.high)}; }
QUIRE_LEAF_INLINE Words bit_and(Words a, Words b) {
  return {_mm256_and_si256(a.low, b.low), _mm256_and_si256(a.high, b.high)};
}
QUIRE_LEAF_INLINE Words bit_xor(Words a, Words b) {
  return {_mm256_xor_si256(a.low, b.low), _mm256_xor_si256(a.high, b.high)};
}
// a | (b & mask). REQUIRES: a has no bits of mask.
QUIRE_LEAF_INLINE Words merge(Words a, Words b, Words mask) {
  return {_mm256_or_si256(a.low, _mm256_and_si256(b.low, mask.low)),
          _mm256_or_si256(a.high, _mm256_and_si256(b.high, mask.high))};
}
QUIRE_LEAF_INLINE Words max_words(Words a, Words b) {
  return {_mm256_max_epi32(a.low, b.low), _mm256_max_epi32(a.high, b.high)};
}
QUIRE_LEAF_INLINE Words add32(Words a, Words b) {
  return {_mm256_add_epi32(a.low, b.low), _mm256_add_epi32(a.high, b.high)};
}
QUIRE_LEAF_INLINE Words subtract32(Words a, Words b) {
  return {_mm256_sub_epi32(a.low, b.low), _mm256_sub_epi32(a.high, b.high)};
}
QUIRE_LEAF_INLINE Words add16(Words a, Words b) {
  return {_mm256_add_epi16(a.low, b.low), _mm256_add_epi16(a.high, b.high)};
}
QUIRE_LEAF_INLINE Words subtract16(Words a, Words b) {
  return {_mm256_sub_epi16(a.low, b.low), _mm256_sub_epi16(a.high, b.high)};
}
template <int bits>
QUIRE_LEAF_INLINE Words left32(Words x) {
  return {_mm256_slli_epi32(x.low, bits), _mm256_slli_epi32(x.high, bits)};
}
QUIRE_LEAF_INLINE Words left16(Words x, int bits) {
  return {_mm256_slli_epi16(x.low, bits), _mm256_slli_epi16(x.high, bits)};
}
QUIRE_LEAF_INLINE Words right16(Words x, int bits) {
  return {_mm256_srli_epi16(x.low, bits), _mm256_srli_epi16(x.high, bits)};
}
// Each byte of x is the number of one of 16 codes.
QUIRE_LEAF_INLINE Words look_up(const uint8_t* codes, Words x) {
  const __m256i table = _mm256_broadcastsi128_si256(_mm_loadu_si128(as_half(codes)));
  return {_mm256_shuffle_epi8(table, x.low), _mm256_shuffle_epi8(table, x.high)};
}
// The high four bits of each byte.
QUIRE_LEAF_INLINE Words high_nibbles(Words x) { return bit_and(right16(x, 4), broadcast_byte(15)); }
// Unsigned bytes of a times signed bytes of b, neighbours added into int16 with saturation.
QUIRE_LEAF_INLINE Words multiply_bytes(Words a, Words b) {
  return {_mm256_maddubs_epi16(a.low, b.low), _mm256_maddubs_epi16(a.high, b.high)};
}
// int16 of a times int16 of b, neighbours added into int32.
QUIRE_LEAF_INLINE Words multiply_pairs(Words a, Words b) {
  return {_mm256_madd_epi16(a.low, b.low), _mm256_madd_epi16(a.high, b.high)};
}
QUIRE_LEAF_INLINE int32_t max_word(Words x) {
  const __m256i eight = _mm256_max_epi32(x.low, x.high);
  const __m128i four = _mm_max_epi32(_mm256_castsi256_si128(eight), _mm256_extracti128_si256(eight, 1));
  const __m128i two = _mm_max_epi32(four, _mm_shuffle_epi32(four, 0x4E));
  return _mm_cvtsi128_si32(_mm_max_epi32(two, _mm_shuffle_epi32(two, 0xB1)));
}
QUIRE_LEAF_INLINE int32_t sum_words(Words x) {
  const __m256i eight = _mm256_add_epi32(x.low, x.high);
  const __m128i four = _mm_add_epi32(_mm256_castsi256_si128(eight), _mm256_extracti128_si256(eight, 1));
  const __m128i two = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0x4E));
  return _mm_cvtsi128_si32(_mm_add_epi32(two, _mm_shuffle_epi32(two, 0xB1)));
}
QUIRE_LEAF_INLINE __m128i narrow(__m256i x) {  // int32 to int16
  return _mm_packs_epi32(_mm256_castsi256_si128(x), _mm256_extracti128_si256(x, 1));
}
QUIRE_LEAF_INLINE void store_i8(int8_t* at, Words x) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(at), _mm_packs_epi16(narrow(x.low), narrow(x.high)));
}

// The compiler forgets what it knows of x, at no cost: for loops whose results are known beforehand.
QUIRE_LEAF_INLINE void forget(Floats& x) { asm volatile("" : "+x"(x.low), "+x"(x.high)); }
QUIRE_LEAF_INLINE void forget(Words& x) { asm volatile("" : "+x"(x.low), "+x"(x.high)); }

}  // namespace
}  // namespace quire
