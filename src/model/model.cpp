#include "model/model.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/check.h"

namespace quire {
namespace {

// A run ends where a chunk of keys ends, so that no two workers write the same cache line of keys.
constexpr int64_t run_rows_max = attention_chunk;

static_assert(sizeof(BlockId) == sizeof(int32_t), "kernels read block tables as numbers");

std::array<const Matrix*, 7> matrices_of(const LayerWeights& layer) {
  return {&layer.q, &layer.k, &layer.v, &layer.attention_output, &layer.gate, &layer.up, &layer.down};
}

}  // namespace

Result<Model> Model::load(const gguf::File& file, Backend& backend, KvType kv_type, LoadProgress progress) {
  QUIRE_TRY(ModelConfig config, read_config(file, kv_type));
  const Architecture* architecture = find_architecture(config.architecture);
  QUIRE_CHECK(architecture != nullptr, "read_config refuses the others");
  QUIRE_TRY(Weights weights, load_weights(file, config, *architecture, backend, progress));
  return Model(std::move(config), *architecture, std::move(weights));
}

Result<Model> Model::load(const gguf::File& file, Backend& backend, KvType kv_type) {
  return load(file, backend, kv_type, [](uint64_t, uint64_t) { return true; });
}

Model::Model(ModelConfig config, const Architecture& architecture, Weights weights)
    : config_(std::move(config)),
      architecture_(&architecture),
      weights_(std::move(weights)),
      rope_(config_.rotary_dim, config_.rope_base, config_.rope_position_scale, weights_.rope_factors) {}

uint64_t Model::weight_size_bytes() const { return weights_.memory.size_bytes(); }

int64_t Model::layer_products() const {
  int64_t products = 0;
  for (const LayerWeights& layer : weights_.layers) {
    for (const Matrix* matrix : matrices_of(layer)) products += matrix->packed.outputs * matrix->packed.inputs;
  }
  return products;
}

void Model::prepare(const Batch& batch, Backend& backend, const KvStore& kv, Workspace& space) const {
  space.runs().clear();
  space.sampled_rows().assign(static_cast<size_t>(batch.logits_rows), -1);
  const int64_t half = rope_.rotary() / 2;
  int64_t row = 0;
  for (const BatchSlice& slice : batch.slices) {
    QUIRE_CHECK(slice.row_begin == row && slice.row_end > row, "slices cover the rows in order");
    const int64_t position_end = slice.position_begin + (slice.row_end - slice.row_begin);
    for (int64_t position = slice.position_begin; position < position_end;) {
      const int64_t run_end = std::min(position_end, (position / run_rows_max + 1) * run_rows_max);
      space.runs().push_back(
          {.row_begin = row, .rows = run_end - position, .position = position, .blocks = &slice.blocks.data()->value});
      for (; position < run_end; ++position, ++row) {
        rope_.turn(position, space.cosines() + row * half, space.sines() + row * half);
      }
    }
    if (slice.logits_row >= 0) {
      QUIRE_CHECK(slice.logits_row + slice.logits_rows <= batch.logits_rows, "logits rows of this batch");
      for (int32_t sampled = 0; sampled < slice.logits_rows; ++sampled) {
        space.sampled_rows()[static_cast<size_t>(slice.logits_row + sampled)] =
            slice.row_end - slice.logits_rows + sampled;
      }
    }
  }
  QUIRE_CHECK(row == static_cast<int64_t>(batch.tokens.size()), "slices cover all rows");
  backend.plan_attention(kv.layer(0), space.runs(), config_.heads / config_.kv_heads, space.attention_plan());
  QUIRE_CHECK(std::ranges::find(space.sampled_rows(), -1) == space.sampled_rows().end(), "every logits row is filled");

  QUIRE_CHECK(batch.origins.size() == batch.tokens.size(), "an origin for each row");
  const auto is_prompt = [&](int32_t of) { return batch.origins[static_cast<size_t>(of)] == RowOrigin::prompt; };
  space.prompt_rows().clear();
  for (int32_t of = 0; backend.prompt_rows_differ() && of < row; ++of) {
    if (is_prompt(of)) space.prompt_rows().push_back(of);
  }
}

Result<Logits> Model::forward(const Batch& batch, Backend& backend, const KvStore& kv, Workspace& space) const {
  const int64_t rows = static_cast<int64_t>(batch.tokens.size());
  QUIRE_CHECK(rows <= space.row_count_max() && batch.logits_rows <= space.logits_count_max(), "the batch fits");
  prepare(batch, backend, kv, space);
  const Step step{
      .on = backend,
      .config = config_,
      .runs = space.runs(),
      .attention_plan = space.attention_plan(),
      .prompt_rows = space.prompt_rows(),
      .turns = {.cosines = space.cosines(), .sines = space.sines(), .rotary = rope_.rotary()},
      .scratch = space.scratch(),
      .x = space.x(rows),
      .h = space.h(rows),
      .q = space.q(rows),
      .k = space.k(rows),
      .v = space.v(rows),
      .attended = space.attended(rows),
      .gate = space.gate(rows),
      .up = space.up(rows),
  };
  QUIRE_TRY_VOID(backend.embed(weights_.token_embedding, batch.tokens, step.x, step.h));
  QUIRE_TRY_VOID(weights_.token_embedding.source->check_unchanged());  // rows of another model are no error of read()
  for (int64_t layer = 0; layer < config_.layers; ++layer) {
    architecture_->layer(step, weights_.layers[static_cast<size_t>(layer)], kv.layer(layer));
  }
  return logits(space.sampled_rows(), backend, space);  // only what is sampled goes through the output head
}

Logits Model::logits(std::span<const int32_t> rows, Backend& backend, Workspace& space) const {
  const auto count = static_cast<int64_t>(rows.size());
  QUIRE_CHECK(count <= space.logits_count_max(), "the logits fit");
  const Rows logits = space.logits(count);
  if (count > 0) {
    (void)states(rows, backend, space);
    std::vector<int32_t>& prompt_rows = space.logits_prompt_rows();
    prompt_rows.clear();
    for (int32_t index = 0; index < count; ++index) {
      if (std::ranges::binary_search(space.prompt_rows(), rows[static_cast<size_t>(index)])) {
        prompt_rows.push_back(index);
      }
    }
    backend.matmul(space.h(count), prompt_rows, space.scratch(), {{weights_.output, logits}});
  }
  return {.values = {logits.values, static_cast<size_t>(logits.count * logits.width)}, .vocab = vocab_size()};
}

HiddenStates Model::states(std::span<const int32_t> rows, Backend& backend, Workspace& space) const {
  const auto count = static_cast<int64_t>(rows.size());
  QUIRE_CHECK(count <= space.row_count_max(), "the states fit");
  const Rows states = space.h(count);
  backend.gather(space.x(space.row_count_max()), rows, states);
  backend.norm(states, weights_.output_norm, config_.norm_epsilon, states);
  return {.values = {states.values, static_cast<size_t>(states.count * states.width)},
          .width = static_cast<int32_t>(config_.width)};
}

}  // namespace quire
