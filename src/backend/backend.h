// The operations a model needs, on one device: the seam where another device enters.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <span>
#include <string_view>

#include "backend/device.h"
#include "backend/device_arena.h"
#include "backend/kv_type.h"
#include "base/function_ref.h"
#include "base/result.h"
#include "kernels/kernels.h"
#include "tensor/tensor_view.h"

namespace quire {

// Activations in the device's memory: `count` rows of `width` floats, one after another. Non-owning.
struct Rows {
  DeviceAddress values;  // (count, width)
  int64_t count = 0;
  int64_t width = 0;
};

// Floats in the device's memory: weights of a norm, a bias. Its memory is the arena's that it was loaded into.
struct DeviceVector {
  DeviceAddress values;
  int64_t size = 0;
};

// A weight matrix (outputs, inputs) in the device's own layout, or a stack of them, one after another. Its memory is
// the arena's that it was loaded into.
struct Matrix {
  ElementType type = ElementType::f32;
  int64_t outputs = 0;
  int64_t inputs = 0;
  DeviceAddress bytes;
  int64_t count = 1;   // of a stack
  float scale = 1.0F;  // of the whole matrix
};

// y = scale * (W x) for every row of the x that a matmul is given; nothing of an empty matrix.
struct Projection {
  const Matrix& weights;
  Rows y;  // (rows, outputs)
};

// Keys and values of one layer: of each block, and of each block's positions as docs/kernels.md has them.
struct KvView {
  DeviceAddress keys;    // (block, KV head, chunk)
  DeviceAddress values;  // the same
  KvType type = KvType::f16;
  bool window_blocks = false;  // its rows are found by the block tables of StepInputs::window_runs
  int64_t block_tokens = 0;
  int64_t kv_heads = 0;
  int64_t head_dim = 0;
  int64_t latent_dim = 0;  // leading elements of a key, which are its value; 0: values lie beside keys
};

// `size` elements from `first` on of each head of rows, which are heads of `stride` elements.
struct HeadParts {
  Rows rows;
  int64_t stride = 0;
  int64_t first = 0;
  int64_t size = 0;
  int64_t heads() const { return rows.width / stride; }
};

// A layer's part of the states of its sequences: floats that each row overwrites.
struct StateView {
  DeviceAddress states;      // of state 0
  int64_t stride_bytes = 0;  // from one state to the next

  DeviceAddress of(int64_t state) const { return states + state * stride_bytes; }
  // The same from so many floats on.
  StateView from(int64_t floats) const {
    return {.states = states + floats * static_cast<int64_t>(sizeof(float)), .stride_bytes = stride_bytes};
  }
};

// The state behind the first `rows` rows of a run goes there too.
struct StateCopy {
  int64_t rows = 0;
  int64_t state = 0;
};

// Rows of one sequence, and the numbers of the states before and behind them. No state that one run reads is written by
// another one.
struct StateRun {
  int64_t row_begin = 0;
  int64_t rows = 0;
  int64_t certain = 0;                // the first so many are no guesses: these advance the state
  int64_t from = -1;                  // the state before its rows; -1: nothing comes before them
  int64_t to = 0;                     // where the one behind its certain rows goes; may be `from`
  std::span<const StateCopy> copies;  // at most `certain` rows each, ascending
};

inline constexpr int64_t convolution_taps_max = 16;
inline constexpr int64_t state_rows_max = 512;

// A causal convolution, each channel by itself. Its part of a state is the last taps - 1 rows of its input.
struct Convolution {
  DeviceVector weight;  // (taps, channels), the newest row's last
  DeviceVector bias;    // (channels); empty: none
  int64_t taps = 0;     // at most convolution_taps_max
  bool silu = false;    // of what it gives

