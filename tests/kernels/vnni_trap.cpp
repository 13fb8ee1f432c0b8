#include "kernels/vnni_trap.h"

#include <cpuid.h>
#include <ucontext.h>

#include <cstdint>
#include <cstring>

#include "kernels/vex.h"

namespace quire::test {
namespace {

constexpr size_t half_bytes = 16;
constexpr size_t vector_bytes = 2 * half_bytes;

// Of the saved state (standard form): the legacy region is 512 bytes, then comes the header.
constexpr size_t low_halves_offset = 160;
constexpr size_t saved_components_offset = 512;  // XSTATE_BV: what is not in it has its initial value, zeros
constexpr uint64_t sse_state = 2;
constexpr uint64_t avx_state = 4;
size_t high_halves_offset = 0;  // CPUID says

// The vector registers of the interrupted code, as they will be when it goes on.
class Registers {
 public:
  explicit Registers(const ucontext_t& context) : area_(reinterpret_cast<uint8_t*>(context.uc_mcontext.fpregs)) {
    std::memcpy(&components_, area_ + saved_components_offset, sizeof(components_));
  }
  void read(int number, uint8_t* vector) const {
    read_half(low_half(number), sse_state, vector);
    read_half(high_half(number), avx_state, vector + half_bytes);
  }
  void write(int number, const uint8_t* vector) {
    for (int other = 0; other < 16; ++other) {  // those that had their initial value without being written down
      if ((components_ & sse_state) == 0) std::memset(low_half(other), 0, half_bytes);
      if ((components_ & avx_state) == 0) std::memset(high_half(other), 0, half_bytes);
    }
    components_ |= sse_state | avx_state;
    std::memcpy(area_ + saved_components_offset, &components_, sizeof(components_));
    std::memcpy(low_half(number), vector, half_bytes);
    std::memcpy(high_half(number), vector + half_bytes, half_bytes);
  }

 private:
  uint8_t* low_half(int number) const { return area_ + low_halves_offset + half_bytes * static_cast<size_t>(number); }
  uint8_t* high_half(int number) const { return area_ + high_halves_offset + half_bytes * static_cast<size_t>(number); }
  void read_half(const uint8_t* from, uint64_t component, uint8_t* to) const {
    (components_ & component) != 0 ? std::memcpy(to, from, half_bytes) : std::memset(to, 0, half_bytes);
  }

  uint8_t* area_;
  uint64_t components_ = 0;
};

// "Multiplies the individual unsigned bytes of the first source operand by the corresponding signed bytes of the second
// source operand, producing intermediate signed word results. The word results are then summed and accumulated in the
// destination dword element", which wraps.
void dot_bytes(uint8_t* sums, const uint8_t* first, const uint8_t* second) {
  for (size_t lane = 0; lane < vector_bytes; lane += 4) {
    uint32_t sum = 0;
    std::memcpy(&sum, sums + lane, 4);
    for (size_t i = lane; i < lane + 4; ++i) {
      sum += static_cast<uint32_t>(int{first[i]} * static_cast<int8_t>(second[i]));
    }
    std::memcpy(sums + lane, &sum, 4);
  }
}

void handle(int, siginfo_t*, void* raw_context) {
  auto& context = *static_cast<ucontext_t*>(raw_context);
  const VexInstruction in = decode_vex(context);
  require(in.is_vex && in.is_256 && !in.is_wide && in.prefix == 1 && in.opcode == 0x50,
          "an illegal instruction that is not vpdpbusd of 256 bits");
  Registers registers(context);
  uint8_t sums[vector_bytes];
  uint8_t first[vector_bytes];
  uint8_t second[vector_bytes];
  registers.read(in.reg, sums);
  registers.read(in.vvvv, first);
  in.is_memory ? static_cast<void>(std::memcpy(second, in.base + in.index, vector_bytes))
               : registers.read(in.rm, second);
  dot_bytes(sums, first, second);
  registers.write(in.reg, sums);
  context.uc_mcontext.gregs[REG_RIP] += in.length;
}

}  // namespace

VnniTrap::VnniTrap() {
  uint32_t size = 0;
  uint32_t offset = 0;
  uint32_t ecx = 0;
  uint32_t edx = 0;
  require(__get_cpuid_count(0xD, 2, &size, &offset, &ecx, &edx) != 0 && size == 16 * half_bytes, "AVX has a state");
  high_halves_offset = offset;
  struct sigaction action {};
  action.sa_sigaction = handle;
  action.sa_flags = SA_SIGINFO;
  sigaction(SIGILL, &action, &before_);
}

VnniTrap::~VnniTrap() { sigaction(SIGILL, &before_, nullptr); }

}  // namespace quire::test
