// Which layers of a model are computed on which device: a pure function of sizes.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "model/config.h"
#include "model/placement/stage.h"
#include "model/placement/weight_sizes.h"

namespace quire {

// What a model takes of the devices that it lies on.
struct ModelSizes {
  WeightSizes weights;
  std::vector<uint64_t> context_bytes;  // of each layer, of one context of full length: keys, values and state
  std::vector<bool> may_begin;          // by layer: whether a stage may begin with it
  uint64_t workspace_bytes = 0;         // of a device, whatever layers it has
};

// A layer that reads another one's keys and values is on that one's device.
bool may_begin_stage(const ModelConfig& config, int64_t layer);

// The layers of each device of those whose free bytes these are, none where it has none; what they leave, from the
// first layer on, is the host's. The last device has the model's end. wanted: so many layers, from the end, whether
// they fit or not (where a stage may not begin there, fewer). Else as many as fit: beside weights and workspace of a
// device stays an eighth of what is free, and room for one context of its layers. On one device alone where that has
// room for all. REQUIRES: sizes of a model with layers.
std::vector<LayerRange> place_layers(const ModelSizes& sizes, std::span<const uint64_t> free_bytes,
                                     std::optional<int64_t> wanted);

}  // namespace quire
