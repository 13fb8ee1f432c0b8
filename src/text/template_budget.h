// What one render of a chat template may spend, so that a hostile template ends in an error.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>

#include "base/result.h"
#include "text/depth_guard.h"
#include "text/marked_text.h"

namespace quire {

// What one render may spend before it fails. A conversation of a thousand messages takes about 10^5 steps.
struct TemplateLimits {
  int64_t steps_max = 10'000'000;              // evaluations, plus one for every 64 bytes that a text function reads
  size_t output_bytes_max = size_t{64} << 20;  // also of any one text
  size_t memory_bytes_max = size_t{512} << 20;
  int depth_max = 600;  // evaluations inside one another; about 0.5 kB of stack each (1.5 kB under a sanitizer)
};

// Counts the bytes that the values of one render keep alive. One render, one thread.
// Every Str made here must be gone before this is.
class TemplateMemory {
 public:
  explicit TemplateMemory(size_t bytes_max) : bytes_max_(bytes_max) {}
  TemplateMemory(const TemplateMemory&) = delete;
  TemplateMemory& operator=(const TemplateMemory&) = delete;

  // The text's bytes count until its last owner lets go.
  Str text(MarkedText text);
  // Counts bytes for as long as the render lasts.
  void charge(size_t bytes) { bytes_used_ += bytes; }
  bool has_room(size_t bytes) const { return bytes_used_ <= bytes_max_ && bytes <= bytes_max_ - bytes_used_; }
  size_t bytes_max() const { return bytes_max_; }

  // What one short text takes.
  static constexpr size_t text_bytes = sizeof(MarkedText) + 64;

 private:
  const size_t bytes_max_;
  size_t bytes_used_ = 0;
};

std::unexpected<Error> template_error(std::string message);
std::unexpected<Error> limit_error(std::string message);

// Counts what one render spends. One render, one thread.
class TemplateBudget {
 public:
  using Status = Result<std::monostate>;

  TemplateBudget(const TemplateLimits& limits, const TemplateMemory& memory) : limits_(limits), memory_(memory) {}

  const TemplateLimits& limits() const { return limits_; }
  // Pays for `count` evaluations, or for reading `bytes` of text.
  Status step(size_t count = 1);
  Status read(size_t bytes) { return step(1 + bytes / 64); }
  // Fails when `bytes` more would be too many, in memory and in one text.
  Status reserve(size_t bytes) const;
  Status reserve_text(size_t bytes) const;
  // Pays for `bytes` of output.
  Status print(size_t bytes);
  // One evaluation inside others, while the guard lives.
  DepthGuard enter() { return DepthGuard(depth_); }
  bool is_too_deep() const { return depth_ > limits_.depth_max; }

 private:
  const TemplateLimits limits_;
  const TemplateMemory& memory_;
  int64_t steps_ = 0;
  size_t output_bytes_ = 0;
  int depth_ = 0;
};

}  // namespace quire
