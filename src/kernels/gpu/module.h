// The kernels as the driver of an NVIDIA GPU takes them: PTX, a text that it compiles for the card.
#pragma once

#include <span>
#include <string_view>

namespace quire::gpu {

struct Module {
  int compute_capability;  // that a card has at least, times ten
  std::string_view ptx;    // a zero follows it
};

// Ascending: without the tensor cores of compute capability 8.0, and with them (kernels/gpu/kernel_list.h). None in a
// program that was built without clang++-19.
std::span<const Module> modules();

}  // namespace quire::gpu
