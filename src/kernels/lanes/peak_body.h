// Multiply-adds of ones in registers, for kernels/peaks.h. What is known of factors and sums is forgotten: else the
// compiler would see that all chains are equal, and keep one.
// Included by leaf files after their lanes.h: everything has internal linkage.
#pragma once

#include <cstdint>

namespace quire {
namespace {

// sum = add(sum, factor) adds products of ones in f32.
template <int chains, class Factor, class Add>
QUIRE_LEAF_INLINE int64_t multiply_add_floats(int64_t rounds, Factor factor, const Add& add) {
  forget(factor);
  Floats sums[chains];
#pragma GCC unroll 16
  for (Floats& sum : sums) forget(sum = zeros());
  for (int64_t round = 0; round < rounds; ++round) {
#pragma GCC unroll 16
    for (Floats& sum : sums) sum = add(sum, factor);
  }
  int64_t products = 0;
#pragma GCC unroll 16
  for (const Floats& sum : sums) products += static_cast<int64_t>(tree_sum(sum));
  return products;
}

template <int chains>
QUIRE_LEAF_INLINE int64_t multiply_add_f32(int64_t rounds) {
  return multiply_add_floats<chains>(rounds, broadcast(1.0F),
                                     [](Floats sum, Floats factor) { return fma(factor, factor, sum); });
}

// sum = add(sum, factor) adds the products of bytes of ones; products_of(sum) counts them.
template <int chains, class Add, class ProductsOf>
QUIRE_LEAF_INLINE int64_t multiply_add_bytes(int64_t rounds, const Add& add, const ProductsOf& products_of) {
  Words factor = broadcast_byte(1);
  Words sums[chains];
#pragma GCC unroll 16
  for (Words& sum : sums) forget(sum = zero_words());
  for (int64_t round = 0; round < rounds; ++round) {
#pragma GCC unroll 16
    for (Words& sum : sums) {
      forget(factor);
      sum = add(sum, factor);
    }
  }
  int64_t products = 0;
#pragma GCC unroll 16
  for (const Words& sum : sums) products += products_of(sum);
  return products;
}

}  // namespace
}  // namespace quire
