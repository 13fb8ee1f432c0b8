// Sixteen lanes in one AVX-512 register: the vocabulary that src/kernels/lanes/ is written in.
// For leaf files that are compiled for AVX-512: everything has internal linkage.
#pragma once

#include <immintrin.h>

#include <cstdint>

#define QUIRE_LEAF_INLINE inline __attribute__((always_inline))

namespace quire {
namespace {

using Floats = __m512;  // 16 f32
using Words = __m512i;  // 16 x 32 bits, also read as 32 x 16 or 64 x 8

constexpr int matmul_tile_rows = 8;   // 8 unpacked quads + 8 sums + scales and temporaries: 32 registers
constexpr int float_tile_rows = 8;    // 8 sums hide an fma's latency
constexpr int attention_queries = 8;  // with 2 vectors each: 16 sums + 2 keys or values
// Vectors of 16 positions, or of 16 elements, that so many queries meet at a time.
constexpr int attention_vectors(int) { return 2; }

// n is any number: none of the lanes below 1, all above 15.
QUIRE_LEAF_INLINE __mmask16 first_lanes(int64_t n) {
  return static_cast<__mmask16>(n >= 16 ? 0xFFFF : n <= 0 ? 0 : (1 << n) - 1);
}
QUIRE_LEAF_INLINE __m256i load_half(const void* at) { return _mm256_loadu_si256(static_cast<const __m256i*>(at)); }

QUIRE_LEAF_INLINE Floats zeros() { return _mm512_setzero_ps(); }
QUIRE_LEAF_INLINE Floats broadcast(float value) { return _mm512_set1_ps(value); }
QUIRE_LEAF_INLINE Floats load(const float* at) { return _mm512_loadu_ps(at); }
QUIRE_LEAF_INLINE void store(float* at, Floats x) { _mm512_storeu_ps(at, x); }
// The first n of 16 lanes; a load gives 0 in the others.
QUIRE_LEAF_INLINE Floats load_first(const float* at, int64_t n) { return _mm512_maskz_loadu_ps(first_lanes(n), at); }
QUIRE_LEAF_INLINE void store_first(float* at, Floats x, int64_t n) { _mm512_mask_storeu_ps(at, first_lanes(n), x); }
QUIRE_LEAF_INLINE Floats load_f16(const void* at) { return _mm512_cvtph_ps(load_half(at)); }
QUIRE_LEAF_INLINE Floats load_f16_first(const uint16_t* at, int64_t n) {
  return _mm512_cvtph_ps(_mm256_maskz_loadu_epi16(first_lanes(n), at));
}
QUIRE_LEAF_INLINE void store_f16_first(uint16_t* at, Floats x, int64_t n) {
  _mm256_mask_storeu_epi16(at, first_lanes(n), _mm512_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
}
QUIRE_LEAF_INLINE Floats load_bf16(const void* at) {
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(load_half(at)), 16));
}
// A byte of each lane.
QUIRE_LEAF_INLINE Words load_u8_words(const uint8_t* at) {
  return _mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(at)));
}
QUIRE_LEAF_INLINE Floats load_u8(const uint8_t* at) { return _mm512_cvtepi32_ps(load_u8_words(at)); }
QUIRE_LEAF_INLINE Floats load_i8(const void* at) {
  return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128(static_cast<const __m128i*>(at))));
}
QUIRE_LEAF_INLINE Floats load_i8_first(const int8_t* at, int64_t n) {
  return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_maskz_loadu_epi8(first_lanes(n), at)));
}

QUIRE_LEAF_INLINE Floats add(Floats a, Floats b) { return _mm512_add_ps(a, b); }
QUIRE_LEAF_INLINE Floats subtract(Floats a, Floats b) { return _mm512_sub_ps(a, b); }
QUIRE_LEAF_INLINE Floats multiply(Floats a, Floats b) { return _mm512_mul_ps(a, b); }
QUIRE_LEAF_INLINE Floats divide(Floats a, Floats b) { return _mm512_div_ps(a, b); }
QUIRE_LEAF_INLINE Floats negate(Floats a) { return _mm512_xor_ps(a, _mm512_set1_ps(-0.0F)); }
// b where either is NaN.
QUIRE_LEAF_INLINE Floats min(Floats a, Floats b) { return _mm512_min_ps(a, b); }
QUIRE_LEAF_INLINE Floats max(Floats a, Floats b) { return _mm512_max_ps(a, b); }
// a * b + c and a * b - c, rounded once.
QUIRE_LEAF_INLINE Floats fma(Floats a, Floats b, Floats c) { return _mm512_fmadd_ps(a, b, c); }
QUIRE_LEAF_INLINE Floats fms(Floats a, Floats b, Floats c) { return _mm512_fmsub_ps(a, b, c); }
// a * b - c in even lanes, a * b + c in odd ones.
QUIRE_LEAF_INLINE Floats fma_alternating(Floats a, Floats b, Floats c) { return _mm512_fmaddsub_ps(a, b, c); }
QUIRE_LEAF_INLINE Floats swap_neighbours(Floats x) { return _mm512_permute_ps(x, 0xB1); }
// The first 8 lanes of memory, n of them read, each twice.
QUIRE_LEAF_INLINE Floats load_twice(const float* at, int64_t n) {
  const Words index = _mm512_set_epi32(7, 7, 6, 6, 5, 5, 4, 4, 3, 3, 2, 2, 1, 1, 0, 0);
  return _mm512_permutexvar_ps(index, load_first(at, n));
}
// x in the first n lanes, fill in the others.
QUIRE_LEAF_INLINE Floats keep_first(Floats x, int64_t n, Floats fill) {
  return _mm512_mask_blend_ps(first_lanes(n), fill, x);
}
// value, but 0 where x < floor.
QUIRE_LEAF_INLINE Floats zero_below(Floats value, Floats x, Floats floor) {
  return _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(x, floor, _CMP_NLT_UQ), value);
}
// Lanes i and i + 8, then i and i + 4, 2, 1.
QUIRE_LEAF_INLINE float tree_sum(Floats x) {
  const __m256 eight = _mm256_add_ps(_mm512_castps512_ps256(x), _mm512_extractf32x8_ps(x, 1));
  const __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}
