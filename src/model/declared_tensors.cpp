#include "model/declared_tensors.h"

#include <algorithm>
#include <numeric>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "model/blocks/tensor_reader.h"
#include "model/weights.h"

namespace quire {
namespace {

// Notes what is asked for, and gives nothing.
class Declarations final : public TensorSource {
 public:
  explicit Declarations(std::span<const gguf::TensorSpec> present) : present_(present) {}

  void enter(int64_t) override {}
  Result<Matrix> stack(const std::string& name, int64_t count, int64_t outputs, int64_t inputs) override {
    note(name, {inputs, outputs, count, 1});
    return Matrix{.outputs = outputs, .inputs = inputs, .count = count};
  }
  Result<std::vector<Matrix>> matrices(const std::string& name, int64_t count, int64_t outputs,
                                       int64_t inputs) override {
    note(name, {inputs, outputs, count, 1});
    return std::vector<Matrix>(static_cast<size_t>(count), {.outputs = outputs, .inputs = inputs});
  }
  Result<std::vector<Matrix>> stacks(const std::string& name, int64_t count, std::span<const int64_t> outputs,
                                     int64_t inputs) override {
    note(name, {inputs, std::accumulate(outputs.begin(), outputs.end(), int64_t{0}), count, 1});
    std::vector<Matrix> parts;
    for (const int64_t part : outputs) parts.push_back({.outputs = part, .inputs = inputs, .count = count});
    return parts;
  }
  Result<SplitHeads> split_heads(const std::string& name, int64_t heads, int64_t transposed, int64_t rest,
                                 int64_t inputs) override {
    note(name, {inputs, heads * (transposed + rest), 1, 1});
    return SplitHeads{.transposed = {.outputs = inputs, .inputs = transposed, .count = heads},
                      .rest = {.outputs = rest, .inputs = inputs, .count = heads}};
  }
  Result<DeviceVector> vectors(const std::string& name, int64_t rows, int64_t size) override {
    note(name, {size, rows, 1, 1});
    return DeviceVector{};
  }
  Result<std::vector<DeviceVector>> taps(const std::string& name, int64_t taps,
                                         std::span<const int64_t> channels) override {
    note(name, {taps, std::accumulate(channels.begin(), channels.end(), int64_t{0}), 1, 1});
    return std::vector<DeviceVector>(channels.size());
  }
  Result<DeviceVector> ones(int64_t) override { return DeviceVector{}; }
  Result<TensorView> table(const std::string& name, int64_t rows, int64_t size) override {
    note(name, {size, rows, 1, 1});
    return TensorView{};
  }
  Result<std::vector<float>> host_vector(const std::string& name, int64_t size) override {
    note(name, {size, 1, 1, 1});
    return std::vector<float>(static_cast<size_t>(size), 1.0F);
  }
  bool has(std::string_view name) const override {
    return std::ranges::find(present_, name, &gguf::TensorSpec::name) != present_.end();
  }

  std::vector<gguf::TensorSpec> take() { return std::move(tensors_); }

 private:
  void note(const std::string& name, const std::array<int64_t, 4>& shape) {
    if (known_.insert(name).second) tensors_.push_back({.name = name, .shape = shape});
  }

  std::span<const gguf::TensorSpec> present_;
  std::set<std::string> known_;
  std::vector<gguf::TensorSpec> tensors_;
};

}  // namespace

Result<std::vector<gguf::TensorSpec>> declare_tensors(const ModelConfig& config,
                                                      std::span<const gguf::TensorSpec> present) {
  Declarations declarations(present);
  QUIRE_TRY_VOID(read_weights(declarations, config));
  return declarations.take();
}

}  // namespace quire
