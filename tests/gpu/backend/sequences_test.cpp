// What belongs to sequences has on the GPU the bits that the scalar table has: keys and values, attention, experts of
// rows, and states.
#include <functional>
#include <string>

#include "gpu/backend/same_operation.h"

namespace quire::test {
namespace {

// Rows of sequences in blocks of 32 positions.
struct Sequences {
  struct Slice {
    int64_t position;
    int64_t rows;
    std::vector<int32_t> blocks;
  };
  std::vector<RowRun> runs() const {
    std::vector<RowRun> runs;
    int64_t row = 0;
    for (const Slice& slice : slices) {
      // Two runs of one slice, as a step cuts them.
      const int64_t end = slice.position + slice.rows;
      for (int64_t position = slice.position; position < end;) {
        const int64_t rows = std::min(end - position, 32 - position % 32);
        runs.push_back(
            {.row_begin = row, .rows = rows, .position = position, .blocks = slice.blocks.data(), .end = end});
        position += rows;
        row += rows;
      }
    }
    return runs;
  }
  int64_t row_count() const {
    int64_t rows = 0;
    for (const Slice& slice : slices) rows += slice.rows;
    return rows;
  }
  std::vector<Slice> slices;
};

struct KvCase {
  KvType type;
  int64_t kv_heads = 1;
  int64_t head_dim = 32;
  int64_t latent_dim = 0;
  int64_t group = 2;
  AttentionShape shape;
  bool window_blocks = false;
  float softcap = 0.0F;
  bool sinks = false;
};

// A first step writes some positions, a second one more, and attends to all.
std::vector<float> attend(Bench& bench, const KvCase& of, const Sequences& first, const Sequences& second) {
  constexpr int64_t blocks = 16;
  const int64_t key_dim = of.latent_dim > 0 ? of.latent_dim : of.head_dim;
  const int64_t value_dim = of.latent_dim > 0 ? of.head_dim - of.latent_dim : of.head_dim;
  const int64_t bytes = blocks * 32 * of.kv_heads * of.head_dim * 8;  // more than any type takes
  const DeviceAddress memory = bench.memory(2 * bytes);
  const KvView kv = {.keys = memory,
                     .values = memory + bytes,
                     .type = of.type,
                     .window_blocks = of.window_blocks,
                     .block_tokens = 32,
                     .kv_heads = of.kv_heads,
                     .head_dim = of.head_dim,
                     .latent_dim = of.latent_dim};
  const int64_t heads = of.kv_heads * of.group;
  const DeviceVector sinks = bench.vector(heads, 5);
  AttentionShape shape = of.shape;
  shape.kv_heads = of.kv_heads;
  shape.group = of.group;
  const std::vector<AttentionShape> shapes = {{.kv_heads = 1, .group = 1}, shape};
  std::vector<float> all;
  uint32_t seed = 10;
  for (const Sequences& sequences : {first, second}) {
    const int64_t rows = sequences.row_count();
    const std::vector<RowRun> runs = sequences.runs();
    // Where windows have blocks of their own, the others are elsewhere.
    Sequences elsewhere = sequences;
    for (Sequences::Slice& slice : elsewhere.slices) std::ranges::reverse(slice.blocks);
    const std::vector<RowRun> other_runs = elsewhere.runs();
    const Rows k = bench.rows(rows, of.kv_heads * key_dim, seed++);
    const Rows v = bench.rows(rows, of.kv_heads * value_dim, seed++);
    const Rows q = bench.rows(rows, heads * of.head_dim, seed++);
    const Rows out = bench.rows(rows, heads * key_dim, seed++);
    StepInputs inputs = {.runs = runs, .attention_shapes = shapes, .block_tokens = 32};
    if (of.window_blocks) {
      inputs.runs = other_runs;
      inputs.window_runs = runs;
    }
    bench.begin(inputs);
    bench.on().kv_write(kv, k, v);
    bench.on().attention(
        kv, {.shape = 1, .scale = 0.2F, .softcap = of.softcap, .sinks = of.sinks ? sinks.values : DeviceAddress{}}, q,
        out);
    append(all, bench.finish(out));
  }
  append(all, bench.read(memory, 2 * bytes / 4));
  return all;
}

class GpuSequences : public GpuOperations {
 protected:
  static void expect_same_attention(const KvCase& of, const Sequences& first, const Sequences& second) {
    StepShape shape = small_step;
    shape.kv_type = of.type;
    expect_same([&](Bench& bench) { return attend(bench, of, first, second); }, shape);
  }
  // A sequence that grows, and one that begins.
  const Sequences prompts_{{{.position = 29, .rows = 6, .blocks = {3, 1}}}};
  const Sequences company_{{{.position = 35, .rows = 2, .blocks = {3, 1}}, {.position = 0, .rows = 3, .blocks = {4}}}};
};

TEST_F(GpuSequences, attend_to_keys_of_each_type) {
  for (const KvType type : {KvType::f16, KvType::q8_0, KvType::f32}) {
    expect_same_attention({.type = type, .kv_heads = 2}, prompts_, company_);
    expect_same_attention({.type = type, .head_dim = 40, .softcap = 3.0F, .sinks = true}, prompts_, company_);
  }
}

TEST_F(GpuSequences, attend_to_latents_of_each_type) {
  for (const KvType type : {KvType::f16, KvType::q8_0, KvType::f32}) {
    expect_same_attention({.type = type, .head_dim = 48, .latent_dim = 32, .group = 4}, prompts_, company_);
  }
}

TEST_F(GpuSequences, attend_to_windows_in_blocks_of_their_own) {
  for (const bool window_blocks : {false, true}) {
    expect_same_attention({.type = KvType::f16, .shape = {.window = 9}, .window_blocks = window_blocks}, prompts_,
                          company_);
  }
}

TEST_F(GpuSequences, attend_to_what_follows) {
  const Sequences texts{{{.position = 0, .rows = 34, .blocks = {3, 1}}, {.position = 0, .rows = 5, .blocks = {4}}}};
  for (const AttentionShape& shape : {AttentionShape{.after = all_positions}, {.window = 11, .after = 5}}) {
    expect_same_attention({.type = KvType::f16, .group = 1, .shape = shape}, texts, prompts_);
  }
}

// One row of a long sequence: its positions are split among blocks.
TEST_F(GpuSequences, attend_alone_to_many_positions) {
  const std::vector<int32_t> blocks = {3, 1, 0, 2, 9, 8, 7};
  const Sequences prompt{{{.position = 190, .rows = 10, .blocks = blocks}}};
  const Sequences next{{{.position = 200, .rows = 1, .blocks = blocks}}};
  for (const KvType type : {KvType::f16, KvType::q8_0, KvType::f32}) {
    expect_same_attention({.type = type, .sinks = true}, prompt, next);
  }
  expect_same_attention({.type = KvType::f16, .shape = {.window = 180}}, prompt, next);
}

struct MixtureCase {
  ElementType gate, up, down;
  Activation activation = Activation::silu;
  bool gated = true;
  bool biased = false;
  ExpertRule rule;
  bool corrected = false;
};

std::vector<float> mix(Bench& bench, const MixtureCase& of, const ExpertShape& shape) {
  Backend& on = bench.on();
  const auto [count, used, groups, width, hidden] = shape;
  const Matrix gate = of.gated ? bench.matrix(of.gate, hidden, width, 1, count) : Matrix{};
  const Matrix up = bench.matrix(of.up, hidden, width, 2, count);
  const Matrix down = bench.matrix(of.down, width, hidden, 3, count);
  const auto biases = [&](int64_t size, uint32_t seed) {
    return of.biased ? bench.vector(count * size, seed) : DeviceVector{};
  };
  const DeviceVector gate_bias = biases(hidden, 4), up_bias = biases(hidden, 5), down_bias = biases(width, 6);
  const DeviceVector correction = bench.vector(count, 7, 0.1F), scales = bench.vector(count, 8);
  std::vector<float> all;
  for (const int64_t rows : {1, 7, 50}) {
    const Rows logits = bench.rows(rows, count, 9), x = bench.rows(rows, width, 10);
    const ExpertChoice choice = {
        .experts = bench.memory(rows * used * 4), .weights = bench.memory(rows * used * 4), .used = used};
    bench.begin();
    on.choose_experts(logits, of.corrected ? correction : DeviceVector{}, of.corrected ? scales : DeviceVector{},
                      of.rule, choice);
    on.compute_experts(x, choice,
                       {.gate = gate,
                        .up = up,
                        .down = down,
                        .gate_bias = gate_bias,
                        .up_bias = up_bias,
                        .down_bias = down_bias,
                        .activation = of.activation},
                       x);
    append(all, bench.finish(x));
    append(all, bench.read(choice.experts, rows * used));
    append(all, bench.read(choice.weights, rows * used));
  }
  return all;
}

TEST_F(GpuSequences, of_too_many_experts_or_groups_are_refused) {
  Team team(1);
  const auto card = open_tested_gpu();
  const auto gpu = card->make_backend(team);
  const auto error_of = [&](const ExpertShape& experts) -> std::string {
    StepShape shape = small_step;
    shape.experts = experts;
    const auto scratch = gpu->make_scratch(shape);
    return scratch ? "none" : scratch.error().message;
  };
  EXPECT_EQ(error_of({.count = 1024, .used = 3, .groups = 64, .width = 64, .hidden = 96}), "none");
  EXPECT_EQ(error_of({.count = 1025, .used = 3, .width = 64, .hidden = 96}),
            "1025 experts: a GPU chooses among at most 1024");
  EXPECT_EQ(error_of({.count = 130, .used = 3, .groups = 65, .width = 64, .hidden = 96}),
            "65 groups of experts: a GPU chooses among at most 64");
}

TEST_F(GpuSequences, have_the_same_experts) {
  const ExpertShape experts{.count = 8, .used = 3, .width = 64, .hidden = 96};
  const auto expect_same_mixture = [&](const MixtureCase& of) {
    StepShape shape = small_step;
    shape.experts = experts;
    expect_same([&](Bench& bench) { return mix(bench, of, experts); }, shape, {with_tiles, without_tiles});
  };
  using enum ElementType;
  expect_same_mixture({.gate = q4_0, .up = q4_0, .down = q8_0, .rule = {.normalized = true, .scale = 1.5F}});
  expect_same_mixture(
      {.gate = f32, .up = q8_0, .down = f32, .biased = true, .rule = {.gating = ExpertGating::sigmoid}});
  expect_same_mixture({.gate = f32,
                       .up = bf16,
                       .down = f16,
                       .activation = Activation::relu_squared,
                       .gated = false,
                       .rule = {.gating = ExpertGating::sigmoid, .groups = 4, .groups_used = 2},
                       .corrected = true});
  expect_same_mixture({.gate = q8_0,
                       .up = q4_0,
                       .down = q4_0,
                       .activation = Activation::clamped_swiglu,
                       .biased = true,
                       .rule = {.gating = ExpertGating::softmax_of_chosen}});
}

// Rows of three sequences: one that begins, and leaves two copies of its state; one that goes on, whose last rows are
// guesses; and one that goes on from a state that stays.
class Runs {
 public:
  std::vector<StateRun> runs() const {
    return {{.row_begin = 0, .rows = 6, .certain = 6, .from = -1, .to = 0, .copies = copies_},
            {.row_begin = 6, .rows = 3, .certain = 1, .from = 1, .to = 1, .copies = {}},
            {.row_begin = 9, .rows = 2, .certain = 2, .from = 2, .to = 5, .copies = {}}};
  }
  static constexpr int64_t rows = 12;  // the last one is of no sequence

