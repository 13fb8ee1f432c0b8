#include "backend/cpu/cpu_backend.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <limits>
#include <memory>
#include <optional>
#include <vector>

#include "backend/cpu/activation_kernels.h"
#include "base/bytes.h"
#include "base/check.h"
#include "tensor/dequantize.h"

namespace quire {
namespace {

// A fork and join costs a few microseconds; below this much work the caller does it alone.
constexpr int64_t fork_elements_min = 16 * 1024;  // of elementwise work, at about 4 elements a nanosecond

// Of a tensor that is being packed, what is reported at a time: hundreds of forks a large model, some milliseconds
// each.
constexpr int64_t load_piece_bytes = int64_t{32} << 20;

// What a worker reads at a time, if a panel is not more: it is packed from the cache that it was read into.
constexpr int64_t read_buffer_bytes = int64_t{256} << 10;

// Those of a norm, by row.
HostRows weight_rows(const DeviceVector& weight, int64_t width) {
  return {host_floats(weight.values), weight.size / width, width};
}

}  // namespace

void CpuBackend::for_rows(int64_t count, int64_t width, FunctionRef<void(int64_t, int64_t)> body) {
  if (count <= 1 || count * width < fork_elements_min || team_.worker_count() == 1) {
    if (count > 0) body(0, count);
    return;
  }
  const int64_t tile_rows = std::max<int64_t>(1, count / (team_.worker_count() * tiles_per_worker));
  team_.parallel_for(ceil_div(count, tile_rows),
                     [&](int64_t tile, int) { body(tile * tile_rows, std::min(count, (tile + 1) * tile_rows)); });
}

Result<void> CpuBackend::pack(const TensorView& tensor, int64_t begin, int64_t end, std::byte* packed,
                              std::span<std::byte> read_buffers) {
  const int64_t inputs = tensor.shape[0];
  const int64_t outputs = tensor.shape[1];
  const auto panel_bytes = static_cast<uint64_t>(panel_outputs * tensor.row_bytes());
  const size_t buffer_bytes = read_buffers.size() / static_cast<size_t>(team_.worker_count());
  const auto tile = static_cast<int64_t>(buffer_bytes / panel_bytes);
  const size_t packed_panel_bytes = packed_size_bytes(tensor.type, panel_outputs, inputs);
  std::vector<std::optional<Error>> errors(static_cast<size_t>(team_.worker_count()));
  team_.parallel_for(ceil_div(end - begin, tile), [&](int64_t index, int worker) {
    const int64_t first = begin + index * tile;
    const int64_t panels = std::min(end - first, tile);
    const int64_t rows = std::min(outputs - first * panel_outputs, panels * panel_outputs);
    const auto from = read_buffers.subspan(static_cast<size_t>(worker) * buffer_bytes,
                                           static_cast<size_t>(rows * tensor.row_bytes()));
    if (auto read = tensor.read(static_cast<uint64_t>(first) * panel_bytes, from); !read) {
      errors[static_cast<size_t>(worker)] = std::move(read).error();
      return;
    }
    pack_panels(tensor.type, rows, inputs, from.data(), 0, panels,
                packed + static_cast<size_t>(first) * packed_panel_bytes);
  });
  for (std::optional<Error>& error : errors) {
    if (error) return std::unexpected(std::move(*error));
  }
  return {};
}

Result<void> CpuBackend::pack(const TensorView& tensor, std::byte* packed, FunctionRef<void(uint64_t bytes)> copied) {
  const int64_t panels = ceil_div(tensor.shape[1], panel_outputs);
  const int64_t panel_bytes = panel_outputs * tensor.row_bytes();  // in the file
  const int64_t piece = std::clamp<int64_t>(load_piece_bytes / panel_bytes, 1, panels);
  const int64_t tile = std::clamp<int64_t>(read_buffer_bytes / panel_bytes, 1, panels);
  const auto buffers_bytes = static_cast<size_t>(team_.worker_count() * tile * panel_bytes);
  const auto read_buffers = std::make_unique_for_overwrite<std::byte[]>(buffers_bytes);
  for (int64_t begin = 0; begin < panels; begin += piece) {
    const int64_t end = std::min(panels, begin + piece);
    const auto first = static_cast<uint64_t>(begin * panel_bytes);
    const auto last = std::min(static_cast<uint64_t>(end * panel_bytes), tensor.size_bytes());
    QUIRE_TRY_VOID(pack(tensor, begin, end, packed, {read_buffers.get(), buffers_bytes}));
    copied(last - first);
  }
  return {};
}

Result<Matrix> CpuBackend::load_matrix(const TensorView& tensor, int64_t begin, int64_t end, DeviceArena& memory,
                                       FunctionRef<void(uint64_t bytes)> copied) {
  const auto [inputs, outputs, count, one] = tensor.shape;
  QUIRE_CHECK(one == 1 && 0 <= begin && begin < end && end <= outputs, "rows of a stack of matrices");
  const auto matrix_bytes = static_cast<int64_t>(packed_size_bytes(tensor.type, end - begin, inputs));
  QUIRE_TRY(const DeviceAddress packed, memory.take(static_cast<uint64_t>(count * matrix_bytes)));
  TensorView part = tensor;
  if (end - begin == outputs && (outputs % panel_outputs == 0 || count == 1)) {
    part.shape = {inputs, outputs * count, 1, 1};  // panels of all matrices follow one another
    QUIRE_TRY_VOID(pack(part, host_bytes(packed), copied));
  } else {
    part.shape = {inputs, end - begin, 1, 1};
    for (int64_t index = 0; index < count; ++index) {
      part.offset = tensor.offset + static_cast<uint64_t>((index * outputs + begin) * tensor.row_bytes());
      QUIRE_TRY_VOID(pack(part, host_bytes(packed + index * matrix_bytes), copied));
    }
  }
  return Matrix{.type = tensor.type, .outputs = end - begin, .inputs = inputs, .bytes = packed, .count = count};
}

Result<DeviceVector> CpuBackend::load_vector(std::span<const float> values, DeviceArena& memory) {
  QUIRE_TRY(const DeviceAddress copy, memory.take(values.size_bytes()));
  if (!values.empty()) std::memcpy(host_bytes(copy), values.data(), values.size_bytes());
  return DeviceVector{.values = copy, .size = static_cast<int64_t>(values.size())};
}

Result<std::unique_ptr<StepScratch>> CpuBackend::make_scratch(const StepShape& shape) {
  return CpuScratch::create(shape);
}

uint64_t CpuBackend::scratch_size_bytes(const StepShape& shape) const { return CpuScratch::size_bytes(shape); }

void CpuBackend::begin(const StepInputs& inputs, StepScratch& scratch) {
  QUIRE_CHECK(inputs.prompt_rows.empty() || prompt_rows_differ(), "rows of prompts have an arithmetic of their own");
  inputs_ = inputs;
  scratch_ = &static_cast<CpuScratch&>(scratch);  // this class made it
  QUIRE_CHECK(inputs.attention_shapes.size() <= scratch_->attention_plans.size(), "a plan for each shape");
  for (size_t i = 0; i < inputs.attention_shapes.size(); ++i) {
    const AttentionShape& shape = inputs.attention_shapes[i];
    const bool windowed = shape.window > 0 && !inputs.window_runs.empty();
    scratch_->attention_plans[i].build(windowed ? inputs.window_runs : inputs.runs,
                                       {.block_tokens = inputs.block_tokens,
                                        .kv_heads = shape.kv_heads,
                                        .group = shape.group,
                                        .window = shape.window,
                                        .after = shape.after,
                                        .workers = team_.worker_count()});
  }
}

StepResult CpuBackend::finish(Rows rows, std::span<const int32_t> largest_of) {
  const HostRows values(rows);
  StepResult result{.values = {values.values, static_cast<size_t>(rows.count * rows.width)}, .largest = {}};
  if (!largest_of.empty()) {
    const std::span<int32_t> largest = std::span(scratch_->largest).first(static_cast<size_t>(rows.count));
    for_rows(std::ssize(largest_of), rows.width, [&](int64_t begin, int64_t end) {
      for (int64_t index = begin; index < end; ++index) {
        const int32_t row = largest_of[static_cast<size_t>(index)];
        largest[static_cast<size_t>(row)] = static_cast<int32_t>(kernels_.largest(values.row(row), rows.width));
#ifdef QUIRE_POISON_KV
        std::fill_n(values.row(row), rows.width, std::numeric_limits<float>::quiet_NaN());
#endif
      }
    });
    result.largest = largest;
  }
  scratch_ = nullptr;
  inputs_ = {};
  return result;
}

Result<void> CpuBackend::embed(const TensorView& table, std::span<const int32_t> tokens, Rows rows) {
  const HostRows x(rows);
  const int64_t row_bytes = table.row_bytes();
  const auto stored_row = [&](int64_t r) {
    return std::span(scratch_->stored + r * row_bytes, static_cast<size_t>(row_bytes));
  };
  std::atomic<int64_t> failed_row = -1;  // any of those that could not be read
  for_rows(x.count, x.width, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      const int64_t token = tokens[static_cast<size_t>(r)];
      const std::span<std::byte> stored = stored_row(r);
      if (token < 0 || token >= table.shape[1]) {
        std::fill_n(x.row(r), x.width, 0.0F);
      } else if (table.read(static_cast<uint64_t>(token * row_bytes), stored)) {
        dequantize(table.type, stored.data(), x.width, x.row(r));
      } else {
        failed_row = token;
      }
    }
  });
  if (failed_row < 0) return {};
  // Once more, for what the system says. Should it succeed now, what the step has is still not whole.
  QUIRE_TRY_VOID(table.read(static_cast<uint64_t>(failed_row * row_bytes), stored_row(0)));
  return fail(ErrorKind::io, "a row of the token embedding could not be read at first");
}

