// Rows of several streams beside each other.
#include <algorithm>
#include <array>
#include <cmath>

#include "backend/cpu/cpu_backend.h"
#include "base/check.h"

namespace quire {

void CpuBackend::match_magnitude(Rows y, Rows x, float floor) {
  QUIRE_CHECK(y.width == x.width && y.count == x.count, "shapes fit");
  const HostRows to(y), from(x);
  for_rows(y.count, y.width, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      const float wanted = std::sqrt(kernels_.mean_square(from.row(r), x.width));
      const float found = std::sqrt(std::max(kernels_.mean_square(to.row(r), y.width), floor));
      kernels_.scale(to.row(r), wanted / found, y.width);
    }
  });
}

void CpuBackend::mix(std::span<const Rows> y, std::span<const Rows> x, Rows weights) {
  const auto y_count = std::ssize(y), x_count = std::ssize(x);
  QUIRE_CHECK(y_count > 0 && y_count <= mixed_rows_max && x_count <= mixed_rows_max, "no more streams than are mixed");
  const auto fits = [&](const Rows& rows) { return rows.width == y[0].width && rows.count == y[0].count; };
  QUIRE_CHECK(std::ranges::all_of(y, fits) && std::ranges::all_of(x, fits), "shapes fit");
  QUIRE_CHECK(weights.width == y_count * x_count && weights.count == y[0].count, "a weight for each pair of streams");
  const HostRows by(weights);
  for_rows(y[0].count, y[0].width * y_count, [&](int64_t begin, int64_t end) {
    std::array<float*, mixed_rows_max> to = {};
    std::array<const float*, mixed_rows_max> from = {};
    for (int64_t r = begin; r < end; ++r) {
      std::ranges::transform(y, to.begin(), [&](const Rows& rows) { return HostRows(rows).row(r); });
      std::ranges::transform(x, from.begin(), [&](const Rows& rows) { return HostRows(rows).row(r); });
      kernels_.mix({.y = to.data(),
                    .x = from.data(),
                    .weights = by.row(r),
                    .y_count = y_count,
                    .x_count = x_count,
                    .n = y[0].width});
    }
  });
}

}  // namespace quire
