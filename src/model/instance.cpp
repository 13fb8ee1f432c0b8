#include "model/instance.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

#include "base/check.h"
#include "model/blocks/step.h"

namespace quire {
namespace {

// Rows that go from a stage to the next, by how they lie in the workspace of each: the residual stream, or all of them,
// and what layers are given of a token beside it.
struct Carried {
  std::array<Rows, mixed_rows_max + 1> rows;
  size_t count = 0;
};

Carried carried_of(const Workspace& space, Backend& on, const ModelConfig& config, int64_t rows) {
  const Step step = space.step(on, rows);
  Carried carried;
  const auto add = [&](Rows more) { carried.rows[carried.count++] = more; };
  std::ranges::for_each(step.streams(), add);
  if (step.streams().empty()) add(space.x(rows));
  if (config.layer_input_width > 0) add({step.layer_inputs.values, rows, step.layer_inputs.width});
  return carried;
}

}  // namespace

ModelInstance::ModelInstance(const Model& model, std::vector<Part> parts, StepTables tables, KvStore kv,
                             StateStore states, const Limits& limits)
    : model_(&model),
      parts_(std::move(parts)),
      tables_(std::move(tables)),
      kv_(std::move(kv)),
      states_(std::move(states)),
      state_runs_(row_count_max(), limits.draft_rows_max) {}

Result<ModelInstance> ModelInstance::create(const Model& model, std::span<const Stage> stages, const Limits& limits) {
  const ModelConfig& config = model.config();
  QUIRE_TRY(KvStore kv, KvStore::create(config, limits, stages));
  QUIRE_TRY(StateStore states, StateStore::create(config, limits, stages));
  std::vector<Part> parts;
  for (const Stage& stage : stages) {
    const int64_t begin = parts.empty() ? 0 : parts.back().layers.end;
    QUIRE_CHECK(stage.layers.begin == begin, "stages follow one another");
    QUIRE_TRY(Workspace space, Workspace::create(config, limits, stage));
    parts.push_back({.on = stage.on, .layers = stage.layers, .space = std::move(space)});
  }
  QUIRE_CHECK(!parts.empty() && parts.back().layers.end == config.layer_count(), "stages cover all layers");
  const Workspace& last = parts.back().space;
  StepTables tables(config, model.ropes(limits.context_tokens), last.row_count_max(), last.logits_count_max());
  return ModelInstance(model, std::move(parts), std::move(tables), std::move(kv), std::move(states), limits);
}

Result<ModelInstance> ModelInstance::create(const Model& model, Backend& backend, const Limits& limits) {
  const Stage stage{.on = &backend, .layers = all_layers(model.config())};
  return create(model, {&stage, 1}, limits);
}

uint64_t ModelInstance::workspace_size_bytes() const {
  return std::accumulate(parts_.begin(), parts_.end(), uint64_t{0},
                         [](uint64_t sum, const Part& part) { return sum + part.space.size_bytes(); });
}

Result<void> ModelInstance::embed(const Step& step, const Batch& batch, Rows x) {
  const ModelConfig& config = model_->config();
  const Weights& weights = model_->weights();
  Backend& on = step.on;
  const Rows h = parts_.front().space.h(x.count);
  QUIRE_TRY_VOID(on.embed(weights.token_embedding, batch.tokens, x));
  if (config.embedding_scale != 1.0F) on.scale(x, config.embedding_scale);
  if (config.embedding.positions) {
    QUIRE_TRY_VOID(on.embed(weights.position_embedding, tables_.positions(), h));
    on.add(x, h);
  }
  if (weights.layer_inputs) {
    QUIRE_TRY_VOID(weights.layer_inputs->compute(step, batch.tokens, x));
  }
  QUIRE_TRY_VOID(weights.token_embedding.source->check_unchanged());  // rows of another model are no error of read()
  if (config.embedding.token_types > 0) on.add_bias(x, weights.token_type);
  if (weights.embedding_norm) weights.embedding_norm->compute(on, x, x);
  if (weights.mtp_input) weights.mtp_input->compute(step, batch.states, x, h);
  if (weights.streams) weights.streams->begin(step, x);
  return {};
}

StepInputs ModelInstance::step_inputs() const {
  StepInputs inputs = tables_.inputs(kv_.layer(0).block_tokens);
  inputs.state_runs = state_runs_.runs();
  inputs.drafted_rows = state_runs_.drafted_rows();
  return inputs;
}

// A stage's step ends with each of its rows that are asked for.
Result<void> ModelInstance::carry(const Part& from, const Part& to, const StepInputs& inputs, const Batch& batch) {
  const auto rows = static_cast<int64_t>(batch.tokens.size());
  const Carried given = carried_of(from.space, *from.on, model_->config(), rows);
  const Carried taken = carried_of(to.space, *to.on, model_->config(), rows);
  to.on->begin(inputs, to.space.scratch());
  for (size_t index = 0; index < given.count; ++index) {
    if (index > 0) from.on->begin({}, from.space.scratch());
    QUIRE_TRY(const StepResult result, from.on->finish(given.rows[index], {}));
    to.on->upload(result.values, taken.rows[index]);
  }
  return {};
}

Result<void> ModelInstance::issue(const Batch& batch) {
  const auto rows = static_cast<int64_t>(batch.tokens.size());
  QUIRE_CHECK(rows <= row_count_max() && batch.logits_rows <= logits_count_max(), "the batch fits");
  const ModelConfig& config = model_->config();
  QUIRE_CHECK(std::ssize(batch.states) == (config.reads_states ? rows * config.width : 0), "a state for each row");
  tables_.prepare(batch, kv_.block_count(MemoryClass::window) > 0, prompt_rows_differ());
  state_runs_.prepare(batch, states_);
  const StepInputs inputs = step_inputs();
  for (size_t index = 0; index < parts_.size(); ++index) {
    const Part& part = parts_[index];
    Step step = part.space.step(*part.on, rows);
    step.drafted_count = state_runs_.drafted_count();
    const Rows x = part.space.x(rows);
    if (index == 0) {
      part.on->begin(inputs, part.space.scratch());
      QUIRE_TRY_VOID(embed(step, batch, x));
      state_runs_.computed(states_);
    } else {
      QUIRE_TRY_VOID(carry(parts_[index - 1], part, inputs, batch));
    }
    for (int64_t layer = part.layers.begin; layer < part.layers.end; ++layer) {
      model_->weights().layers[static_cast<size_t>(layer)].compute(step, kv_.layer(layer), state_of(part, layer), x,
                                                                   part.space.h(rows), part.space.y(rows));
    }
  }
  issued_ = issue_logits(batch.logits_rows);  // only what is sampled goes through the output head
  return {};
}

Result<Logits> ModelInstance::finish() { return finish_logits(issued_, tables_.likeliest_rows()); }

Result<Logits> ModelInstance::forward(const Batch& batch) {
  QUIRE_TRY_VOID(issue(batch));
  return finish();
}

LayerState ModelInstance::state_of(const Part& part, int64_t layer) const {
  if (!states_.in_use()) return {};
  return {.view = states_.layer(layer), .kept = part.space.kept(states_.kept_offset(layer))};
}

void ModelInstance::keep(std::span<const int32_t> accepted) {
  if (!states_.in_use()) return;
  state_runs_.prepare_kept(accepted, states_);
  if (state_runs_.runs().empty()) return;
  StepInputs inputs;
  inputs.state_runs = state_runs_.runs();
  for (const Part& part : parts_) {
    part.on->begin(inputs, part.space.scratch());
    const Step step = part.space.step(*part.on, state_runs_.drafted_count());
    for (int64_t layer = part.layers.begin; layer < part.layers.end; ++layer) {
      model_->weights().layers[static_cast<size_t>(layer)].advance(step, state_of(part, layer));
    }
    (void)part.on->finish({}, {});  // of a device that is lost the next step tells
  }
}

Rows ModelInstance::issue_states(int64_t count) {
  const auto& [on, layers, space] = last();
  const Rows states = space.h(count);
  if (const auto& streams = model_->weights().streams) {
    const Step all = space.step(*on, row_count_max());
    streams->end(*on, all.streams(),
                 {.first = space.beside(count), .other = space.x(count), .projected = space.y(count), .sum = states});
  } else {
    on->gather(space.x(row_count_max()), states);
  }
  if (const auto& norm = model_->weights().output_norm) norm->compute(*on, states, states);
  return states;
}

Rows ModelInstance::issue_logits(int64_t count) {
  const Part& part = last();
  const Rows logits = part.space.logits(count);
  if (count == 0) return logits;
  part.on->matmul(issue_states(count), RowsOf::gathered, {{model_->weights().output, logits}});
  const ModelConfig& config = model_->config();
  if (config.logit_scale != 1.0F) part.on->scale(logits, config.logit_scale);
  if (config.logit_softcap != 0.0F) part.on->softcap(logits, config.logit_softcap);
  return logits;
}

Result<Logits> ModelInstance::finish_logits(Rows rows, std::span<const int32_t> likeliest_of) {
  QUIRE_TRY(const StepResult result, last().on->finish(rows, likeliest_of));
  return Logits{.values = result.values, .vocab = model_->vocab_size(), .likeliest = result.largest};
}

Result<Logits> ModelInstance::logits(std::span<const int32_t> rows) {
  const auto count = static_cast<int64_t>(rows.size());
  QUIRE_CHECK(count <= logits_count_max(), "the logits fit");
  tables_.prepare_gathered(rows);
  last().on->begin(tables_.gathering_inputs(), last().space.scratch());
  return finish_logits(issue_logits(count), {});
}

Result<HiddenStates> ModelInstance::states(std::span<const int32_t> rows) {
  const auto count = static_cast<int64_t>(rows.size());
  QUIRE_CHECK(count <= row_count_max(), "the states fit");
  tables_.prepare_gathered(rows);
  last().on->begin(tables_.gathering_inputs(), last().space.scratch());
  QUIRE_TRY(const StepResult result, last().on->finish(issue_states(count), {}));
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
  const auto& [on, layers, space] = last();
  on->begin({}, space.scratch());
  on->upload(pooled, {.values = space.head_from(), .count = 1, .width = model_->config().width});
  const Rows computed = head.compute(*on, space.head_from(), space.head_to());
  QUIRE_TRY(const StepResult result, on->finish(computed, {}));
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
