#include "model/placement/weight_sizes.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "backend/backend.h"
#include "base/bytes.h"
#include "model/blocks/tensor_reader.h"
#include "model/weights.h"

namespace quire {
namespace {

// Adds up what a model's blocks ask for.
class TensorSum final : public TensorSource {
 public:
  TensorSum(std::span<const gguf::TensorSpec> specs, int64_t layer_count) : specs_(specs) {
    sizes_.layers.resize(static_cast<size_t>(layer_count));
  }

  void enter(int64_t layer) override {
    const bool is_layer = layer < std::ssize(sizes_.layers);
    at_ = is_layer ? &sizes_.layers[static_cast<size_t>(layer)] : &sizes_.behind;
  }

  Result<Matrix> stack(const std::string& name, int64_t count, int64_t outputs, int64_t inputs) override {
    QUIRE_TRY(const gguf::TensorSpec* spec, find(name));
    add(static_cast<uint64_t>(count) * packed_size_bytes(spec->type, outputs, inputs));
    return Matrix{.type = spec->type, .outputs = outputs, .inputs = inputs, .count = count};
  }
  Result<std::vector<Matrix>> matrices(const std::string& name, int64_t count, int64_t outputs,
                                       int64_t inputs) override {
    std::vector<Matrix> parts;
    for (int64_t index = 0; index < count; ++index) {
      QUIRE_TRY(const Matrix matrix, stack(name, 1, outputs, inputs));
      parts.push_back(matrix);
    }
    return parts;
  }
  Result<std::vector<Matrix>> stacks(const std::string& name, int64_t count, std::span<const int64_t> outputs,
                                     int64_t inputs) override {
    std::vector<Matrix> parts;
    for (const int64_t part : outputs) {
      QUIRE_TRY(const Matrix matrix, stack(name, count, part, inputs));
      parts.push_back(matrix);
    }
    return parts;
  }
  Result<SplitHeads> split_heads(const std::string& name, int64_t heads, int64_t transposed, int64_t rest,
                                 int64_t inputs) override {
    QUIRE_TRY(const gguf::TensorSpec* spec, find(name));
    const ElementType type = transposed_type(spec->type);
    add(static_cast<uint64_t>(heads) * packed_size_bytes(type, inputs, transposed));
    add(static_cast<uint64_t>(heads) * packed_size_bytes(spec->type, rest, inputs));
    return SplitHeads{.transposed = {.type = type, .outputs = inputs, .inputs = transposed, .count = heads},
                      .rest = {.type = spec->type, .outputs = rest, .inputs = inputs, .count = heads}};
  }
  Result<DeviceVector> vectors(const std::string&, int64_t rows, int64_t size) override { return ones(rows * size); }
  Result<std::vector<DeviceVector>> taps(const std::string&, int64_t taps, std::span<const int64_t> channels) override {
    std::vector<DeviceVector> parts;
    for (const int64_t part : channels) {
      QUIRE_TRY(const DeviceVector vector, ones(taps * part));
      parts.push_back(vector);
    }
    return parts;
  }
  Result<DeviceVector> ones(int64_t size) override {
    add(static_cast<uint64_t>(size) * sizeof(float));
    return DeviceVector{};
  }
  Result<TensorView> table(const std::string& name, int64_t rows, int64_t size) override {
    QUIRE_TRY(const gguf::TensorSpec* spec, find(name));
    sizes_.tables += static_cast<uint64_t>(row_size_bytes(spec->type, size) * rows);
    return TensorView{};
  }
  Result<std::vector<float>> host_vector(const std::string&, int64_t size) override {
    return std::vector<float>(static_cast<size_t>(size), 1.0F);
  }
  bool has(std::string_view name) const override { return find(name).has_value(); }

  WeightSizes take() { return std::move(sizes_); }

 private:
  Result<const gguf::TensorSpec*> find(std::string_view name) const {
    const auto found = std::ranges::find(specs_, name, &gguf::TensorSpec::name);
    if (found != specs_.end()) return &*found;
    return fail(ErrorKind::invalid, fmt::format("tensor {}: not in the file", name));
  }
  void add(uint64_t bytes) { *at_ += round_up<uint64_t>(bytes, 64); }

  const std::span<const gguf::TensorSpec> specs_;
  WeightSizes sizes_;
  uint64_t* at_ = &sizes_.before;
};

}  // namespace

Result<WeightSizes> weight_sizes(const ModelConfig& config, std::span<const gguf::TensorSpec> specs) {
  TensorSum sum(specs, config.layer_count());
  QUIRE_TRY_VOID(read_weights(sum, config));
  return sum.take();
}

}  // namespace quire
