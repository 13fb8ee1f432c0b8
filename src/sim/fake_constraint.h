// A constraint that forbids nothing, and forces tokens out of what was said before: answers of a few tokens a step.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/random.h"
#include "core/constraint.h"
#include "sim/vocabulary.h"

namespace quire::sim {

// Immutable; any thread.
class FakeConstraint final : public Constraint {
 public:
  // Behind each chosen token come 0 to `forced_max` letters.
  FakeConstraint(uint64_t seed, int32_t forced_max) : seed_(seed), forced_max_(forced_max) {}

  std::unique_ptr<ConstraintState> begin() const override { return std::make_unique<State>(seed_, forced_max_); }
  int32_t forced_max() const override { return forced_max_; }

 private:
  class State final : public ConstraintState {
   public:
    State(uint64_t seed, int32_t forced_max) : said_(seed), forced_max_(forced_max) {}
    std::span<const uint64_t> allowed() override { return {}; }
    void accept(TokenId token) override { said_ = mix(said_ ^ static_cast<uint64_t>(token)); }
    void append_forced(std::vector<TokenId>& tokens) override {
      Random random(said_);
      for (int32_t count = random.below(forced_max_ + 1); count > 0; --count) {
        tokens.push_back(first_letter + random.below(letter_count));
      }
    }

   private:
    uint64_t said_;
    int32_t forced_max_;
  };

  uint64_t seed_;
  int32_t forced_max_;
};

}  // namespace quire::sim
