#include "tensor/blocks.h"

#include <algorithm>

namespace quire {
namespace {

// The digits of base 3 of `bytes` bytes: digit n of byte i is digits[bytes * n + i].
void unpack_digits(const uint8_t* packed, int bytes, int count, uint8_t* digits) {
  for (int n = 0, power = 1; n < count; ++n, power *= 3) {
    for (int i = 0; i < bytes; ++i) {
      digits[n * bytes + i] = static_cast<uint8_t>(static_cast<uint8_t>(packed[i] * power) * 3 >> 8);
    }
  }
}

}  // namespace

GroupScales unpack_group_scales(const uint8_t (&packed)[12]) {
  GroupScales groups;
  for (int g = 0; g < 4; ++g) {
    groups.scales[g] = packed[g] & 0x3f;
    groups.mins[g] = packed[g + 4] & 0x3f;
    groups.scales[g + 4] = static_cast<uint8_t>((packed[g + 8] & 0x0f) | ((packed[g] >> 6) << 4));
    groups.mins[g + 4] = static_cast<uint8_t>((packed[g + 8] >> 4) | ((packed[g + 4] >> 6) << 4));
  }
  return groups;
}

void pack_group_scales(const GroupScales& groups, uint8_t (&packed)[12]) {
  for (int g = 0; g < 4; ++g) {
    packed[g] = static_cast<uint8_t>(groups.scales[g] | ((groups.scales[g + 4] >> 4) << 6));
    packed[g + 4] = static_cast<uint8_t>(groups.mins[g] | ((groups.mins[g + 4] >> 4) << 6));
    packed[g + 8] = static_cast<uint8_t>((groups.scales[g + 4] & 0x0f) | ((groups.mins[g + 4] & 0x0f) << 4));
  }
}

void unpack_q3_scales(const uint8_t (&packed)[12], int8_t (&scales)[16]) {
  for (int g = 0; g < 16; ++g) {
    const int low = (packed[g % 8] >> (g / 8 * 4)) & 0x0f;
    const int high = (packed[8 + g % 4] >> (g / 4 * 2)) & 3;
    scales[g] = static_cast<int8_t>((low | (high << 4)) - 32);
  }
}

void pack_q3_scales(const int8_t (&scales)[16], uint8_t (&packed)[12]) {
  std::fill(packed, packed + 12, uint8_t{0});
  for (int g = 0; g < 16; ++g) {
    const int scale = scales[g] + 32;
    packed[g % 8] = static_cast<uint8_t>(packed[g % 8] | ((scale & 0x0f) << (g / 8 * 4)));
    packed[8 + g % 4] = static_cast<uint8_t>(packed[8 + g % 4] | ((scale >> 4) << (g / 4 * 2)));
  }
}

void unpack_ternary(const BlockTQ1_0& block, uint8_t (&digits)[256]) {
  unpack_digits(block.quants, 32, 5, digits);
  unpack_digits(block.quants + 32, 16, 5, digits + 160);
  unpack_digits(block.last_quants, 4, 4, digits + 240);
}

}  // namespace quire
