// OLMo 2 and 3: rows of q and k are normalized as a whole, and what a block gives, not what it reads. In OLMo 3 three
// of four layers have a window, and turn without the scaling of the others.
#include "model/arch/architecture.h"
#include "model/arch/layer_forms.h"

namespace quire {
namespace {

Result<void> describe(const Keys& keys, ModelConfig& config) {
  QUIRE_TRY(DenseParts parts, read_dense_parts(keys, config));
  auto& [attention, ffn] = parts;
  attention.pairs = RopePairs::halves;
  attention.head_norms = HeadNorms::whole_row;
  QUIRE_TRY(const RopeConfig window_rope,
            read_window_rope(keys, config.ropes.front(), attention.head_dim, config.ropes.front().base));
  config.ropes.push_back(window_rope);
  QUIRE_TRY(const std::vector<int64_t> windows, read_windows(keys, config.layer_count(), 4, 0));
  for (size_t i = 0; i < windows.size(); ++i) {
    attention.window = windows[i];
    attention.rope = windows[i] > 0 ? 1 : 0;
    config.layers[i] = post_norm_layer(attention, ffn);
  }
  return {};
}

}  // namespace

const Architecture olmo2_architecture = {.name = "olmo2", .describe = describe};

}  // namespace quire