  int64_t channels() const { return weight.size / taps; }
  int64_t state_size() const { return (taps - 1) * channels(); }
};

// Which head of k and q a head of v reads.
enum class KeyHeads : uint8_t {
  in_turn,     // head mod key_heads
  neighbours,  // head / (heads / key_heads)
};

// Columns of a state that is a matrix lie in panels of 16.
inline int64_t state_panels(int64_t value_dim) { return (value_dim + panel_outputs - 1) / panel_outputs; }
inline int64_t matrix_state_size(int64_t heads, int64_t key_dim, int64_t value_dim) {
  return heads * state_panels(value_dim) * key_dim * panel_outputs;
}

// States that are a matrix (key_dim, value_dim) a head: the gated delta rule, or without a correction Mamba 2's
// recurrence (kernels/kernels.h: RecurArgs).
struct Recurrence {
  int64_t heads = 0;
  int64_t key_heads = 0;  // a divisor of heads
  int64_t key_dim = 0;    // at most state_rows_max
  int64_t value_dim = 0;
  KeyHeads keys = KeyHeads::in_turn;
  bool corrects = false;
  float scale = 1.0F;  // of what is read of a state
  DeviceVector skip;   // (heads): of v, which is added to that; empty: none

  int64_t panels() const { return state_panels(value_dim); }
  int64_t state_size() const { return matrix_state_size(heads, key_dim, value_dim); }
};

// What it reads of each row, and gives.
struct RecurrenceRows {
  Rows q, k;     // (key_heads, key_dim)
  Rows v;        // (heads, value_dim)
  Rows decays;   // (heads): what is left of the state before the row
  Rows weights;  // (heads): of what the row brings
  Rows out;      // as v
};

// Which elements of a head turn together.
enum class RopePairs : uint8_t {
  neighbours,  // (2d, 2d + 1)
  halves,      // (d, d + rotary / 2)
};

// The turns of a step's rows, on the host.
struct RopeRows {
  std::span<const float> cosines;  // (rows, rotary / 2)
  std::span<const float> sines;    // (rows, rotary / 2)
  int64_t rotary = 0;              // leading elements of a head that turn
};

// Layers of one shape have one plan of which rows attend together.
struct AttentionShape {
  int64_t kv_heads = 0;
  int64_t group = 0;   // query heads a KV head
  int64_t window = 0;  // a row sees so many positions, the last `after` of them behind its own; 0: all
  int64_t after = 0;   // positions behind its own that a row sees
  bool operator==(const AttentionShape&) const = default;
};

// What stands between the two matmuls of a feed-forward network.
enum class Activation : uint8_t {
  silu,            // with a gate
  gelu,            // the tanh form
  gelu_erf,        // the erf form
  clamped_swiglu,  // of both (kernels/kernels.h)
  relu_squared,    // without a gate
};

// What rows are multiplied by, made of others.
enum class RowGate : uint8_t { sigmoid, softplus };

// What an expert's score for a row is made of.
enum class ExpertGating : uint8_t {
  softmax,            // of the logits of all experts
  sigmoid,            // of its own logit
  softmax_of_chosen,  // logits choose, and scores are the softmax of those that are chosen
};

// How a row's experts and their weights follow from their scores.
struct ExpertRule {
  ExpertGating gating = ExpertGating::softmax;
  bool normalized = false;  // weights are scores over their sum, or over 6.1e-5 where that is less
  float scale = 1.0F;       // of weights, then
  // Neighbours are a group. Experts are chosen of the groups_used best groups, a group being as good as the sum of its
  // group_best best scores; of equal ones the first.
  int64_t groups = 1;
  int64_t groups_used = 1;
  int64_t group_best = 2;
};

// The experts of each row in ascending order, and what is multiplied with what they give.
struct ExpertChoice {
  DeviceAddress experts;  // (rows, used): int32
  DeviceAddress weights;  // (rows, used): floats
  int64_t used = 0;
};

// Feed-forward networks of one shape, as stacks: down(activation(gate x) * up x), or down(activation(up x)).
struct ExpertStacks {
  const Matrix& gate;             // (experts, hidden, width); empty: none
  const Matrix& up;               // the same
  const Matrix& down;             // (experts, width, hidden)
  const DeviceVector& gate_bias;  // (experts, outputs of its matrix) each; empty: none
  const DeviceVector& up_bias;
  const DeviceVector& down_bias;
  Activation activation = Activation::silu;
};

// What one attention does beside its shape.
struct AttentionRule {
  int64_t shape = 0;     // of StepInputs::attention_shapes
  float scale = 0.0F;    // of scores
  float softcap = 0.0F;  // softcap * tanh(score / softcap); 0: none
  DeviceAddress sinks;   // (heads): scores of no position, which take their share of attention; nowhere: none
};

// All that a step's operations read of the host. Borrowed until finish().
struct StepInputs {
  std::span<const RowRun> runs;         // cover the rows, in order; with their block tables
  std::span<const RowRun> window_runs;  // the same with those of layers with windows; empty: they have no others
  std::span<const RopeRows> turns;      // by kind of turning
  std::span<const float> row_scales;    // of each row; empty where no operation asks for them
  std::span<const AttentionShape> attention_shapes;
  int64_t block_tokens = 0;                       // of the blocks of keys and values
  std::span<const int32_t> prompt_rows;           // ascending; none but where prompt_rows_differ()
  std::span<const int32_t> gathered_rows;         // of x, by row of what gather() makes
  std::span<const int32_t> gathered_prompt_rows;  // of what gather() makes, the prompt's rows; ascending
  std::span<const StateRun> state_runs;           // of recurrent layers; cover the rows that they compute, in order
  std::span<const int32_t> drafted_rows;          // of guesses, ascending
};

// Which rows a matmul's are.
enum class RowsOf : uint8_t { step, gathered };

// The largest mixture of experts of a model's layers.
struct ExpertShape {
  int64_t count = 0;  // 0: there is none
  int64_t used = 0;   // by a row
  int64_t groups = 1;
  int64_t width = 0;
  int64_t hidden = 0;
};

// The largest step, and the widest operations in it.
struct StepShape {
  int64_t rows_max = 0;
  int64_t input_max = 0;         // elements of a matmul's input
  int64_t stored_row_bytes = 0;  // of the token table
  KvType kv_type = KvType::f16;
  int64_t q_width = 0;
  int64_t kv_width = 0;
  int64_t attention_shapes = 1;
  int64_t heads_input = 0;  // of all heads that matrices of their own read
  ExpertShape experts;
  int64_t convolved = 0;  // channels of a convolution
};

// What a step gives the host, who may read it until the next begin().
struct StepResult {
  std::span<const float> values;     // of all rows; undefined in those whose largest is asked for
  std::span<const int32_t> largest;  // by row, as KernelTable::largest; undefined in the others, empty if none is asked
};

// What a backend keeps of a step while it runs. Owned by who has the rows; used by one step at a time.
class StepScratch {
 public:
  virtual ~StepScratch() = default;
};

// Operations on rows. A row of a result depends on that row (attention: and on its sequence's KV rows) alone, whatever
// the other rows, their number and the workers: the order of additions is the kernels' (kernels/kernels.h).
// Operations between begin() and finish() are issued in order and may run later; what they are given of the host is
// borrowed until finish(). One thread at a time; several objects may share the device.
class Backend {
 public:
  virtual ~Backend() = default;
  // The arithmetic: equal names mean equal bits.
  virtual std::string_view name() const = 0;
  // Whether rows of prompts have an arithmetic of their own. Where they have, the bits of a sequence's later rows
  // depend on which of its rows were a prompt's.
  virtual bool prompt_rows_differ() const = 0;
  // Lives as long as the backend.
  virtual Device& device() = 0;

