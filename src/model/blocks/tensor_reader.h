// Where blocks get their tensors from, by name: a file that is checked, or one that is loaded onto a device.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "backend/backend.h"
#include "base/result.h"

namespace quire {

// Reads the tensors of a whole file. Errors name the tensor, what was found and what was expected.
class TensorSource {
 public:
  virtual ~TensorSource() = default;
  virtual Result<Matrix> matrix(const std::string& name, int64_t outputs, int64_t inputs) = 0;
  // Matrices of these many outputs, whose rows follow one another in one tensor.
  virtual Result<std::vector<Matrix>> matrices(const std::string& name, std::span<const int64_t> outputs,
                                               int64_t inputs) = 0;
  // (rows, size) one after another; one row is a tensor of one dimension.
  virtual Result<DeviceVector> vectors(const std::string& name, int64_t rows, int64_t size) = 0;
};

// Those whose names begin alike: "blk.7.".
class TensorReader {
 public:
  TensorReader(TensorSource& source, std::string prefix) : source_(source), prefix_(std::move(prefix)) {}

  Result<Matrix> matrix(std::string_view name, int64_t outputs, int64_t inputs) {
    return source_.matrix(prefix_ + std::string(name), outputs, inputs);
  }
  Result<std::vector<Matrix>> matrices(std::string_view name, std::span<const int64_t> outputs, int64_t inputs) {
    return source_.matrices(prefix_ + std::string(name), outputs, inputs);
  }
  Result<DeviceVector> vectors(std::string_view name, int64_t rows, int64_t size) {
    return source_.vectors(prefix_ + std::string(name), rows, size);
  }
  Result<DeviceVector> vector(std::string_view name, int64_t size) { return vectors(name, 1, size); }

 private:
  TensorSource& source_;
  std::string prefix_;
};

}  // namespace quire
