// exp and log with the same bits on every machine: the C library picks variants by processor. Pure; any thread.
#pragma once

namespace quire {

// exp(x), relative error < 4e-15 where the result is normal; 0 below -708, infinity above 709.
double fixed_exp(double x);

// log(x) for finite x > 0, relative error < 4e-15 away from 1, absolute error < 1e-16 near it; -infinity at 0.
double fixed_log(double x);

}  // namespace quire
