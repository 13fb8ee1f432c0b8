// Instructions that this processor does not have, as bytes in memory say: for traps (SIGILL) that carry them out.
// Written from the Intel SDM, volume 2, chapter 2. In a signal handler: no allocation.
#pragma once

#include <ucontext.h>

#include <cstdint>
#include <string_view>

namespace quire::test {

// A three-byte VEX instruction of map 0F 38, without an immediate.
struct VexInstruction {
  bool is_vex;   // else nothing more is said
  bool is_wide;  // VEX.W
  bool is_256;   // VEX.L
  int prefix;    // pp: 0 none, 1 0x66, 2 0xF3, 3 0xF2
  int vvvv;      // the third register
  uint8_t opcode;
  bool is_memory;
  bool has_sib;
  int reg;
  int rm;         // where it is no memory
  uint8_t* base;  // the effective address without the index
  int64_t index;  // scaled
  int length;
};

// The instruction that a signal was raised at.
VexInstruction decode_vex(const ucontext_t& context);

// Else ends the process with a message.
void require(bool holds, std::string_view what);

}  // namespace quire::test
