// Values of results, for what a test takes for granted.
#pragma once

#include <type_traits>
#include <utility>

#include "base/check.h"
#include "base/result.h"

namespace quire::test {

// A value or the test process ends with the error.
template <typename T>
T take(Result<T> result) {
  QUIRE_CHECK(result.has_value(), result.error().message);
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

}  // namespace quire::test
