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
  if (kind == MatmulKind::many) machine.launch<gpu::MatmulMany<type, 4>>(args);
}

}  // namespace

int64_t tile_rows(ElementType type, MatmulKind kind) {
  if (!reads_quantized_activations(type)) return gpu::MatmulFloat<ElementType::f32>::tile_rows;
  switch (kind) {
    case MatmulKind::row:
      return 1;
    case MatmulKind::few:
      return gpu::MatmulFew<ElementType::q8_0, 8>::tile_rows;
    case MatmulKind::stream:
      return gpu::stream_rows(type);
    case MatmulKind::many:
      return gpu::MatmulMany<ElementType::q8_0, 4>::tile_rows;
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
      return machine.launch<gpu::MatmulFloat<ElementType::f32>>(args);
    case ElementType::f16:
      return machine.launch<gpu::MatmulFloat<ElementType::f16>>(args);
    case ElementType::bf16:
      return machine.launch<gpu::MatmulFloat<ElementType::bf16>>(args);
    default:
      QUIRE_CHECK(false, "a type that weights have");
  }
#undef QUIRE_CASE
}

}  // namespace quire::test
