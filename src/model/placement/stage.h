// A model's layers in consecutive parts, each on a device of its own.
#pragma once

#include <cstdint>

#include "backend/backend.h"
#include "model/config.h"

namespace quire {

// Layers [begin, end).
struct LayerRange {
  int64_t begin = 0;
  int64_t end = 0;

  bool has(int64_t layer) const { return begin <= layer && layer < end; }
  int64_t count() const { return end - begin; }
  bool operator==(const LayerRange&) const = default;
};

inline LayerRange all_layers(const ModelConfig& config) { return {.begin = 0, .end = config.layer_count()}; }

// Borrows the backend. Stages of a model are in the order of its layers and cover them: the first one makes rows of
// tokens, and the last one has the output matrix.
struct Stage {
  Backend* on = nullptr;
  LayerRange layers;
};

}  // namespace quire
