// What a block sees of a step: where its rows are, cut from the workspace.
#pragma once

#include <cstdint>

#include "backend/backend.h"

namespace quire {

// The widest rows of a model's blocks.
struct RowWidths {
  int64_t q = 0;
  int64_t kv = 0;
  int64_t ffn = 0;  // of what is between the matmuls of a feed-forward network, of gates and of routers
  int64_t y = 0;    // of what a block gives beside what it has read; 0: it may take that one's place
  int64_t output_gate = 0;
  int64_t beside = 0;        // of what a block computes beside what it gives
  int64_t layer_inputs = 0;  // of what all layers are given of a token beside the stream
  ExpertShape experts;
};

// Borrowed for one step. Places have room for the step's rows, each as wide as any block needs.
struct Step {
  Backend& on;
  int64_t row_count = 0;
  DeviceAddress q, k, v, attended;
  DeviceAddress gate, up;
  DeviceAddress output_gate;  // a number a row
  DeviceAddress beside;       // as wide as the stream
  DeviceAddress layer_inputs;
  DeviceAddress chosen_experts, chosen_weights;

  Rows rows(DeviceAddress place, int64_t width) const { return {.values = place, .count = row_count, .width = width}; }
};

inline int64_t products_of(const Matrix& matrix) { return matrix.outputs * matrix.inputs; }

}  // namespace quire
