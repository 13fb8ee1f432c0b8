#include "backend/gpu/gpu_backend.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "backend/gpu/gpu_launch.h"
#include "backend/host/host_work.h"
#include "base/bytes.h"
#include "base/check.h"

namespace quire {
namespace {

int64_t element_count(Rows x) { return x.count * x.width; }

gpu::NormArgs norm_args(Rows x, const DeviceVector& weight, float epsilon, Rows y) {
  QUIRE_CHECK(weight.size % x.width == 0 && y.width == x.width, "a weight for each element");
  return {.x = device_floats(x.values),
          .weight = device_floats(weight),
          .y = device_floats(y.values),
          .rows = x.count,
          .width = x.width,
          .weight_rows = weight.size / x.width,
          .epsilon = epsilon};
}

// What steps of this shape need and the GPU has no kernels for; empty: nothing.
std::string_view lacking(const GpuFacts& facts, const StepShape& shape) {
  const bool in_q8_0 = shape.kv_type == KvType::q8_0;
  const bool has_attention = in_q8_0
                                 ? facts.has(GpuKernel::kv_write_q8_0) && facts.has(GpuKernel::attention_walk_q8_0_8)
                                 : facts.has(GpuKernel::kv_write_f16) && facts.has(GpuKernel::attention_walk_f16_8);
  if (!has_attention) return in_q8_0 ? "keys and values in q8_0" : "keys and values in f16";
  if (shape.experts.count > 0 && !facts.has(GpuKernel::choose_experts)) return "experts";
  if (shape.convolved > 0 && !facts.has(GpuKernel::recur)) return "recurrent layers";
  return "";
}

}  // namespace

Result<Matrix> GpuBackend::load_matrix(const TensorView& tensor, int64_t begin, int64_t end, DeviceArena& memory,
                                       FunctionRef<void(uint64_t bytes)> copied) {
  if (!has_matmul(queue_->facts(), tensor.type)) {
    return fail(ErrorKind::unsupported, fmt::format("{} has no kernels for weights in {}: {}", queue_->facts().name,
                                                    element_traits(tensor.type).name, tensor.name));
  }
  const int64_t inputs = tensor.shape[0], count = tensor.shape[2];
  const size_t matrix_bytes = packed_size_bytes(tensor.type, end - begin, inputs);
  QUIRE_TRY(const DeviceAddress packed, memory.take(static_cast<uint64_t>(count) * matrix_bytes));
  std::vector<std::byte> piece_bytes;
  QUIRE_TRY_VOID(pack_stack(
      workers_, tensor, begin, end,
      [&](const PackedPiece& piece) {
        piece_bytes.resize(piece.size_bytes);
        return piece_bytes.data();
      },
      [&](const PackedPiece& piece) {
        queue_->upload(packed + static_cast<int64_t>(piece.offset), piece_bytes);
        copied(piece.stored_bytes);
      }));
  QUIRE_TRY_VOID(queue_->wait());
  return Matrix{.type = tensor.type, .outputs = end - begin, .inputs = inputs, .bytes = packed, .count = count};
}

Result<DeviceVector> GpuBackend::load_vector(std::span<const float> values, DeviceArena& memory) {
  QUIRE_TRY(const DeviceAddress copy, memory.take(values.size_bytes()));
  queue_->upload(copy, std::as_bytes(values));
  QUIRE_TRY_VOID(queue_->wait());
  return DeviceVector{.values = copy, .size = static_cast<int64_t>(values.size())};
}

Result<void> GpuBackend::check(const StepShape& shape) const {
  if (shape.experts.count > gpu::experts_max) {
    return fail(ErrorKind::unsupported,
                fmt::format("{} experts: a GPU chooses among at most {}", shape.experts.count, gpu::experts_max));
  }
  if (shape.experts.groups > gpu::expert_groups_max) {
    return fail(ErrorKind::unsupported, fmt::format("{} groups of experts: a GPU chooses among at most {}",
                                                    shape.experts.groups, gpu::expert_groups_max));
  }
  if (const std::string_view what = lacking(queue_->facts(), shape); !what.empty()) {
    return fail(ErrorKind::unsupported, fmt::format("{} has no kernels for {}", queue_->facts().name, what));
  }
  return {};
}

Result<std::unique_ptr<StepScratch>> GpuBackend::make_scratch(const StepShape& shape) {
  QUIRE_TRY_VOID(check(shape));
  return GpuScratch::create(shape, *queue_, device_);
}

uint64_t GpuBackend::scratch_size_bytes(const StepShape& shape) const { return GpuScratch::size_bytes(shape); }

void GpuBackend::begin(const StepInputs& inputs, StepScratch& scratch) {
  QUIRE_CHECK(inputs.prompt_rows.empty(), "rows of prompts have no arithmetic of their own");
  scratch_ = &static_cast<GpuScratch&>(scratch);  // this class made it
  if (auto uploaded = scratch_->upload(inputs); !uploaded) queue_->fail(std::move(uploaded).error());
}

Result<StepResult> GpuBackend::finish(Rows rows, std::span<const int32_t> largest_of) {
  GpuScratch& scratch = *std::exchange(scratch_, nullptr);
  const auto count = static_cast<size_t>(element_count(rows));
  const size_t largest_begin = round_up<size_t>(count * sizeof(float), 64);
  QUIRE_TRY(std::byte* const results,
            scratch.results.room(largest_begin + static_cast<size_t>(rows.count) * sizeof(int32_t)));
  auto* const values = reinterpret_cast<float*>(results);
  const auto download_rows = [&](int64_t begin, int64_t end) {
    const int64_t offset = begin * rows.width * static_cast<int64_t>(sizeof(float));
    const auto size = static_cast<size_t>((end - begin) * rows.width) * sizeof(float);
    queue_->download(rows.values + offset, {results + offset, size});
  };
  int64_t next = 0;  // the first row that was not dealt with
  for (const int32_t row : largest_of) {
    download_rows(next, row);
    next = row + 1;
  }
  download_rows(next, rows.count);
  StepResult result{.values = {values, count}, .largest = {}};
  if (!largest_of.empty()) {
    queue_->upload(scratch.arrays.largest_rows, std::as_bytes(largest_of));
    launch<gpu::Largest>(*queue_, {.x = device_floats(rows.values),
                                   .rows = device_pointer<int32_t>(scratch.arrays.largest_rows),
                                   .row_count = std::ssize(largest_of),
                                   .width = rows.width,
                                   .largest = device_pointer<int32_t>(scratch.arrays.largest)});
    const std::span largest(reinterpret_cast<int32_t*>(results + largest_begin), static_cast<size_t>(rows.count));
    queue_->download(scratch.arrays.largest, std::as_writable_bytes(largest));
    result.largest = largest;
  }
  QUIRE_TRY_VOID(queue_->wait());
#ifdef QUIRE_POISON_KV
  for (const int32_t row : largest_of) {
    std::fill_n(values + row * rows.width, rows.width, std::numeric_limits<float>::quiet_NaN());
  }
#endif
  return result;
}

Result<void> GpuBackend::embed(const TensorView& table, std::span<const int32_t> tokens, Rows x) {
  std::vector<float>& values = scratch_->token_rows;
  values.resize(static_cast<size_t>(element_count(x)));
  QUIRE_TRY_VOID(read_token_rows(workers_, table, tokens.first(static_cast<size_t>(x.count)), scratch_->stored.data(),
                                 values.data()));
  queue_->upload(x.values, std::as_bytes(std::span(values)));
  return {};
}

void GpuBackend::upload(std::span<const float> values, Rows x) {
  QUIRE_CHECK(static_cast<int64_t>(values.size()) == element_count(x), "shapes fit");
  queue_->upload(x.values, std::as_bytes(values));
}

template <typename Function>
void GpuBackend::map(Rows x, float operand) {
  launch<gpu::Map<Function>>(*queue_, {.x = device_floats(x.values), .count = element_count(x), .operand = operand});
}

template <typename Function>
void GpuBackend::combine(Rows y, Rows x) {
  QUIRE_CHECK(y.width == x.width && y.count == x.count, "shapes fit");
  launch<gpu::Combine<Function>>(*queue_, {.y = device_floats(y.values),
                                           .x = device_floats(x.values),
                                           .rows = 1,
                                           .width = element_count(y),
                                           .x_stride = 0});
}

bool GpuBackend::are_wide(Rows rows) const {
  constexpr int64_t wide = 512;
  constexpr int64_t rows_of_multiprocessor = 8;
  return rows.width >= wide && rows.count < rows_of_multiprocessor * queue_->facts().multiprocessors;
}

void GpuBackend::rms_norm(Rows x, const DeviceVector& weight, float epsilon, Rows y) {
  const gpu::NormArgs args = norm_args(x, weight, epsilon, y);
  if (are_wide(x)) {
    launch<gpu::RmsNorm<gpu::BlockOfRow>>(*queue_, args);
  } else {
    launch<gpu::RmsNorm<gpu::WarpOfRow>>(*queue_, args);
  }
}

void GpuBackend::layer_norm(Rows x, const DeviceVector& weight, const DeviceVector& bias, float epsilon, Rows y) {
  QUIRE_CHECK(bias.size == 0 || bias.size == weight.size, "a bias for each weight");
  gpu::NormArgs args = norm_args(x, weight, epsilon, y);
  args.bias = device_floats(bias);
  if (are_wide(x)) {
    launch<gpu::LayerNorm<gpu::BlockOfRow>>(*queue_, args);
  } else {
    launch<gpu::LayerNorm<gpu::WarpOfRow>>(*queue_, args);
  }
}

void GpuBackend::l2_norm(Rows x, float epsilon) {
  launch<gpu::L2Norm>(*queue_, {.x = device_floats(x.values), .rows = x.count, .width = x.width, .epsilon = epsilon});
}

void GpuBackend::add_bias(Rows y, const DeviceVector& bias) {
  QUIRE_CHECK(bias.size == y.width, "a bias for each element");
  launch<gpu::Combine<gpu::Add>>(
      *queue_,
      {.y = device_floats(y.values), .x = device_floats(bias), .rows = y.count, .width = y.width, .x_stride = 0});
}

void GpuBackend::add(Rows y, Rows x) { combine<gpu::Add>(y, x); }

void GpuBackend::multiply(Rows y, Rows x) { combine<gpu::Multiply>(y, x); }

void GpuBackend::sigmoid(Rows x) { map<gpu::Sigmoid>(x); }

void GpuBackend::scale(Rows x, float factor) { map<gpu::Scale>(x, factor); }

void GpuBackend::softcap(Rows x, float cap) { map<gpu::Softcap>(x, cap); }

void GpuBackend::scale_rows(Rows x) {
  launch<gpu::Gate<gpu::GateItself>>(*queue_, {.x = device_floats(x.values),
                                               .gate = scratch_->step().row_scales,
                                               .rows = x.count,
                                               .width = x.width,
                                               .gate_width = 1});
}

void GpuBackend::activate(Rows gate, Rows up, Activation activation) {
  switch (activation) {
    case Activation::silu:
      return combine<gpu::SiluMultiply>(gate, up);
    case Activation::gelu:
      return combine<gpu::GeluMultiply>(gate, up);
    case Activation::gelu_erf:
      return combine<gpu::GeluErfMultiply>(gate, up);
    case Activation::clamped_swiglu:
      return combine<gpu::ClampedSwiglu>(gate, up);
    case Activation::relu_squared:
      QUIRE_CHECK(false, "an activation that has a gate");
  }
}

void GpuBackend::activate(Rows x, Activation activation) {
  switch (activation) {
    case Activation::gelu:
      return map<gpu::Gelu>(x);
    case Activation::gelu_erf:
      return map<gpu::GeluErf>(x);
    case Activation::relu_squared:
      return map<gpu::ReluSquared>(x);
    case Activation::silu:
    case Activation::clamped_swiglu:
      QUIRE_CHECK(false, "an activation that needs no gate");
  }
}

void GpuBackend::gate_rows(Rows x, Rows gate, RowGate function) {
  QUIRE_CHECK(gate.count == x.count && x.width % gate.width == 0, "each of a gate's elements has its neighbours");
  const gpu::GateArgs args = {.x = device_floats(x.values),
                              .gate = device_floats(gate.values),
                              .rows = x.count,
                              .width = x.width,
                              .gate_width = gate.width};
  if (function == RowGate::sigmoid) {
    launch<gpu::Gate<gpu::GateSigmoid>>(*queue_, args);
  } else {
    launch<gpu::Gate<gpu::GateSoftplus>>(*queue_, args);
  }
}

void GpuBackend::rope(Rows heads, int64_t head_dim, int64_t kind, RopePairs pairs) {
  const GpuStep::Turns& turns = scratch_->step().turns[static_cast<size_t>(kind)];
  launch<gpu::Rope>(*queue_, {.x = device_floats(heads.values),
                              .cosines = turns.cosines,
                              .sines = turns.sines,
                              .rows = heads.count,
                              .heads = heads.width / head_dim,
                              .head_dim = head_dim,
                              .rotary = turns.rotary,
                              .halves = pairs == RopePairs::halves});
}

void GpuBackend::time_steps(Rows x, const DeviceVector& bias, const DeviceVector& rates, Rows decays) {
  QUIRE_CHECK(bias.size == x.width && rates.size == x.width && decays.width == x.width, "one for each head");
  launch<gpu::TimeSteps>(*queue_, {.x = device_floats(x.values),
                                   .bias = device_floats(bias),
                                   .rates = device_floats(rates),
                                   .decays = device_floats(decays.values),
                                   .rows = x.count,
                                   .width = x.width});
}

}  // namespace quire
