#include "model/workspace.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/bytes.h"

namespace quire {
namespace {

// Places arrays one after another, each at a multiple of 64 bytes: once without memory for the size, then with it.
class Layout {
 public:
  explicit Layout(std::byte* start) : start_(start) {}
  template <typename T>
  void place(T*& array, int64_t count) {
    if (start_ != nullptr) array = reinterpret_cast<T*>(start_ + size_bytes_);
    size_bytes_ += round_up<uint64_t>(static_cast<uint64_t>(count) * sizeof(T), 64);
  }
  uint64_t size_bytes() const { return size_bytes_; }

 private:
  std::byte* start_;
  uint64_t size_bytes_ = 0;
};

}  // namespace

Workspace::Workspace(const ModelConfig& config, const Limits& limits)
    : row_count_max_(limits.step_tokens_max),
      logits_count_max_(std::min(limits.running_max + limits.draft_rows_max, limits.step_tokens_max)),
      width_(config.width),
      q_width_(config.q_width()),
      kv_width_(config.kv_width()),
      ffn_width_(config.ffn_width),
      vocab_(config.vocab),
      attention_plan_(limits.step_tokens_max) {}

uint64_t Workspace::place(const ModelConfig& config, std::byte* start) {
  const int64_t rows = row_count_max_;
  const int64_t input_max = std::max({config.width, config.q_width(), config.ffn_width});
  Layout layout(start);
  layout.place(x_, rows * config.width);
  layout.place(h_, rows * config.width);
  layout.place(q_, rows * config.q_width());
  layout.place(k_, rows * config.kv_width());
  layout.place(v_, rows * config.kv_width());
  layout.place(attended_, rows * config.q_width());
  layout.place(gate_, rows * config.ffn_width);
  layout.place(up_, rows * config.ffn_width);
  layout.place(logits_, logits_count_max_ * config.vocab);
  layout.place(cosines_, rows * config.rotary_dim / 2);
  layout.place(sines_, rows * config.rotary_dim / 2);
  layout.place(scratch_.quantized, rows * (input_max / quant_group) * quantized_group_bytes);
  layout.place(scratch_.rounded, rows * round_up<int64_t>(input_max, 2));
  layout.place(scratch_.bf16, round_up(rows, bf16_block_rows) * input_max);
  if (config.kv_type == KvType::f32) {
    layout.place(scratch_.split_q, rows * 2 * config.q_width());
    layout.place(scratch_.split_out, rows * 2 * config.q_width());
    layout.place(scratch_.split_k, rows * 2 * config.kv_width());
    layout.place(scratch_.split_v, rows * 2 * config.kv_width());
  }
  return layout.size_bytes();
}

uint64_t Workspace::size_bytes(const ModelConfig& config, const Limits& limits) {
  return Workspace(config, limits).place(config, nullptr);
}

Result<Workspace> Workspace::create(const ModelConfig& config, const Limits& limits) {
  if (limits.step_tokens_max <= 0 || limits.running_max <= 0) {
    return fail(ErrorKind::invalid, fmt::format("step_tokens_max {} and running_max {}: expected at least 1",
                                                limits.step_tokens_max, limits.running_max));
  }
  Workspace space(config, limits);
  QUIRE_TRY(space.memory_, PageMemory::allocate(space.place(config, nullptr), PageMemory::Pages::small, "activations"));
  space.place(config, space.memory_.bytes());
  space.runs_.reserve(static_cast<size_t>(space.row_count_max_));
  space.prompt_rows_.reserve(static_cast<size_t>(space.row_count_max_));
  space.logits_prompt_rows_.reserve(static_cast<size_t>(space.logits_count_max_));
  space.sampled_rows_.reserve(static_cast<size_t>(space.logits_count_max_));
  return space;
}

}  // namespace quire
