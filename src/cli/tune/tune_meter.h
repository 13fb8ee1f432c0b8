// Step time of contexts of a given length, through the real engine.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "cli/local_model.h"
#include "text/tokenizer.h"

namespace quire::cli {

// Contexts that generate, and nothing else: scheduler, model and sampler are the server's. Their prompts are not
// computed, which would take most of the time: the KV that they would have left is filled with numbers, and a step
// takes as long whatever the numbers are. One thread, besides the model's team.
class TuneMeter {
 public:
  struct Sizes {
    int32_t contexts_max = 1;
    int32_t context_tokens = 1;  // each context's length when measuring starts
  };
  // KV for contexts_max contexts; what no measurement needs costs no memory.
  static Result<TuneMeter> create(LocalModel& local, const Tokenizer& tokenizer, const Sizes& sizes,
                                  const Clock& clock);
  TuneMeter(TuneMeter&&) noexcept;
  ~TuneMeter();

  // The mean time of a step of so many contexts: as many steps as fit into about visit_ns, and 4 at least. Where steps
  // are short the contexts begin anew, again and again, before they have grown by more than an eighth or 48 tokens.
  // REQUIRES: 1 <= contexts <= contexts_max.
  Result<int64_t> measure(int32_t contexts, int64_t visit_ns);

  // KV bytes of one context as measured, over all layers.
  static uint64_t kv_bytes(const Model& model, const Sizes& sizes);

 private:
  class Executor;
  struct Steps {
    int32_t count = 0;
    int64_t took_ns = 0;
  };
  // One growth of new contexts, measured until it took longest_ns or they are too long.
  Result<Steps> grow(int32_t contexts, int64_t longest_ns);
  TuneMeter(std::unique_ptr<Executor> executor, const Tokenizer& tokenizer, const Sizes& sizes, const Clock& clock);

  std::unique_ptr<Executor> executor_;
  const Tokenizer& tokenizer_;
  const Sizes sizes_;
  const Clock& clock_;
};

}  // namespace quire::cli
