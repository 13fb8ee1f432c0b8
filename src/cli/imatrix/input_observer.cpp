#include "cli/imatrix/input_observer.h"

#include <set>
#include <utility>

#include "backend/cpu/host_device.h"

namespace quire::cli {

void InputObserver::Observed::add(int64_t matrix, const float* row) {
  double* const sums = squares.data() + matrix * inputs;
  for (int64_t i = 0; i < inputs; ++i) sums[i] += static_cast<double>(row[i]) * static_cast<double>(row[i]);
  ++rows[static_cast<size_t>(matrix)];
}

InputObserver::Observed* InputObserver::find(const Matrix& matrix) {
  const auto name = names_.find(matrix.bytes.value);
  return name == names_.end() ? nullptr : &observed_.at(name->second);
}

Result<Matrix> InputObserver::load_matrix(const TensorView& tensor, int64_t begin, int64_t end, DeviceArena& memory,
                                          FunctionRef<void(uint64_t bytes)> copied) {
  QUIRE_TRY(const Matrix matrix, CpuBackend::load_matrix(tensor, begin, end, memory, copied));
  if (!tensor.name.starts_with("blk.")) return matrix;
  names_[matrix.bytes.value] = tensor.name;
  Observed& observed = observed_[tensor.name];
  observed.inputs = matrix.inputs;
  observed.squares.resize(static_cast<size_t>(matrix.count * matrix.inputs));
  observed.rows.resize(static_cast<size_t>(matrix.count));
  return matrix;
}

void InputObserver::matmul(Rows x, RowsOf rows_of, std::initializer_list<Projection> projections) {
  std::set<const Observed*> seen;  // matrices that are one tensor read one input
  for (const Projection& projection : projections) {
    Observed* const observed = find(projection.weights);
    if (observed == nullptr || !seen.insert(observed).second) continue;
    const HostRows rows(x);
    for (int64_t row = 0; row < x.count; ++row) observed->add(0, rows.row(row));
  }
  CpuBackend::matmul(x, rows_of, projections);
}

void InputObserver::matmul_heads(const HeadParts& x, const Matrix& stack, const HeadParts& y) {
  if (Observed* const observed = find(stack)) {
    const HostRows rows(x.rows);
    for (int64_t row = 0; row < rows.count; ++row) {
      for (int64_t head = 0; head < x.heads(); ++head) observed->add(head, rows.row(row) + head * x.stride + x.first);
    }
  }
  CpuBackend::matmul_heads(x, stack, y);
}

void InputObserver::read_by_experts(const ExpertStacks& stacks, HostRows x, HostRows hidden) {
  std::set<const Observed*> seen;
  for (const Matrix* stack : {&stacks.gate, &stacks.up, &stacks.down}) {
    Observed* const observed = find(*stack);
    if (observed == nullptr || !seen.insert(observed).second) continue;
    for (const ExpertGroup& group : expert_plan().groups()) {
      for (int64_t pair = group.begin; pair < group.end; ++pair) {
        observed->add(group.expert, stack == &stacks.down ? hidden.row(pair) : x.row(expert_plan().row_of(pair)));
      }
    }
  }
}

std::vector<gguf::SquareSums> InputObserver::sums() const {
  std::vector<gguf::SquareSums> all;
  for (const auto& [name, observed] : observed_) {
    all.push_back({.tensor = name,
                   .inputs = observed.inputs,
                   .sums = {observed.squares.begin(), observed.squares.end()},
                   .counts = {observed.rows.begin(), observed.rows.end()}});
  }
  return all;
}

}  // namespace quire::cli
