// The order of a reduction: sixteen strided partial sums, then those i and i + 8, i + 4, i + 2, i + 1.
const int partial_sums = 16;

shared float partials[4][partial_sums];  // (rows of the block, ...)

// Of a row whose partial sums are there, behind a barrier.
float tree_sum(int row) {
  float sums[partial_sums];
  [[unroll]] for (int i = 0; i < partial_sums; ++i) sums[i] = partials[row][i];
  [[unroll]] for (int left = partial_sums / 2; left > 0; left /= 2) {
    [[unroll]] for (int i = 0; i < left; ++i) sums[i] = sum(sums[i], sums[i + left]);
  }
  return sums[0];
}
