// What the weight matrices of a model read while it computes.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "backend/cpu/cpu_backend.h"
#include "gguf/importance.h"

namespace quire::cli {

// Computes as the backend it is made from, and adds up the squares of what each matrix of a layer reads, by input. The
// output matrix is not observed: most rows do not reach it. One thread.
class InputObserver final : public CpuBackend {
 public:
  using CpuBackend::CpuBackend;

  Result<Matrix> load_matrix(const TensorView& tensor, int64_t begin, int64_t end, DeviceArena& memory,
                             FunctionRef<void(uint64_t bytes)> copied) override;
  void matmul(Rows x, RowsOf rows_of, std::initializer_list<Projection> projections) override;
  void matmul_heads(const HeadParts& x, const Matrix& stack, const HeadParts& y) override;

  // Of every matrix of a layer that was loaded, ascending by name; of each expert its own.
  std::vector<gguf::SquareSums> sums() const;

 protected:
  void read_by_experts(const ExpertStacks& stacks, HostRows x, HostRows hidden) override;

 private:
  // Double, and in the order of rows: how a text is cut into steps hardly shows.
  struct Observed {
    int64_t inputs = 0;
    std::vector<double> squares;  // (matrices, inputs)
    std::vector<int64_t> rows;    // (matrices)

    void add(int64_t matrix, const float* row);
  };
  // Null for what is not observed.
  Observed* find(const Matrix& matrix);

  std::unordered_map<uint64_t, std::string> names_;  // of tensors, by where their matrices lie
  std::map<std::string, Observed> observed_;
};

}  // namespace quire::cli
