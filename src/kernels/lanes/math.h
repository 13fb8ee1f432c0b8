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

}  // namespace
}  // namespace quire
