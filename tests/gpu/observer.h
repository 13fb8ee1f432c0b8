// What a kernel does to memory, as it does it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace quire::test {

// What a thread is about to do to memory that others can reach too.
struct Access {
  const void* site;  // behind the call that announces it, in the program's text
  std::byte* address;
  size_t size_bytes;
  bool writes;
};

// Who watches a machine. Calls come from the thread that runs, before what they announce.
class Observer {
 public:
  Observer() = default;
  Observer(const Observer&) = delete;
  Observer& operator=(const Observer&) = delete;
  virtual ~Observer() = default;

  // A grid, and one of its blocks. What a block shares lies in `shared`.
  virtual void begin_launch(std::string_view /*kernel*/, std::span<std::byte> /*shared*/) {}
  virtual void begin_block() {}
  virtual void access(int /*thread*/, const Access&) {}
  // The thread has made its last access; before another one, and before another thread runs.
  virtual void settle() {}
  // 16 bytes begin to be copied; are there.
  virtual void begin_copy(int /*thread*/, std::byte* /*to*/, const std::byte* /*from*/) {}
  virtual void end_copy(int /*thread*/, std::byte* /*to*/) {}
  // All threads wait for each other; those of a warp.
  virtual void pass_barrier() {}
  virtual void pass_warp_barrier(int /*warp*/) {}
};

// Before each access of a kernel's text, where the compiler announces them (accesses.cpp); not outside of kernels.
void announce(const Access& access);
// Whether it does.
#ifdef QUIRE_ANNOUNCES_ACCESSES
inline constexpr bool announces_accesses = true;
#else
inline constexpr bool announces_accesses = false;
#endif

}  // namespace quire::test