void CpuBackend::upload(std::span<const float> values, Rows x) {
  QUIRE_CHECK(static_cast<int64_t>(values.size()) == x.count * x.width, "shapes fit");
  std::memcpy(host_floats(x.values), values.data(), values.size_bytes());
}

void CpuBackend::rms_norm(Rows x, const DeviceVector& weight, float epsilon, Rows y) {
  QUIRE_CHECK(weight.size % x.width == 0 && y.width == x.width, "a weight for each element");
  const HostRows from(x), to(y), weights = weight_rows(weight, x.width);
  for_rows(x.count, x.width, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      kernels_.rms_norm(from.row(r), weights.row(r % weights.count), epsilon, x.width, to.row(r));
    }
  });
}

void CpuBackend::layer_norm(Rows x, const DeviceVector& weight, const DeviceVector& bias, float epsilon, Rows y) {
  QUIRE_CHECK(weight.size % x.width == 0 && y.width == x.width, "a weight for each element");
  QUIRE_CHECK(bias.size == 0 || bias.size == weight.size, "a bias for each weight");
  const HostRows from(x), to(y), weights = weight_rows(weight, x.width), biases = weight_rows(bias, x.width);
  for_rows(x.count, x.width, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      const float* const own_bias = biases.count == 0 ? nullptr : biases.row(r % biases.count);
      kernels_.layer_norm(from.row(r), weights.row(r % weights.count), own_bias, epsilon, x.width, to.row(r));
    }
  });
}

