// The CPU's operations as tests issue them: rows in plain memory, matrices as files hold them, on each kernel table.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "backend/cpu/cpu_backend.h"
#include "kernel_tables.h"
#include "tensor/dequantize.h"
#include "tensor/quantize.h"

namespace quire::test {

// Floats with the rows they are.
struct Buffer {
  Buffer(int64_t count, int64_t width, uint32_t seed = 0)
      : values(static_cast<size_t>(count * width)), rows{device_address(values.data()), count, width} {
    if (seed == 0) return;
    std::mt19937 random(seed);
    std::normal_distribution<float> normal;
    for (float& value : values) value = normal(random);
  }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  std::vector<float> values;
  Rows rows;
};

// A step of some inputs, as large as any of these tests needs.
class StepOf {
 public:
  StepOf(CpuBackend& backend, const StepInputs& inputs, KvType kv_type = KvType::f16, const ExpertShape& experts = {})
      : backend_(backend),
        scratch_(std::move(*backend.make_scratch({.rows_max = 160,
                                                  .input_max = 512,
                                                  .stored_row_bytes = 512,
                                                  .kv_type = kv_type,
                                                  .q_width = 512,
                                                  .kv_width = 256,
                                                  .experts = experts}))) {
    backend.begin(inputs, *scratch_);
  }
  StepOf(const StepOf&) = delete;
  StepOf& operator=(const StepOf&) = delete;
  ~StepOf() { (void)backend_.finish({}, {}); }

 private:
  CpuBackend& backend_;
  std::unique_ptr<StepScratch> scratch_;
};

inline float* row_of(const Rows& rows, int64_t index) { return HostRows(rows).row(index); }

// A matrix as a file holds it.
struct Stored {
  Stored(ElementType type, int64_t outputs, int64_t inputs, uint32_t seed) {
    const Buffer noise(outputs, inputs, seed);
    bytes.resize(static_cast<size_t>(outputs * row_size_bytes(type, inputs)));
    quantize(type, noise.values.data(), outputs * inputs, bytes.data());
    source = std::make_unique<MemorySource>(bytes);
    view = {.name = "w", .type = type, .shape = {inputs, outputs, 1, 1}, .source = source.get()};
    values.resize(noise.values.size());
    dequantize(type, bytes.data(), outputs * inputs, values.data());
  }
  std::vector<std::byte> bytes;
  std::vector<float> values;  // (outputs, inputs)
  std::unique_ptr<MemorySource> source;
  TensorView view;
};

using Expected = std::function<double(int64_t row, int64_t i)>;

inline Matrix load(CpuBackend& backend, const TensorView& tensor, DeviceArena& memory) {
  return backend.load_matrix(tensor, 0, tensor.shape[1], memory, [](auto) {}).value();
}

inline double relative_rms_error(const Rows& y, const Expected& expected) {
  double error = 0.0, size = 0.0;
  for (int64_t r = 0; r < y.count; ++r) {
    for (int64_t i = 0; i < y.width; ++i) {
      const double value = expected(r, i);
      error += (double{row_of(y, r)[i]} - value) * (double{row_of(y, r)[i]} - value);
      size += value * value;
    }
  }
  return std::sqrt(error / size);
}

inline void for_each_table(const std::function<void(CpuBackend& backend)>& body) {
  for (const KernelTable* kernels : every_arithmetic()) {
    for (const int workers : {1, 3}) {
      SCOPED_TRACE(std::string(kernels->name) + ", workers " + std::to_string(workers));
      Team team(workers);
      CpuBackend backend(team, *kernels);
      body(backend);
    }
  }
}

}  // namespace quire::test
