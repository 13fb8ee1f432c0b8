#include "backend/cpu/page_memory.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

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
