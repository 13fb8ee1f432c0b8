// Random GGUF rows and what they mean in double precision, written from the format's description alone.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <random>
#include <vector>

#include "kernels/kernels.h"
#include "kernels/quantized_rows.h"

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

// A row's group of 32 inputs in int8.
struct QuantizedGroup {
  std::array<int8_t, quant_group> quants;
  GroupTerms terms;
};

// Activations in every form that a table may read, made by the given table (bf16, where it has none, by plain loops).
class Rows {
 public:
  Rows(const KernelTable& table, std::vector<float> values, int64_t rows, int64_t inputs);
  // In the table's own tiles, or others. Lives as long as this.
  Activations rows(int64_t begin, int64_t count) const { return rows(begin, count, table_.tile_rows); }
  Activations rows(int64_t begin, int64_t count, int64_t tile_rows) const;
  Activations all() const { return rows(0, rows_); }
  // Of the int8 form: (rows, inputs / 32).
  std::vector<QuantizedGroup> groups(int64_t tile_rows) const;
  std::vector<QuantizedGroup> groups() const { return groups(table_.tile_rows); }

  std::vector<float> values;
  std::vector<uint16_t> rounded;

 private:
  const KernelTable& table_;
  mutable std::deque<std::vector<std::byte>> forms_;  // made so far
  int64_t rows_;
  int64_t inputs_;
};

double f16_value(uint16_t bits);
uint16_t random_f16(Random& random);

}  // namespace quire::test