  // A copy of a weight matrix in the device's layout, in `memory`, or of a stack of them: of each the rows [begin,
  // end). REQUIRES: shape {inputs, outputs, count, 1}. The tensor is read in pieces of some megabytes; copied(bytes)
  // says that one of so many bytes is done.
  virtual Result<Matrix> load_matrix(const TensorView& tensor, int64_t begin, int64_t end, DeviceArena& memory,
                                     FunctionRef<void(uint64_t bytes)> copied) = 0;
  virtual Result<DeviceVector> load_vector(std::span<const float> values, DeviceArena& memory) = 0;

  // Whether steps of this shape can be computed: an error says what is too much.
  virtual Result<void> check(const StepShape& shape) const = 0;
  // REQUIRES: a shape whose numbers are positive, which check() accepts.
  virtual Result<std::unique_ptr<StepScratch>> make_scratch(const StepShape& shape) = 0;
  virtual uint64_t scratch_size_bytes(const StepShape& shape) const = 0;

  // A step of at most the scratch's rows begins. One that was begun before and not finished is forgotten.
  virtual void begin(const StepInputs& inputs, StepScratch& scratch) = 0;
  // All that was issued has happened. Of these rows the host gets the values, and of those that `largest_of` names,
  // ascending, the place of the largest value alone. An error is the device's, which computes nothing any more: it was
  // lost, or has no memory left. What follows has the same error.
  virtual Result<StepResult> finish(Rows rows, std::span<const int32_t> largest_of) = 0;

