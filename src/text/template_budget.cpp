#include "text/template_budget.h"

#include <fmt/format.h>

#include <utility>

namespace quire {

std::unexpected<Error> template_error(std::string message) { return fail(ErrorKind::invalid, std::move(message)); }
std::unexpected<Error> limit_error(std::string message) { return fail(ErrorKind::too_large, std::move(message)); }

Str TemplateMemory::text(MarkedText text) {
  const size_t bytes = text_bytes + text.bytes.capacity() + text.user.capacity() * sizeof(TextSpan);
  charge(bytes);
  return Str(new MarkedText(std::move(text)), [this, bytes](const MarkedText* gone) {
    bytes_used_ -= bytes;
    delete gone;
  });
}

TemplateBudget::Status TemplateBudget::step(size_t count) {
  if (count > static_cast<size_t>(limits_.steps_max - steps_)) {
    return limit_error(fmt::format("the template takes more than {} steps", limits_.steps_max));
  }
  steps_ += static_cast<int64_t>(count);
  return reserve(0);
}

TemplateBudget::Status TemplateBudget::reserve(size_t bytes) const {
  if (!memory_.has_room(bytes)) {
    return limit_error(fmt::format("the template needs more than {} bytes of memory", memory_.bytes_max()));
  }
  return {};
}

TemplateBudget::Status TemplateBudget::reserve_text(size_t bytes) const {
  if (bytes > limits_.output_bytes_max) {
    return limit_error(fmt::format("the template makes a text of more than {} bytes", limits_.output_bytes_max));
  }
  return reserve(bytes);
}

TemplateBudget::Status TemplateBudget::print(size_t bytes) {
  if (bytes > limits_.output_bytes_max - output_bytes_) {
    return limit_error(fmt::format("the template prints more than {} bytes", limits_.output_bytes_max));
  }
  output_bytes_ += bytes;
  return {};
}

}  // namespace quire
