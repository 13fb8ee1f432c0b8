// The functions of one number: those of kernels/scalar/functions.h, with the constants of kernels/constants.h.
const float exp_floor = -87.0;
const float exp_ceiling = 88.0;
const float exp_magic = 12582912.0;

float exp_of(float x) {
  if (x < exp_floor) return 0.0;
  const float bounded = x > exp_ceiling ? exp_ceiling : x;
  const float t = fused(bounded, 1.442695, exp_magic);
  const float n = difference(t, exp_magic);
  float r = fused(n, -0.6931472, bounded);
  r = fused(n, 1.9046542e-09, r);
  float p = 0.0013814581;
  p = fused(p, r, 0.008368725);
  p = fused(p, r, 0.04166839);
  p = fused(p, r, 0.16666521);
  p = fused(p, r, 0.49999994);
  const float e = sum(fused(p, product(r, r), r), 1.0);
  return product(e, uintBitsToFloat((floatBitsToUint(t) << 23) + 0x3F800000u));
}

float silu_of(float x) { return quotient(x, sum(1.0, exp_of(-x))); }
float sigmoid_of(float x) { return quotient(1.0, sum(1.0, exp_of(-x))); }

float gelu_of(float x) {
  const float slope = fused(0.071354814, product(x, x), 1.5957692);
  return quotient(x, sum(1.0, exp_of(-product(x, slope))));
}

float gelu_erf_of(float x) {
  const float tail_end = 14.0;
  const float magnitude = x > -x ? x : -x;
  const float z = tail_end < magnitude ? tail_end : magnitude;
  const float t = quotient(1.0, fused(z, 0.3, 1.0));
  float h = fused(0.03593204, t, -0.15827717);
  h = fused(h, t, 0.20820843);
  h = fused(h, t, -0.055395365);
  h = fused(h, t, 0.12946992);
  h = fused(h, t, 0.0996373);
  h = fused(h, t, 0.12079839);
  h = fused(h, t, 0.11962639);
  const float tail = product(exp_of(product(product(z, -0.5), z)), product(h, t));
  return fused(-z, tail, x > 0.0 ? x : 0.0);
}

float relu_squared_of(float x) { return product(most(0.0, x), most(0.0, x)); }

float clamped_swiglu_of(float gate, float up) {
  const float g = least(7.0, gate);
  const float u = most(-7.0, least(7.0, up));
  return product(product(g, sigmoid_of(product(1.702, g))), sum(u, 1.0));
}

float softplus_of(float x) {
  const float terms[7] = float[7](1.0, 0.33333334, 0.2, 0.14285715, 0.11111111, 0.09090909, 0.07692308);
  const float e = exp_of(least(-x, x));
  const float s = quotient(e, sum(2.0, e));
  float series = 0.06666667;
  [[unroll]] for (int i = 6; i >= 0; --i) series = fused(series, product(s, s), terms[i]);
  return fused(sum(s, s), series, most(0.0, x));
}

// slope = -2 / cap.
float softcap_of(float x, float cap, float slope) {
  return product(cap, difference(quotient(2.0, sum(1.0, exp_of(product(x, slope)))), 1.0));
}

float norm_factor(float squares, float n, float epsilon) {
  return quotient(1.0, root(sum(quotient(squares, n), epsilon)));
}
