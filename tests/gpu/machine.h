// A GPU of this CPU: threads of a block are fibers, which run one at a time up to the next barrier, shuffle or tile, in
// an order that a seed draws anew each time. Where a kernel lacks a barrier its results differ.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <source_location>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/function_ref.h"
#include "gpu/observer.h"
#include "kernels/gpu/thread.h"

namespace quire::test {

// A barrier of a kernel's text, or where it waits for copies.
struct BarrierSite {
  const char* file;
  uint32_t line;
  bool operator==(const BarrierSite& other) const;
  std::string name() const;  // "attention.h:140"
};

// As the compiler writes it: "quire::gpu::MatmulStream<quire::ElementType::q4_0, 1>".
template <typename Kernel>
std::string_view kernel_name() {
  const std::string_view function = std::source_location::current().function_name();
  constexpr std::string_view before = "Kernel = ";
  const size_t begin = function.find(before) + before.size();
  return function.substr(begin, function.find_first_of(";]", begin) - begin);
}

// A number among a kernel's arguments: eight bytes that may count something, more than one.
struct Argument {
  std::string_view kernel;
  size_t word;
  bool operator==(const Argument&) const = default;
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
    alignas(16) static std::byte shared[sizeof(typename Kernel::Shared)];
    typename Kernel::Args own = args;
    take_arguments(kernel_name<Kernel>(), std::as_writable_bytes(std::span(&own, 1)));
    const auto run = [&] { Kernel::run(own, *reinterpret_cast<typename Kernel::Shared*>(shared)); };
    launch(kernel_name<Kernel>(), Kernel::grid(own), Kernel::threads, shared, run);
  }

  // Whether threads have to wait there. Called by the barriers of the kernel that runs.
  bool holds(const BarrierSite& site);
  // What has been reached since it was made, in the order of the first time.
  const std::vector<BarrierSite>& sites() const { return sites_; }
  // Threads go past this one as if it were not there.
  void leave_out(const BarrierSite& site) { left_out_.push_back(site); }

  // Where accesses are announced a thread gives way to others before one in so many, drawn by the seed.
  void interleave(uint32_t accesses) { accesses_between_ = accesses; }
  // Whether this access is one of them. Called before each.
  bool gives_way() const;
  // Borrowed; null: nobody.
  void observe(Observer* observer) { observer_ = observer; }
  Observer* observer() const { return observer_; }

  // From now on which kernels are launched, and with what, is kept in the order of the first time.
  void note_launches() { notes_launches_ = true; }
  const std::vector<std::string_view>& launched() const { return launched_; }
  const std::vector<Argument>& arguments() const { return arguments_; }
  // Kernels are launched with one less of it.
  void bend(const Argument& argument) { bent_ = argument; }
  // From now on no block is run.
  void skip_launches() { skips_launches_ = true; }

  class Block;  // of threads that run

 private:
  void take_arguments(std::string_view kernel, std::span<std::byte> arguments);
  void launch(std::string_view kernel, gpu::Grid grid, int threads, std::span<std::byte> shared,
              FunctionRef<void()> run);

  std::mt19937_64 random_;
  uint32_t accesses_between_ = 0;
  Observer* observer_ = nullptr;
  bool notes_launches_ = false;
  bool skips_launches_ = false;
  std::vector<std::string_view> launched_;
  std::vector<Argument> arguments_;
  Argument bent_ = {};
  std::vector<BarrierSite> sites_;
  std::vector<BarrierSite> left_out_;
  std::unique_ptr<Block> block_;
};

}  // namespace quire::test
