// All that kernels know of the machine that runs them: a grid of blocks, each of whose threads are warps of 32.
//
// There are two machines. A GPU: clang compiles the kernels as CUDA, and these functions are instructions of PTX. And
// whoever defines the functions that are only declared here; tests do, with threads that are fibers (tests/gpu).
//
// What threads of a block write is seen by the others behind barrier(), by those of their warp behind warp_barrier();
// so may what they have read be overwritten. Shuffles and multiply_tile bring values and order nothing in memory (PTX
// ISA, shfl.sync). All threads of a block reach the same barriers, all of a warp the same of the rest.
#pragma once

#include <bit>
#include <cstdint>

#ifndef __CUDA__
#include <source_location>
#endif

namespace quire::gpu {

inline constexpr int warp_size = 32;

// Blocks, in one dimension.
struct Grid {
  int64_t blocks = 0;
};

// Before a loop of few rounds whose arrays are to lie in registers.
#ifdef __CUDA__
#define QUIRE_GPU_UNROLL _Pragma("unroll")
#else
#define QUIRE_GPU_UNROLL
#endif

#ifdef __CUDA__

#define QUIRE_GPU_MACHINE static inline __attribute__((device, always_inline))

QUIRE_GPU_MACHINE int thread_index() { return __nvvm_read_ptx_sreg_tid_x(); }
QUIRE_GPU_MACHINE int64_t block_index() { return static_cast<uint32_t>(__nvvm_read_ptx_sreg_ctaid_x()); }
QUIRE_GPU_MACHINE void barrier() { __nvvm_bar_sync(0); }
QUIRE_GPU_MACHINE void warp_barrier() { asm volatile("bar.warp.sync 0xffffffff;" ::: "memory"); }

QUIRE_GPU_MACHINE uint32_t shuffle_down(uint32_t value, int distance) {
  uint32_t result;
  asm volatile("shfl.sync.down.b32 %0, %1, %2, 31, 0xffffffff;" : "=r"(result) : "r"(value), "r"(distance) : "memory");
  return result;
}
QUIRE_GPU_MACHINE uint32_t shuffle_xor(uint32_t value, int mask) {
  uint32_t result;
  asm volatile("shfl.sync.bfly.b32 %0, %1, %2, 31, 0xffffffff;" : "=r"(result) : "r"(value), "r"(mask) : "memory");
  return result;
}
QUIRE_GPU_MACHINE uint32_t shuffle_from(uint32_t value, int lane) {
  uint32_t result;
  asm volatile("shfl.sync.idx.b32 %0, %1, %2, 31, 0xffffffff;" : "=r"(result) : "r"(value), "r"(lane) : "memory");
  return result;
}

QUIRE_GPU_MACHINE int32_t dot_bytes(uint32_t a, uint32_t b, int32_t sum) {
  int32_t result;
  asm("dp4a.s32.s32 %0, %1, %2, %3;" : "=r"(result) : "r"(a), "r"(b), "r"(sum));
  return result;
}
QUIRE_GPU_MACHINE uint32_t permute_bytes(uint32_t low, uint32_t high, uint32_t selector) {
  uint32_t result;
  asm("prmt.b32 %0, %1, %2, %3;" : "=r"(result) : "r"(low), "r"(high), "r"(selector));
  return result;
}

#if __CUDA_ARCH__ >= 800
QUIRE_GPU_MACHINE void copy_async(void* shared, const void* from) {
  const auto to = static_cast<uint32_t>(reinterpret_cast<uintptr_t>((__attribute__((address_space(3))) void*)shared));
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(to), "l"(from) : "memory");
}
QUIRE_GPU_MACHINE void close_copies() { asm volatile("cp.async.commit_group;" ::: "memory"); }
template <int left>
QUIRE_GPU_MACHINE void wait_for_copies() {
  asm volatile("cp.async.wait_group %0;" ::"n"(left) : "memory");
}
#else
struct alignas(16) CopiedWords {
  uint32_t words[4];
};
QUIRE_GPU_MACHINE void copy_async(void* shared, const void* from) {
  *static_cast<CopiedWords*>(shared) = *static_cast<const CopiedWords*>(from);
}
QUIRE_GPU_MACHINE void close_copies() {}
template <int left>
QUIRE_GPU_MACHINE void wait_for_copies() {}
#endif