 private:
  const std::vector<StateCopy> copies_ = {{.rows = 1, .state = 3}, {.rows = 4, .state = 4}};
};

TEST_F(GpuSequences, go_through_the_same_convolutions) {
  const Runs runs;
  const std::vector<StateRun> state_runs = runs.runs();
  for (const bool silu : {false, true}) {
    expect_same([&](Bench& bench) {
      constexpr int64_t channels = 24, taps = 4, state_size = (taps - 1) * channels;
      Convolution convolution{.weight = bench.vector(taps * channels, 1), .bias = {}, .taps = taps, .silu = silu};
      if (silu) convolution.bias = bench.vector(channels, 2);
      const Rows states = bench.rows(6, state_size + 8, 3);
      const StateView view = {.states = states.values, .stride_bytes = states.width * 4};
      const Rows x = bench.rows(Runs::rows, channels, 4), y = bench.rows(Runs::rows, channels, 5);
      bench.begin({.state_runs = state_runs});
      bench.on().convolve(x, convolution, view, y);
      std::vector<float> all = bench.finish(y);
      append(all, bench.read(states.values, 6 * states.width));
      return all;
    });
  }
}

std::vector<float> recur(Bench& bench, std::span<const StateRun> runs, bool corrects, KeyHeads keys,
                         int64_t value_dim) {
  constexpr int64_t heads = 4, key_heads = 2, key_dim = 18;
  Recurrence recurrence{.heads = heads,
                        .key_heads = key_heads,
                        .key_dim = key_dim,
                        .value_dim = value_dim,
                        .keys = keys,
                        .corrects = corrects,
                        .scale = 0.7F,
                        .skip = {}};
  if (!corrects) recurrence.skip = bench.vector(heads, 1);
  // Columns of a state that no value has are zero.
  const bool has_all_columns = value_dim % panel_outputs == 0;
  const int64_t size = recurrence.state_size();
  const Rows states = has_all_columns ? bench.rows(6, size, 2) : Rows{bench.memory(6 * size * 4), 6, size};
  const Rows out = bench.rows(Runs::rows, heads * value_dim, 3);
  const RecurrenceRows rows = {.q = bench.rows(Runs::rows, key_heads * key_dim, 4),
                               .k = bench.rows(Runs::rows, key_heads * key_dim, 5, 0.2F),
                               .v = bench.rows(Runs::rows, heads * value_dim, 6),
                               .decays = bench.rows(Runs::rows, heads, 7, 0.3F),
                               .weights = bench.rows(Runs::rows, heads, 8),
                               .out = out};
  bench.begin({.state_runs = runs});
  bench.on().recur(rows, recurrence, {.states = states.values, .stride_bytes = states.width * 4});
  std::vector<float> all = bench.finish(out);
  append(all, bench.read(states.values, 6 * states.width));
  return all;
}

TEST_F(GpuSequences, go_through_the_same_states) {
  const Runs runs;
  const std::vector<StateRun> state_runs = runs.runs();
  for (const bool corrects : {false, true}) {
    for (const KeyHeads keys : {KeyHeads::in_turn, KeyHeads::neighbours}) {
      for (const int64_t value_dim : {20, 32}) {
        expect_same([&](Bench& bench) { return recur(bench, state_runs, corrects, keys, value_dim); });
      }
    }
  }
}

}  // namespace
}  // namespace quire::test
