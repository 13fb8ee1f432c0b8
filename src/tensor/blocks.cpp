#include "tensor/blocks.h"

namespace quire {

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

}  // namespace quire
