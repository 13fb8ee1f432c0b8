// Memory of a GPU that is not there: host code that touches it crashes, as on a card, but for copies and kernels.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>

namespace quire::test {

// One thread at a time.
class StandInMemory {
 public:
  explicit StandInMemory(uint64_t size_bytes) : size_bytes_(size_bytes) {}
  StandInMemory(const StandInMemory&) = delete;
  StandInMemory& operator=(const StandInMemory&) = delete;
  ~StandInMemory();

  // 0: there is no room. What is in it is not zero.
  uint64_t allocate(uint64_t size_bytes);
  // False: there is none that begins there.
  bool free(uint64_t address);
  // Whether all of the range is in one allocation.
  bool contains(uint64_t address, uint64_t size_bytes) const;
  uint64_t free_bytes() const { return size_bytes_ - used_bytes_; }
  uint64_t size_bytes() const { return size_bytes_; }

  // While it lives memory can be touched.
  class Open {
   public:
    explicit Open(StandInMemory& memory) : memory_(memory) { memory_.protect(false); }
    ~Open() { memory_.protect(true); }
    Open(const Open&) = delete;
    Open& operator=(const Open&) = delete;

   private:
    StandInMemory& memory_;
  };
  // REQUIRES: contains(address, size_bytes).
  void fill(uint64_t address, unsigned char value, uint64_t size_bytes);

 private:
  void protect(bool closed);

  const uint64_t size_bytes_;
  uint64_t used_bytes_ = 0;
  std::map<uint64_t, uint64_t> sizes_;  // of each allocation, by where it begins
};

}  // namespace quire::test
