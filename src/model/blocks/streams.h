// Several residual streams beside each other: how a token's embedding becomes all of them, and they one row again.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "backend/backend.h"
#include "base/result.h"
#include "model/blocks/step.h"
#include "model/blocks/tensor_reader.h"
#include "model/config.h"

namespace quire {

struct Streams {
  // Tensors altup_proj.weight, and behind the layers altup_unembd_proj.weight.
  static Result<Streams> read(TensorSource& source, const ModelConfig& config);
  Result<void> read_end(TensorSource& source, const ModelConfig& config);

  // The first stream is x, the others are projections of it that are as large.
  void begin(const Step& step, Rows x) const;
  // sum = the mean of the first stream and of projections of the others that are as large, of the rows that the step
  // gathers. Streams are those of all its rows; the others have room for those that are gathered.
  struct Ending {
    Rows first, other, projected, sum;
  };
  void end(Backend& on, std::span<const Rows> streams, const Ending& rows) const;
  // Multiply-adds with weights, of a row, and of a gathered one.
  int64_t begin_products() const;
  int64_t end_products() const;

  std::vector<Matrix> from, to;  // (width, width) of each stream but the first: of its beginning, and of its end
};

}  // namespace quire
