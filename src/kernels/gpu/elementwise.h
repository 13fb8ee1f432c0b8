// Operations on single elements: of one array, or of two.
#pragma once

#include "kernels/gpu/kernel.h"

namespace quire::gpu {

// x = function(x), of rows x width elements. `operand` is a constant of the function.
struct MapArgs {
  float* x = nullptr;
  int64_t count = 0;
  float operand = 0.0F;
};

template <typename Function>
struct Map {
  using Args = MapArgs;
  using Shared = NothingShared;
  static constexpr int threads = element_threads;
  static Grid grid(const Args& args) { return element_grid(1, args.count); }
  static void run(const Args& args, Shared&) {
    for_elements(args.count, [&](int64_t, int64_t i) { args.x[i] = Function::of(args.x[i], args.operand); });
  }
};

struct Gelu {
  static float of(float x, float) { return scalar::gelu_of(x); }
};
struct GeluErf {
  static float of(float x, float) { return scalar::gelu_erf_of(x); }
};
struct ReluSquared {
  static float of(float x, float) { return scalar::relu_squared_of(x); }
};
struct Sigmoid {
  static float of(float x, float) { return scalar::sigmoid_of(x); }
};
struct Softplus {
  static float of(float x, float) { return scalar::softplus_of(x); }
};
struct Scale {
  static float of(float x, float factor) { return x * factor; }
};
struct Softcap {
  static float of(float x, float cap) { return scalar::softcap_of(x, cap, -2.0F / cap); }
};

// y = function(y, x) of rows: (rows, width) each. One row of x is for all where x_stride is 0.
struct CombineArgs {
  float* y = nullptr;
  const float* x = nullptr;
  int64_t rows = 0;
  int64_t width = 0;
  int64_t x_stride = 0;  // from row to row
};

template <typename Function>
struct Combine {
  using Args = CombineArgs;
  using Shared = NothingShared;
  static constexpr int threads = element_threads;
  static Grid grid(const Args& args) { return element_grid(args.rows, args.width); }
  static void run(const Args& args, Shared&) {
    for_elements(args.width, [&](int64_t row, int64_t i) {
      float& y = args.y[row * args.width + i];
      y = Function::of(y, args.x[row * args.x_stride + i]);
    });
  }
};

struct Add {
  static float of(float y, float x) { return y + x; }
};
struct Multiply {
  static float of(float y, float x) { return y * x; }
};
struct SiluMultiply {
  static float of(float gate, float up) { return scalar::silu_of(gate) * up; }
};
struct GeluMultiply {
  static float of(float gate, float up) { return scalar::gelu_of(gate) * up; }
};
struct GeluErfMultiply {
  static float of(float gate, float up) { return scalar::gelu_erf_of(gate) * up; }
};
struct ClampedSwiglu {
  static float of(float gate, float up) { return scalar::clamped_swiglu_of(gate, up); }
};

// x *= function(gate): each element of a row of gates is for width / gate_width neighbours.
struct GateArgs {
  float* x = nullptr;           // (rows, width)
  const float* gate = nullptr;  // (rows, gate_width)
  int64_t rows = 0;
  int64_t width = 0;
  int64_t gate_width = 0;
};

template <typename Function>
struct Gate {
  using Args = GateArgs;
  using Shared = NothingShared;
  static constexpr int threads = element_threads;
  static Grid grid(const Args& args) { return element_grid(args.rows, args.width); }
  static void run(const Args& args, Shared&) {
    const auto neighbours = static_cast<uint32_t>(args.width / args.gate_width);
    for_elements(args.width, [&](int64_t row, int64_t i) {
      const float gate = args.gate[row * args.gate_width + static_cast<uint32_t>(i) / neighbours];
      args.x[row * args.width + i] *= Function::of(gate);
    });
  }
};

struct GateItself {
  static float of(float gate) { return gate; }
};
struct GateSigmoid {
  static float of(float gate) { return scalar::sigmoid_of(gate); }
};
struct GateSoftplus {
  static float of(float gate) { return scalar::softplus_of(gate); }
};

}  // namespace quire::gpu
