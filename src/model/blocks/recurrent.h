// What recurrent blocks have in common.
#pragma once

#include <cstdint>

#include "backend/backend.h"

namespace quire {

// Takes places for rows one after another: (count, width) each.
class RowPlaces {
 public:
  RowPlaces(DeviceAddress begin, int64_t count) : next_(begin), count_(count) {}

  Rows take(int64_t width) {
    const Rows rows{.values = next_, .count = count_, .width = width};
    next_ = next_ + count_ * width * static_cast<int64_t>(sizeof(float));
    return rows;
  }

 private:
  DeviceAddress next_;
  int64_t count_;
};

}  // namespace quire
