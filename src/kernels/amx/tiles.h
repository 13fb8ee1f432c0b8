// The tile instructions that the kernel uses, each a statement of its own: Intel SDM volume 2 (LDTILECFG, TILELOADD,
// TDPBF16PS, TILESTORED, TILEZERO, TILERELEASE). All eight tiles are 16 rows of 64 bytes, and lie in memory in one
// piece. Not gcc 12's intrinsics: they hide from the compiler which memory they read, so it may store that too late.
// For leaf files that are compiled for an instruction set: everything has internal linkage.
#pragma once

#include <cstdint>

#define QUIRE_TILE_INLINE inline __attribute__((always_inline))

namespace quire {
namespace {

constexpr int64_t tile_rows = 16;
constexpr int64_t tile_row_bytes = 64;

// The memory operand of LDTILECFG.
struct TileConfig {
  uint8_t palette;
  uint8_t start_row;
  uint8_t reserved[14];
  uint16_t row_bytes[16];  // of tiles 0 to 7; the others have to be 0
  uint8_t rows[16];        // likewise
};
static_assert(sizeof(TileConfig) == 64, "TileConfig must match LDTILECFG's operand");

// The calling thread's tiles are configured while this lives. Released, they cost a context switch nothing.
class ConfiguredTiles {
 public:
  QUIRE_TILE_INLINE ConfiguredTiles() {
    alignas(64) TileConfig config = {.palette = 1};
    for (int tile = 0; tile < 8; ++tile) {
      config.row_bytes[tile] = tile_row_bytes;
      config.rows[tile] = tile_rows;
    }
    asm volatile("ldtilecfg %0" : : "m"(config));
  }
  QUIRE_TILE_INLINE ~ConfiguredTiles() { asm volatile("tilerelease" : : : "memory"); }
  ConfiguredTiles(const ConfiguredTiles&) = delete;
  ConfiguredTiles& operator=(const ConfiguredTiles&) = delete;
};

template <int tile>
QUIRE_TILE_INLINE void zero_tile() {
  asm volatile("tilezero %%tmm%c0" : : "i"(tile));
}
template <int tile>
QUIRE_TILE_INLINE void load_tile(const void* at) {
  asm volatile("tileloadd (%0,%1,1), %%tmm%c2" : : "r"(at), "r"(tile_row_bytes), "i"(tile) : "memory");
}
template <int tile>
QUIRE_TILE_INLINE void store_tile(void* at) {
  asm volatile("tilestored %%tmm%c2, (%0,%1,1)" : : "r"(at), "r"(tile_row_bytes), "i"(tile) : "memory");
}
// sum[m][n] += a[m][2 k] * b[k][2 n] + a[m][2 k + 1] * b[k][2 n + 1] over k, in the order of kernels.h.
template <int sum, int a, int b>
QUIRE_TILE_INLINE void dot_tiles() {
  static_assert(sum != a && sum != b && a != b, "TDPBF16PS takes three different tiles");
  asm volatile("tdpbf16ps %%tmm%c2, %%tmm%c1, %%tmm%c0" : : "i"(sum), "i"(a), "i"(b));
}

}  // namespace
}  // namespace quire
