// The operations on this machine's cores: a kernel table's functions, split over a team's workers.
#pragma once

#include "backend/backend.h"
#include "base/function_ref.h"
#include "base/team.h"

namespace quire {

// Stateless but for the borrowed team and table, which must outlive it. Any thread; the team takes callers in turn.
class CpuBackend final : public Backend {
 public:
  CpuBackend(Team& team, const KernelTable& kernels) : team_(team), kernels_(kernels) {}

  std::string_view name() const override { return kernels_.name; }
  bool prompt_rows_differ() const override { return kernels_.matmul_bf16 != nullptr; }
  Result<Matrix> load_matrix(const TensorView& tensor, PageArena& memory,
                             FunctionRef<void(uint64_t bytes)> copied) override;
  Result<void> embed(const TensorView& table, std::span<const int32_t> tokens, Rows x, Rows spare) override;
  void norm(Rows x, std::span<const float> weight, float epsilon, Rows y) override;
  void matmul(Rows x, std::span<const int32_t> prompt_rows, const Scratch& scratch,
              std::initializer_list<Projection> projections) override;
  void add_bias(Rows y, std::span<const float> bias) override;
  void add(Rows y, Rows x) override;
  void rope(Rows heads, int64_t head_dim, const RopeRows& turns, RopePairs pairs) override;
  void kv_write(const KvView& kv, std::span<const RowRun> runs, Rows k, Rows v, const Scratch& scratch) override;
  void plan_attention(const KvView& kv, std::span<const RowRun> runs, int64_t group, AttentionPlan& plan) override;
  void attention(const KvView& kv, const AttentionPlan& plan, Rows q, Rows out, const Scratch& scratch) override;
  void silu_mul(Rows gate, Rows up) override;
  void gather(Rows x, std::span<const int32_t> rows, Rows y) override;
  void parallel_for(int64_t count, FunctionRef<void(int64_t index, int worker)> body) override {
    team_.parallel_for(count, body);
  }
  int worker_count() const override { return team_.worker_count(); }

 private:
  // Tiles a worker: enough that one which starts late or runs slowly costs little, few enough that taking a tile is
  // nothing beside computing it.
  static constexpr int64_t tiles_per_worker = 8;

  // Packs the panels [begin, end) of a tensor, which lie at `packed`, as the workers read them.
  Result<void> pack(const TensorView& tensor, int64_t begin, int64_t end, std::byte* packed,
                    std::span<std::byte> read_buffers);
  // body(begin, end) over tiles of rows; by the caller alone when the rows are too small to be worth a fork.
  void for_rows(int64_t count, int64_t width, FunctionRef<void(int64_t begin, int64_t end)> body);
  void write_runs(const KvLayer& layer, std::span<const RowRun> runs, Rows k, Rows v);
  void attend(const KvLayer& layer, const AttentionPlan& plan, Rows q, Rows out, float scale);
  // Heads of head_dim in `from` become split heads of twice that in `to`.
  Rows split(Rows from, int64_t head_dim, float* to);
  Rows split_query(Rows from, int64_t head_dim, float* to);
  void merge(Rows from, int64_t head_dim, Rows to);
  bool reads_rounded(const PackedMatrix& weights) const {
    return weights.type == ElementType::bf16 && kernels_.round_activations != nullptr;
  }
  // Fills the forms in scratch that `project` reads: of prompt rows the bf16 form, of others the int8 form.
  void quantize(Rows x, std::span<const int32_t> prompt_rows, const Scratch& scratch);
  void quantize_rows(Rows x, int64_t begin, int64_t end, const Scratch& scratch);
  // The int8 form of rows [begin, end), tiled by itself.
  Activations quantized(int64_t inputs, int64_t begin, int64_t end, const Scratch& scratch) const;
  void round_prompt_rows(Rows x, std::span<const int32_t> prompt_rows, const Scratch& scratch);
  // Fills the bf16 form of all rows, which BF16 weights read.
  void round_activations(Rows x, const Scratch& scratch);
  // Panels [begin, end) of one projection.
  void project(const Projection& projection, Rows x, std::span<const int32_t> prompt_rows, const Scratch& scratch,
               int64_t begin, int64_t end);
  // The same with prompt rows in bf16.
  void project_in_bf16(const MatmulArgs& all, std::span<const int32_t> prompt_rows, const Scratch& scratch);

  Team& team_;
  const KernelTable& kernels_;
};

}  // namespace quire
