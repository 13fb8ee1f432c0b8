#include "cli/imatrix/input_observer.h"

#include <set>
#include <utility>

#include "backend/cpu/host_device.h"

namespace quire::cli {

Result<Matrix> InputObserver::load_matrix(const TensorView& tensor, int64_t begin, int64_t end, DeviceArena& memory,
                                          FunctionRef<void(uint64_t bytes)> copied) {
  QUIRE_TRY(const Matrix matrix, CpuBackend::load_matrix(tensor, begin, end, memory, copied));
  if (tensor.name.starts_with("blk.")) {
    names_[matrix.bytes.value] = tensor.name;
    observed_[tensor.name].squares.resize(static_cast<size_t>(matrix.inputs));
  }
  return matrix;
}

void InputObserver::matmul(Rows x, RowsOf rows_of, std::initializer_list<Projection> projections) {
  std::set<std::string_view> seen;  // matrices that are one tensor read one input
  for (const Projection& projection : projections) {
    const auto name = names_.find(projection.weights.bytes.value);
    if (name == names_.end() || !seen.insert(name->second).second) continue;
    Observed& observed = observed_.at(name->second);
    const float* values = host_floats(x.values);
    for (int64_t row = 0; row < x.count; ++row, values += x.width) {
      for (int64_t i = 0; i < x.width; ++i) {
        observed.squares[static_cast<size_t>(i)] += static_cast<double>(values[i]) * static_cast<double>(values[i]);
      }
    }
    observed.rows += x.count;
  }
  CpuBackend::matmul(x, rows_of, projections);
}

std::vector<gguf::SquareSums> InputObserver::sums() const {
  std::vector<gguf::SquareSums> all;
  for (const auto& [name, observed] : observed_) {
    all.push_back({.tensor = name,
                   .inputs = static_cast<int64_t>(observed.squares.size()),
                   .sums = {observed.squares.begin(), observed.squares.end()},
                   .counts = {static_cast<float>(observed.rows)}});
  }
  return all;
}

}  // namespace quire::cli
