#include "gpu/race_detector.h"

#include <fmt/format.h>

#include <algorithm>

#include "kernels/gpu/thread.h"

// Where the linker puts the program.
extern "C" const char __executable_start;

namespace quire::test {
namespace {

constexpr size_t copied_bytes = 16;  // by copy_async

}  // namespace

uint32_t place_in_program(const void* site) {
  return site == nullptr ? 0 : static_cast<uint32_t>(static_cast<const char*>(site) - &__executable_start);
}

int RaceDetector::Event::warp() const { return thread / gpu::warp_size; }

RaceDetector::Word& RaceDetector::word_at(uintptr_t address) {
  const uintptr_t number = address / page_bytes;
  if (number != last_number_ || last_page_ == nullptr) {
    std::unique_ptr<Page>& page = pages_[number];
    if (page == nullptr) page = std::make_unique<Page>();
    last_number_ = number;
    last_page_ = page.get();
  }
  return (*last_page_)[address % page_bytes / word_bytes];
}

template <typename Visit>
void RaceDetector::visit(const std::byte* address, size_t size_bytes, const Visit& visit) {
  const auto begin = reinterpret_cast<uintptr_t>(address), end = begin + size_bytes;
  for (uintptr_t at = begin; at < end;) {
    Word& word = word_at(at);
    const uintptr_t next = std::min(end, at / word_bytes * word_bytes + word_bytes);
    if (next - at == word_bytes && word.bytes == nullptr) {
      visit(word.whole);
    } else {
      if (word.bytes == nullptr) {
        word.bytes = std::make_unique<std::array<History, word_bytes>>();
        word.bytes->fill(word.whole);
      }
      for (uintptr_t i = at; i < next; ++i) visit((*word.bytes)[i % word_bytes]);
    }
    at = next;
  }
}

RaceDetector::Event RaceDetector::now(int thread, const void* site) const {
  return {.block = block_,
          .thread = static_cast<uint16_t>(thread),
          .is_copy = false,
          .round = round_,
          .warp_round = warp_rounds_[static_cast<size_t>(thread / gpu::warp_size)],
          .site = place_in_program(site)};
}

void RaceDetector::begin_launch(std::string_view kernel, std::span<std::byte> shared) {
  kernel_ = kernel;
  shared_ = shared;
  first_block_ = block_ + 1;
}

// What blocks share is another memory in each.
void RaceDetector::begin_block() {
  ++block_;
  round_ = 0;
  warp_rounds_ = {};
  visit(shared_.data(), shared_.size(), [](History& history) { history = {}; });
}

void RaceDetector::pass_barrier() { ++round_; }

bool RaceDetector::races_with(const Event& before, const Event& now) const {
  if (!is_of_launch(before)) return false;
  if (before.block != now.block) return true;
  if (before.thread == now.thread || before.round != now.round) return false;
  return before.warp() != now.warp() || before.warp_round == now.warp_round;
}

void RaceDetector::report(std::string_view what, const Event& before, const Event& now) {
  if (!reported_.insert({before.site, now.site}).second) return;
  races_.push_back(fmt::format("{}: {}: thread {} of block {} at {:#x}, and thread {} of block {} at {:#x}", kernel_,
                               what, before.thread, before.block - first_block_, before.site, now.thread,
                               now.block - first_block_, now.site));
}

void RaceDetector::add_read(History& history, const Event& event) const {
  const Event last = history.read;
  history.read = event;
  if (!is_of_launch(last) || last.block != event.block) {
    history.of_lane = history.of_warp = {};
    if (is_of_launch(last)) history.of_block = last;
  } else if (last.round != event.round) {
    history.of_lane = history.of_warp = {};
  } else if (last.warp() != event.warp()) {
    history.of_lane = {};
    history.of_warp = last;
  } else if (last.warp_round != event.warp_round) {
    history.of_lane = {};
  } else if (last.thread != event.thread) {
    history.of_lane = last;
  }
}

void RaceDetector::read(History& history, const Event& event) {
  if (races_with(history.write, event)) report("what one writes another reads", history.write, event);
  if (history.write.is_copy) report("what is being copied is read", history.write, event);
  add_read(history, event);
}

void RaceDetector::write(History& history, const Event& event) {
  if (races_with(history.write, event)) report("two write", history.write, event);
  if (history.write.is_copy) report("what is being copied is written", history.write, event);
  for (const Event* before : {&history.read, &history.of_lane, &history.of_warp, &history.of_block}) {
    if (races_with(*before, event)) report("what one reads another writes", *before, event);
  }
  history = {.write = event, .read = {}, .of_lane = {}, .of_warp = {}, .of_block = {}};
}

void RaceDetector::access(int thread, const Access& access) {
  const Event event = now(thread, access.site);
  visit(access.address, access.size_bytes,
        [&](History& history) { access.writes ? write(history, event) : read(history, event); });
}

void RaceDetector::begin_copy(int thread, std::byte* to, const std::byte* from) {
  Event event = now(thread, nullptr);
  visit(from, copied_bytes, [&](History& history) { read(history, event); });
  event.is_copy = true;
  visit(to, copied_bytes, [&](History& history) { write(history, event); });
}

// A write of now, which others see behind a barrier from now on.
void RaceDetector::end_copy(int thread, std::byte* to) {
  const Event event = now(thread, nullptr);
  visit(to, copied_bytes, [&](History& history) { history.write = event; });
}

}  // namespace quire::test
