// The tile instructions that kernels use, each a statement of its own: Intel SDM volume 2 (LDTILECFG, TILELOADD,
// TDPBF16PS, TDPBSSD, TILESTORED, TILEZERO, TILERELEASE). Tiles 0 to 3 are sums (a row of x, 16 outputs), 4 and 5 rows
// of x, 6 and 7 weights (four bytes of inputs, 16 outputs). Not gcc 12's intrinsics: they hide from the compiler which
// memory they read, so it may store that too late. For leaf files that are compiled for an instruction set: everything
// has internal linkage.
#pragma once

#include <cstdint>

#define QUIRE_TILE_INLINE inline __attribute__((always_inline))

namespace quire {
namespace {

constexpr int64_t tile_rows = 16;
constexpr int64_t tile_row_bytes = 64;
constexpr int64_t tile_sums = tile_rows * 16;  // of 16 outputs

QUIRE_TILE_INLINE int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }
QUIRE_TILE_INLINE int64_t larger(int64_t a, int64_t b) { return a < b ? b : a; }

// The memory operand of LDTILECFG.
struct TileConfig {
  uint8_t palette;
  uint8_t start_row;
  uint8_t reserved[14];
  uint16_t row_bytes[16];  // of tiles 0 to 7; the others have to be 0
  uint8_t rows[16];        // likewise
};
static_assert(sizeof(TileConfig) == 64, "TileConfig must match LDTILECFG's operand");

// The calling thread's tiles are configured while this lives: for so many rows of x (at most 16), each of so many bytes
// (a multiple of 4, at most 64). Released, they cost a context switch nothing.
class ConfiguredTiles {
 public:
  QUIRE_TILE_INLINE ConfiguredTiles(int64_t x_rows, int64_t x_bytes) {
    alignas(64) TileConfig config = {.palette = 1};
    for (int tile = 0; tile < 8; ++tile) {
      const bool is_x = tile == 4 || tile == 5;
      const bool is_weights = tile > 5;
      config.row_bytes[tile] = static_cast<uint16_t>(is_x ? x_bytes : tile_row_bytes);
      config.rows[tile] = static_cast<uint8_t>(is_weights ? x_bytes / 4 : x_rows);
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
// Rows that lie `stride` bytes apart.
template <int tile>
QUIRE_TILE_INLINE void load_rows(const void* at, int64_t stride) {
  asm volatile("tileloadd (%0,%1,1), %%tmm%c2" : : "r"(at), "r"(stride), "i"(tile) : "memory");
}
// Rows of 64 bytes in one piece.
template <int tile>
QUIRE_TILE_INLINE void load_tile(const void* at) {
  load_rows<tile>(at, tile_row_bytes);
}
// The same for what is read once, past the first level: TILELOADDT1.
template <int tile>
QUIRE_TILE_INLINE void stream_tile(const void* at) {
  asm volatile("tileloaddt1 (%0,%1,1), %%tmm%c2" : : "r"(at), "r"(tile_row_bytes), "i"(tile) : "memory");
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
// sum[m][n] += a[m][4 k + i] * b[k][4 n + i] over k and i < 4: signed bytes, into int32.
template <int sum, int a, int b>
QUIRE_TILE_INLINE void dot_byte_tiles() {
  static_assert(sum != a && sum != b && a != b, "TDPBSSD takes three different tiles");
  asm volatile("tdpbssd %%tmm%c2, %%tmm%c1, %%tmm%c0" : : "i"(sum), "i"(a), "i"(b));
}

}  // namespace
}  // namespace quire
