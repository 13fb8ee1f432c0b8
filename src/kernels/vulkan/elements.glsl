// A block takes a piece of one row (kernels/gpu/kernel.h: for_elements).
const int piece_columns = 1024;
const int element_threads = 128;  // as many as every device has

layout(local_size_x = element_threads) in;

struct Piece {
  int row;
  int begin;  // this thread's first column; the next ones are element_threads further on
  int end;
};
Piece piece_of(int64_t width) {
  const uint pieces = (uint(width) + piece_columns - 1) / piece_columns;
  const int begin = int(block_index() % pieces) * piece_columns;
  return Piece(int(block_index() / pieces), begin + thread_index(), min(int(width), begin + piece_columns));
}
