// A model whose attention is a hash of everything it reads: one wrong row of KV anywhere gives other tokens. It may
// have layers that read the last rows through a window, and layers that make a state of all rows, each a hash of its
// own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/random.h"
#include "core/limits.h"
#include "core/request.h"

namespace quire::sim {

inline constexpr size_t fake_state_width = 4;  // of what its output matrix reads

// What the model keeps of a position. Like a real KV row it depends on the token, where it stands, and on everything
// before it, and where prompt rows differ on its origin; not on the sequence it was made for.
struct KvRow {
  TokenId token = -1;
  int32_t position = -1;                 // -1: nobody's
  RowOrigin origin = RowOrigin::prompt;  // always, where rows of prompts are like all others
  uint64_t attended = 0;                 // what the row's own attention gave when it was computed
};

// A hash of rows, in the order in which they were read.
inline uint64_t fake_read(uint64_t hash, const KvRow& row) {
  const uint64_t place = static_cast<uint64_t>(static_cast<uint32_t>(row.token)) << 32 |
                         static_cast<uint32_t>(row.position * 2) | static_cast<uint32_t>(row.origin);
  return mix(hash ^ place) + mix(row.attended);
}

// What recurrent layers have before the first row.
inline constexpr uint64_t fake_state_begin = 1;

// Attention over the rows before, as it is accumulated in order of position.
struct FakeAttention {
  uint64_t state = 0;
  uint64_t window = 0;      // over the rows that a window shows; 0: there is none
  uint64_t recurrence = 0;  // over all rows, as a state keeps it; 0: there are no recurrent layers

  static FakeAttention begin(const Limits& limits) {
    return {.recurrence = limits.state_count > 0 ? fake_state_begin : 0};
  }
  KvRow row(TokenId token, int32_t position, RowOrigin origin) const {
    return {.token = token, .position = position, .origin = origin, .attended = seen()};
  }
  // But for the window, which is another one for each row.
  void read(const KvRow& row) {
    state = fake_read(state, row);
    if (recurrence != 0) recurrence = fake_read(recurrence, row);
  }
  uint64_t seen() const {
    return state ^ (window == 0 ? 0 : mix(window)) ^ (recurrence == 0 ? 0 : mix(recurrence + fake_state_begin));
  }
  // Of a text whose rows see all of it, what the row at this position has seen.
  FakeAttention from(int32_t position) const {
    return {.state = mix(state + static_cast<uint64_t>(static_cast<uint32_t>(position)))};
  }
  // Logits in [0, 4): flat enough for sampling to reach many tokens.
  void logits(std::span<float> values) const {
    for (size_t token = 0; token < values.size(); ++token) {
      values[token] = static_cast<float>(mix(seen() + token) >> 40) / static_cast<float>(1 << 22);
    }
  }
};

// What it makes of a pooled row: the same numbers the other way round.
inline std::vector<float> fake_head(std::span<const float> pooled) { return {pooled.rbegin(), pooled.rend()}; }

}  // namespace quire::sim
