// The dozen operations a model needs, on one device: the seam where another device enters.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>

#include "backend/attention_plan.h"
#include "backend/kv_type.h"
#include "backend/page_arena.h"
#include "base/function_ref.h"
#include "base/result.h"
#include "kernels/kernels.h"
#include "tensor/tensor_view.h"

namespace quire {

// Activations in the device's memory: `count` rows of `width` floats, one after another. Non-owning.
struct Rows {
  float* values = nullptr;  // (count, width)
  int64_t count = 0;
  int64_t width = 0;
  float* row(int64_t index) const { return values + index * width; }
};

// Where operations put what they make on the way; one for a whole step, sized for the widest operation.
struct Scratch {
  std::byte* quantized = nullptr;  // (rows, inputs / 32, quantized_group_bytes): the int8 form of a matmul's input
  uint16_t* rounded = nullptr;     // (rows, inputs rounded up to whole pairs): the bf16 form that BF16 weights read
  uint16_t* bf16 = nullptr;        // (rows rounded up to whole blocks of 16, inputs): the bf16 form of prompt rows
  // Split heads, for KV of type f32 only.
  float* split_q = nullptr;    // (rows, 2 * q_width)
  float* split_out = nullptr;  // (rows, 2 * q_width)
  float* split_k = nullptr;    // (rows, 2 * kv_width)
  float* split_v = nullptr;    // (rows, 2 * kv_width)
};

// Keys and values of one layer. With f32, layer.head_dim is that of the split head, twice the model's.
struct KvView {
  KvLayer layer;
  KvType type = KvType::f16;
};

// A weight matrix (outputs, inputs) in the device's own layout. Its memory is the arena's that it was loaded into.
struct Matrix {
  PackedMatrix packed;
};

// y = W x for every row of the x that a matmul is given.
struct Projection {
  const Matrix& weights;
  Rows y;  // (rows, outputs)
};

// Which elements of a head turn together.
enum class RopePairs : uint8_t {
  neighbours,  // (2d, 2d + 1)
  halves,      // (d, d + rotary / 2)
};

// The turn of each row of a step.
struct RopeRows {
  const float* cosines = nullptr;  // (rows, rotary / 2)
  const float* sines = nullptr;    // (rows, rotary / 2)
  int64_t rotary = 0;              // leading elements of a head that turn
};

// Operations on rows. A row of a result depends on that row (attention: and on its sequence's KV rows) alone, whatever
// the other rows, their number and the workers: the order of additions is the kernels' (kernels/kernels.h).
// One engine at a time calls an object; several objects may share the device.
class Backend {
 public:
  virtual ~Backend() = default;
  // The arithmetic: equal names mean equal bits.
  virtual std::string_view name() const = 0;
  // Whether rows of prompts have an arithmetic of their own. Where they have, the bits of a sequence's later rows
  // depend on which of its rows were a prompt's.
  virtual bool prompt_rows_differ() const = 0;

  // A copy of a weight matrix in the device's layout, in `memory`. REQUIRES: shape {inputs, outputs, 1, 1}.
  // The tensor is read from its beginning in pieces of some megabytes; copied(bytes) says that one of so many bytes is
  // done.
  virtual Result<Matrix> load_matrix(const TensorView& tensor, PageArena& memory,
                                     FunctionRef<void(uint64_t bytes)> copied) = 0;

  // x[r] = row tokens[r] of the table as floats; zeros for a token that has none. Rows are read from the table's source
  // as they are needed; an error is the source's, and x is undefined then. What `spare` (as large as x) holds is lost.
  virtual Result<void> embed(const TensorView& table, std::span<const int32_t> tokens, Rows x, Rows spare) = 0;
  // y[r] = x[r] / sqrt(mean(x[r]^2) + epsilon) * weight. y may be x.
  virtual void norm(Rows x, std::span<const float> weight, float epsilon, Rows y) = 0;
  // The projections of one input, together: it is quantized once, and the workers are forked once.
  // Quantized weights read the int8 form of a row, which is 0.55 % away from a random one; where prompt_rows_differ(),
  // of `prompt_rows` (ascending) the bf16 form, 0.17 % away. Weights in floats read the floats of every row; BF16
  // weights their bf16 form on tables that have one (kernels/kernels.h).
  // REQUIRES: no prompt_rows but where prompt_rows_differ().
  virtual void matmul(Rows x, std::span<const int32_t> prompt_rows, const Scratch& scratch,
                      std::initializer_list<Projection> projections) = 0;
  // y[r] += bias.
  virtual void add_bias(Rows y, std::span<const float> bias) = 0;
  // y[r] += x[r].
  virtual void add(Rows y, Rows x) = 0;
  // Turns every head of every row in place. A row is width / head_dim heads.
  virtual void rope(Rows heads, int64_t head_dim, const RopeRows& turns, RopePairs pairs) = 0;
  // Stores the rows' keys and values (kv_heads, head_dim) at their positions.
  virtual void kv_write(const KvView& kv, std::span<const RowRun> runs, Rows k, Rows v, const Scratch& scratch) = 0;
  // How the rows of a step attend together, once for all of its layers. group: query heads a KV head.
  virtual void plan_attention(const KvView& kv, std::span<const RowRun> runs, int64_t group, AttentionPlan& plan) = 0;
  // out[r] = attention of q[r] over positions [0, position of r] of its sequence. q and out: (heads, head_dim) a row.
  virtual void attention(const KvView& kv, const AttentionPlan& plan, Rows q, Rows out, const Scratch& scratch) = 0;
  // gate[r] = silu(gate[r]) * up[r].
  virtual void silu_mul(Rows gate, Rows up) = 0;
  // y[i] = x[rows[i]].
  virtual void gather(Rows x, std::span<const int32_t> rows, Rows y) = 0;

  // Other work on the cores that this device computes with or is fed by: body(index, worker) once for each index in
  // [0, count), worker in [0, worker_count()). body must not throw or call an operation.
  virtual void parallel_for(int64_t count, FunctionRef<void(int64_t index, int worker)> body) = 0;
  virtual int worker_count() const = 0;
};

}  // namespace quire
