// Rows of several streams beside each other.
#include <algorithm>

#include "backend/gpu/gpu_backend.h"
#include "backend/gpu/gpu_launch.h"
#include "base/check.h"

namespace quire {

void GpuBackend::match_magnitude(Rows y, Rows x, float floor) {
  QUIRE_CHECK(y.width == x.width && y.count == x.count, "shapes fit");
  launch<gpu::MatchMagnitude>(
      *queue_,
      {.y = device_floats(y.values), .x = device_floats(x.values), .rows = y.count, .width = y.width, .floor = floor});
}

void GpuBackend::keep_excess(Rows x, float deviations) {
  launch<gpu::KeepExcess>(*queue_,
                          {.x = device_floats(x.values), .rows = x.count, .width = x.width, .deviations = deviations});
}

void GpuBackend::multiply(Rows y, const DeviceVector& factors) {
  QUIRE_CHECK(factors.size == y.width, "a factor for each element");
  launch<gpu::Combine<gpu::Multiply>>(
      *queue_,
      {.y = device_floats(y.values), .x = device_floats(factors), .rows = y.count, .width = y.width, .x_stride = 0});
}

void GpuBackend::mix(std::span<const Rows> y, std::span<const Rows> x, Rows weights) {
  const auto y_count = std::ssize(y), x_count = std::ssize(x);
  QUIRE_CHECK(y_count > 0 && y_count <= mixed_rows_max && x_count <= mixed_rows_max, "no more streams than are mixed");
  const auto fits = [&](const Rows& rows) { return rows.width == y[0].width && rows.count == y[0].count; };
  QUIRE_CHECK(std::ranges::all_of(y, fits) && std::ranges::all_of(x, fits), "shapes fit");
  QUIRE_CHECK(weights.width == y_count * x_count && weights.count == y[0].count, "a weight for each pair of streams");
  gpu::Mix::Args args = {.weights = device_floats(weights.values),
                         .y_count = y_count,
                         .x_count = x_count,
                         .rows = y[0].count,
                         .width = y[0].width};
  std::ranges::transform(y, args.y, [](const Rows& rows) { return device_floats(rows.values); });
  std::ranges::transform(x, args.x, [](const Rows& rows) { return device_floats(rows.values); });
  launch<gpu::Mix>(*queue_, args);
}

}  // namespace quire
