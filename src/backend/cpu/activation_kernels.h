// Which kernels compute an activation.
#pragma once

#include "backend/backend.h"
#include "kernels/kernels.h"

namespace quire {

struct ActivationKernels {
  void (*gated)(float* gate, const float* up, int64_t n);  // null: it has none
  void (*alone)(float* x, int64_t n);                      // null: it needs a gate
};

inline ActivationKernels activation_kernels(const KernelTable& kernels, Activation activation) {
  switch (activation) {
    case Activation::silu:
      return {.gated = kernels.silu_mul, .alone = nullptr};
    case Activation::gelu:
      return {.gated = kernels.gelu_mul, .alone = kernels.gelu};
    case Activation::gelu_erf:
      return {.gated = kernels.gelu_erf_mul, .alone = kernels.gelu_erf};
    case Activation::clamped_swiglu:
      return {.gated = kernels.clamped_swiglu, .alone = nullptr};
    case Activation::relu_squared:
      return {.gated = nullptr, .alone = kernels.relu_squared};
  }
  return {};
}

}  // namespace quire
