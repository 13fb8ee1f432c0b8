// What is true of the parts of a grammar, found once before it is compiled.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "text/constraint/grammar/grammar.h"

namespace quire::constraint {

// By node. Sizes are saturated.
struct GrammarFacts {
  std::vector<bool> nullable;    // has the empty text
  std::vector<bool> productive;  // has a text at all, of bytes that can be spelled
  std::vector<uint32_t> size;    // positions when compiled, repetitions as counters, inlined rules in it
  std::vector<bool> inlined;     // by rule: compiled into what refers to it
};

// `spelled`: the bytes that tokens can spell one by one.
// REQUIRES: grammar.check() holds.
GrammarFacts find_facts(const Grammar& grammar, const ByteSet& spelled);

}  // namespace quire::constraint
