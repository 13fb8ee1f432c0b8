// The operations on a GPU: kernels that are issued to its queue.
#pragma once

#include <memory>

#include "backend/backend.h"
#include "backend/gpu/gpu.h"
#include "backend/gpu/gpu_device.h"
#include "backend/gpu/gpu_queue.h"
#include "backend/gpu/gpu_scratch.h"
#include "backend/gpu/matmul_kernels.h"
#include "base/team.h"

namespace quire {

// A row as a head.
inline HeadParts whole(Rows rows) { return {.rows = rows, .stride = rows.width, .first = 0, .size = rows.width}; }

// Owns its queue, and shares the GPU that it is of where it is given it. One thread at a time, besides the workers,
// which pack weights and read rows of tokens, and outlive it.
class GpuBackend final : public Backend {
 public:
  GpuBackend(std::unique_ptr<GpuQueue> queue, Team& workers, std::shared_ptr<const Gpu> gpu = nullptr)
      : gpu_(std::move(gpu)), queue_(std::move(queue)), device_(*queue_), workers_(workers) {}

  // Kernels have the scalar table's bits.
  std::string_view name() const override { return "scalar"; }
  bool prompt_rows_differ() const override { return false; }
  Device& device() override { return device_; }
  Result<Matrix> load_matrix(const TensorView& tensor, int64_t begin, int64_t end, DeviceArena& memory,
                             FunctionRef<void(uint64_t bytes)> copied) override;
  Result<DeviceVector> load_vector(std::span<const float> values, DeviceArena& memory) override;
  // Refuses by name what kernels have no room for, or what the GPU has no kernels for, as load_matrix does.
  Result<void> check(const StepShape& shape) const override;
  Result<std::unique_ptr<StepScratch>> make_scratch(const StepShape& shape) override;
  uint64_t scratch_size_bytes(const StepShape& shape) const override;
  void begin(const StepInputs& inputs, StepScratch& scratch) override;
  Result<StepResult> finish(Rows rows, std::span<const int32_t> largest_of) override;
  Result<void> embed(const TensorView& table, std::span<const int32_t> tokens, Rows x) override;
  void upload(std::span<const float> values, Rows x) override;
  void rms_norm(Rows x, const DeviceVector& weight, float epsilon, Rows y) override;
  void layer_norm(Rows x, const DeviceVector& weight, const DeviceVector& bias, float epsilon, Rows y) override;
  void matmul(Rows x, RowsOf rows_of, std::initializer_list<Projection> projections) override;
  void matmul_heads(const HeadParts& x, const Matrix& stack, const HeadParts& y) override;
  void copy_heads(const HeadParts& x, const HeadParts& y) override;
  void add_bias(Rows y, const DeviceVector& bias) override;
  void add(Rows y, Rows x) override;
  void rope(Rows heads, int64_t head_dim, int64_t turns, RopePairs pairs) override;
  void kv_write(const KvView& kv, Rows k, Rows v) override;
  void attention(const KvView& kv, const AttentionRule& rule, Rows q, Rows out) override;
  void activate(Rows gate, Rows up, Activation activation) override;
  void activate(Rows x, Activation activation) override;
  void gate_rows(Rows x, Rows gate, RowGate function) override;
  void choose_experts(Rows logits, const DeviceVector& correction, const DeviceVector& scales, const ExpertRule& rule,
                      const ExpertChoice& choice) override;
  void compute_experts(Rows x, const ExpertChoice& choice, const ExpertStacks& stacks, Rows y) override;
  void match_magnitude(Rows y, Rows x, float floor) override;
  void keep_excess(Rows x, float deviations) override;
  void multiply(Rows y, const DeviceVector& factors) override;
  void mix(std::span<const Rows> y, std::span<const Rows> x, Rows weights) override;
  void scale_rows(Rows x) override;
  void scale(Rows x, float factor) override;
  void softcap(Rows x, float cap) override;
  void columns(Rows x, int64_t begin, Rows y) override;
  void gather(Rows x, Rows y) override;
  void gather_drafted(Rows x, Rows y) override;
  void split_heads(Rows x, int64_t head_dim, Rows even, Rows odd) override;
  void multiply(Rows y, Rows x) override;
  void sigmoid(Rows x) override;
  void l2_norm(Rows x, float epsilon) override;
  void time_steps(Rows x, const DeviceVector& bias, const DeviceVector& rates, Rows decays) override;
  void convolve(Rows x, const Convolution& convolution, const StateView& state, Rows y) override;
  void recur(const RecurrenceRows& rows, const Recurrence& recurrence, const StateView& state) override;

 private:
  // x = function(x), and y = function(y, x), element by element.
  template <typename Function>
  void map(Rows x, float operand = 0.0F);
  template <typename Function>
  void combine(Rows y, Rows x);
  // y[i] = x[rows[i]].
  void copy_rows(const int32_t* rows, int64_t count, Rows x, Rows y);
  // The int8 form of each head's rows, head after head.
  void quantize(const HeadParts& x, DeviceAddress form);
  // Heads of head_dim in `from`, as two in `to`: elements [first, first + size) of each.
  template <typename Halves>
  void split(Rows from, int64_t head_dim, int64_t first, int64_t size, DeviceAddress to);
  void write(const KvView& kv, DeviceAddress k, DeviceAddress v, int64_t rows);
  void attend(const KvView& kv, const AttentionRule& rule, Rows q, DeviceAddress out);
  // A block a row where rows are wide and few, else a warp.
  bool are_wide(Rows rows) const;
  // Pairs of a row and one of its experts, in the scratch: what the host knows of their plan.
  struct PairPlan {
    int64_t pairs = 0;
    int64_t tile_count = 0;
    int64_t rows_of_expert = 0;  // on average
  };
  PairPlan plan_pairs(int64_t rows, const ExpertChoice& choice, const ExpertStacks& stacks);
  // What stands between the matmuls, for each pair.
  Rows compute_hidden(Rows x, const ExpertStacks& stacks, const PairPlan& plan);
  // args: the input and the output.
  void multiply_pairs(const Matrix& stack, const DeviceVector& bias, const PairPlan& plan, gpu::MatmulArgs args);
  gpu::StateArgs state_args(const StateView& state) const;

  const std::shared_ptr<const Gpu> gpu_;  // null: it outlives this
  const std::unique_ptr<GpuQueue> queue_;
  GpuDevice device_;
  Team& workers_;
  GpuScratch* scratch_ = nullptr;  // of the step that runs; null: none does
};

}  // namespace quire
