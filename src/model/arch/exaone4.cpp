// EXAONE 4: heads of q and k are normalized, and what a block gives, not what it reads. In the 32B three of four layers
// have a window, and the others do not see positions.
#include <algorithm>

#include "model/arch/architecture.h"
#include "model/arch/layer_forms.h"

namespace quire {
namespace {

Result<void> describe(const Keys& keys, ModelConfig& config) {
  QUIRE_TRY(DenseParts parts, read_dense_parts(keys, config));
  auto& [attention, ffn] = parts;
  attention.pairs = RopePairs::halves;
  attention.head_norms = HeadNorms::each_head;
  QUIRE_TRY(const std::vector<int64_t> windows, read_windows(keys, config.layer_count(), 4, 0));
  const bool has_windows = std::ranges::any_of(windows, [](int64_t window) { return window > 0; });
  for (size_t i = 0; i < windows.size(); ++i) {
    attention.window = windows[i];
    attention.rope = has_windows && windows[i] == 0 ? no_rope : 0;
    config.layers[i] = post_norm_layer(attention, ffn);
  }
  return {};
}

}  // namespace

const Architecture exaone4_architecture = {.name = "exaone4", .describe = describe};

}  // namespace quire
