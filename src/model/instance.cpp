#include "model/instance.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "base/check.h"
#include "base/fixed_math.h"
#include "model/blocks/step.h"

namespace quire {
namespace {

// A run ends where a chunk of keys ends, so that no two workers write the same cache line of keys.
constexpr int64_t run_rows_max = attention_chunk;

static_assert(sizeof(BlockId) == sizeof(int32_t), "kernels read block tables as numbers");

}  // namespace

Result<ModelInstance> ModelInstance::create(const Model& model, Backend& backend, const Limits& limits) {
  QUIRE_TRY(KvStore kv, KvStore::create(model.config(), limits, backend.device()));
  QUIRE_TRY(StateStore states, StateStore::create(model.config(), limits, backend.device()));
  QUIRE_TRY(Workspace space, Workspace::create(model.config(), limits, backend));
  return ModelInstance(model, backend, model.ropes(limits.context_tokens), std::move(kv), std::move(states),
                       std::move(space), limits);
}

void ModelInstance::turn(int64_t position, int64_t row) {
  if (model_->config().embedding.positions) space_.positions().push_back(static_cast<int32_t>(position));
  if (const TemperatureConfig& temperature = model_->config().temperature; temperature.scale != 0.0) {
    const double times = std::floor(static_cast<double>(position) / temperature.length) + 1.0;
    space_.row_scales()[static_cast<size_t>(row)] = static_cast<float>(1.0 + temperature.scale * fixed_log(times));
  }
  for (size_t kind = 0; kind < ropes_.size(); ++kind) {
    const Rope& rope = ropes_[kind];
    TurnTable& table = space_.turns()[kind];
    const int64_t half = rope.rotary() / 2;
    rope.turn(position, table.cosines.data() + row * half, table.sines.data() + row * half);
  }
}

void ModelInstance::prepare(const Batch& batch) {
  space_.runs().clear();
  space_.window_runs().clear();
  space_.positions().clear();
  space_.sampled_rows().assign(static_cast<size_t>(batch.logits_rows), -1);
  space_.likeliest_rows().clear();
  int64_t row = 0;
  for (const BatchSlice& slice : batch.slices) {
    QUIRE_CHECK(slice.row_begin == row && slice.row_end > row, "slices cover the rows in order");
    const int64_t position_end = slice.position_begin + (slice.row_end - slice.row_begin);
    QUIRE_CHECK(!model_->config().whole_texts || (slice.position_begin == 0 && slice.logits_row < 0),
                "where rows see what follows them, a slice is a whole text");
    for (int64_t position = slice.position_begin; position < position_end;) {
      const int64_t run_end = std::min(position_end, (position / run_rows_max + 1) * run_rows_max);
      space_.runs().push_back({.row_begin = row,
                               .rows = run_end - position,
                               .position = position,
                               .blocks = &slice.blocks.data()->value,
                               .end = position_end});
      if (kv_.block_count(MemoryClass::window) > 0) {
        space_.window_runs().push_back(space_.runs().back());
        space_.window_runs().back().blocks = &slice.window_blocks.data()->value;
      }
      for (; position < run_end; ++position, ++row) turn(slice.positions_before + position, row);
    }
    if (slice.logits_row >= 0) {
      QUIRE_CHECK(slice.logits_row + slice.logits_rows <= batch.logits_rows, "logits rows of this batch");
      for (int32_t sampled = 0; sampled < slice.logits_rows; ++sampled) {
        space_.sampled_rows()[static_cast<size_t>(slice.logits_row + sampled)] =
            slice.row_end - slice.logits_rows + sampled;
        if (slice.likeliest) space_.likeliest_rows().push_back(slice.logits_row + sampled);
      }
    }
  }
  QUIRE_CHECK(row == static_cast<int64_t>(batch.tokens.size()), "slices cover all rows");
  QUIRE_CHECK(std::ranges::find(space_.sampled_rows(), -1) == space_.sampled_rows().end(),
              "every logits row is filled");

  QUIRE_CHECK(batch.origins.size() == batch.tokens.size(), "an origin for each row");
  const auto is_prompt = [&](int32_t of) { return batch.origins[static_cast<size_t>(of)] == RowOrigin::prompt; };
  space_.prompt_rows().clear();
  for (int32_t of = 0; backend_->prompt_rows_differ() && of < row; ++of) {
    if (is_prompt(of)) space_.prompt_rows().push_back(of);
  }
}

void ModelInstance::prepare_gathered(std::span<const int32_t> rows) {
  std::vector<int32_t>& prompt_rows = space_.logits_prompt_rows();
  prompt_rows.clear();
  for (int32_t index = 0; index < std::ssize(rows); ++index) {
    if (std::ranges::binary_search(space_.prompt_rows(), rows[static_cast<size_t>(index)])) {
      prompt_rows.push_back(index);
    }
  }
}

StepInputs ModelInstance::inputs(std::span<const int32_t> gathered_rows) {
  return {.gathered_rows = gathered_rows, .gathered_prompt_rows = space_.logits_prompt_rows()};
}

Result<void> ModelInstance::embed(const Step& step, const Batch& batch, Rows x) {
  const ModelConfig& config = model_->config();
  const Weights& weights = model_->weights();
  QUIRE_TRY_VOID(backend_->embed(weights.token_embedding, batch.tokens, x));
  if (config.embedding_scale != 1.0F) backend_->scale(x, config.embedding_scale);
  if (config.embedding.positions) {
    const Rows positions = space_.h(x.count);
    QUIRE_TRY_VOID(backend_->embed(weights.position_embedding, space_.positions(), positions));
    backend_->add(x, positions);
  }
  if (weights.layer_inputs) {
    QUIRE_TRY_VOID(weights.layer_inputs->compute(step, batch.tokens, x));
  }
  QUIRE_TRY_VOID(weights.token_embedding.source->check_unchanged());  // rows of another model are no error of read()
  if (config.embedding.token_types > 0) backend_->add_bias(x, weights.token_type);
  if (weights.embedding_norm) weights.embedding_norm->compute(*backend_, x, x);
  if (weights.mtp_input) weights.mtp_input->compute(step, batch.states, x, space_.h(x.count));
  if (weights.streams) weights.streams->begin(step, x);
  return {};
}

Result<Logits> ModelInstance::forward(const Batch& batch) {
  const auto rows = static_cast<int64_t>(batch.tokens.size());
  QUIRE_CHECK(rows <= space_.row_count_max() && batch.logits_rows <= space_.logits_count_max(), "the batch fits");
  const ModelConfig& config = model_->config();
  const Weights& weights = model_->weights();
  QUIRE_CHECK(std::ssize(batch.states) == (config.reads_states ? rows * config.width : 0), "a state for each row");
  prepare(batch);
  prepare_gathered(space_.sampled_rows());
  state_runs_.prepare(batch, states_);
  Step step = space_.step(*backend_, rows);
  step.drafted_count = state_runs_.drafted_count();
  StepInputs inputs = this->inputs(space_.sampled_rows());
  inputs.runs = space_.runs();
  inputs.window_runs = space_.window_runs();
  inputs.turns = space_.turn_rows();
  inputs.row_scales = space_.row_scales();
  inputs.attention_shapes = config.attention_shapes;
  inputs.block_tokens = kv_.layer(0).block_tokens;
  inputs.prompt_rows = space_.prompt_rows();
  inputs.state_runs = state_runs_.runs();
  inputs.drafted_rows = state_runs_.drafted_rows();
  const Rows x = space_.x(rows);
  backend_->begin(inputs, space_.scratch());
  QUIRE_TRY_VOID(embed(step, batch, x));
  state_runs_.computed(states_);
  for (int64_t layer = 0; layer < config.layer_count(); ++layer) {
    weights.layers[static_cast<size_t>(layer)].compute(step, kv_.layer(layer), state_of(layer), x, space_.h(rows),
                                                       space_.y(rows));
  }
  return finish_logits(issue_logits(batch.logits_rows),  // only what is sampled goes through the output head
                       space_.likeliest_rows());
}

LayerState ModelInstance::state_of(int64_t layer) const {
  if (!states_.in_use()) return {};
  return {.view = states_.layer(layer), .kept = space_.kept(states_.layout().kept_offset(layer))};
}

void ModelInstance::keep(std::span<const int32_t> accepted) {
  if (!states_.in_use()) return;
  state_runs_.prepare_kept(accepted, states_);
  if (state_runs_.runs().empty()) return;
  StepInputs inputs;
  inputs.state_runs = state_runs_.runs();
  backend_->begin(inputs, space_.scratch());
  const Step step = space_.step(*backend_, state_runs_.drafted_count());
  for (int64_t layer = 0; layer < model_->config().layer_count(); ++layer) {
    model_->weights().layers[static_cast<size_t>(layer)].advance(step, state_of(layer));
  }
  (void)backend_->finish({}, {});  // of a device that is lost the next step tells
}

Rows ModelInstance::issue_states(int64_t count) {
  const Rows states = space_.h(count);
  if (const auto& streams = model_->weights().streams) {
    const Step all = space_.step(*backend_, space_.row_count_max());
    streams->end(
        *backend_, all.streams(),
        {.first = space_.beside(count), .other = space_.x(count), .projected = space_.y(count), .sum = states});
  } else {
    backend_->gather(space_.x(space_.row_count_max()), states);
  }
  if (const auto& norm = model_->weights().output_norm) norm->compute(*backend_, states, states);
  return states;
}

Rows ModelInstance::issue_logits(int64_t count) {
  const Rows logits = space_.logits(count);
  if (count == 0) return logits;
  backend_->matmul(issue_states(count), RowsOf::gathered, {{model_->weights().output, logits}});
  const ModelConfig& config = model_->config();
  if (config.logit_scale != 1.0F) backend_->scale(logits, config.logit_scale);
  if (config.logit_softcap != 0.0F) backend_->softcap(logits, config.logit_softcap);
  return logits;
}

Result<Logits> ModelInstance::finish_logits(Rows rows, std::span<const int32_t> likeliest_of) {
  QUIRE_TRY(const StepResult result, backend_->finish(rows, likeliest_of));
  return Logits{.values = result.values, .vocab = model_->vocab_size(), .likeliest = result.largest};
}

Result<Logits> ModelInstance::logits(std::span<const int32_t> rows) {
  const auto count = static_cast<int64_t>(rows.size());
  QUIRE_CHECK(count <= space_.logits_count_max(), "the logits fit");
  prepare_gathered(rows);
  backend_->begin(inputs(rows), space_.scratch());
  return finish_logits(issue_logits(count), {});
}

Result<HiddenStates> ModelInstance::states(std::span<const int32_t> rows) {
  const auto count = static_cast<int64_t>(rows.size());
  QUIRE_CHECK(count <= space_.row_count_max(), "the states fit");
  prepare_gathered(rows);
  backend_->begin(inputs(rows), space_.scratch());
  QUIRE_TRY(const StepResult result, backend_->finish(issue_states(count), {}));
  return HiddenStates{.values = result.values, .width = static_cast<int32_t>(model_->config().width)};
}

void ModelInstance::forget(MemoryClass of, std::span<const BlockId> blocks) {
  of == MemoryClass::state ? states_.forget(blocks) : kv_.forget(of, blocks);
}

void ModelInstance::discard(MemoryClass of, std::span<const BlockId> blocks) {
  of == MemoryClass::state ? states_.discard(blocks) : kv_.discard(of, blocks);
}

Result<std::span<const float>> ModelInstance::head(std::span<const float> pooled) {
  const Head& head = model_->weights().head;
  if (head.stages.empty()) return pooled;
  backend_->begin({}, space_.scratch());
  backend_->upload(pooled, {.values = space_.head_from(), .count = 1, .width = model_->config().width});
  const Rows computed = head.compute(*backend_, space_.head_from(), space_.head_to());
  QUIRE_TRY(const StepResult result, backend_->finish(computed, {}));
  const std::span<const float> values = result.values;
  if (!model_->config().head.probabilities) return values;
  const float highest = *std::ranges::max_element(values);
  probabilities_.clear();
  for (const float value : values) probabilities_.push_back(exp_approx(value - highest));
  const float sum = std::accumulate(probabilities_.begin(), probabilities_.end(), 0.0F);
  for (float& probability : probabilities_) probability /= sum;
  return probabilities_;
}

}  // namespace quire
