// One number for what many contexts were answered, to compare runs on other devices and machines by.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <vector>

#include "core/ids.h"

namespace quire::cli {

using Answers = std::map<SequenceId, std::vector<TokenId>>;

// FNV-1a, of 64 bits, over the first `tokens` tokens of each answer, in the order of their ids: which ids those are
// does not matter.
inline uint64_t hash_of(const Answers& answers, int32_t tokens) {
  uint64_t hash = 0xcbf29ce484222325;
  const auto add = [&hash](uint32_t word) {
    for (int shift = 0; shift < 32; shift += 8) hash = (hash ^ (word >> shift & 0xff)) * 0x100000001b3;
  };
  for (const auto& [id, answer] : answers) {
    const auto count = std::min(answer.size(), static_cast<size_t>(tokens));
    add(static_cast<uint32_t>(count));
    for (size_t i = 0; i < count; ++i) add(static_cast<uint32_t>(answer[i]));
  }
  return hash;
}

}  // namespace quire::cli
