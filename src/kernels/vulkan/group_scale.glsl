// What quantizing a group needs (kernels/scalar/quant.h).
uint magnitude_bits(float x) { return floatBitsToUint(x) & ~sign_bit; }

// |value| < 2^22, to nearest even.
int rounded_to_int(float value) {
  const float magic = 12582912.0;
  return int(floatBitsToUint(sum(value, magic)) - floatBitsToUint(magic));
}

struct GroupScale {
  float scale;
  float inverse;  // 0: quants are 0
};

GroupScale group_scale(uint max_bits) {
  const float quant_floor = uintBitsToFloat(0x0D800000u);  // 2^-100
  if (max_bits >= infinity_bits) return GroupScale(uintBitsToFloat(nan_bits), 0.0);
  const float largest = uintBitsToFloat(max_bits);
  if (largest < quant_floor) return GroupScale(0.0, 0.0);
  return GroupScale(quotient(largest, 127.0), quotient(127.0, largest));
}

// Of keys and values: the scale as the bits of an f16.
struct KvScale {
  uint scale;
  float inverse;
};

KvScale kv_scale(uint max_bits) {
  const uint f16_infinity = 0x7C00u, f16_nan = 0x7E00u;
  const uint scale = f16_of_f32(quotient(uintBitsToFloat(max_bits), 127.0));
  if (scale >= f16_infinity) return KvScale(f16_nan, 0.0);
  return KvScale(scale, scale == 0u ? 0.0 : quotient(1.0, f32_of_f16(scale)));
}

int kv_quant(float x, float inverse) {
  if (inverse == 0.0) return 0;
  const float scaled = product(x, inverse);
  return rounded_to_int(scaled < -127.0 ? -127.0 : (127.0 < scaled ? 127.0 : scaled));
}
