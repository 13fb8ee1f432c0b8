// Random GGUF rows and what they mean in double precision, written from the format's description alone.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "kernels/kernels.h"

namespace quire::test {

using Random = std::mt19937_64;

// Row-major blocks of (outputs, inputs): every bit pattern of quants, finite scales (some zero or subnormal).
std::vector<std::byte> random_rows(ElementType type, int64_t outputs, int64_t inputs, Random& random);

// The (outputs, inputs) values, and the magnitudes of what is added up to get each: |scale * quant| + |minimum|.
struct Dequantized {
  std::vector<double> values;
  std::vector<double> magnitudes;
};
Dequantized dequantize_rows(ElementType type, const std::vector<std::byte>& rows, int64_t outputs, int64_t inputs);

std::vector<float> random_floats(int64_t count, Random& random, float magnitude = 1.0F);

// Values of a 64-byte aligned packed matrix.
class Packed {
 public:
  Packed(ElementType type, int64_t outputs, int64_t inputs, const std::vector<std::byte>& rows);
  const PackedMatrix& matrix() const { return matrix_; }

 private:
  std::vector<std::byte> storage_;
  PackedMatrix matrix_;
};

// Activations in every form that a table may read, made by the given table (bf16, where it has none, by plain loops).
class Rows {
 public:
  Rows(const KernelTable& table, std::vector<float> values, int64_t rows, int64_t inputs);
  // One row of them.
  Activations row(int64_t index) const { return rows(index, 1); }
  Activations rows(int64_t begin, int64_t count) const;
  Activations all() const { return rows(0, rows_); }

  std::vector<float> values;
  std::vector<uint16_t> rounded;
  std::vector<int8_t> quants;
  std::vector<float> scales;
  std::vector<int32_t> quant_sums;
  std::vector<float> group_sums;

 private:
  int64_t rows_;
  int64_t inputs_;
};

double f16_value(uint16_t bits);
uint16_t random_f16(Random& random);

}  // namespace quire::test
