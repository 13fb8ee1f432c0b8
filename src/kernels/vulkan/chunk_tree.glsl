// The weights of a chunk in the order of the contract's tree: i and i + 16, then i + 8, i + 4, i + 2, i + 1.
float chunk_tree(float weights[attention_chunk]) {
  [[unroll]] for (int left = attention_chunk / 2; left > 0; left /= 2) {
    [[unroll]] for (int i = 0; i < left; ++i) weights[i] = sum(weights[i], weights[i + left]);
  }
  return weights[0];
}
