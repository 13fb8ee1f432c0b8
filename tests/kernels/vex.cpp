#include "kernels/vex.h"

#include <unistd.h>

#include <cstring>

namespace quire::test {
namespace {

// The general registers in the order of their numbers.
constexpr int register_numbers[16] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                                      REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};

}  // namespace

VexInstruction decode_vex(const ucontext_t& context) {
  const auto value_of = [&](int number) { return context.uc_mcontext.gregs[register_numbers[number]]; };
  const auto* code = reinterpret_cast<const uint8_t*>(context.uc_mcontext.gregs[REG_RIP]);
  if (code[0] != 0xC4 || (code[1] & 0x1F) != 2) return {};
  const int extend_reg = (code[1] & 0x80) == 0 ? 8 : 0;
  const int extend_index = (code[1] & 0x40) == 0 ? 8 : 0;
  const int extend_base = (code[1] & 0x20) == 0 ? 8 : 0;
  const uint8_t modrm = code[4];
  const int mode = modrm >> 6;
  VexInstruction in{.is_vex = true,
                    .is_wide = (code[2] & 0x80) != 0,
                    .is_256 = (code[2] & 0x04) != 0,
                    .prefix = code[2] & 3,
                    .vvvv = ~(code[2] >> 3) & 15,
                    .opcode = code[3],
                    .is_memory = mode != 3,
                    .reg = ((modrm >> 3) & 7) | extend_reg,
                    .length = 5};
  const int low = modrm & 7;
  if (!in.is_memory) {
    in.rm = low | extend_base;
    return in;
  }
  int64_t address = 0;
  bool has_base = true;
  bool relative = false;
  if (low == 4) {
    in.has_sib = true;
    const uint8_t sib = code[in.length++];
    const int index = ((sib >> 3) & 7) | extend_index;
    const int base = (sib & 7) | extend_base;
    if (index != 4) in.index = value_of(index) << (sib >> 6);
    has_base = mode != 0 || (sib & 7) != 5;
    if (has_base) address = value_of(base);
  } else if (mode == 0 && low == 5) {
    has_base = false;
    relative = true;
  } else {
    address = value_of(low | extend_base);
  }
  if (mode == 1) {
    address += static_cast<int8_t>(code[in.length]);
    in.length += 1;
  } else if (mode == 2 || !has_base) {
    int32_t displacement = 0;
    std::memcpy(&displacement, code + in.length, 4);
    address += displacement;
    in.length += 4;
  }
  if (relative) address += reinterpret_cast<int64_t>(code) + in.length;
  in.base = reinterpret_cast<uint8_t*>(address);
  return in;
}

void require(bool holds, std::string_view what) {
  if (holds) return;
  for (const std::string_view part : {std::string_view("trap: "), what, std::string_view("\n")}) {
    if (write(STDERR_FILENO, part.data(), part.size()) < 0) break;
  }
  _exit(1);
}

}  // namespace quire::test
