// Finds accesses of two threads to one byte, of which one writes, that nothing orders. What orders them, for a GPU: all
// threads' barrier, and a warp's barrier among its lanes; neither shuffles nor tiles, and nothing from block to block.
#pragma once

#include <array>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "gpu/observer.h"

namespace quire::test {

class RaceDetector final : public Observer {
 public:
  // One line for each two places of the kernels' text.
  const std::vector<std::string>& races() const { return races_; }

  void begin_launch(std::string_view kernel, std::span<std::byte> shared) override;
  void begin_block() override;
  void access(int thread, const Access& access) override;
  void begin_copy(int thread, std::byte* to, const std::byte* from) override;
  void end_copy(int thread, std::byte* to) override;
  void pass_barrier() override;
  void pass_warp_barrier(int warp) override { ++warp_rounds_[static_cast<size_t>(warp)]; }

 private:
  // An access of this launch, and which barriers its thread had passed.
  struct Event {
    uint32_t block = 0;  // numbered over all launches from 1 on; 0: no event
    uint16_t thread = 0;
    bool is_copy = false;  // that nobody has waited for
    uint32_t round = 0;
    uint32_t warp_round = 0;
    uint32_t site = 0;  // from where the program begins
    int warp() const;
  };
  // What bytes have seen. Of reads since they were last written: the last one, another lane's of the same time, another
  // warp's since the last barrier, another block's: whatever comes, if one of them all is not ordered before it, then
  // one of these.
  struct History {
    Event write;
    Event read, of_lane, of_warp, of_block;
  };
  // Four bytes, with a history of each where an access was to less than all.
  static constexpr size_t word_bytes = 4;
  struct Word {
    History whole;
    std::unique_ptr<std::array<History, word_bytes>> bytes;
  };
  static constexpr size_t page_bytes = 1024;
  using Page = std::array<Word, page_bytes / word_bytes>;

  Word& word_at(uintptr_t address);
  // visit(history) of all that these bytes have seen.
  template <typename Visit>
  void visit(const std::byte* address, size_t size_bytes, const Visit& visit);
  Event now(int thread, const void* site) const;
  bool is_of_launch(const Event& event) const { return event.block >= first_block_; }
  // Whether nothing orders what was before what comes now.
  bool races_with(const Event& before, const Event& now) const;
  void read(History& history, const Event& event);
  void write(History& history, const Event& event);
  void add_read(History& history, const Event& event) const;
  void report(std::string_view what, const Event& before, const Event& now);

  std::unordered_map<uintptr_t, std::unique_ptr<Page>> pages_;
  uintptr_t last_number_ = 0;
  Page* last_page_ = nullptr;
  std::string_view kernel_;
  std::span<std::byte> shared_;
  uint32_t first_block_ = 1;  // of the launch
  uint32_t block_ = 0;
  uint32_t round_ = 0;
  std::array<uint32_t, 32> warp_rounds_ = {};
  std::set<std::pair<uint32_t, uint32_t>> reported_;
  std::vector<std::string> races_;
};

// Where something is in the program's text, from its beginning on.
uint32_t place_in_program(const void* site);

}  // namespace quire::test
