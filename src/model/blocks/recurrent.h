// What recurrent blocks have in common.
#pragma once

#include <cstdint>

#include "base/check.h"
#include "model/blocks/step.h"

namespace quire {

// Takes places for rows one after another: (count, width) each. REQUIRES: together no wider than the place.
class RowPlaces {
 public:
  RowPlaces(const RowPlace& place, int64_t count) : left_(place), count_(count) {}

  Rows take(int64_t width) {
    QUIRE_CHECK(width <= left_.width, "a place is as wide as its blocks asked for");
    const Rows rows{.values = left_.values, .count = count_, .width = width};
    left_.values = left_.values + count_ * width * static_cast<int64_t>(sizeof(float));
    left_.width -= width;
    return rows;
  }

 private:
  RowPlace left_;
  int64_t count_;
};

}  // namespace quire
