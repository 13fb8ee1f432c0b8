#include "backend/gpu/matmul_kernels.h"

#include <algorithm>
#include <initializer_list>

#include "backend/gpu/gpu_launch.h"
#include "base/check.h"

namespace quire {
namespace {

// visit.template operator()<Kernel>() with the kernel of a type that reads the int8 form.
template <ElementType type, typename Visit>
auto visit_quantized(const GpuFacts& facts, int64_t rows, const Visit& visit) {
  using Stream = gpu::MatmulStream<type, gpu::stream_rows(type)>;
  if (rows == 1) return visit.template operator()<gpu::MatmulStream<type, 1>>();
  if (!facts.has_tensor_cores) return visit.template operator()<gpu::MatmulFew<type, 8>>();
  if (rows <= Stream::tile_rows) return visit.template operator()<Stream>();
  return visit.template operator()<gpu::MatmulMany<type, 8>>();
}

template <ElementType type, typename Visit>
auto visit_float(const GpuFacts& facts, int64_t rows, const Visit& visit) {
  using Few = gpu::MatmulFloatFew<type>;
  using Many = gpu::MatmulFloatMany<type>;
  if (rows > Few::tile_rows && facts.has(gpu::number_of<Many>)) return visit.template operator()<Many>();
  return visit.template operator()<Few>();
}

// The same of any type.
template <typename Visit>
auto visit_kernel(const GpuFacts& facts, ElementType type, int64_t rows, const Visit& visit) {
#define QUIRE_CASE(K, name) \
  case ElementType::name:   \
    return visit_quantized<ElementType::name>(facts, rows, visit);
  switch (gpu::kernel_type(type)) {
    QUIRE_GPU_WEIGHT_TYPES(QUIRE_CASE, )
    case ElementType::f32:
      return visit_float<ElementType::f32>(facts, rows, visit);
    case ElementType::f16:
      return visit_float<ElementType::f16>(facts, rows, visit);
    case ElementType::bf16:
      return visit_float<ElementType::bf16>(facts, rows, visit);
    default:
      QUIRE_CHECK(false, "a type that weights have");
  }
#undef QUIRE_CASE
}

}  // namespace

int64_t tile_rows(const GpuFacts& facts, ElementType type, int64_t rows) {
  return visit_kernel(facts, type, rows, []<typename Kernel>() { return int64_t{Kernel::tile_rows}; });
}

bool has_matmul(const GpuFacts& facts, ElementType type) {
  // One row, some and many have kernels of their own.
  return std::ranges::all_of(std::initializer_list<int64_t>{1, 2, 1024}, [&](int64_t rows) {
    return visit_kernel(facts, type, rows, [&]<typename Kernel>() { return facts.has(gpu::number_of<Kernel>); });
  });
}

void set_weights(gpu::MatmulArgs& args, const Matrix& weights) {
  args.weights = device_pointer<const uint8_t>(weights.bytes);
  args.matrix_bytes = static_cast<int64_t>(packed_size_bytes(weights.type, weights.outputs, weights.inputs));
  args.matrices = weights.count;
  args.outputs = weights.outputs;
  args.inputs = weights.inputs;
}

void launch_matmul(GpuQueue& queue, ElementType type, int64_t rows, const gpu::MatmulArgs& args) {
  visit_kernel(queue.facts(), type, rows, [&]<typename Kernel>() { launch<Kernel>(queue, args); });
}

}  // namespace quire
