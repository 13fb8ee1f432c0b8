// Importance matrices of both forms: any bytes are an error, or sums that are finite and weights that are usable.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/check.h"
#include "gguf/importance.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* input, size_t size) {
  using namespace quire::gguf;
  const auto importance = parse_importance({reinterpret_cast<const std::byte*>(input), size});
  if (!importance) return 0;
  for (const SquareSums& sums : importance->tensors) {
    QUIRE_CHECK(importance->find(sums.tensor) == &sums, "each tensor is found by its name");
    const auto matrices = static_cast<int64_t>(sums.counts.size());
    const std::array<int64_t, 4> shape = {sums.inputs, 1, matrices, 1};
    QUIRE_CHECK(check_importance(sums, shape).has_value(), "sums are those of the shape that they claim");
    for (const float weight : importance_weights(sums, shape)) {
      QUIRE_CHECK(std::isfinite(weight) && weight > 0, "a weight is a positive number");
    }
  }
  return 0;
}
