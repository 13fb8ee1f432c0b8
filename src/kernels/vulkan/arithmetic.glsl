// What shaders compute with: operations on floats that are rounded once, to nearest even, whatever the device calls by
// their names. Vulkan lets a device's fma() be two roundings, and its division and square root be off by some units of
// the last place; which of them are right a self-test has found out (backend/gpu/vulkan/self_test.h), and who makes a
// pipeline says so by the constants here. `precise` keeps the driver from fusing or reordering.
//
// A shader is compiled twice: as it is, and with QUIRE_FMA_BY_F64 for devices whose fma() is two roundings.
#extension GL_EXT_buffer_reference : require
#extension GL_EXT_scalar_block_layout : require
#extension GL_EXT_shader_16bit_storage : require
#extension GL_EXT_shader_8bit_storage : require
#extension GL_EXT_shader_explicit_arithmetic_types_int8 : require
#extension GL_EXT_shader_explicit_arithmetic_types_int16 : require
#extension GL_EXT_shader_explicit_arithmetic_types_int64 : require
#extension GL_EXT_control_flow_attributes : require

layout(constant_id = 0) const bool divides_in_integers = false;
layout(constant_id = 1) const bool takes_roots_in_integers = false;
layout(constant_id = 2) const bool widens_halves_in_integers = false;

const uint sign_bit = 0x80000000u;
const uint infinity_bits = 0x7F800000u;
const uint nan_bits = 0x7FC00000u;

float minus_infinity() { return uintBitsToFloat(sign_bit | infinity_bits); }

float sum(float a, float b) {
  precise float result = a + b;
  return result;
}
float difference(float a, float b) {
  precise float result = a - b;
  return result;
}
float product(float a, float b) {
  precise float result = a * b;
  return result;
}

#ifdef QUIRE_FMA_BY_F64
// a * b is exact in f64. Of its sum with c the last bit is made to stand for what the sum has lost (it is rounded to
// odd), so that rounding it to f32 rounds the exact number (Boldo and Melquiond, Emulation of a FMA and correctly
// rounded sums, 2008). What was lost is Knuth's TwoSum; of infinities and NaN it is a NaN, and nothing is changed.
float fused(float a, float b, float c) {
  precise double exact = double(a) * double(b);
  precise double added = double(c);
  precise double near = exact + added;
  precise double of_added = near - exact;
  precise double lost = (exact - (near - of_added)) + (added - of_added);
  if (lost < 0.0lf || lost > 0.0lf) {
    uint64_t bits = doubleBitsToUint64(near);
    const bool away = (lost > 0.0lf) == (near > 0.0lf);
    if ((bits & 1ul) == 0ul) bits += away ? 1ul : -1ul;
    near = uint64BitsToDouble(bits);
  }
  return float(near);
}
#else
float fused(float a, float b, float c) {
  precise float result = fma(a, b, c);
  return result;
}
#endif

// A number of 24 bits and one more, then whether anything was cut off, as a float of this sign; `exponent` is the
// biased one of the first bit.
float rounded(uint sign, int exponent, uint digits, bool cut_off) {
  if (exponent >= 255) return uintBitsToFloat(sign | infinity_bits);
  uint base = uint(exponent - 1) << 23;
  if (exponent <= 0) {  // subnormal
    const int shift = min(1 - exponent, 26);
    cut_off = cut_off || (digits & ((1u << shift) - 1u)) != 0u;
    digits >>= shift;
    base = 0u;
  }
  uint value = digits >> 1;
  if ((digits & 1u) != 0u && (cut_off || (value & 1u) != 0u)) ++value;
  return uintBitsToFloat(sign | (base + value));
}

// The 24 bits of a positive number, and the biased exponent of the first.
struct Digits {
  uint digits;
  int exponent;
};
Digits digits_of(uint magnitude) {
  const uint fraction = magnitude & 0x7FFFFFu;
  if (magnitude >= 0x800000u) return Digits(fraction | 0x800000u, int(magnitude >> 23));
  const int shift = 23 - findMSB(fraction);
  return Digits(fraction << shift, 1 - shift);
}

