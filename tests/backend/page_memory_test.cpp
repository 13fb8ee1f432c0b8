#include "backend/page_memory.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

#include "backend/page_arena.h"

namespace quire {
namespace {

TEST(PageMemory, new_memory_is_zero_and_aligned) {
  for (const auto pages : {PageMemory::Pages::huge, PageMemory::Pages::small}) {
    const Result<PageMemory> memory = PageMemory::allocate(5'000'001, pages, "a test");
    ASSERT_TRUE(memory);
    EXPECT_EQ(memory->size_bytes(), 5'000'001U);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(memory->bytes()) % 64, 0U);
    EXPECT_TRUE(std::ranges::all_of(std::span(memory->bytes(), memory->size_bytes()),
                                    [](std::byte byte) { return byte == std::byte{0}; }));
  }
}

TEST(PageMemory, what_may_have_huge_pages_begins_with_one) {
  const PageMemory memory = PageMemory::allocate(5'000'001, PageMemory::Pages::huge, "a test").value();
  EXPECT_EQ(reinterpret_cast<uintptr_t>(memory.bytes()) % (2 << 20), 0U);
}

TEST(PageArena, pieces_follow_one_another_and_stay_when_more_is_taken) {
  PageArena arena("a test");
  std::byte* const first = arena.take(100).value();
  std::byte* const second = arena.take(64).value();
  EXPECT_EQ(second, first + 128);
  first[99] = std::byte{7};
  // More than what a chunk has left, and more than a chunk.
  for (const uint64_t size : {uint64_t{60} << 20, uint64_t{60} << 20, uint64_t{100} << 20}) {
    std::byte* const large = arena.take(size).value();
    EXPECT_EQ(reinterpret_cast<uintptr_t>(large) % 64, 0U);
    EXPECT_EQ(large[size - 1], std::byte{0});
    large[0] = large[size - 1] = std::byte{1};
  }
  EXPECT_EQ(first[99], std::byte{7});
  EXPECT_EQ(arena.size_bytes(), 128U + 64 + (uint64_t{220} << 20));
  EXPECT_EQ(arena.take(0).value(), nullptr);
}

TEST(PageArena, no_room_is_an_error_that_names_its_purpose) {
  PageArena arena("weights");
  const Result<std::byte*> piece = arena.take(uint64_t{1} << 62);
  ASSERT_FALSE(piece);
  EXPECT_NE(piece.error().message.find("of weights"), std::string::npos);
}

TEST(PageMemory, no_bytes_are_an_empty_memory) {
  const Result<PageMemory> memory = PageMemory::allocate(0, PageMemory::Pages::small, "nothing");
  ASSERT_TRUE(memory);
  EXPECT_EQ(memory->bytes(), nullptr);
}

TEST(PageMemory, an_impossible_size_is_an_error_that_names_its_purpose) {
  for (const uint64_t size : {uint64_t{1} << 62, UINT64_MAX}) {
    const Result<PageMemory> memory = PageMemory::allocate(size, PageMemory::Pages::huge, "KV cache");
    ASSERT_FALSE(memory);
    EXPECT_EQ(memory.error().kind, ErrorKind::too_large);
    EXPECT_EQ(memory.error().message, "no room for " + std::to_string(size) + " bytes of KV cache");
  }
}

TEST(PageMemory, a_move_takes_the_bytes_along) {
  PageMemory first = PageMemory::allocate(64, PageMemory::Pages::small, "a test").value();
  std::byte* const bytes = first.bytes();
  PageMemory second = std::move(first);
  EXPECT_EQ(second.bytes(), bytes);
  PageMemory third;
  third = std::move(second);
  EXPECT_EQ(third.bytes(), bytes);
}

}  // namespace
}  // namespace quire
