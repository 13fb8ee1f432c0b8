// Small kernels, of which some leave to luck what others see.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace quire::test {

enum class RacyKernel {
  // What is right: nothing.
  barrier_between,
  warp_barrier_between,
  own_bytes_of_a_word,
  copy_waited_for,
  // What is not.
  shuffle_between,
  warp_barrier_between_warps,
  overwrites_what_a_shuffle_has_told,
  overwrites_what_other_warps_read,
  blocks_write_the_same,
  block_reads_what_another_writes,
  copy_not_waited_for,
  copy_not_shared_by_a_barrier,
  copies_over_what_is_read,
};

// What is found of it, in one order of its threads.
std::vector<std::string> races_of(RacyKernel kernel, uint64_t seed);

}  // namespace quire::test
