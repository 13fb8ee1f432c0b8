#include "gpu/machine.h"
#include "gpu/race_detector.h"
#include "gpu/racy_kernels.h"
#include "kernels/gpu/kernel.h"

namespace quire::test {
namespace {

struct Args {
  RacyKernel kernel;
  uint32_t* global;  // (128)
};

// Of a block of two warps each thread hands a number to the next one.
struct Racy {
  using Args = test::Args;
  static constexpr int threads = 64;
  struct Shared {
    alignas(16) uint32_t words[2 * threads];
    uint8_t bytes[threads];
  };
  static gpu::Grid grid(const Args&) { return {2}; }

  static void hand_over(const Args& args, Shared& shared, int64_t out) {
    const int own = gpu::thread_index();
    const int next_lane = own / gpu::warp_size * gpu::warp_size + (own + 1) % gpu::warp_size;
    const int other_warp = (own + gpu::warp_size) % threads;
    uint32_t& mine = shared.words[own];
    mine = static_cast<uint32_t>(own);
    switch (args.kernel) {
      case RacyKernel::barrier_between:
        gpu::barrier();
        args.global[out] = shared.words[other_warp];
        break;
      case RacyKernel::warp_barrier_between:
        gpu::warp_barrier();
        args.global[out] = shared.words[next_lane];
        break;
      case RacyKernel::shuffle_between:
        args.global[out] = gpu::shuffle_xor(mine, 1);
        args.global[out] = shared.words[next_lane];
        break;
      case RacyKernel::warp_barrier_between_warps:
        gpu::warp_barrier();
        args.global[out] = shared.words[other_warp];
        break;
      case RacyKernel::overwrites_what_a_shuffle_has_told:
        gpu::warp_barrier();
        mine = gpu::shuffle_xor(shared.words[next_lane], 1);
        break;
      case RacyKernel::overwrites_what_other_warps_read:
        gpu::barrier();
        args.global[out] = shared.words[other_warp];
        mine = 7;
        break;
      default:
        break;
    }
  }

  static void copy(const Args& args, Shared& shared, int64_t out) {
    const int own = gpu::thread_index();
    uint32_t* const to = shared.words + 4 * (own % 32);
    if (args.kernel == RacyKernel::copies_over_what_is_read) {
      if (own == 0) args.global[out] = shared.words[0];
      gpu::warp_barrier();
    }
    if (own >= 32) {
      gpu::copy_async(to, args.global + own / 32 * 4);
      gpu::close_copies();
    }
    if (args.kernel != RacyKernel::copy_not_waited_for) gpu::wait_for_copies<0>();
    if (args.kernel != RacyKernel::copy_not_shared_by_a_barrier) gpu::barrier();
    if (own < 32 && args.kernel != RacyKernel::copies_over_what_is_read) args.global[out] = to[0];
  }

  static void run(const Args& args, Shared& shared) {
    const int own = gpu::thread_index();
    const int64_t out = 16 + own;
    switch (args.kernel) {
      case RacyKernel::own_bytes_of_a_word:
        shared.bytes[own] = static_cast<uint8_t>(own);
        break;
      case RacyKernel::blocks_write_the_same:
        args.global[own] = 1;
        break;
      case RacyKernel::block_reads_what_another_writes:
        if (gpu::block_index() == 0) args.global[own] = 1;
        if (gpu::block_index() == 1) shared.words[own] = args.global[own];
        break;
      case RacyKernel::copy_waited_for:
      case RacyKernel::copy_not_waited_for:
      case RacyKernel::copy_not_shared_by_a_barrier:
      case RacyKernel::copies_over_what_is_read:
        if (gpu::block_index() == 0) copy(args, shared, out);
        break;
      default:
        if (gpu::block_index() == 0) hand_over(args, shared, out);
    }
  }
};

}  // namespace

std::vector<std::string> races_of(RacyKernel kernel, uint64_t seed) {
  alignas(16) uint32_t global[128] = {};
  RaceDetector detector;
  Machine machine(seed);
  machine.observe(&detector);
  machine.launch<Racy>({.kernel = kernel, .global = global});
  return detector.races();
}

}  // namespace quire::test