float quotient_in_integers(float a, float b) {
  const uint sign = (floatBitsToUint(a) ^ floatBitsToUint(b)) & sign_bit;
  const uint above = floatBitsToUint(a) & ~sign_bit, below = floatBitsToUint(b) & ~sign_bit;
  const bool a_is_nan = above > infinity_bits, b_is_nan = below > infinity_bits;
  if (a_is_nan || b_is_nan || (above == 0u && below == 0u) || (above == infinity_bits && below == infinity_bits)) {
    return uintBitsToFloat(nan_bits);
  }
  if (above == infinity_bits || below == 0u) return uintBitsToFloat(sign | infinity_bits);
  if (below == infinity_bits || above == 0u) return uintBitsToFloat(sign);
  const Digits dividend = digits_of(above), divisor = digits_of(below);
  int exponent = dividend.exponent - divisor.exponent + 127;
  uint rest = dividend.digits;
  if (rest < divisor.digits) {
    rest <<= 1;
    --exponent;
  }
  uint digits = 0u;
  for (int i = 0; i < 25; ++i) {
    digits <<= 1;
    if (rest >= divisor.digits) {
      rest -= divisor.digits;
      digits |= 1u;
    }
    rest <<= 1;
  }
  return rounded(sign, exponent, digits, rest != 0u);
}

float quotient(float a, float b) {
  if (divides_in_integers) return quotient_in_integers(a, b);
  precise float result = a / b;
  return result;
}

// Digit by digit, of the number with 25 further bits.
float root_in_integers(float x) {
  const uint bits = floatBitsToUint(x);
  if ((bits & ~sign_bit) == 0u || bits == infinity_bits) return x;
  if (bits > infinity_bits) return uintBitsToFloat(nan_bits);
  Digits of_x = digits_of(bits);
  int power = of_x.exponent - 127;
  if ((power & 1) != 0) {
    of_x.digits <<= 1;
    --power;
  }
  const uint64_t number = uint64_t(of_x.digits) << 25;
  uint rest = 0u, digits = 0u;
  for (int i = 48; i >= 0; i -= 2) {
    rest = (rest << 2) | (uint(number >> i) & 3u);
    const uint trial = (digits << 2) | 1u;
    digits <<= 1;
    if (rest >= trial) {
      rest -= trial;
      digits |= 1u;
    }
  }
  return rounded(0u, power / 2 + 127, digits, rest != 0u);
}

float root(float x) {
  if (takes_roots_in_integers) return root_in_integers(x);
  precise float result = sqrt(x);
  return result;
}

float f32_of_f16_in_integers(uint bits) {
  const uint sign = (bits & 0x8000u) << 16;
  const uint exponent = bits >> 10 & 0x1Fu, fraction = bits & 0x3FFu;
  if (exponent == 0x1Fu) {
    return uintBitsToFloat(sign | infinity_bits | (fraction == 0u ? 0u : 0x400000u) | fraction << 13);
  }
  if (exponent != 0u) return uintBitsToFloat(sign | (exponent + 112u) << 23 | fraction << 13);
  const float magnitude = product(float(fraction), uintBitsToFloat(0x33800000u));  // 2^-24: exact
  return uintBitsToFloat(sign | floatBitsToUint(magnitude));
}

float f32_of_f16(uint bits) {
  return widens_halves_in_integers ? f32_of_f16_in_integers(bits) : unpackHalf2x16(bits).x;
}

// To nearest even, which Vulkan leaves open for a device's own.
uint f16_of_f32(float value) {
  const uint bits = floatBitsToUint(value);
  const uint sign = bits >> 16 & 0x8000u, magnitude = bits & ~sign_bit;
  if (magnitude > infinity_bits) return sign | 0x7E00u | (magnitude >> 13 & 0x3FFu);
  if (magnitude >= 0x477FF000u) return sign | 0x7C00u;  // 65520 and more
  if (magnitude < 0x38800000u) {                        // below 2^-14: adding 0.5 puts the step, 2^-24, at the last bit
    return sign | (floatBitsToUint(sum(uintBitsToFloat(magnitude), 0.5)) - 0x3F000000u);
  }
  const uint odd = magnitude >> 13 & 1u;
  return sign | (magnitude - 0x38000000u + 0xFFFu + odd) >> 13;
}

float f32_of_bf16(uint bits) { return uintBitsToFloat(bits << 16); }

// What the tables' lanes give: b where either is NaN.
float least(float a, float b) { return a < b ? a : b; }
float most(float a, float b) { return a > b ? a : b; }
