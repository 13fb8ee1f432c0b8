// Matmuls, of all rows and of each head by matrices of its own, and copies of heads and rows.
#include "backend/gpu/gpu_backend.h"
#include "backend/gpu/gpu_launch.h"
#include "base/check.h"

namespace quire {
namespace {

float* first_part(const HeadParts& parts) { return device_floats(parts.rows.values) + parts.first; }

gpu::CopyHeads::Args copy_args(const HeadParts& x, const HeadParts& y) {
  return {.x = first_part(x),
          .y = first_part(y),
          .row_count = y.rows.count,
          .heads = x.heads(),
          .size = x.size,
          .x_stride = x.rows.width,
          .y_stride = y.rows.width,
          .x_head_stride = x.stride,
          .y_head_stride = y.stride};
}

}  // namespace

void GpuBackend::quantize(const HeadParts& x, DeviceAddress form) {
  launch<gpu::Quantize>(*queue_, {.x = first_part(x),
                                  .form = device_pointer<gpu::QuantizedGroup>(form),
                                  .rows = x.rows.count,
                                  .heads = x.heads(),
                                  .size = x.size,
                                  .x_stride = x.rows.width,
                                  .x_head_stride = x.stride});
}

void GpuBackend::matmul(Rows x, RowsOf /*rows_of*/, std::initializer_list<Projection> projections) {
  bool is_quantized = false;
  for (const Projection& projection : projections) {
    const Matrix& weights = projection.weights;
    if (weights.outputs == 0) continue;
    QUIRE_CHECK(weights.inputs == x.width && weights.outputs == projection.y.width && x.count == projection.y.count,
                "shapes fit");
    if (reads_quantized_activations(weights.type) && !is_quantized) {
      quantize(whole(x), scratch_->arrays.form);
      is_quantized = true;
    }
    gpu::MatmulArgs args;
    set_weights(args, weights);
    args.form = device_pointer<gpu::QuantizedGroup>(scratch_->arrays.form);
    args.x = device_floats(x.values);
    args.x_stride = x.width;
    args.rows = x.count;
    args.y = device_floats(projection.y.values);
    args.y_stride = projection.y.width;
    args.scale = weights.scale;
    launch_matmul(*queue_, weights.type, x.count, args);
  }
}

void GpuBackend::matmul_heads(const HeadParts& x, const Matrix& stack, const HeadParts& y) {
  QUIRE_CHECK(x.heads() == stack.count && y.heads() == stack.count && x.rows.count == y.rows.count &&
                  x.size == stack.inputs && y.size == stack.outputs,
              "shapes fit");
  if (reads_quantized_activations(stack.type)) quantize(x, scratch_->arrays.form);
  gpu::MatmulArgs args;
  set_weights(args, stack);
  args.form = device_pointer<gpu::QuantizedGroup>(scratch_->arrays.form);
  args.x = first_part(x);
  args.x_stride = x.rows.width;
  args.x_matrix_stride = x.stride;
  args.rows = x.rows.count;
  args.y = first_part(y);
  args.y_stride = y.rows.width;
  args.y_matrix_stride = y.stride;
  launch_matmul(*queue_, stack.type, x.rows.count, args);
}

void GpuBackend::copy_heads(const HeadParts& x, const HeadParts& y) {
  QUIRE_CHECK(x.heads() == y.heads() && x.rows.count == y.rows.count && x.size == y.size, "shapes fit");
  launch<gpu::CopyHeads>(*queue_, copy_args(x, y));
}

void GpuBackend::columns(Rows x, int64_t begin, Rows y) {
  QUIRE_CHECK(begin >= 0 && begin + y.width <= x.width && y.count == x.count, "shapes fit");
  launch<gpu::CopyHeads>(*queue_, copy_args({.rows = x, .stride = x.width, .first = begin, .size = y.width}, whole(y)));
}

void GpuBackend::copy_rows(const int32_t* rows, int64_t count, Rows x, Rows y) {
  QUIRE_CHECK(y.width == x.width && y.count == count, "shapes fit");
  gpu::CopyHeads::Args args = copy_args(whole(x), whole(y));
  args.rows = rows;
  launch<gpu::CopyHeads>(*queue_, args);
}

void GpuBackend::gather(Rows x, Rows y) {
  copy_rows(scratch_->step().gathered_rows, std::ssize(scratch_->host_inputs().gathered_rows), x, y);
}

void GpuBackend::gather_drafted(Rows x, Rows y) {
  copy_rows(scratch_->step().drafted_rows, std::ssize(scratch_->host_inputs().drafted_rows), x, y);
}

void GpuBackend::split_heads(Rows x, int64_t head_dim, Rows even, Rows odd) {
  QUIRE_CHECK(x.width == 2 * even.width && odd.width == even.width && even.width % head_dim == 0, "shapes fit");
  const auto copy = [&](int64_t first, Rows to) {
    launch<gpu::CopyHeads>(*queue_, copy_args({.rows = x, .stride = 2 * head_dim, .first = first, .size = head_dim},
                                              {.rows = to, .stride = head_dim, .first = 0, .size = head_dim}));
  };
  copy(0, even);
  copy(head_dim, odd);
}

}  // namespace quire
