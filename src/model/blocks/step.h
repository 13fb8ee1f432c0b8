// What a block sees of a step: where its rows are, cut from the workspace.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "backend/backend.h"
#include "base/check.h"

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
  int64_t convolved = 0;
  int64_t heads_input = 0;  // of all heads that matrices of their own read
  int64_t joined = 0;       // of a token and a state
  ExpertShape experts;
};

// A place for rows, which has room for rows of `width`.
struct RowPlace {
  DeviceAddress values;
  int64_t width = 0;
};

// Where a layer's recurrent block has its part of the states, and keeps its inputs of rows that are guesses.
struct LayerState {
  StateView view;
  RowPlace kept;  // (drafted rows, kept_width), array after array
};

// Borrowed for one step. Places have room for the step's rows, each as wide as any block needs.
struct Step {
  Backend& on;
  int64_t row_count = 0;
  int64_t drafted_count = 0;  // rows of these that are guesses
  RowPlace q, k, v, attended;
  RowPlace gate, up;
  RowPlace output_gate;  // a number a row, or some a head
  RowPlace beside;       // as wide as the stream
  RowPlace layer_inputs;
  RowPlace convolved;
  RowPlace joined;
  DeviceAddress chosen_experts, chosen_weights;
  std::array<Rows, mixed_rows_max> stream_rows = {};
  int64_t stream_count = 0;  // 0: x is the only residual stream

  std::span<const Rows> streams() const { return std::span(stream_rows).first(static_cast<size_t>(stream_count)); }

  // REQUIRES: the block's widen() has asked for it.
  Rows rows(const RowPlace& place, int64_t width) const {
    QUIRE_CHECK(width <= place.width, "a place is as wide as its blocks asked for");
    return {.values = place.values, .count = row_count, .width = width};
  }
};

// (rows, heads * head_dim) as (rows * heads, head_dim).
inline Rows heads_of(Rows rows, int64_t head_dim) {
  return {.values = rows.values, .count = rows.count * (rows.width / head_dim), .width = head_dim};
}

inline DeviceVector part_of(const DeviceVector& vector, int64_t begin, int64_t size) {
  return {.values = vector.values + begin * static_cast<int64_t>(sizeof(float)), .size = size};
}

inline int64_t products_of(const Matrix& matrix) { return matrix.outputs * matrix.inputs; }

}  // namespace quire
