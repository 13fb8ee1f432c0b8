// exp(x) in every table, for exp_floor <= x <= exp_ceiling (above: as at the ceiling; below: 0):
//   t = fma(x, log2_e, magic); n = t - magic          n = x / ln 2 rounded to nearest even
//   r = fma(n, -ln2_high, x); r = fma(n, -ln2_low, r)
//   p = Horner in fma over exp_p4 ... exp_p0; e = fma(p, r * r, r) + 1
//   e * 2^n, whose exponent is the low bits of t: no result is subnormal.
// The polynomial is a minimax fit of (e^r - 1 - r) / r^2 over |r| <= ln 2 / 2: 3.1e-9 of e^r before rounding.
// Included by leaf files: constants only.
#pragma once

namespace quire {

inline constexpr float exp_floor = -87.0F;
inline constexpr float exp_ceiling = 88.0F;
inline constexpr float exp_log2_e = 0x1.715476p+0F;
inline constexpr float exp_magic = 0x1.8p+23F;  // adding it leaves the nearest integer in the low bits
inline constexpr float exp_ln2_high = 0x1.62e43p-1F;
inline constexpr float exp_ln2_low = -0x1.05c61p-29F;
inline constexpr float exp_p0 = 0x1.fffffcp-2F;
inline constexpr float exp_p1 = 0x1.555492p-3F;
inline constexpr float exp_p2 = 0x1.5558f2p-5F;
inline constexpr float exp_p3 = 0x1.1239f4p-7F;
inline constexpr float exp_p4 = 0x1.6a2416p-10F;

// GELU in its tanh form is x / (1 + exp(-2 u)) with u = x * (c + d x^2): c = sqrt(2 / pi), d = 0.044715 c. Twice these:
inline constexpr float gelu_linear = 0x1.988454p+0F;
inline constexpr float gelu_cubic = 0x1.2444f2p-4F;

// ln(1 + e) for 0 <= e <= 1 is 2 s (1 + s^2 / 3 + s^4 / 5 + ... + s^14 / 15) with s = e / (2 + e) <= 1 / 3: the series
// of 2 artanh(s), which leaves out 1.6e-9 of it. Coefficient i is 1 / (2 i + 1).
inline constexpr float log1p_terms[] = {1.0F,           0x1.555556p-2F, 0x1.99999ap-3F, 0x1.24924ap-3F,
                                        0x1.c71c72p-4F, 0x1.745d18p-4F, 0x1.3b13b2p-4F, 0x1.111112p-4F};
inline constexpr int log1p_terms_count = 8;

// SwiGLU whose operands are clamped.
inline constexpr float clamped_swiglu_limit = 7.0F;
inline constexpr float clamped_swiglu_slope = 1.702F;

// GELU in its erf form is x Phi(x), Phi being the normal distribution's. With z = min(|x|, normal_tail_end):
//   t = 1 / fma(z, normal_tail_slope, 1); h = t * (Horner in fma over normal_tail_p7 ... normal_tail_p0)
//   tail = exp(-z^2 / 2) * h, the part of the distribution beyond z; GELU = max(x, 0) - z * tail
// The polynomial is a minimax fit of exp(z^2 / 2) * erfc(z / sqrt(2)) / 2 over 0 <= z <= 13.5: 1.3e-7 of it. From
// z = 13.2 on exp, and so the tail, is 0.
inline constexpr float normal_tail_end = 14.0F;
inline constexpr float normal_tail_slope = 0.3F;
inline constexpr float normal_tail_p0 = 0x1.e9fd5cp-4F;
inline constexpr float normal_tail_p1 = 0x1.eeca4ap-4F;
inline constexpr float normal_tail_p2 = 0x1.981d48p-4F;
inline constexpr float normal_tail_p3 = 0x1.092786p-3F;
inline constexpr float normal_tail_p4 = -0x1.c5cc8p-5F;
inline constexpr float normal_tail_p5 = 0x1.aa692ep-3F;
inline constexpr float normal_tail_p6 = -0x1.4426d2p-3F;
inline constexpr float normal_tail_p7 = 0x1.265af4p-5F;

// Keys and values in f32 are split into two heads in f16, the rounded value and what it lacks times this: the step between
// f16 numbers is 2^-10 of them, so half a step times this is of the size of the first half.
inline constexpr float split_scale = 2048.0F;

// Groups whose largest value is below this count as zero when activations are quantized: 127 / max stays finite.
inline constexpr float quant_floor = 0x1p-100F;

}  // namespace quire
