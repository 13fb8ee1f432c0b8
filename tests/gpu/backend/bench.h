// Operations as they are issued to any backend, and what they give.
#pragma once

#include <functional>
#include <initializer_list>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "support/random_blocks.h"
#include "support/take.h"
#include "tensor/quantize.h"

namespace quire::test {

// Rows, weights and states on a backend, with numbers that depend on seeds alone, and steps of it.
class Bench {
 public:
  explicit Bench(Backend& on, const StepShape& shape) : on_(on), scratch_(take(on.make_scratch(shape))) {}
  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;

  Backend& on() { return on_; }
  void begin(const StepInputs& inputs = {}) { on_.begin(inputs, *scratch_); }
  // What the rows hold, all that was issued having happened. Begin again before anything else.
  std::vector<float> finish(Rows rows) {
    const StepResult result = take(on_.finish(rows, {}));
    return {result.values.begin(), result.values.end()};
  }
  std::vector<float> read(DeviceAddress values, int64_t count) {
    begin();
    return finish({.values = values, .count = 1, .width = count});
  }

  // Zeros.
  DeviceAddress memory(int64_t size_bytes) {
    memory_.push_back(take(on_.device().allocate(static_cast<uint64_t>(size_bytes), MemoryUse::sparse, "a test")));
    return memory_.back().address();
  }
  Rows rows(int64_t count, int64_t width, uint32_t seed, float size = 1.0F) {
    const Rows rows{.values = memory(count * width * 4), .count = count, .width = width};
    on_.upload(noise(count * width, seed, size), rows);
    return rows;
  }
  DeviceVector vector(int64_t size, uint32_t seed, float of = 1.0F) {
    return take(on_.load_vector(noise(size, seed, of), arena_));
  }
  // (outputs, inputs) of a stack, of these rows of it.
  Matrix matrix(ElementType type, int64_t outputs, int64_t inputs, uint32_t seed, int64_t count = 1, int64_t begin = 0,
                int64_t end = -1) {
    const std::vector<float> values = noise(outputs * inputs * count, seed);
    std::vector<std::byte> bytes(static_cast<size_t>(outputs * count * row_size_bytes(type, inputs)));
    if (has_quantizer(type)) {
      quantize(type, values.data(), outputs * inputs * count, bytes.data());
    } else {
      std::mt19937_64 random(seed);
      fill_random_blocks(type, outputs * inputs * count, 1.0F, random, bytes.data());
    }
    const MemorySource source(bytes);
    const TensorView view = {.name = "w", .type = type, .shape = {inputs, outputs, count, 1}, .source = &source};
    return take(on_.load_matrix(view, begin, end < 0 ? outputs : end, arena_, [](uint64_t) {}));
  }

  static std::vector<float> noise(int64_t count, uint32_t seed, float size = 1.0F) {
    std::mt19937 random(seed);
    std::normal_distribution<float> normal(0.0F, size);
    std::vector<float> values(static_cast<size_t>(count));
    for (float& value : values) value = normal(random);
    return values;
  }

 private:
  Backend& on_;
  std::unique_ptr<StepScratch> scratch_;
  std::vector<DeviceMemory> memory_;
  DeviceArena arena_{on_.device(), "weights of a test"};
};

inline void append(std::vector<float>& to, const std::vector<float>& values) {
  to.insert(to.end(), values.begin(), values.end());
}

}  // namespace quire::test