QUIRE_LEAF_INLINE float max_lane(Floats x) { return _mm512_reduce_max_ps(x); }

QUIRE_LEAF_INLINE Words zero_words() { return _mm512_setzero_si512(); }
QUIRE_LEAF_INLINE Words load_words(const void* at) { return _mm512_loadu_si512(at); }
QUIRE_LEAF_INLINE Words broadcast_word(int32_t value) { return _mm512_set1_epi32(value); }
QUIRE_LEAF_INLINE Words broadcast_byte(int value) { return _mm512_set1_epi8(static_cast<char>(value)); }
// Four int8, or two int16, to every lane.
QUIRE_LEAF_INLINE Words broadcast_at(const void* at) {
  int32_t word;
  __builtin_memcpy(&word, at, sizeof(word));
  return _mm512_set1_epi32(word);
}
// Two int32 within 16 bits, as int16 to every lane.
QUIRE_LEAF_INLINE Words broadcast_narrowed(const int32_t* at) {
  int64_t words;
  __builtin_memcpy(&words, at, sizeof(words));
  const __m512i pairs = _mm512_set1_epi64(words);
  return _mm512_packs_epi32(pairs, pairs);
}
// An int8 of each lane, as int16, twice.
QUIRE_LEAF_INLINE Words load_i8_twice(const void* at) {
  const __m512i low_halves = _mm512_broadcast_i32x4(_mm_setr_epi8(0, 1, 0, 1, 4, 5, 4, 5, 8, 9, 8, 9, 12, 13, 12, 13));
  return _mm512_shuffle_epi8(_mm512_cvtepi8_epi32(_mm_loadu_si128(static_cast<const __m128i*>(at))), low_halves);
}
QUIRE_LEAF_INLINE Floats to_floats(Words x) { return _mm512_cvtepi32_ps(x); }
QUIRE_LEAF_INLINE Words round_to_words(Floats x) { return _mm512_cvtps_epi32(x); }
QUIRE_LEAF_INLINE Floats as_floats(Words x) { return _mm512_castsi512_ps(x); }
QUIRE_LEAF_INLINE Words as_words(Floats x) { return _mm512_castps_si512(x); }
QUIRE_LEAF_INLINE Words bit_and(Words a, Words b) { return _mm512_and_si512(a, b); }
QUIRE_LEAF_INLINE Words bit_xor(Words a, Words b) { return _mm512_xor_si512(a, b); }
// a | (b & mask). REQUIRES: a has no bits of mask.
QUIRE_LEAF_INLINE Words merge(Words a, Words b, Words mask) { return _mm512_ternarylogic_epi32(a, b, mask, 0xF8); }
QUIRE_LEAF_INLINE Words max_words(Words a, Words b) { return _mm512_max_epi32(a, b); }
QUIRE_LEAF_INLINE Words add32(Words a, Words b) { return _mm512_add_epi32(a, b); }
QUIRE_LEAF_INLINE Words subtract32(Words a, Words b) { return _mm512_sub_epi32(a, b); }
QUIRE_LEAF_INLINE Words add16(Words a, Words b) { return _mm512_add_epi16(a, b); }
QUIRE_LEAF_INLINE Words subtract16(Words a, Words b) { return _mm512_sub_epi16(a, b); }
template <int bits>
QUIRE_LEAF_INLINE Words left32(Words x) {
  return _mm512_slli_epi32(x, bits);
}
QUIRE_LEAF_INLINE Words left16(Words x, int bits) { return _mm512_slli_epi16(x, bits); }
QUIRE_LEAF_INLINE Words right16(Words x, int bits) { return _mm512_srli_epi16(x, bits); }
// Each byte of x is the number of one of 16 codes.
QUIRE_LEAF_INLINE Words look_up(const uint8_t* codes, Words x) {
  const __m128i table = _mm_loadu_si128(reinterpret_cast<const __m128i*>(codes));
  return _mm512_shuffle_epi8(_mm512_broadcast_i32x4(table), x);
}
// The high four bits of each byte.
QUIRE_LEAF_INLINE Words high_nibbles(Words x) { return bit_and(right16(x, 4), broadcast_byte(15)); }
// Unsigned bytes of a times signed bytes of b, neighbours added into int16 with saturation.
QUIRE_LEAF_INLINE Words multiply_bytes(Words a, Words b) { return _mm512_maddubs_epi16(a, b); }
// int16 of a times int16 of b, neighbours added into int32.
QUIRE_LEAF_INLINE Words multiply_pairs(Words a, Words b) { return _mm512_madd_epi16(a, b); }
QUIRE_LEAF_INLINE int32_t max_word(Words x) { return _mm512_reduce_max_epi32(x); }
QUIRE_LEAF_INLINE int32_t sum_words(Words x) { return _mm512_reduce_add_epi32(x); }
QUIRE_LEAF_INLINE void store_i8(int8_t* at, Words x) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(at), _mm512_cvtepi32_epi8(x));
}

// The compiler forgets what it knows of x, at no cost: for loops whose results are known beforehand.
QUIRE_LEAF_INLINE void forget(Floats& x) { asm volatile("" : "+v"(x)); }
QUIRE_LEAF_INLINE void forget(Words& x) { asm volatile("" : "+v"(x)); }

}  // namespace
}  // namespace quire