#if __CUDA_ARCH__ >= 800
QUIRE_GPU_MACHINE void multiply_tile(int32_t begin, const uint32_t (&a)[4], const uint32_t (&b)[2],
                                     int32_t (&sums)[4]) {
  asm volatile(
      "mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
      "{%10, %10, %10, %10};"
      : "=r"(sums[0]), "=r"(sums[1]), "=r"(sums[2]), "=r"(sums[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]), "r"(begin));
}
QUIRE_GPU_MACHINE void multiply_half_tile(int32_t begin, uint32_t a0, uint32_t a1, uint32_t b, int32_t (&sums)[4]) {
  asm volatile("mma.sync.aligned.m16n8k16.row.col.s32.s8.s8.s32 {%0, %1, %2, %3}, {%4, %5}, {%6}, {%7, %7, %7, %7};"
               : "=r"(sums[0]), "=r"(sums[1]), "=r"(sums[2]), "=r"(sums[3])
               : "r"(a0), "r"(a1), "r"(b), "r"(begin));
}
#else
// No kernel of such a GPU calls them.
__attribute__((device)) void multiply_tile(int32_t begin, const uint32_t (&a)[4], const uint32_t (&b)[2],
                                           int32_t (&sums)[4]);
__attribute__((device)) void multiply_half_tile(int32_t begin, uint32_t a0, uint32_t a1, uint32_t b,
                                                int32_t (&sums)[4]);
#endif

#undef QUIRE_GPU_MACHINE

#else

using Site = std::source_location;

int thread_index();
int64_t block_index();
void barrier(Site site = Site::current());
void warp_barrier(Site site = Site::current());

// Of the lane so many further on, or its own value where there is none; of the lane whose index differs in these bits;
// of this lane.
uint32_t shuffle_down(uint32_t value, int distance);
uint32_t shuffle_xor(uint32_t value, int mask);
uint32_t shuffle_from(uint32_t value, int lane);

// 16 bytes of the device's memory into what a block shares, both aligned to 16. They are there for the thread that
// copies when it has waited for the batch that they are in, for others behind a barrier then. close_copies() ends a
// batch; wait_for_copies() waits for all but the last `left` batches.
void copy_async(void* shared, const void* from);
void close_copies();
void wait_for_copies_but(int left, Site site);
template <int left>
inline void wait_for_copies(Site site = Site::current()) {
  wait_for_copies_but(left, site);
}

// sum + the products of four signed bytes.
inline int32_t dot_bytes(uint32_t a, uint32_t b, int32_t sum) {
  for (int i = 0; i < 32; i += 8) sum += static_cast<int8_t>(a >> i) * static_cast<int8_t>(b >> i);
  return sum;
}

// Byte i is that of high:low which nibble i of the selector names: 0 to 7.
inline uint32_t permute_bytes(uint32_t low, uint32_t high, uint32_t selector) {
  const uint64_t bytes = uint64_t{high} << 32 | low;
  uint32_t result = 0;
  for (int i = 0; i < 4; ++i)
    result |= (static_cast<uint32_t>(bytes >> (8 * (selector >> 4 * i & 7))) & 0xFFU) << 8 * i;
  return result;
}

// sums (16, 8) = begin + a (16, 32) * b (32, 8), signed bytes, by a warp: of a lane of index 4 i + j
//   a: rows i and i + 8 of inputs 4 j to 4 j + 3, and then the same of inputs 16 + 4 j on
//   b: inputs 4 j to 4 j + 3, and 16 + 4 j on, of column i
//   sums: row i of columns 2 j and 2 j + 1, and then row i + 8
// The half tile has 16 inputs.
void multiply_tile(int32_t begin, const uint32_t (&a)[4], const uint32_t (&b)[2], int32_t (&sums)[4]);
void multiply_half_tile(int32_t begin, uint32_t a0, uint32_t a1, uint32_t b, int32_t (&sums)[4]);

#endif

inline int lane_index() { return thread_index() % warp_size; }
inline int warp_index() { return thread_index() / warp_size; }

inline float shuffle_down(float value, int distance) {
  return std::bit_cast<float>(shuffle_down(std::bit_cast<uint32_t>(value), distance));
}
inline float shuffle_xor(float value, int mask) {
  return std::bit_cast<float>(shuffle_xor(std::bit_cast<uint32_t>(value), mask));
}
inline float shuffle_from(float value, int lane) {
  return std::bit_cast<float>(shuffle_from(std::bit_cast<uint32_t>(value), lane));
}

}  // namespace quire::gpu
