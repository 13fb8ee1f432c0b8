#include "kernels/tile_trap.h"

#include <immintrin.h>
#include <ucontext.h>

#include <cstdint>
#include <cstring>

#include "kernels/vex.h"

namespace quire::test {
namespace {

struct Tile {
  int rows = 0;
  int row_bytes = 0;
  uint8_t data[16][64] = {};
};

struct TileState {
  bool is_configured = false;
  Tile tiles[8];
};

TileState state;

// A tile instruction: its address, where it has one, is the first row's, and the scaled index the stride.
VexInstruction decode_tile(const ucontext_t& context) {
  const VexInstruction in = decode_vex(context);
  require(in.is_vex, "an illegal instruction that is no tile instruction");
  require(!in.is_wide && !in.is_256, "VEX.W and VEX.L are 0");
  require(in.reg < 8 && (in.is_memory || in.rm < 8), "tile numbers end at 7");
  return in;
}

Tile& tile_of(int number) {
  require(state.is_configured, "#UD: tiles are not configured");
  require(number < 8 && state.tiles[number].rows > 0, "#UD: no such tile");
  return state.tiles[number];
}

void load_config(const uint8_t* config) {
  require(config[0] == 1 && config[1] == 0, "palette 1, and no row to start from");
  for (int i = 2; i < 16; ++i) require(config[i] == 0, "#GP: reserved bytes are 0");
  for (int i = 32; i < 48; ++i) require(config[i] == 0, "#GP: there are no tiles 8 to 15");
  for (int i = 56; i < 64; ++i) require(config[i] == 0, "#GP: there are no tiles 8 to 15");
  state = {.is_configured = true};
  for (int i = 0; i < 8; ++i) {
    state.tiles[i].row_bytes = config[16 + 2 * i] | config[17 + 2 * i] << 8;
    state.tiles[i].rows = config[48 + i];
    require(state.tiles[i].row_bytes <= 64 && state.tiles[i].rows <= 16, "#GP: a tile is at most 16 rows of 64 bytes");
    require((state.tiles[i].row_bytes == 0) == (state.tiles[i].rows == 0), "#GP: rows without bytes");
  }
}

// With DAZ and FTZ by the processor's own fused operation: a statement that stays between those that set MXCSR.
float fma_of(float a, float b, float c) {
  asm volatile("vfmadd231ss %2, %1, %0" : "+x"(c) : "x"(a), "x"(b));
  return c;
}

float sum_of(float a, float b) {
  asm volatile("vaddss %1, %0, %0" : "+x"(a) : "x"(b));
  return a;
}

float f32_at(const uint8_t* bf16) {
  const uint8_t bytes[4] = {0, 0, bf16[0], bf16[1]};
  float value = 0;
  std::memcpy(&value, bytes, 4);
  return value;
}

void require_shapes(const Tile& sum, const Tile& a, const Tile& b) {
  require(&sum != &a && &sum != &b && &a != &b, "#UD: three different tiles");
  require(sum.row_bytes == b.row_bytes && sum.rows == a.rows && a.row_bytes / 4 == b.rows, "#UD: shapes fit");
}

// TDPBF16PS: "FP32 FMA with DAZ=FTZ=1, RNE rounding".
void dot(Tile& sum, const Tile& a, const Tile& b) {
  require_shapes(sum, a, b);
  const unsigned mxcsr = _mm_getcsr();
  _mm_setcsr(0x9FC0);
  for (int m = 0; m < sum.rows; ++m) {
    float products[32] = {};
    for (int k = 0; k < a.row_bytes / 4; ++k) {
      for (int n = 0; n < 2 * sum.row_bytes / 4; ++n) {
        products[n] = fma_of(f32_at(a.data[m] + 2 * (2 * k + n % 2)), f32_at(b.data[k] + 2 * n), products[n]);
      }
    }
    for (int n = 0; n < sum.row_bytes / 4; ++n) {
      float old = 0;
      std::memcpy(&old, sum.data[m] + 4 * n, 4);
      const float now = sum_of(old, sum_of(products[2 * n], products[2 * n + 1]));
      std::memcpy(sum.data[m] + 4 * n, &now, 4);
    }
  }
  _mm_setcsr(mxcsr);
}

// TDPBSSD: "Dot product of signed/signed byte", four at a time, into int32 that wraps.
void dot_bytes(Tile& sum, const Tile& a, const Tile& b) {
  require_shapes(sum, a, b);
  for (int m = 0; m < sum.rows; ++m) {
    for (int n = 0; n < sum.row_bytes / 4; ++n) {
      uint32_t now = 0;
      std::memcpy(&now, sum.data[m] + 4 * n, 4);
      for (int k = 0; k < a.row_bytes; ++k) {
        const int x = static_cast<int8_t>(a.data[m][k]);
        const int w = static_cast<int8_t>(b.data[k / 4][4 * n + k % 4]);
        now += static_cast<uint32_t>(x * w);
      }
      std::memcpy(sum.data[m] + 4 * n, &now, 4);
    }
  }
}

void execute(const VexInstruction& in) {
  const auto is = [&](uint8_t opcode, int prefix, bool is_memory) {
    return in.opcode == opcode && in.prefix == prefix && in.is_memory == is_memory;
  };
  if (is(0x49, 0, true)) return load_config(in.base);  // LDTILECFG
  if (is(0x49, 0, false)) {                            // TILERELEASE
    state = {};
  } else if (is(0x49, 3, false)) {  // TILEZERO
    std::memset(tile_of(in.reg).data, 0, sizeof(Tile::data));
  } else if (is(0x4B, 3, true) || is(0x4B, 1, true) || is(0x4B, 2, true)) {  // TILELOADD, TILELOADDT1, TILESTORED
    require(in.has_sib, "#UD: a tile's memory has a SIB byte");
    Tile& tile = tile_of(in.reg);
    for (int m = 0; m < tile.rows; ++m) {
      uint8_t* const row = in.base + m * in.index;
      const auto size = static_cast<size_t>(tile.row_bytes);
      in.prefix == 2 ? std::memcpy(row, tile.data[m], size) : std::memcpy(tile.data[m], row, size);
    }
  } else if (is(0x5C, 2, false)) {  // TDPBF16PS
    dot(tile_of(in.reg), tile_of(in.rm), tile_of(in.vvvv));
  } else if (is(0x5E, 3, false)) {  // TDPBSSD
    dot_bytes(tile_of(in.reg), tile_of(in.rm), tile_of(in.vvvv));
  } else {
    require(false, "an illegal instruction that is no known tile instruction");
  }
}

void handle(int, siginfo_t*, void* raw_context) {
  auto& context = *static_cast<ucontext_t*>(raw_context);
  const VexInstruction in = decode_tile(context);
  execute(in);
  context.uc_mcontext.gregs[REG_RIP] += in.length;
}

}  // namespace

TileTrap::TileTrap() {
  struct sigaction action {};
  action.sa_sigaction = handle;
  action.sa_flags = SA_SIGINFO;
  sigaction(SIGILL, &action, &before_);
}

TileTrap::~TileTrap() { sigaction(SIGILL, &before_, nullptr); }

bool TileTrap::is_configured() { return state.is_configured; }

}  // namespace quire::test
