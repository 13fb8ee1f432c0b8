// How far ahead weights are fetched.
// Included by leaf files after their lanes.h: everything has internal linkage.
#pragma once

#include <cstdint>

namespace quire {
namespace {

// Panels follow one another, so this runs on into the next one. Into the second level: the first would hold it for
// 8 KiB of other lines. Measured on Zen 4 with weights in huge pages (Q4_0, one thread, GB/s at 1, 4, 8 rows): none
// 30, 12, 6.5; 2 KiB into the first level 26, 16, 10.1; 8 KiB into the second 30, 19, 10.4; 16 KiB 23, 19, 10.1.
constexpr int64_t prefetch_bytes = 8192;

QUIRE_LEAF_INLINE void fetch_weights(const uint8_t* at) { __builtin_prefetch(at, 0, 2); }
QUIRE_LEAF_INLINE void prefetch_weights(const uint8_t* at) { fetch_weights(at + prefetch_bytes); }

}  // namespace
}  // namespace quire
