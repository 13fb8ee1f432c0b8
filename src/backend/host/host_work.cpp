#include "backend/host/host_work.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/check.h"
#include "kernels/kernels.h"
#include "tensor/dequantize.h"

namespace quire {
namespace {

// A fork and join costs a few microseconds; below this much work the caller does it alone.
constexpr int64_t fork_elements_min = 16 * 1024;  // of elementwise work, at about 4 elements a nanosecond

// Of a tensor that is being packed, what is reported at a time: hundreds of forks a large model, some milliseconds
// each.
constexpr int64_t load_piece_bytes = int64_t{32} << 20;

// What a worker reads at a time, if a panel is not more: it is packed from the cache that it was read into.
constexpr int64_t read_buffer_bytes = int64_t{256} << 10;

// Packs one matrix, or a stack whose matrices fill their last panels.
class Packer {
 public:
  Packer(Team& team, const TensorView& tensor)
      : team_(team),
        tensor_(tensor),
        panels_(ceil_div(tensor.shape[1], panel_outputs)),
        panel_bytes_(panel_outputs * tensor.row_bytes()),
        tile_(std::clamp<int64_t>(read_buffer_bytes / panel_bytes_, 1, panels_)),
        read_buffers_(std::make_unique_for_overwrite<std::byte[]>(
            static_cast<size_t>(team.worker_count() * tile_ * panel_bytes_))) {}

  // first: where its packed panels begin in the stack.
  Result<void> pack(uint64_t first, FunctionRef<std::byte*(const PackedPiece& piece)> room,
                    FunctionRef<void(const PackedPiece& piece)> done) {
    const auto packed_panel_bytes =
        static_cast<uint64_t>(packed_size_bytes(tensor_.type, panel_outputs, tensor_.shape[0]));
    const int64_t piece_panels = std::clamp<int64_t>(load_piece_bytes / panel_bytes_, 1, panels_);
    for (int64_t begin = 0; begin < panels_; begin += piece_panels) {
      const int64_t end = std::min(panels_, begin + piece_panels);
      const auto stored_begin = static_cast<uint64_t>(begin * panel_bytes_);
      const auto stored_end = std::min(static_cast<uint64_t>(end * panel_bytes_), tensor_.size_bytes());
      const PackedPiece piece{.offset = first + static_cast<uint64_t>(begin) * packed_panel_bytes,
                              .size_bytes = static_cast<uint64_t>(end - begin) * packed_panel_bytes,
                              .stored_bytes = stored_end - stored_begin};
      QUIRE_TRY_VOID(pack_panels_of(begin, end, room(piece)));
      done(piece);
    }
    return {};
  }

 private:
  // The panels [begin, end), to `packed`, as the workers read them.
  Result<void> pack_panels_of(int64_t begin, int64_t end, std::byte* packed) {
    const int64_t inputs = tensor_.shape[0], outputs = tensor_.shape[1];
    const size_t packed_panel_bytes = packed_size_bytes(tensor_.type, panel_outputs, inputs);
    std::vector<std::optional<Error>> errors(static_cast<size_t>(team_.worker_count()));
    team_.parallel_for(ceil_div(end - begin, tile_), [&](int64_t index, int worker) {
      const int64_t first = begin + index * tile_;
      const int64_t panels = std::min(end - first, tile_);
      const int64_t rows = std::min(outputs - first * panel_outputs, panels * panel_outputs);
      const std::span<std::byte> from(read_buffers_.get() + worker * tile_ * panel_bytes_,
                                      static_cast<size_t>(rows * tensor_.row_bytes()));
      if (auto read = tensor_.read(static_cast<uint64_t>(first * panel_bytes_), from); !read) {
        errors[static_cast<size_t>(worker)] = std::move(read).error();
        return;
      }
      pack_panels(tensor_.type, rows, inputs, from.data(), 0, panels,
                  packed + static_cast<size_t>(first - begin) * packed_panel_bytes);
    });
    for (std::optional<Error>& error : errors) {
      if (error) return std::unexpected(std::move(*error));
    }
    return {};
  }

  Team& team_;
  const TensorView& tensor_;
  const int64_t panels_;
  const int64_t panel_bytes_;                        // in the file
  const int64_t tile_;                               // panels that a worker reads at a time
  const std::unique_ptr<std::byte[]> read_buffers_;  // of each worker
};

}  // namespace

void for_rows(Team& team, int64_t count, int64_t width, FunctionRef<void(int64_t, int64_t)> body) {
  if (count <= 1 || count * width < fork_elements_min || team.worker_count() == 1) {
    if (count > 0) body(0, count);
    return;
  }
  const int64_t tile_rows = std::max<int64_t>(1, count / (team.worker_count() * tiles_per_worker));
  team.parallel_for(ceil_div(count, tile_rows),
                    [&](int64_t tile, int) { body(tile * tile_rows, std::min(count, (tile + 1) * tile_rows)); });
}

Result<void> pack_stack(Team& team, const TensorView& tensor, int64_t begin, int64_t end,
                        FunctionRef<std::byte*(const PackedPiece& piece)> room,
                        FunctionRef<void(const PackedPiece& piece)> done) {
  const auto [inputs, outputs, count, one] = tensor.shape;
  QUIRE_CHECK(one == 1 && 0 <= begin && begin < end && end <= outputs, "rows of a stack of matrices");
  TensorView part = tensor;
  if (end - begin == outputs && (outputs % panel_outputs == 0 || count == 1)) {
    part.shape = {inputs, outputs * count, 1, 1};  // panels of all matrices follow one another
    return Packer(team, part).pack(0, room, done);
  }
  part.shape = {inputs, end - begin, 1, 1};
  const auto matrix_bytes = static_cast<uint64_t>(packed_size_bytes(tensor.type, end - begin, inputs));
  for (int64_t index = 0; index < count; ++index) {
    part.offset = tensor.offset + static_cast<uint64_t>((index * outputs + begin) * tensor.row_bytes());
    QUIRE_TRY_VOID(Packer(team, part).pack(static_cast<uint64_t>(index) * matrix_bytes, room, done));
  }
  return {};
}

Result<void> read_token_rows(Team& team, const TensorView& table, std::span<const int32_t> tokens, std::byte* stored,
                             float* x) {
  const int64_t row_bytes = table.row_bytes(), width = table.shape[0];
  const auto stored_row = [&](int64_t r) { return std::span(stored + r * row_bytes, static_cast<size_t>(row_bytes)); };
  std::atomic<int64_t> failed_row = -1;  // any of those that could not be read
  for_rows(team, std::ssize(tokens), width, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      const int64_t token = tokens[static_cast<size_t>(r)];
      if (token < 0 || token >= table.shape[1]) {
        std::fill_n(x + r * width, width, 0.0F);
      } else if (table.read(static_cast<uint64_t>(token * row_bytes), stored_row(r))) {
        dequantize(table.type, stored_row(r).data(), width, x + r * width);
      } else {
        failed_row = token;
      }
    }
  });
  if (failed_row < 0) return {};
  // Once more, for what the system says. Should it succeed now, what the step has is still not whole.
  QUIRE_TRY_VOID(table.read(static_cast<uint64_t>(failed_row * row_bytes), stored_row(0)));
  return fail(ErrorKind::io, "a row of the token embedding could not be read at first");
}

}  // namespace quire
