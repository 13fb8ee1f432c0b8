// Sine and cosine with the same bits on every machine. Pure; any thread.
#pragma once

namespace quire {

struct SinCos {
  double sine = 0.0;
  double cosine = 0.0;
};

// Absolute error < 3e-16. REQUIRES: |x| < 2^30.
SinCos fixed_sincos(double x);

}  // namespace quire