  // x[r] = row tokens[r] of the table as floats; zeros for a token that has none. Rows are read from the table's source
  // as they are needed, now; an error is the source's, and x is undefined then.
  virtual Result<void> embed(const TensorView& table, std::span<const int32_t> tokens, Rows x) = 0;
  // x = these values, which are copied now.
  virtual void upload(std::span<const float> values, Rows x) = 0;
  // y[r] = x[r] / sqrt(mean(x[r]^2) + epsilon) * weight. y may be x. Of a weight that is n rows long, row r has row
  // r mod n: heads may have weights of their own.
  virtual void rms_norm(Rows x, const DeviceVector& weight, float epsilon, Rows y) = 0;
  // y[r] = (x[r] - m) / sqrt(mean((x[r] - m)^2) + epsilon) * weight + bias with m = mean(x[r]); an empty bias is none.
  // y and a weight (and bias) of n rows as above.
  virtual void layer_norm(Rows x, const DeviceVector& weight, const DeviceVector& bias, float epsilon, Rows y) = 0;
  // y[r] *= sqrt(mean(x[r]^2)) / sqrt(mean(y[r]^2)): of the same root mean square, where that mean is `floor` at least.
  virtual void match_magnitude(Rows y, Rows x, float floor) = 0;
  // The projections of one input, together: it is quantized once, and the workers are forked once.
  // Quantized weights read the int8 form of a row, which is 0.55 % away from a random one; where prompt_rows_differ(),
  // of prompt rows the bf16 form, 0.17 % away. Weights in floats read the floats of every row; BF16 weights their bf16
  // form on tables that have one (kernels/kernels.h).
  virtual void matmul(Rows x, RowsOf rows_of, std::initializer_list<Projection> projections) = 0;
  // y[r][h] = W_h x[r][h], W_h being matrix h of the stack. What else y's heads hold stays. Prompt rows have no
  // arithmetic of their own here. REQUIRES: x and y do not overlap.
  virtual void matmul_heads(const HeadParts& x, const Matrix& stack, const HeadParts& y) = 0;
  // y[r][h] = x[r][h]. What else y's heads hold stays.
  virtual void copy_heads(const HeadParts& x, const HeadParts& y) = 0;
  // y[r] += bias.
  virtual void add_bias(Rows y, const DeviceVector& bias) = 0;
  // y[r] += x[r].
  virtual void add(Rows y, Rows x) = 0;
  // Turns every head of every row in place, by the turns of this kind. A row is width / head_dim heads.
  virtual void rope(Rows heads, int64_t head_dim, int64_t turns, RopePairs pairs) = 0;
  // Stores the rows' keys and values (kv_heads, head_dim) at their positions. Of latents k is (kv_heads, latent_dim),
  // and v what follows them in a key.
  virtual void kv_write(const KvView& kv, Rows k, Rows v) = 0;
  // out[r] = attention of q[r] over the positions of its sequence that it sees.
  // q and out: (heads, head_dim) a row; of latents out is (heads, latent_dim).
  virtual void attention(const KvView& kv, const AttentionRule& rule, Rows q, Rows out) = 0;
  // gate[r] = activation(gate[r]) * up[r], or what the activation makes of both.
  virtual void activate(Rows gate, Rows up, Activation activation) = 0;
  // x[r] = activation(x[r]). REQUIRES: one that needs no gate.
  virtual void activate(Rows x, Activation activation) = 0;
  // x[r] is multiplied by a function of gate[r], each element of which is for x.width / gate.width neighbours. gate is
  // used up.
  virtual void gate_rows(Rows x, Rows gate, RowGate function) = 0;
  // Each row's experts by its logits (rows, experts), which are used up: those of the highest scores, of equal ones the
  // first. `correction` (experts) is added to scores where they choose, and only there; at last weights are multiplied
  // by `scales` (experts). Empty: none.
  virtual void choose_experts(Rows logits, const DeviceVector& correction, const DeviceVector& scales,
                              const ExpertRule& rule, const ExpertChoice& choice) = 0;
  // y[r] = sum of weight * network(x[r]) over its experts in ascending order. The weights of an expert are read once
  // for all rows that have chosen it; prompt rows have no arithmetic of their own here. y may be x.
  virtual void compute_experts(Rows x, const ExpertChoice& choice, const ExpertStacks& stacks, Rows y) = 0;
  // x[r] = what x[r] has above its mean and so many of its standard deviations, or 0.
  virtual void keep_excess(Rows x, float deviations) = 0;
  // x[r] *= row_scales[r].
  virtual void scale_rows(Rows x) = 0;
  // x[r] *= factor.
  virtual void scale(Rows x, float factor) = 0;
  // x[r] = cap * tanh(x[r] / cap).
  virtual void softcap(Rows x, float cap) = 0;
  // y[r] = the elements of x[r] from `begin` on, as many as y is wide.
  virtual void columns(Rows x, int64_t begin, Rows y) = 0;
  // y[i] = x[gathered_rows[i]].
  virtual void gather(Rows x, Rows y) = 0;
  // y[i] = x[drafted_rows[i]].
  virtual void gather_drafted(Rows x, Rows y) = 0;
  // Heads of a row of x take turns: the first, third ... go to `even`, the others to `odd`.
  virtual void split_heads(Rows x, int64_t head_dim, Rows even, Rows odd) = 0;
  // y[r] *= x[r], element by element.
  virtual void multiply(Rows y, Rows x) = 0;
  // y[r] *= factors.
  virtual void multiply(Rows y, const DeviceVector& factors) = 0;
  // y[k][r] += sum over j ascending of weights[r][k * (number of x) + j] * x[j][r] for every k, by the x of before,
  // which may be the y. REQUIRES: rows of one shape, of x at most mixed_rows_max.
  virtual void mix(std::span<const Rows> y, std::span<const Rows> x, Rows weights) = 0;
  // x[r] = sigmoid(x[r]).
  virtual void sigmoid(Rows x) = 0;
  // x[r] = x[r] / sqrt(sum of x[r]^2 + epsilon).
  virtual void l2_norm(Rows x, float epsilon) = 0;
  // x[r] = softplus(x[r] + bias), and decays[r] = exp(rates * x[r]).
  virtual void time_steps(Rows x, const DeviceVector& bias, const DeviceVector& rates, Rows decays) = 0;
  // What follows computes the rows of state_runs, each run's in order from its state on, and stores the states that
  // they name. Rows of no run are left as they are. y (or out) overlaps nothing else.
  virtual void convolve(Rows x, const Convolution& convolution, const StateView& state, Rows y) = 0;
  virtual void recur(const RecurrenceRows& rows, const Recurrence& recurrence, const StateView& state) = 0;
};

// Makes a backend for each model.
using BackendFactory = std::function<std::unique_ptr<Backend>()>;

}  // namespace quire
