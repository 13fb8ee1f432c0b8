#include "sim/cost_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace quire::sim {

Result<CostModel> CostModel::parse(std::string_view text) {
  CostModel model;
  const std::array parts = {&model.step_ns, &model.stream_row_ns, &model.prompt_row_ns, &model.stream_read_ns,
                            &model.prompt_read_ns};
  std::string_view rest = text;
  for (double* part : parts) {
    const std::string_view number = rest.substr(0, rest.find(','));
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), *part);
    const bool last = part == parts.back();
    if (error != std::errc() || end != number.data() + number.size() || !(*part >= 0 && *part <= part_max_ns) ||
        (number.size() == rest.size()) != last) {
      return fail(
          ErrorKind::invalid,
          fmt::format("a cost model is five numbers of nanoseconds from 0 to {:.0f}, step,stream row,prompt row,"
                      "stream read,prompt read; found '{}'",
                      part_max_ns, text));
    }
    rest.remove_prefix(std::min(number.size() + 1, rest.size()));
  }
  return model;
}

std::string CostModel::text() const {
  return fmt::format(
      "{:.0f} ns a step, {:.0f} a streamed row, {:.0f} a prompt row, {:.0f} and {:.0f} a KV token that one reads",
      step_ns, stream_row_ns, prompt_row_ns, stream_read_ns, prompt_read_ns);
}

int64_t CostModel::step(const StepShape& shape, int32_t token_scale) const {
  // Scaled rows are so many real ones, and each reads so many real tokens for a scaled one.
  const double scale = token_scale;
  const double rows_ns = step_ns + static_cast<double>(shape.streams) * stream_row_ns +
                         static_cast<double>(shape.prompt_rows) * prompt_row_ns;
  const double reads_ns = static_cast<double>(shape.stream_reads) * stream_read_ns +
                          static_cast<double>(shape.prompt_reads) * prompt_read_ns;
  constexpr double longest_ns = 1e15;
  return std::max<int64_t>(1, std::llround(std::min(longest_ns, scale * rows_ns + scale * scale * reads_ns)));
}

}  // namespace quire::sim
