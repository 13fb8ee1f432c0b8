#include "backend/device_arena.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "backend/cpu/host_device.h"

namespace quire {
namespace {

TEST(DeviceArena, pieces_follow_one_another_and_stay_when_more_is_taken) {
  HostDevice host;
  DeviceArena arena(host, "a test");
  const DeviceAddress first = arena.take(100).value();
  EXPECT_EQ(arena.take(64).value(), first + 128);
  host_bytes(first)[99] = std::byte{7};
  // More than what a chunk has left, and more than a chunk.
  for (const uint64_t size : {uint64_t{60} << 20, uint64_t{60} << 20, uint64_t{100} << 20}) {
    const DeviceAddress piece = arena.take(size).value();
    EXPECT_EQ(piece.value % 64, 0U);
    std::byte* const large = host_bytes(piece);
    EXPECT_EQ(large[size - 1], std::byte{0});
    large[0] = large[size - 1] = std::byte{1};
  }
  EXPECT_EQ(host_bytes(first)[99], std::byte{7});
  EXPECT_EQ(arena.size_bytes(), 128U + 64 + (uint64_t{220} << 20));
  EXPECT_EQ(arena.take(0).value(), DeviceAddress{});
}

TEST(DeviceArena, no_room_is_an_error_that_names_its_purpose) {
  HostDevice host;
  DeviceArena arena(host, "weights");
  const Result<DeviceAddress> piece = arena.take(uint64_t{1} << 62);
  ASSERT_FALSE(piece);
  EXPECT_NE(piece.error().message.find("of weights"), std::string::npos);
}

TEST(HostDevice, memory_that_was_given_back_is_zero_again) {
  HostDevice host;
  constexpr uint64_t page = 4096;
  DeviceMemory memory = host.allocate(4 * page, MemoryUse::sparse, "a test").value();
  memory.fill(0, std::byte{5}, 4 * page);
  memory.give_back(page, 2 * page);
  const std::byte* const bytes = host_bytes(memory.address());
  EXPECT_EQ(bytes[page - 1], std::byte{5});
  EXPECT_EQ(bytes[page], std::byte{0});
  EXPECT_EQ(bytes[3 * page - 1], std::byte{0});
  EXPECT_EQ(bytes[3 * page], std::byte{5});
}

}  // namespace
}  // namespace quire
