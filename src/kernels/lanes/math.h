// exp_approx, and what is made of it, in lanes.
// Included by leaf files after their lanes.h: everything has internal linkage.
#pragma once

#include "kernels/constants.h"

namespace quire {
namespace {

QUIRE_LEAF_INLINE Floats exp_lanes(Floats x) {
  const Floats bounded = min(broadcast(exp_ceiling), x);
  const Floats magic = broadcast(exp_magic);
  const Floats t = fma(bounded, broadcast(exp_log2_e), magic);
  const Floats n = subtract(t, magic);
  Floats r = fma(n, broadcast(-exp_ln2_high), bounded);
  r = fma(n, broadcast(-exp_ln2_low), r);
  Floats p = fma(broadcast(exp_p4), r, broadcast(exp_p3));
  p = fma(p, r, broadcast(exp_p2));
  p = fma(p, r, broadcast(exp_p1));
  p = fma(p, r, broadcast(exp_p0));
  const Floats e = add(fma(p, multiply(r, r), r), broadcast(1.0F));
  const Words power = add32(left32<23>(as_words(t)), as_words(broadcast(1.0F)));
  return zero_below(multiply(e, as_floats(power)), x, broadcast(exp_floor));
}

// KernelTable::softcap.
QUIRE_LEAF_INLINE Floats capped(Floats x, float cap) {
  const Floats one = broadcast(1.0F);
  const Floats e = exp_lanes(multiply(x, broadcast(-2.0F / cap)));
  return multiply(broadcast(cap), subtract(divide(broadcast(2.0F), add(one, e)), one));
}

QUIRE_LEAF_INLINE Floats sigmoid_of(Floats x) {
  const Floats one = broadcast(1.0F);
  return divide(one, add(one, exp_lanes(negate(x))));
}

// max(x, 0) + ln(1 + exp(-|x|)).
QUIRE_LEAF_INLINE Floats softplus_of(Floats x) {
  const Floats e = exp_lanes(min(negate(x), x));
  const Floats s = divide(e, add(broadcast(2.0F), e));
  const Floats square = multiply(s, s);
  Floats series = broadcast(log1p_terms[log1p_terms_count - 1]);
  for (int i = log1p_terms_count - 2; i >= 0; --i) series = fma(series, square, broadcast(log1p_terms[i]));
  return fma(add(s, s), series, max(zeros(), x));
}

}  // namespace
}  // namespace quire
