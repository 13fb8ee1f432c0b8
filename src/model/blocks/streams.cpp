#include "model/blocks/streams.h"

#include <algorithm>
#include <numeric>

namespace quire {
namespace {

// No row is made larger than by this: of a mean square below it.
constexpr float magnitude_floor = 1e-5F;

int64_t products_of_all(const std::vector<Matrix>& matrices) {
  return std::accumulate(matrices.begin(), matrices.end(), int64_t{0},
                         [](int64_t sum, const Matrix& matrix) { return sum + products_of(matrix); });
}

}  // namespace

Result<Streams> Streams::read(TensorSource& source, const ModelConfig& config) {
  Streams streams;
  const int64_t others = config.streams - 1;
  QUIRE_TRY(streams.from, source.matrices("altup_proj.weight", others, config.width, config.width));
  return streams;
}

Result<void> Streams::read_end(TensorSource& source, const ModelConfig& config) {
  QUIRE_TRY(to, source.matrices("altup_unembd_proj.weight", config.streams - 1, config.width, config.width));
  return {};
}

void Streams::begin(const Step& step, Rows x) const {
  Backend& on = step.on;
  const std::span<const Rows> streams = step.streams();
  on.columns(x, 0, streams.front());
  for (size_t i = 0; i < from.size(); ++i) {
    on.matmul(x, RowsOf::step, {{from[i], streams[i + 1]}});
    on.match_magnitude(streams[i + 1], x, magnitude_floor);
  }
}

void Streams::end(Backend& on, std::span<const Rows> streams, const Ending& rows) const {
  on.gather(streams.front(), rows.first);
  on.columns(rows.first, 0, rows.sum);
  for (size_t i = 0; i < to.size(); ++i) {
    on.gather(streams[i + 1], rows.other);
    on.matmul(rows.other, RowsOf::gathered, {{to[i], rows.projected}});
    on.match_magnitude(rows.projected, rows.first, magnitude_floor);
    on.add(rows.sum, rows.projected);
  }
  on.scale(rows.sum, 1.0F / static_cast<float>(streams.size()));
}

int64_t Streams::begin_products() const { return products_of_all(from); }
int64_t Streams::end_products() const { return products_of_all(to); }

}  // namespace quire