void CpuBackend::add_bias(Rows y, const DeviceVector& bias) {
  QUIRE_CHECK(bias.size == y.width, "a bias for each element");
  const HostRows to(y);
  for_rows(y.count, y.width, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) kernels_.add(to.row(r), host_floats(bias.values), y.width);
  });
}

void CpuBackend::add(Rows y, Rows x) {
  QUIRE_CHECK(y.width == x.width && y.count == x.count, "shapes fit");
  const HostRows to(y), from(x);
  for_rows(y.count, y.width,
           [&](int64_t begin, int64_t end) { kernels_.add(to.row(begin), from.row(begin), (end - begin) * y.width); });
}

void CpuBackend::rope(Rows heads, int64_t head_dim, int64_t kind, RopePairs pairs) {
  const RopeRows& turns = inputs_.turns[static_cast<size_t>(kind)];
  const int64_t half = turns.rotary / 2;
  const HostRows rows(heads);
  for_rows(heads.count, heads.width, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      kernels_.rope(rows.row(r), heads.width / head_dim, head_dim, turns.rotary, pairs == RopePairs::halves,
                    turns.cosines.data() + r * half, turns.sines.data() + r * half);
    }
  });
}

template <typename Kernel>
void CpuBackend::for_elements(Rows x, const Kernel& kernel) {
  const HostRows rows(x);
  for_rows(x.count, x.width, [&](int64_t begin, int64_t end) { kernel(rows.row(begin), (end - begin) * x.width); });
}

void CpuBackend::activate(Rows gate, Rows up, Activation activation) {
  QUIRE_CHECK(gate.width == up.width && gate.count == up.count, "shapes fit");
  const auto kernel = activation_kernels(kernels_, activation).gated;
  const HostRows to(gate), from(up);
  for_rows(gate.count, gate.width,
           [&](int64_t begin, int64_t end) { kernel(to.row(begin), from.row(begin), (end - begin) * gate.width); });
}

