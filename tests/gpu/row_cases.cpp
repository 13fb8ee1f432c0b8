// Operations on whole rows.
#include <algorithm>
#include <limits>
#include <numeric>

#include "gpu/cases.h"
#include "kernels/gpu/quantize.h"
#include "kernels/gpu/rows.h"
#include "kernels/weights.h"

namespace quire::test {
namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float nan = std::numeric_limits<float>::quiet_NaN();

struct Shape {
  int64_t rows;
  int64_t width;
  std::string name() const { return fmt::format("{} x {}", rows, width); }
};
constexpr Shape narrow[] = {{1, 1}, {3, 5}, {1, 64}, {5, 100}, {70, 33}, {512, 16}, {2, 1500}};
constexpr Shape wide[] = {{1, 5}, {3, 700}, {2, 8200}};

std::vector<float> random_values(int64_t count, uint64_t seed, float magnitude = 1.0F) {
  Random random(seed);
  return random_floats(count, random, magnitude);
}

template <typename Kernel, typename Expected>
void add_norms(std::vector<Case>& cases, const char* name, std::span<const Shape> shapes, bool biased,
               const Expected& expected) {
  for (const Shape& shape : shapes) {
    for (const int64_t weight_rows : {1, 3}) {
      for (const bool in_place : {false, true}) {
        cases.push_back(
            {fmt::format("{} of {}, {} weights{}{}", name, shape.name(), weight_rows, biased ? ", biased" : "",
                         in_place ? ", in place" : ""),
             [=](Machine& machine) {
               const std::vector<float> weight = random_values(weight_rows * shape.width, 1);
               const std::vector<float> bias = random_values(weight_rows * shape.width, 2);
               std::vector<float> x = random_values(shape.rows * shape.width, 3, 3.0F), y(x.size(), 7.0F), wanted = x;
               for (int64_t r = 0; r < shape.rows; ++r) {
                 const int64_t own = r % weight_rows * shape.width;
                 expected(x.data() + r * shape.width, weight.data() + own, biased ? bias.data() + own : nullptr,
                          shape.width, wanted.data() + r * shape.width);
               }
               std::vector<float>& found = in_place ? x : y;
               machine.launch<Kernel>({.x = x.data(),
                                       .weight = weight.data(),
                                       .bias = biased ? bias.data() : nullptr,
                                       .y = found.data(),
                                       .rows = shape.rows,
                                       .width = shape.width,
                                       .weight_rows = weight_rows,
                                       .epsilon = 1e-5F});
               return difference(found, wanted);
             }});
      }
    }
  }
}

void add_l2_norms(std::vector<Case>& cases) {
  for (const Shape& shape : narrow) {
    cases.push_back({fmt::format("l2_norm of {}", shape.name()), [=](Machine& machine) {
                       std::vector<float> found = random_values(shape.rows * shape.width, 4), wanted = found;
                       machine.launch<gpu::L2Norm>(
                           {.x = found.data(), .rows = shape.rows, .width = shape.width, .epsilon = 1e-6F});
                       for (int64_t r = 0; r < shape.rows; ++r) {
                         scalar_table().l2_norm(wanted.data() + r * shape.width, 1e-6F, shape.width);
                       }
                       return difference(found, wanted);
                     }});
  }
}

void add_ropes(std::vector<Case>& cases) {
  struct Heads {
    int64_t rows, heads, head_dim, rotary;
  };
  for (const Heads& h : {Heads{3, 2, 16, 16}, Heads{70, 3, 10, 6}, Heads{1, 40, 128, 64}, Heads{2, 1, 7, 2}}) {
    for (const bool halves : {false, true}) {
      cases.push_back({fmt::format("rope of {} x {} x {}, {} turn{}", h.rows, h.heads, h.head_dim, h.rotary,
                                   halves ? " by halves" : ""),
                       [=](Machine& machine) {
                         const std::vector<float> cosines = random_values(h.rows * h.rotary / 2, 5);
                         const std::vector<float> sines = random_values(h.rows * h.rotary / 2, 6);
                         std::vector<float> found = random_values(h.rows * h.heads * h.head_dim, 7), wanted = found;
                         machine.launch<gpu::Rope>({.x = found.data(),
                                                    .cosines = cosines.data(),
                                                    .sines = sines.data(),
                                                    .rows = h.rows,
                                                    .heads = h.heads,
                                                    .head_dim = h.head_dim,
                                                    .rotary = h.rotary,
                                                    .halves = halves});
                         for (int64_t r = 0; r < h.rows; ++r) {
                           scalar_table().rope(wanted.data() + r * h.heads * h.head_dim, h.heads, h.head_dim, h.rotary,
                                               halves, cosines.data() + r * h.rotary / 2,
                                               sines.data() + r * h.rotary / 2);
                         }
                         return difference(found, wanted);
                       }});
    }
  }
}

// Heads out of wider ones into others, rows in another order.
void add_copies(std::vector<Case>& cases) {
  for (const bool gathers : {false, true}) {
    cases.push_back({gathers ? "copy_heads of listed rows" : "copy_heads", [=](Machine& machine) {
                       constexpr int64_t rows = 9, heads = 5, size = 300, x_head = 310, y_head = 301;
                       constexpr int64_t x_stride = heads * x_head + 2, y_stride = heads * y_head;
                       const std::vector<float> x = random_values(rows * x_stride, 8);
                       const std::vector<int32_t> listed = {8, 1, 1, 0, 5};
                       const int64_t count = gathers ? std::ssize(listed) : rows;
                       std::vector<float> found(static_cast<size_t>(count * y_stride), 7.0F), wanted = found;
                       machine.launch<gpu::CopyHeads>({.x = x.data() + 4,
                                                       .y = found.data() + 1,
                                                       .rows = gathers ? listed.data() : nullptr,
                                                       .row_count = count,
                                                       .heads = heads,
                                                       .size = size,
                                                       .x_stride = x_stride,
                                                       .y_stride = y_stride,
                                                       .x_head_stride = x_head,
                                                       .y_head_stride = y_head});
                       for (int64_t r = 0; r < count; ++r) {
                         const int64_t from = gathers ? listed[static_cast<size_t>(r)] : r;
                         for (int64_t head = 0; head < heads; ++head) {
                           std::copy_n(x.data() + 4 + from * x_stride + head * x_head, size,
                                       wanted.data() + 1 + r * y_stride + head * y_head);
                         }
                       }
                       return difference(found, wanted);
                     }});
  }
}

void add_largest(std::vector<Case>& cases) {
  for (const int64_t width : {1, 31, 700, 3000}) {
    cases.push_back({fmt::format("largest of {}", width), [=](Machine& machine) {
                       constexpr int64_t rows = 7;
                       std::vector<float> x = random_values(rows * width, 9);
                       for (float& value : x) value = std::round(value * 4.0F);  // many are equal
                       const auto row = [&](int64_t r) { return x.data() + r * width; };
                       std::fill_n(row(1), width, -infinity);
                       row(2)[width / 2] = nan;
                       row(3)[width - 1] = infinity;
                       std::fill_n(row(4), width, -infinity);
                       row(4)[width / 3] = -5.0F;
                       std::iota(row(6), row(6) + width, -7.0F);
                       const std::vector<int32_t> listed = {0, 1, 2, 3, 4, 6};
                       std::vector<int32_t> found(rows, 77), wanted = found;
                       machine.launch<gpu::Largest>({.x = x.data(),
                                                     .rows = listed.data(),
                                                     .row_count = std::ssize(listed),
                                                     .width = width,
                                                     .largest = found.data()});
                       for (const int32_t r : listed) {
                         wanted[static_cast<size_t>(r)] = static_cast<int32_t>(scalar_table().largest(row(r), width));
                       }
                       return difference(found, wanted);
                     }});
  }
}

void add_time_steps(std::vector<Case>& cases) {
  cases.push_back({"time_steps", [](Machine& machine) {
                     constexpr int64_t rows = 11, width = 37;
                     const std::vector<float> bias = random_values(width, 10), rates = random_values(width, 11);
                     std::vector<float> x = random_values(rows * width, 12, 5.0F), wanted = x;
                     std::vector<float> decays(x.size(), 7.0F), wanted_decays = decays;
                     machine.launch<gpu::TimeSteps>({.x = x.data(),
                                                     .bias = bias.data(),
                                                     .rates = rates.data(),
                                                     .decays = decays.data(),
                                                     .rows = rows,
                                                     .width = width});
                     for (int64_t r = 0; r < rows; ++r) {
                       scalar_table().time_steps(wanted.data() + r * width, bias.data(), rates.data(), width,
                                                 wanted_decays.data() + r * width);
                     }
                     const auto found = difference(x, wanted);
                     return found ? found : difference(decays, wanted_decays);
                   }});
}

std::vector<std::byte> bytes_of(const std::vector<gpu::QuantizedGroup>& form) {
  const auto* const begin = reinterpret_cast<const std::byte*>(form.data());
  return {begin, begin + form.size() * sizeof(gpu::QuantizedGroup)};
}

// Heads of rows that are wider, with groups that hold nothing, almost nothing, and no number.
void add_quantize(std::vector<Case>& cases) {
  for (const Shape& shape : {Shape{1, 32}, Shape{3, 96}, Shape{70, 64}}) {
    cases.push_back({fmt::format("quantize of {}", shape.name()), [=](Machine& machine) {
                       constexpr int64_t heads = 3;
                       const int64_t head_stride = shape.width + 5, stride = heads * head_stride;
                       std::vector<float> x = random_values(shape.rows * stride, 13, 100.0F);
                       std::fill_n(x.begin(), 32, 0.0F);
                       if (shape.rows > 1) std::fill_n(x.begin() + stride, 32, 1e-35F);
                       if (shape.rows > 2) x[static_cast<size_t>(2 * stride + 3)] = nan;
                       if (shape.rows > 3) x[static_cast<size_t>(3 * stride + 31)] = -infinity;
                       const int64_t groups = shape.width / quant_group;
                       std::vector<gpu::QuantizedGroup> found(static_cast<size_t>(heads * shape.rows * groups));
                       std::vector<gpu::QuantizedGroup> wanted = found;
                       machine.launch<gpu::Quantize>({.x = x.data(),
                                                      .form = found.data(),
                                                      .rows = shape.rows,
                                                      .heads = heads,
                                                      .size = shape.width,
                                                      .x_stride = stride,
                                                      .x_head_stride = head_stride});
                       for (int64_t i = 0; i < heads * shape.rows; ++i) {
                         scalar_table().quantize_activations(
                             {.x = x.data() + i / shape.rows * head_stride + i % shape.rows * stride,
                              .rows = 1,
                              .inputs = shape.width,
                              .tile = reinterpret_cast<std::byte*>(wanted.data() + i * groups)});
                       }
                       for (auto* form : {&found, &wanted}) {
                         for (gpu::QuantizedGroup& group : *form) {
                           if (std::isnan(group.terms.scale)) group.terms.scale = group.terms.scaled_sum = nan;
                         }
                       }
                       return bytes_of(found) == bytes_of(wanted) ? std::nullopt : std::optional<std::string>("bytes");
                     }});
  }
}

}  // namespace

