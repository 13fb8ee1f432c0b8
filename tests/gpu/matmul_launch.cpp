#include "gpu/matmul_launch.h"

#include "base/check.h"
#include "kernels/gpu/kernel_list.h"

namespace quire::test {
namespace {

template <ElementType type>
void launch_quantized(Machine& machine, MatmulKind kind, const gpu::MatmulArgs& args) {
  if (kind == MatmulKind::row) machine.launch<gpu::MatmulStream<type, 1>>(args);
  if (kind == MatmulKind::few) machine.launch<gpu::MatmulFew<type, 8>>(args);
  if (kind == MatmulKind::stream) machine.launch<gpu::MatmulStream<type, gpu::stream_rows(type)>>(args);
  if (kind == MatmulKind::many) machine.launch<gpu::MatmulMany<type, 8>>(args);
}

template <ElementType type>
void launch_float(Machine& machine, MatmulKind kind, const gpu::MatmulArgs& args) {
  if (kind == MatmulKind::few) machine.launch<gpu::MatmulFloatFew<type>>(args);
  if (kind == MatmulKind::many) machine.launch<gpu::MatmulFloatMany<type>>(args);
}

}  // namespace

int64_t tile_rows(ElementType type, MatmulKind kind) {
  if (!reads_quantized_activations(type)) {
    return kind == MatmulKind::few ? gpu::MatmulFloatFew<ElementType::f32>::tile_rows
                                   : gpu::MatmulFloatMany<ElementType::f32>::tile_rows;
  }
  switch (kind) {
    case MatmulKind::row:
      return 1;
    case MatmulKind::few:
      return gpu::MatmulFew<ElementType::q8_0, 8>::tile_rows;
    case MatmulKind::stream:
      return gpu::stream_rows(type);
    case MatmulKind::many:
      return gpu::MatmulMany<ElementType::q8_0, 8>::tile_rows;
  }
  return 0;
}

void launch_matmul(Machine& machine, ElementType type, MatmulKind kind, const gpu::MatmulArgs& args) {
#define QUIRE_CASE(unused, name) \
  case ElementType::name:        \
    return launch_quantized<ElementType::name>(machine, kind, args);
  switch (gpu::kernel_type(type)) {
    QUIRE_GPU_WEIGHT_TYPES(QUIRE_CASE, )
    case ElementType::f32:
      return launch_float<ElementType::f32>(machine, kind, args);
    case ElementType::f16:
      return launch_float<ElementType::f16>(machine, kind, args);
    case ElementType::bf16:
      return launch_float<ElementType::bf16>(machine, kind, args);
    default:
      QUIRE_CHECK(false, "a type that weights have");
  }
#undef QUIRE_CASE
}

}  // namespace quire::test
