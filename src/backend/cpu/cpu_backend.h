// The operations on this machine's cores: a kernel table's functions, split over a team's workers.
#pragma once

#include "backend/backend.h"
#include "backend/cpu/cpu_scratch.h"
#include "backend/cpu/host_device.h"
#include "backend/host/host_work.h"
#include "base/function_ref.h"
#include "base/team.h"

namespace quire {

// One thread at a time, besides the team's workers. The borrowed team and table must outlive it; the team takes callers
// in turn.
class CpuBackend : public Backend {
 public:
  CpuBackend(Team& team, const KernelTable& kernels) : team_(team), kernels_(kernels) {}

  std::string_view name() const override { return kernels_.name; }
  bool prompt_rows_differ() const override { return kernels_.matmul_bf16 != nullptr; }
  Device& device() override { return device_; }
  Result<Matrix> load_matrix(const TensorView& tensor, int64_t begin, int64_t end, DeviceArena& memory,
                             FunctionRef<void(uint64_t bytes)> copied) override;
  Result<DeviceVector> load_vector(std::span<const float> values, DeviceArena& memory) override;
  Result<void> check(const StepShape&) const override { return {}; }
  Result<std::unique_ptr<StepScratch>> make_scratch(const StepShape& shape) override;
  uint64_t scratch_size_bytes(const StepShape& shape) const override;
  void begin(const StepInputs& inputs, StepScratch& scratch) override;
  Result<StepResult> finish(Rows rows, std::span<const int32_t> largest_of) override;
  Result<void> embed(const TensorView& table, std::span<const int32_t> tokens, Rows x) override;
  void upload(std::span<const float> values, Rows x) override;
  void rms_norm(Rows x, const DeviceVector& weight, float epsilon, Rows y) override;
  void layer_norm(Rows x, const DeviceVector& weight, const DeviceVector& bias, float epsilon, Rows y) override;
  void match_magnitude(Rows y, Rows x, float floor) override;
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
  void keep_excess(Rows x, float deviations) override;
  void scale_rows(Rows x) override;
  void scale(Rows x, float factor) override;
  void softcap(Rows x, float cap) override;
  void columns(Rows x, int64_t begin, Rows y) override;
  void gather(Rows x, Rows y) override;
  void gather_drafted(Rows x, Rows y) override;
  void split_heads(Rows x, int64_t head_dim, Rows even, Rows odd) override;
  void multiply(Rows y, Rows x) override;
  void multiply(Rows y, const DeviceVector& factors) override;
  void mix(std::span<const Rows> y, std::span<const Rows> x, Rows weights) override;
  void sigmoid(Rows x) override;
  void l2_norm(Rows x, float epsilon) override;
  void time_steps(Rows x, const DeviceVector& bias, const DeviceVector& rates, Rows decays) override;
  void convolve(Rows x, const Convolution& convolution, const StateView& state, Rows y) override;
  void recur(const RecurrenceRows& rows, const Recurrence& recurrence, const StateView& state) override;

 protected:
  // What the stacks of a mixture read: of x the rows that chose an expert, and for each pair the hidden row. For who
  // observes.
  virtual void read_by_experts(const ExpertStacks& stacks, HostRows x, HostRows hidden);
  // The pairs of the experts that are computed.
  const ExpertPlan& expert_plan() const { return scratch_->expert_plan; }

 private:
  // A fork and join costs a few microseconds; below this many multiply-adds, at about 16 a nanosecond, the caller
  // computes alone.
  static constexpr int64_t fork_products_min = 512 * 1024;

