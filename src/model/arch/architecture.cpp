#include "model/arch/architecture.h"

#include <array>

namespace quire {
namespace {

// Functions of this file only name the constants: they are initialized before main.
std::array<const Architecture*, 3> architectures() {
  return {&llama_architecture, &qwen2_architecture, &qwen3_architecture};
}

}  // namespace

const Architecture* find_architecture(std::string_view name) {
  for (const Architecture* architecture : architectures()) {
    if (architecture->name == name) return architecture;
  }
  return nullptr;
}

std::string architecture_names() {
  std::string names;
  for (const Architecture* architecture : architectures()) {
    if (!names.empty()) names += ", ";
    names += architecture->name;
  }
  return names;
}

}  // namespace quire
