#include "server/models/loaded_model.h"

namespace quire::server {

ModelMemory LoadedModel::memory() const {
  ModelMemory all;
  for (const ModelStage& stage : stages()) {
    all.weights_bytes += stage.memory.weights_bytes;
    all.workspace_bytes += stage.memory.workspace_bytes;
  }
  return all;
}

ContextMemory LoadedModel::host_contexts() const {
  ContextMemory sum = context_memory();
  sum.block_bytes = sum.window_block_bytes = sum.state_bytes = 0;
  for (const ModelStage& stage : stages()) {
    if (!stage.on_host) continue;
    sum.block_bytes += stage.contexts.block_bytes;
    sum.window_block_bytes += stage.contexts.window_block_bytes;
    sum.state_bytes += stage.contexts.state_bytes;
  }
  return sum;
}

}  // namespace quire::server
