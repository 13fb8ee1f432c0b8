// What is left of a row of logits while the steps of a chain change and cut it, and the draw among that.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/ids.h"
#include "engine/logit_row.h"

namespace quire {

struct Candidate {
  TokenId token;
  float logit;
  double weight = 0.0;    // exp((logit - best) / temperature), once it is needed
  double distance = 0.0;  // of its surprise from the entropy, once it is needed
};

// Better first; among equals the lower token id.
inline constexpr auto better = [](const Candidate& a, const Candidate& b) {
  return a.logit > b.logit || (a.logit == b.logit && a.token < b.token);
};

// A logit becomes logit / divisor where it is positive, logit * divisor elsewhere, and less `minus` then.
struct LogitPenalty {
  TokenId token;
  float divisor = 1.0F;
  float minus = 0.0F;
};

// One thread; keeps scratch memory between rows and nothing else. Borrows the row.
//
// Every result is the one that a list of all tokens would give, sorted where a step asks for an order (better first,
// ties by token id) and else ascending by id, with its weights added up in that order. Such a list is made only where
// it must: a cut that leaves few tokens is found by what LogitRow knows, and a sum over all of them is added up fast
// and only believed where no rounding can matter.
class Candidates {
 public:
  void set(std::span<const float> logits);

  // Changes of the logits. Tokens outside the row are ignored.
  void add(TokenId token, float bias);
  void forbid(std::span<const TokenId> tokens);
  // Token t may stay where bit t % 64 of word t / 64 is set; not where there is no such word.
  void allow_only(std::span<const uint64_t> mask);
  void allow_only(std::span<const TokenId> tokens);  // ascending
  // Also among what cuts have left. Sorts `penalties`, those of one token stay in their order.
  void penalize(std::vector<LogitPenalty>& penalties);

  // A token is left, and no logit is NaN or plus infinity. To be asked when the logits are changed, before all below.
  bool drawable() { return row().drawable(); }

  // Cuts. At least one token stays; `keep` asks for more.
  void keep_best(size_t count);
  // Nucleus sampling (Holtzman et al. 2020): the best tokens until they hold `share` of the probability.
  void keep_top_share(double share, size_t keep);
  // Locally typical sampling (Meister et al. 2022): the tokens whose surprise is nearest to the entropy, until they
  // hold `share` of the probability.
  void keep_typical(double share, size_t keep);
  // Those at least `share` times as likely as the best one.
  void keep_likely(float share, size_t keep);
  // Top-n-sigma (Tang et al. 2024): those within `count` standard deviations of all logits from the best one.
  void keep_within_deviations(double count);
  // XTC: of the tokens that hold `threshold` of the probability, only the least likely one, if `keep` stay so.
  void drop_top_choices(double threshold, size_t keep);
  // Those with a surprise of at most `bits`, best first (mirostat 2).
  void keep_unsurprising(double bits);

  // From now on weights are those at this temperature; 0: only the best stays. REQUIRES: not called before.
  void set_temperature(double temperature);
  // Entropy over the largest that as many tokens can have: 0 ... 1.
  double normalized_entropy();

  // Over the temperature, the largest first. Valid until the next call.
  std::span<const double> best_logits(size_t count);
  size_t vocab_size() const { return logits_.size(); }

  // The best one, the lowest id among equals.
  TokenId best();
  // The token at `share` of the weights: [0, 1).
  TokenId draw(double share);
  // What would be drawn from, weighed. Valid until the next call.
  std::span<const Candidate> weighed();

 private:
  bool whole() const { return whole_; }  // nothing is cut: list_ says nothing
  LogitRow& row();
  std::span<float> own_logits();
  void gather(float floor);
  void gather_best(size_t count);
  bool gather_top_share(double share, size_t keep);
  bool gather_holding(double share);
  size_t count_holding(double share);
  void order();
  void weigh();
  double total_weight() const;
  size_t count_until(double sum, size_t keep) const;

  std::span<const float> logits_;
  std::vector<float> own_;  // a copy of them, once they are changed
  LogitRow row_;
  bool looked_ = false;  // row_ knows the logits as they are now
  bool whole_ = true;
  bool ordered_ = false;  // best first; else ascending by token
  double temperature_ = 1.0;
  std::vector<Candidate> list_;
  std::vector<double> scaled_;
};

}  // namespace quire
