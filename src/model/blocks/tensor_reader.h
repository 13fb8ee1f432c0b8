// Where a model gets its tensors from, by name: a file that is checked, one that is loaded onto a device, or none,
// where it is to say what it would read.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "backend/backend.h"
#include "base/result.h"
#include "tensor/tensor_view.h"

namespace quire {

// Two stacks, a matrix each of every head.
struct SplitHeads {
  Matrix transposed;
  Matrix rest;
};

// What a matrix is kept in that is transposed as it is loaded. Blocks of quantized ones run along its rows, which are
// columns then: F16 is 2^-11 from what they are at most.
inline ElementType transposed_type(ElementType type) {
  return type == ElementType::f32 || type == ElementType::bf16 ? type : ElementType::f16;
}

// Reads the tensors of a whole model. Errors name the tensor, what was found and what was expected.
class TensorSource {
 public:
  virtual ~TensorSource() = default;
  // What is read from now on is of this layer; of layer_count() what comes behind the last one. Before the first call
  // it is what comes before the first layer. Tensors of one layer lie on one device.
  virtual void enter(int64_t layer) = 0;
  // A stack of `count` matrices; one is a tensor of two dimensions.
  virtual Result<Matrix> stack(const std::string& name, int64_t count, int64_t outputs, int64_t inputs) = 0;
  // The same in `count` matrices.
  virtual Result<std::vector<Matrix>> matrices(const std::string& name, int64_t count, int64_t outputs,
                                               int64_t inputs) = 0;
  // Stacks of matrices of these many outputs: in each matrix of the tensor their rows follow one another.
  virtual Result<std::vector<Matrix>> stacks(const std::string& name, int64_t count, std::span<const int64_t> outputs,
                                             int64_t inputs) = 0;
  // Of a matrix that holds for each head `transposed` rows and then `rest` rows: the first as matrices (inputs,
  // transposed), the others as (rest, inputs).
  virtual Result<SplitHeads> split_heads(const std::string& name, int64_t heads, int64_t transposed, int64_t rest,
                                         int64_t inputs) = 0;
  // (rows, size) one after another; one row is a tensor of one dimension.
  virtual Result<DeviceVector> vectors(const std::string& name, int64_t rows, int64_t size) = 0;
  // Weights of a convolution, (channels, taps) in the file, as (taps, channels): of these many channels each.
  virtual Result<std::vector<DeviceVector>> taps(const std::string& name, int64_t taps,
                                                 std::span<const int64_t> channels) = 0;
  // (size), of which no tensor says anything.
  virtual Result<DeviceVector> ones(int64_t size) = 0;
  // (rows, size), which stays where it is and is read row by row.
  virtual Result<TensorView> table(const std::string& name, int64_t rows, int64_t size) = 0;
  // One that the host computes with.
  virtual Result<std::vector<float>> host_vector(const std::string& name, int64_t size) = 0;
  virtual bool has(std::string_view name) const = 0;
};

// Those whose names begin alike: "blk.7.".
class TensorReader {
 public:
  TensorReader(TensorSource& source, std::string prefix) : source_(source), prefix_(std::move(prefix)) {}

  Result<Matrix> matrix(std::string_view name, int64_t outputs, int64_t inputs) {
    return stack(name, 1, outputs, inputs);
  }
  Result<std::vector<Matrix>> matrices(std::string_view name, std::span<const int64_t> outputs, int64_t inputs) {
    return stacks(name, 1, outputs, inputs);
  }
  Result<Matrix> stack(std::string_view name, int64_t count, int64_t outputs, int64_t inputs) {
    return source_.stack(prefix_ + std::string(name), count, outputs, inputs);
  }
  Result<std::vector<Matrix>> stacks(std::string_view name, int64_t count, std::span<const int64_t> outputs,
                                     int64_t inputs) {
    return source_.stacks(prefix_ + std::string(name), count, outputs, inputs);
  }
  Result<SplitHeads> split_heads(std::string_view name, int64_t heads, int64_t transposed, int64_t rest,
                                 int64_t inputs) {
    return source_.split_heads(prefix_ + std::string(name), heads, transposed, rest, inputs);
  }
  Result<DeviceVector> vectors(std::string_view name, int64_t rows, int64_t size) {
    return source_.vectors(prefix_ + std::string(name), rows, size);
  }
  Result<DeviceVector> vector(std::string_view name, int64_t size) { return vectors(name, 1, size); }
  Result<DeviceVector> ones(int64_t size) { return source_.ones(size); }
  Result<std::vector<float>> host_vector(std::string_view name, int64_t size) {
    return source_.host_vector(prefix_ + std::string(name), size);
  }
  Result<std::vector<DeviceVector>> taps(std::string_view name, int64_t taps, std::span<const int64_t> channels) {
    return source_.taps(prefix_ + std::string(name), taps, channels);
  }

 private:
  TensorSource& source_;
  std::string prefix_;
};

}  // namespace quire
