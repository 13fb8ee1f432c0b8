// Operations on rows of several streams.
#include <array>
#include <cmath>
#include <cstring>

#include "backend/on_cpu.h"

namespace quire::test {
namespace {

TEST(CpuStreams, are_mixed_by_the_weights_of_each_row_as_they_were) {
  constexpr int64_t streams = 4, count = 20, width = 272;
  const Buffer a(count, width, 1), b(count, width, 2), c(count, width, 3), d(count, width, 4);
  const Buffer weights(count, streams * streams, 5);
  const std::array<const Buffer*, streams> from = {&a, &b, &c, &d};
  std::vector<float> expected_bits;
  for_each_table([&](CpuBackend& backend) {
    Buffer mixed(streams * count, width);
    std::array<Rows, streams> rows;
    for (int64_t k = 0; k < streams; ++k) {
      rows[static_cast<size_t>(k)] = {
          .values = device_address(row_of(mixed.rows, k * count)), .count = count, .width = width};
      std::memcpy(row_of(mixed.rows, k * count), from[static_cast<size_t>(k)]->values.data(),
                  count * width * sizeof(float));
    }
    const StepOf step(backend, {});
    backend.mix(rows, rows, weights.rows);
    const auto expected = [&](int64_t row, int64_t i) {
      const int64_t k = row / count, r = row % count;
      double sum = row_of(from[static_cast<size_t>(k)]->rows, r)[i];
      for (int64_t j = 0; j < streams; ++j) {
        sum += double{row_of(weights.rows, r)[k * streams + j]} * row_of(from[static_cast<size_t>(j)]->rows, r)[i];
      }
      return sum;
    };
    EXPECT_LE(relative_rms_error(mixed.rows, expected), 1e-6);
    if (expected_bits.empty()) expected_bits = mixed.values;
    EXPECT_EQ(0, std::memcmp(expected_bits.data(), mixed.values.data(), mixed.values.size() * sizeof(float)));
  });
}

TEST(CpuStreams, are_made_as_large_as_another_row_but_for_those_that_are_nothing) {
  constexpr int64_t count = 70, width = 300;
  const Buffer x(count, width, 1);
  Buffer before(count, width, 2);
  for (int64_t i = 0; i < width; ++i) row_of(before.rows, 3)[i] = 0.0F;
  for (int64_t i = 0; i < width; ++i) row_of(before.rows, 4)[i] *= 1e-4F;
  const auto mean_square = [&](const Rows& rows, int64_t r) {
    double sum = 0.0;
    for (int64_t i = 0; i < width; ++i) sum += double{row_of(rows, r)[i]} * row_of(rows, r)[i] / width;
    return sum;
  };
  for_each_table([&](CpuBackend& backend) {
    Buffer y(count, width);
    y.values = before.values;
    const Rows rows{.values = device_address(y.values.data()), .count = count, .width = width};
    const StepOf step(backend, {});
    backend.match_magnitude(rows, x.rows, 1e-5F);
    for (int64_t r = 0; r < count; ++r) {
      const double factor = std::sqrt(mean_square(x.rows, r) / std::max(mean_square(before.rows, r), 1e-5));
      for (int64_t i = 0; i < width; ++i) {
        EXPECT_NEAR(row_of(rows, r)[i], row_of(before.rows, r)[i] * factor, 1e-5) << r;
      }
    }
  });
}

TEST(CpuStreams, are_multiplied_element_by_element_and_gates_keep_their_excess) {
  constexpr int64_t count = 80, width = 272;
  const Buffer x(count, width, 1), factors(1, width, 2);
  for_each_table([&](CpuBackend& backend) {
    DeviceArena memory(backend.device(), "weights");
    const DeviceVector by = backend.load_vector(factors.values, memory).value();
    Buffer product(count, width), excess(count, width);
    std::memcpy(row_of(product.rows, 0), x.values.data(), x.values.size() * sizeof(float));
    std::memcpy(row_of(excess.rows, 0), x.values.data(), x.values.size() * sizeof(float));
    const StepOf step(backend, {});
    backend.multiply(product.rows, by);
    backend.keep_excess(excess.rows, 0.5F);
    for (int64_t r = 0; r < count; ++r) {
      double mean = 0.0, square = 0.0;
      for (int64_t i = 0; i < width; ++i) mean += double{row_of(x.rows, r)[i]} / width;
      for (int64_t i = 0; i < width; ++i) square += std::pow(row_of(x.rows, r)[i] - mean, 2.0) / width;
      const double limit = mean + 0.5 * std::sqrt(square);
      for (int64_t i = 0; i < width; ++i) {
        EXPECT_EQ(row_of(product.rows, r)[i], row_of(x.rows, r)[i] * factors.values[static_cast<size_t>(i)]);
        EXPECT_NEAR(row_of(excess.rows, r)[i], std::max(0.0, row_of(x.rows, r)[i] - limit), 1e-6);
      }
    }
  });
}

}  // namespace
}  // namespace quire::test
