#include "backend/cpu/cpu_backend.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <memory>

#include "backend/cpu/activation_kernels.h"
#include "backend/host/host_work.h"
#include "base/check.h"

namespace quire {
namespace {

// Those of a norm, by row.
HostRows weight_rows(const DeviceVector& weight, int64_t width) {
  return {host_floats(weight.values), weight.size / width, width};
}

}  // namespace

void CpuBackend::for_rows(int64_t count, int64_t width, FunctionRef<void(int64_t, int64_t)> body) {
  quire::for_rows(team_, count, width, body);
}

Result<Matrix> CpuBackend::load_matrix(const TensorView& tensor, int64_t begin, int64_t end, DeviceArena& memory,
                                       FunctionRef<void(uint64_t bytes)> copied) {
  const int64_t inputs = tensor.shape[0], count = tensor.shape[2];
  const size_t matrix_bytes = packed_size_bytes(tensor.type, end - begin, inputs);
  QUIRE_TRY(const DeviceAddress packed, memory.take(static_cast<uint64_t>(count) * matrix_bytes));
  QUIRE_TRY_VOID(pack_stack(
      team_, tensor, begin, end,
      [&](const PackedPiece& piece) { return host_bytes(packed + static_cast<int64_t>(piece.offset)); },
      [&](const PackedPiece& piece) { copied(piece.stored_bytes); }));
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

Result<StepResult> CpuBackend::finish(Rows rows, std::span<const int32_t> largest_of) {
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
  return read_token_rows(team_, table, tokens.first(static_cast<size_t>(rows.count)), scratch_->stored,
                         host_floats(rows.values));
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
