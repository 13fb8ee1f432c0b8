// What a layer function sees of a step: its constants and its rows, cut from the workspace.
#pragma once

#include "backend/backend.h"
#include "model/config.h"

namespace quire {

// Borrowed for one step. All Rows have the step's rows.
struct Step {
  Backend& on;
  const ModelConfig& config;

  Rows x;         // (rows, width): the residual stream
  Rows h;         // (rows, width): a branch's input, and later its output
  Rows q, k, v;   // (rows, q_width), (rows, kv_width) twice
  Rows attended;  // (rows, q_width)
  Rows gate, up;  // (rows, ffn_width)
};

}  // namespace quire
