// Residual streams beside each other, and what gates have above their mean.
#include <array>

#include "gpu/cases.h"
#include "kernels/gpu/streams.h"
#include "kernels/weights.h"

namespace quire::test {
namespace {

constexpr int64_t rows = 5;

std::vector<float> random_values(int64_t count, uint64_t seed, float magnitude = 1.0F) {
  Random random(seed);
  return random_floats(count, random, magnitude);
}

// Of y_count streams so many others; where `in_place`, of the streams themselves.
std::optional<std::string> mix_difference(Machine& machine, int64_t y_count, int64_t x_count, bool in_place) {
  constexpr int64_t width = 1031, size = rows * width;
  const std::vector<float> weights = random_values(rows * y_count * x_count, 71);
  std::vector<float> x = random_values(x_count * size, 72), found = random_values(y_count * size, 73);
  if (in_place) x = found;
  std::vector<float> wanted = found;
  gpu::Mix::Args args = {
      .weights = weights.data(), .y_count = y_count, .x_count = x_count, .rows = rows, .width = width};
  for (int64_t k = 0; k < y_count; ++k) args.y[k] = found.data() + k * size;
  for (int64_t j = 0; j < x_count; ++j) args.x[j] = (in_place ? found : x).data() + j * size;
  machine.launch<gpu::Mix>(args);
  for (int64_t row = 0; row < rows; ++row) {
    std::array<float*, mixed_rows_max> y = {};
    std::array<const float*, mixed_rows_max> from = {};
    for (int64_t k = 0; k < y_count; ++k) y[static_cast<size_t>(k)] = wanted.data() + k * size + row * width;
    for (int64_t j = 0; j < x_count; ++j) from[static_cast<size_t>(j)] = x.data() + j * size + row * width;
    scalar_table().mix({.y = y.data(),
                        .x = from.data(),
                        .weights = weights.data() + row * y_count * x_count,
                        .y_count = y_count,
                        .x_count = x_count,
                        .n = width});
  }
  return difference(found, wanted);
}

// Rows that are next to nothing among them.
std::optional<std::string> magnitude_difference(Machine& machine, int64_t width) {
  constexpr float floor = 1e-5F;
  const std::vector<float> x = random_values(rows * width, 74, 3.0F);
  std::vector<float> found = random_values(rows * width, 75), wanted = found;
  for (int64_t i = 0; i < width; ++i) found[static_cast<size_t>(2 * width + i)] *= 1e-4F;
  wanted = found;
  machine.launch<gpu::MatchMagnitude>({.y = found.data(), .x = x.data(), .rows = rows, .width = width, .floor = floor});
  for (int64_t row = 0; row < rows; ++row) {
    const float mean = scalar_table().mean_square(wanted.data() + row * width, width);
    const float target = std::sqrt(scalar_table().mean_square(x.data() + row * width, width));
    scalar_table().scale(wanted.data() + row * width, target / std::sqrt(mean < floor ? floor : mean), width);
  }
  return difference(found, wanted);
}

std::optional<std::string> excess_difference(Machine& machine, int64_t width) {
  constexpr float deviations = 0.7F;
  std::vector<float> found = random_values(rows * width, 76, 2.0F), wanted = found;
  machine.launch<gpu::KeepExcess>({.x = found.data(), .rows = rows, .width = width, .deviations = deviations});
  for (int64_t row = 0; row < rows; ++row) scalar_table().keep_excess(wanted.data() + row * width, deviations, width);
  return difference(found, wanted);
}

}  // namespace

std::vector<Case> stream_cases() {
  std::vector<Case> cases;
  for (const bool in_place : {false, true}) {
    cases.push_back({fmt::format("mix of 4 and 4 streams{}", in_place ? ", in place" : ""),
                     [=](Machine& machine) { return mix_difference(machine, 4, 4, in_place); }});
  }
  cases.push_back({"mix of 8 streams and 1", [](Machine& machine) { return mix_difference(machine, 8, 1, false); }});
  cases.push_back({"mix of 1 stream and 3", [](Machine& machine) { return mix_difference(machine, 1, 3, false); }});
  for (const int64_t width : {1, 40, 700}) {
    cases.push_back({fmt::format("match_magnitude of {}", width),
                     [=](Machine& machine) { return magnitude_difference(machine, width); }});
    cases.push_back(
        {fmt::format("keep_excess of {}", width), [=](Machine& machine) { return excess_difference(machine, width); }});
  }
  return cases;
}

}  // namespace quire::test
