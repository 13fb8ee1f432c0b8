// What a kernel is: a struct of
//   Args        all that it reads and writes, copied at launch: plain, with addresses of the device's memory
//   Shared      what the threads of a block share; undefined at first
//   threads     of a block
//   grid(args)  the blocks of a launch; where there are none it need not be launched
//   run(args, shared)   what each thread does
// Kernels hold for every number of rows. The list of all of them is kernels/gpu/kernel_list.h.
#pragma once

#include <cstdint>

#include "kernels/gpu/thread.h"
#include "kernels/scalar/functions.h"

namespace quire::gpu {

struct NothingShared {};

inline constexpr int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }
inline constexpr int64_t min_of(int64_t a, int64_t b) { return a < b ? a : b; }
inline constexpr int64_t max_of(int64_t a, int64_t b) { return a > b ? a : b; }

// A block of these threads takes a piece of one row; a row is at least a piece. body(row, column) for each element.
inline constexpr int element_threads = 256;
inline constexpr int64_t piece_columns = 4 * element_threads;

inline Grid element_grid(int64_t rows, int64_t width) { return {rows * ceil_div(width, piece_columns)}; }

template <typename Body>
inline void for_elements(int64_t width, const Body& body) {
  const auto pieces = static_cast<uint32_t>(ceil_div(width, piece_columns));
  const auto block = static_cast<uint32_t>(block_index());
  const int64_t row = block / pieces;
  const int64_t begin = static_cast<int64_t>(block % pieces) * piece_columns;
  const int64_t end = min_of(width, begin + piece_columns);
  for (int64_t column = begin + thread_index(); column < end; column += element_threads) body(row, column);
}

// Kernels whose warps each take a task of their own.
inline constexpr int task_threads = 128;
inline constexpr int64_t block_tasks = task_threads / warp_size;

inline Grid task_grid(int64_t tasks) { return {ceil_div(tasks, block_tasks)}; }
inline int64_t task_index() { return block_index() * block_tasks + warp_index(); }

// The sum of 16 partial sums, those of lanes 0 to 15, in the order of the contract's tree; every lane has it.
inline float tree_sum(float partial) {
  for (int half = 8; half > 0; half /= 2) partial += shuffle_down(partial, half);
  return shuffle_from(partial, 0);
}

// What does not depend on an order, of all lanes.
inline float warp_max(float value) {
  for (int mask = warp_size / 2; mask > 0; mask /= 2) value = scalar::max_of(shuffle_xor(value, mask), value);
  return value;
}
inline uint32_t warp_max(uint32_t value) {
  for (int mask = warp_size / 2; mask > 0; mask /= 2) {
    const uint32_t other = shuffle_xor(value, mask);
    value = other > value ? other : value;
  }
  return value;
}
// Of the 16 lanes whose index has the same bit 4.
inline int32_t half_warp_sum(int32_t value) {
  for (int mask = 8; mask > 0; mask /= 2) {
    value += static_cast<int32_t>(shuffle_xor(static_cast<uint32_t>(value), mask));
  }
  return value;
}

}  // namespace quire::gpu