  // kernel(values, n) over all elements.
  template <typename Kernel>
  void for_elements(Rows x, const Kernel& kernel);
  // y[i] = x[rows[i]].
  static void copy_rows(std::span<const int32_t> rows, Rows x, Rows y);
  // Rows that a convolution reads before the first of a run: those that its state has, or zeros.
  const float* convolved_before(const StateRun& run, const StateView& state, int64_t channels, int64_t index) const;
  // The last rows before these that a convolution of a run needs, to each of its states.
  void store_convolved(const StateRun& run, HostRows x, int64_t taps, const StateView& state) const;
  // A panel of a head's state goes through the rows of a run.
  void walk(const StateRun& run, const RecurrenceRows& rows, const Recurrence& recurrence, const StateView& state,
            int64_t head, int64_t panel) const;
  // body(begin, end) over tiles of rows, by the team.
  void for_rows(int64_t count, int64_t width, FunctionRef<void(int64_t begin, int64_t end)> body);
  // body(first element) for each head of these rows, as for_rows.
  template <typename Body>
  void for_heads(HostRows rows, int64_t head_dim, const Body& body);
  // Heads of head_dim in `from` become split heads of twice that in `to`.
  HostRows split(HostRows from, int64_t head_dim, float* to);
  // Of latents, each part of a head by itself.
  HostRows split_query(HostRows from, const KvView& kv, float* to);
  void merge(HostRows from, int64_t head_dim, HostRows to);
  void write_runs(const KvView& kv, HostRows k, HostRows v);
  // Into how many parts the heads of a group are cut, where tasks are fewer than workers.
  int64_t group_parts(int64_t tasks, int64_t group) const;
  void attend(const KvLayer& layer, const AttentionRule& rule, HostRows q, HostRows out);
  bool reads_rounded(ElementType weights) const {
    return weights == ElementType::bf16 && kernels_.round_activations != nullptr;
  }
  // Fills the forms in the scratch that `project` reads: of prompt rows the bf16 form, of others the int8 form.
  void quantize(HostRows x, std::span<const int32_t> prompt_rows);
  void quantize_rows(HostRows x, int64_t begin, int64_t end);
  // The int8 form of rows [begin, end), tiled by itself.
  Activations quantized(int64_t inputs, int64_t begin, int64_t end) const;
  void round_prompt_rows(HostRows x, std::span<const int32_t> prompt_rows);
  // Fills the bf16 form of all rows, which BF16 weights read.
  void round_activations(HostRows x);
  // Panels [begin, end) of one projection.
  void project(const Projection& projection, HostRows x, std::span<const int32_t> prompt_rows, int64_t begin,
               int64_t end);
  // y of the panels of these rows, times `scale`.
  void scale_panels(const MatmulArgs& args, float scale);
  // The same with prompt rows in bf16.
  void project_in_bf16(const MatmulArgs& all, std::span<const int32_t> prompt_rows);

  // Pairs of a row and one of its experts lie in the plan's order: all rows of an expert one after another.
  // What a matmul reads of its input.
  enum class RowForm : uint8_t { values, rounded, quantized };
  RowForm form_of(ElementType weights) const;
  // Fills the form of what each head reads, head by head.
  void form_heads(const HeadParts& x, RowForm form);
  // The same in all forms that there are.
  Activations rows_of_head(int64_t head, int64_t rows, int64_t inputs) const;
  // Fills the form of each row of x, int8 ones as tiles of their own.
  void form_rows(HostRows x, RowForm form);
  // Fills the forms of x that the first matmuls read, for each pair.
  void gather_pairs(HostRows x, const ExpertStacks& stacks);
  void copy_pairs(HostRows x, const ExpertGroup& group, RowForm form);
  // body(group) for each expert with rows, whose work is in proportion to their width.
  void for_groups(int64_t width, FunctionRef<void(const ExpertGroup& group)> body);
  // What stands between the matmuls, for each pair: in `gate`, or without one in `up`.
  void compute_hidden(const ExpertStacks& stacks, HostRows gate, HostRows up);
  // Fills the forms of hidden rows that the last matmul reads.
  void form_hidden(HostRows hidden, const Matrix& down);
  // The rows of one expert, in all forms that there are; values: (pairs, inputs).
  Activations rows_of(const ExpertGroup& group, const float* values, int64_t inputs) const;
  // The outputs of a task's panels, for the rows of its expert. values and y: (pairs, inputs), (pairs, outputs).
  void multiply(const ExpertTask& task, const Matrix& stack, const DeviceVector& bias, const float* values, HostRows y);
  // y[r] = the weighted sum of the outputs of its pairs.
  void add_up(const ExpertChoice& choice, HostRows outputs, HostRows y);
  // body(task) for all pairs of an expert with rows and a range of panels of `outputs` outputs.
  void for_expert_tasks(int64_t outputs, int64_t inputs, FunctionRef<void(const ExpertTask& task)> body);

  HostDevice device_;
  Team& team_;
  const KernelTable& kernels_;
  // Of the step that runs; null: none does.
  StepInputs inputs_;
  CpuScratch* scratch_ = nullptr;
};

// On these workers by this table, which must outlive them.
inline BackendFactory cpu_backends(Team& team, const KernelTable& kernels) {
  return [&team, &kernels] { return std::make_unique<CpuBackend>(team, kernels); };
}

}  // namespace quire
