// What a model's weights take on a device, before they are there.
#pragma once

#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

#include "base/result.h"
#include "gguf/writer.h"
#include "model/config.h"

namespace quire {

// Bytes as they are packed.
struct WeightSizes {
  uint64_t before = 0;           // the first layer
  std::vector<uint64_t> layers;  // of each
  uint64_t behind = 0;           // the last one; an MTP block is part of it
  uint64_t tables = 0;           // what stays in the file, of which rows are read

  uint64_t packed() const { return std::accumulate(layers.begin(), layers.end(), before + behind); }
};

// Of the tensors that a model of this configuration reads. An error names one that is not there.
Result<WeightSizes> weight_sizes(const ModelConfig& config, std::span<const gguf::TensorSpec> specs);

}  // namespace quire
