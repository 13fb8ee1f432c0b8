// A GPU of this CPU: threads of a block are fibers, which run one at a time up to the next barrier, shuffle or tile, in
// an order that a seed draws anew each time. Where a kernel lacks a barrier its results differ.
#pragma once

#include <cstdint>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "base/function_ref.h"
#include "kernels/gpu/thread.h"

namespace quire::test {

// A barrier of a kernel's text, or where it waits for copies.
struct BarrierSite {
  const char* file;
  uint32_t line;
  bool operator==(const BarrierSite& other) const;
  std::string name() const;  // "attention.h:140"
};

// One at a time, on one thread. What is shared between threads of a block begins as NaN.
class Machine {
 public:
  explicit Machine(uint64_t seed);
  ~Machine();
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  // A grid whose blocks run in any order.
  template <typename Kernel>
  void launch(const typename Kernel::Args& args) {
    static_assert(Kernel::threads % gpu::warp_size == 0 && Kernel::threads <= 1024, "whole warps, and a block at most");
    static_assert(std::is_trivially_copyable_v<typename Kernel::Args>, "arguments are copied at launch");
    static_assert(sizeof(typename Kernel::Shared) <= 48 * 1024, "what a block may share without being asked");
    alignas(16) static unsigned char shared[sizeof(typename Kernel::Shared)];
    const auto run = [&] { Kernel::run(args, *reinterpret_cast<typename Kernel::Shared*>(shared)); };
    launch(Kernel::grid(args), Kernel::threads, shared, run);
  }

  // Whether threads have to wait there. Called by the barriers of the kernel that runs.
  bool holds(const BarrierSite& site);
  // What has been reached since it was made, in the order of the first time.
  const std::vector<BarrierSite>& sites() const { return sites_; }
  // Threads go past this one as if it were not there.
  void leave_out(const BarrierSite& site) { left_out_.push_back(site); }

  class Block;  // of threads that run

 private:
  void launch(gpu::Grid grid, int threads, std::span<unsigned char> shared, FunctionRef<void()> run);

  std::mt19937_64 random_;
  std::vector<BarrierSite> sites_;
  std::vector<BarrierSite> left_out_;
  std::unique_ptr<Block> block_;
};

}  // namespace quire::test
