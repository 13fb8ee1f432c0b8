#include "model/placement/placement.h"

#include <algorithm>

#include "base/check.h"

namespace quire {
namespace {

constexpr uint64_t free_share = 8;  // one in so many bytes that are free is for keys and values

class Placing {
 public:
  Placing(const ModelSizes& sizes, std::span<const uint64_t> free_bytes, std::optional<int64_t> wanted)
      : sizes_(sizes), free_bytes_(free_bytes), is_wish_(wanted.has_value()) {
    const auto count = std::ssize(sizes.weights.layers);
    least_begin_ = is_wish_ ? next_begin(count - std::clamp<int64_t>(*wanted, 0, count)) : 0;
  }

  std::vector<LayerRange> place() const {
    const auto count = std::ssize(sizes_.weights.layers);
    std::vector<LayerRange> ranges(free_bytes_.size(), {.begin = count, .end = count});
    if (free_bytes_.empty() || least_begin_ == count) return ranges;
    // Alone on the device with the most room, where that is enough.
    const auto roomiest = static_cast<size_t>(std::ranges::max_element(free_bytes_) - free_bytes_.begin());
    if (free_bytes_.size() == 1 || first_that_fits(roomiest, count) == least_begin_) {
      const int64_t begin = is_wish_ ? least_begin_ : first_that_fits(roomiest, count);
      for (size_t device = 0; device <= roomiest; ++device) ranges[device] = {.begin = begin, .end = begin};
      ranges[roomiest].end = count;
      return ranges;
    }
    int64_t end = count;
    for (size_t device = free_bytes_.size(); device-- > 0;) {
      const int64_t begin = device == 0 && is_wish_ ? least_begin_ : first_that_fits(device, end);
      ranges[device] = {.begin = begin, .end = end};
      end = begin;
    }
    return ranges;
  }

 private:
  // The first layer from this one on with which a stage may begin.
  int64_t next_begin(int64_t layer) const {
    const auto count = std::ssize(sizes_.weights.layers);
    while (layer < count && !sizes_.may_begin[static_cast<size_t>(layer)]) ++layer;
    return layer;
  }

  // The first layer of the longest stage that ends there and has room on the device; `end`: there is none.
  int64_t first_that_fits(size_t device, int64_t end) const {
    const uint64_t free_bytes = free_bytes_[device];
    uint64_t weights = end == std::ssize(sizes_.weights.layers) ? sizes_.weights.behind : 0, contexts = 0;
    int64_t begin = end;
    for (int64_t layer = end - 1; layer >= least_begin_; --layer) {
      const auto index = static_cast<size_t>(layer);
      weights += sizes_.weights.layers[index] + (layer == 0 ? sizes_.weights.before : 0);
      contexts += sizes_.context_bytes[index];
      const uint64_t beside = is_wish_ ? 0 : std::max(contexts, free_bytes / free_share);
      if (weights + sizes_.workspace_bytes + beside > free_bytes) break;
      if (sizes_.may_begin[index]) begin = layer;
    }
    return begin;
  }

  const ModelSizes& sizes_;
  const std::span<const uint64_t> free_bytes_;
  const bool is_wish_;
  int64_t least_begin_;
};

}  // namespace

bool may_begin_stage(const ModelConfig& config, int64_t layer) {
  for (int64_t behind = layer; behind < config.layer_count(); ++behind) {
    const AttentionConfig* const attention = config.find_attention(behind);
    if (attention != nullptr && attention->kv_of != own_kv && attention->kv_of < layer) return false;
  }
  return true;
}

std::vector<LayerRange> place_layers(const ModelSizes& sizes, std::span<const uint64_t> free_bytes,
                                     std::optional<int64_t> wanted) {
  const size_t layers = sizes.weights.layers.size();
  QUIRE_CHECK(layers > 0 && sizes.context_bytes.size() == layers && sizes.may_begin.size() == layers,
              "sizes of each layer");
  return Placing(sizes, free_bytes, wanted).place();
}

}  // namespace quire