void CpuBackend::activate(Rows x, Activation activation) {
  const auto kernel = activation_kernels(kernels_, activation).alone;
  QUIRE_CHECK(kernel != nullptr, "an activation that needs no gate");
  for_elements(x, kernel);
}

void CpuBackend::gate_rows(Rows x, Rows gate, RowGate function) {
  QUIRE_CHECK(gate.count == x.count && x.width % gate.width == 0, "each of a gate's elements has its neighbours");
  const HostRows rows(x), gates(gate);
  const auto kernel = function == RowGate::sigmoid ? kernels_.sigmoid : kernels_.softplus;
  const int64_t neighbours = x.width / gate.width;
  for_rows(x.count, x.width, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      kernel(gates.row(r), gates.width);
      if (neighbours == 1) {
        kernels_.multiply(rows.row(r), gates.row(r), x.width);
        continue;
      }
      for (int64_t i = 0; i < gates.width; ++i) {
        kernels_.scale(rows.row(r) + i * neighbours, gates.row(r)[i], neighbours);
      }
    }
  });
}

void CpuBackend::keep_excess(Rows x, float deviations) {
  const HostRows rows(x);
  for_rows(x.count, x.width, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) kernels_.keep_excess(rows.row(r), deviations, x.width);
  });
}

void CpuBackend::scale_rows(Rows x) {
  const HostRows rows(x);
  for_rows(x.count, x.width, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      kernels_.scale(rows.row(r), inputs_.row_scales[static_cast<size_t>(r)], x.width);
    }
  });
}

void CpuBackend::scale(Rows x, float factor) {
  for_elements(x, [&](float* values, int64_t n) { kernels_.scale(values, factor, n); });
}

void CpuBackend::softcap(Rows x, float cap) {
  for_elements(x, [&](float* values, int64_t n) { kernels_.softcap(values, cap, n); });
}

void CpuBackend::columns(Rows x, int64_t first, Rows y) {
  QUIRE_CHECK(first >= 0 && first + y.width <= x.width && y.count == x.count, "shapes fit");
  const HostRows from(x), to(y);
  for_rows(y.count, y.width, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) std::copy_n(from.row(r) + first, y.width, to.row(r));
  });
}

void CpuBackend::copy_rows(std::span<const int32_t> rows, Rows x, Rows y) {
  QUIRE_CHECK(y.width == x.width && y.count == static_cast<int64_t>(rows.size()), "shapes fit");
  const HostRows from(x), to(y);
  for (int64_t r = 0; r < y.count; ++r) {
    std::memcpy(to.row(r), from.row(rows[static_cast<size_t>(r)]), static_cast<size_t>(x.width) * sizeof(float));
  }
}

void CpuBackend::gather(Rows x, Rows y) { copy_rows(inputs_.gathered_rows, x, y); }

void CpuBackend::gather_drafted(Rows x, Rows y) { copy_rows(inputs_.drafted_rows, x, y); }

void CpuBackend::split_heads(Rows x, int64_t head_dim, Rows even, Rows odd) {
  QUIRE_CHECK(x.width == 2 * even.width && odd.width == even.width && even.width % head_dim == 0, "shapes fit");
  const HostRows from(x), first(even), second(odd);
  const size_t head_bytes = static_cast<size_t>(head_dim) * sizeof(float);
  for_rows(x.count, x.width, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      for (int64_t at = 0; at < even.width; at += head_dim) {
        std::memcpy(first.row(r) + at, from.row(r) + 2 * at, head_bytes);
        std::memcpy(second.row(r) + at, from.row(r) + 2 * at + head_dim, head_bytes);
      }
    }
  });
}

void CpuBackend::multiply(Rows y, Rows x) {
  QUIRE_CHECK(y.width == x.width && y.count == x.count, "shapes fit");
  const HostRows from(x);
  const HostRows to(y);
  for_rows(y.count, y.width, [&](int64_t begin, int64_t end) {
    kernels_.multiply(to.row(begin), from.row(begin), (end - begin) * y.width);
  });
}

void CpuBackend::multiply(Rows y, const DeviceVector& factors) {
  QUIRE_CHECK(factors.size == y.width, "a factor for each element");
  const HostRows to(y);
  for_rows(y.count, y.width, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) kernels_.multiply(to.row(r), host_floats(factors.values), y.width);
  });
}

void CpuBackend::sigmoid(Rows x) { for_elements(x, kernels_.sigmoid); }

}  // namespace quire
