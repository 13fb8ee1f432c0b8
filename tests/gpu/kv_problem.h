// Keys and values of some sequences in scattered blocks, and rows that are at the ends of these.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "gpu/machine.h"
#include "kernels/gpu/attention.h"
#include "kernels/weights.h"

namespace quire::test {

struct KvShape {
  int64_t head_dim;
  int64_t kv_heads;
  int64_t block_tokens;
  int64_t latent_dim;
  std::string name() const;
};

// Rows of a sequence: its positions from `position` on.
struct KvRun {
  int64_t position;
  int64_t rows;
};

// How rows attend.
struct AttentionShape {
  int64_t group = 1;
  int64_t window = 0;
  int64_t after = 0;
  float softcap = 0.0F;
  bool sinks = false;
  bool splits = false;  // over positions
  int heads_max = 1;    // query heads that a kernel takes together: 1, 2, 4 or 8
};

// What was never written is NaN.
class KvProblem {
 public:
  KvProblem(ElementType type, const KvShape& shape, std::vector<KvRun> runs);

  // All keys and values.
  const std::vector<std::byte>& bytes() const { return bytes_; }
  void set_bytes(const std::vector<std::byte>& bytes) { bytes_ = bytes; }

  // A row that is of no sequence, and the runs' rows.
  void write(Machine& machine);
  void write_by_scalar();
  // What comes before them too.
  void write_all_by_scalar();

  std::vector<float> attend(Machine& machine, const AttentionShape& attention) const;
  std::vector<float> attend_by_scalar(const AttentionShape& attention) const;

 private:
  KvLayer layer() const;
  std::vector<gpu::RowPlace> places() const;
  // Rows that are read: those of the runs, and one more.
  int64_t row_count() const;
  std::vector<float> random_row_values(int64_t width, uint64_t seed) const;
  std::vector<float> queries(const AttentionShape& attention) const;
  std::vector<float> sinks(const AttentionShape& attention) const;

  ElementType type_;
  KvShape shape_;
  std::vector<KvRun> runs_;
  std::vector<std::vector<int32_t>> tables_;  // of each run
  std::vector<std::byte> bytes_;              // keys, then values
};

}  // namespace quire::test