std::vector<Case> row_cases() {
  const KernelTable& table = scalar_table();
  std::vector<Case> cases;
  const auto rms_norm = [&table](const float* x, const float* weight, const float*, int64_t n, float* y) {
    table.rms_norm(x, weight, 1e-5F, n, y);
  };
  const auto layer_norm = [&table](const float* x, const float* weight, const float* bias, int64_t n, float* y) {
    table.layer_norm(x, weight, bias, 1e-5F, n, y);
  };
  add_norms<gpu::RmsNorm<gpu::WarpOfRow>>(cases, "rms_norm", narrow, false, rms_norm);
  add_norms<gpu::RmsNorm<gpu::BlockOfRow>>(cases, "rms_norm_wide", wide, false, rms_norm);
  for (const bool biased : {false, true}) {
    add_norms<gpu::LayerNorm<gpu::WarpOfRow>>(cases, "layer_norm", narrow, biased, layer_norm);
    add_norms<gpu::LayerNorm<gpu::BlockOfRow>>(cases, "layer_norm_wide", wide, biased, layer_norm);
  }
  add_l2_norms(cases);
  add_ropes(cases);
  add_copies(cases);
  add_largest(cases);
  add_time_steps(cases);
  add_quantize(cases);
  return cases;
}

}  // namespace quire::test
