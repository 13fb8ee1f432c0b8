// Mixtures of experts: each row's choice, which rows an expert has, and the sum of what they give.
#pragma once

#include "kernels/gpu/matmul.h"
#include "kernels/gpu/rows.h"

namespace quire::gpu {

// What an expert's score for a row is made of (backend/backend.h: ExpertRule and what follows).
enum class ExpertGating : uint8_t { softmax, sigmoid, softmax_of_chosen };

// The sum that weights are divided by is at least this, the smallest normal f16.
inline constexpr float weight_sum_min = 0x1p-14F;

inline constexpr int64_t expert_groups_max = 64;
inline constexpr int64_t experts_max = 1024;

// x = exp(x - max) / sum of these, of a warp's n values.
inline void softmax(float* x, int64_t n) {
  float largest = scalar::minus_infinity;
  for (int64_t i = lane_index(); i < n; i += warp_size) largest = scalar::max_of(x[i], largest);
  largest = warp_max(largest);
  for (int64_t i = lane_index(); i < n; i += warp_size) x[i] = scalar::exp_of(x[i] - largest);
  warp_barrier();
  const float sum = strided_sum(n, [&](int64_t i, float acc) { return acc + x[i]; });
  for (int64_t i = lane_index(); i < n; i += warp_size) x[i] = x[i] / sum;
}

// A warp a row.
struct ChooseExperts {
  struct Args {
    float* logits = nullptr;            // (rows, experts); used up
    const float* correction = nullptr;  // (experts), added to scores where they choose; null: none
    const float* scales = nullptr;      // (experts), of weights at last; null: none
    int32_t* chosen = nullptr;          // (rows, used), ascending
    float* weights = nullptr;           // the same
    int64_t rows = 0;
    int64_t experts = 0;
    int64_t used = 0;
    ExpertGating gating = ExpertGating::softmax;
    bool normalized = false;
    float scale = 1.0F;
    int64_t groups = 1;  // at most expert_groups_max
    int64_t groups_used = 1;
    int64_t group_best = 2;
  };
  static constexpr int threads = task_threads;
  struct Shared {
    float group_scores[block_tasks][expert_groups_max];
  };
  static Grid grid(const Args& args) { return task_grid(args.rows); }

  // An expert and its score: the best that is left.
  struct Best {
    float score;
    int32_t expert;  // -1: none
  };

  // What is no number comes behind all that are numbers, but before experts that have lost their score.
  static float in_order(float score) { return score == score ? score : std::numeric_limits<float>::lowest(); }

  static float score_of(const Args& args, const float* scores, int64_t expert) {
    return in_order(args.correction == nullptr ? scores[expert] : scores[expert] + args.correction[expert]);
  }

  // The sum of the best scores of a group, one or two.
  static float group_score(const Args& args, const float* scores, int64_t begin, int64_t end) {
    float best = scalar::minus_infinity, second = scalar::minus_infinity;
    for (int64_t expert = begin; expert < end; ++expert) {
      const float score = score_of(args, scores, expert);
      if (score > best) {
        second = best;
        best = score;
      } else if (score > second) {
        second = score;
      }
    }
    return args.group_best > 1 && end - begin > 1 ? best + second : best;
  }

  // How many groups lose before this one: those that are worse, and of equal ones those behind it. A group whose first
  // expert has no score has lost already.
  static int64_t worse_groups(const Args& args, const float* scores, const float* group_scores, int64_t group) {
    const int64_t size = args.experts / args.groups;
    int64_t worse = 0;
    for (int64_t other = 0; other < args.groups; ++other) {
      if (other == group || scores[other * size] == scalar::minus_infinity) continue;
      const float score = group_scores[other], own = group_scores[group];
      if (score < own || (score == own && other > group)) ++worse;
    }
    return worse;
  }

  // Experts of all but the best groups lose their scores.
  static void reject_groups(const Args& args, float* scores, float* group_scores) {
    const int64_t size = args.experts / args.groups;
    for (int64_t group = lane_index(); group < args.groups; group += warp_size) {
      group_scores[group] = group_score(args, scores, group * size, (group + 1) * size);
    }
    warp_barrier();
    bool rejected[expert_groups_max / warp_size] = {};
    for (int64_t group = lane_index(); group < args.groups; group += warp_size) {
      rejected[group / warp_size] = worse_groups(args, scores, group_scores, group) < args.groups - args.groups_used;
    }
    warp_barrier();
    for (int64_t group = lane_index(); group < args.groups; group += warp_size) {
      if (!rejected[group / warp_size]) continue;
      for (int64_t expert = group * size; expert < (group + 1) * size; ++expert)
        scores[expert] = scalar::minus_infinity;
    }
    warp_barrier();
  }

  // Scores descend, those of equal ones ascend.
  static bool is_before(const Best& a, const Best& b) {
    return a.score > b.score || (a.score == b.score && a.expert < b.expert);
  }

  // The best behind `last`, in every lane.
  static Best next_best(const Args& args, const float* scores, const Best& last) {
    Best best = {.score = 0.0F, .expert = -1};
    for (int64_t i = lane_index(); i < args.experts; i += warp_size) {
      const Best own = {.score = score_of(args, scores, i), .expert = static_cast<int32_t>(i)};
      if (is_before(last, own) && (best.expert < 0 || is_before(own, best))) best = own;
    }
    for (int mask = warp_size / 2; mask > 0; mask /= 2) {
      const Best other = {.score = shuffle_xor(best.score, mask),
                          .expert = static_cast<int32_t>(shuffle_xor(static_cast<uint32_t>(best.expert), mask))};
      if (other.expert >= 0 && (best.expert < 0 || is_before(other, best))) best = other;
    }
    return best;
  }

  // Puts an expert into a row's list, which ascends.
  static void insert(int32_t* chosen, int64_t count, int32_t expert) {
    int64_t at = count;
    for (; at > 0 && chosen[at - 1] > expert; --at) chosen[at] = chosen[at - 1];
    chosen[at] = expert;
  }

  static void find_highest(const Args& args, const float* scores, int32_t* chosen) {
    Best last = {.score = -scalar::minus_infinity, .expert = -1};
    for (int64_t i = 0; i < args.used; ++i) {
      last = next_best(args, scores, last);
      if (lane_index() == 0) insert(chosen, i, last.expert);
    }
    warp_barrier();
  }

  static void weigh(const Args& args, const float* scores, const int32_t* chosen, float* weights) {
    for (int64_t i = lane_index(); i < args.used; i += warp_size) weights[i] = scores[chosen[i]];
    if (args.gating == ExpertGating::softmax_of_chosen) softmax(weights, args.used);
    warp_barrier();
    float divisor = 1.0F;
    if (args.normalized) {
      float sum = 0.0F;
      for (int64_t i = 0; i < args.used; ++i) sum += weights[i];
      divisor = scalar::max_of(weight_sum_min, sum);
    }
    warp_barrier();
    for (int64_t i = lane_index(); i < args.used; i += warp_size) {
      const float weight = weights[i] / divisor * args.scale;
      weights[i] = args.scales == nullptr ? weight : weight * args.scales[chosen[i]];
    }
  }

  static void run(const Args& args, Shared& shared) {
    const int64_t row = task_index();
    if (row >= args.rows) return;
    float* const scores = args.logits + row * args.experts;
    int32_t* const chosen = args.chosen + row * args.used;
    if (args.gating == ExpertGating::softmax) softmax(scores, args.experts);
    if (args.gating == ExpertGating::sigmoid) {
      for (int64_t i = lane_index(); i < args.experts; i += warp_size) scores[i] = scalar::sigmoid_of(scores[i]);
    }
    warp_barrier();
    if (args.groups > 1) reject_groups(args, scores, shared.group_scores[warp_index()]);
    find_highest(args, scores, chosen);
    weigh(args, scores, chosen, args.weights + row * args.used);
  }
};

// Pairs of a row and one of its experts, sorted by the expert and then by the row, and tiles of them. One block.
struct PlanExperts {
  struct Args {
    const int32_t* chosen = nullptr;  // (rows, used)
    int64_t rows = 0;
    int64_t used = 0;
    int64_t experts = 0;           // at most experts_max
    int32_t* pair_rows = nullptr;  // (rows * used): the row of a pair
    int32_t* pairs = nullptr;      // (rows, used): the pair of a row and one of its experts
    MatrixRows* tiles = nullptr;   // (tile_count): as MatmulArgs has them
    int64_t tile_count = 0;        // tiles_max of these
    int64_t tile_rows = 0;
  };
  static constexpr int threads = 512;
  static constexpr int64_t counts_max = 8 * experts_max;
  struct Shared {
    // Pairs are cut into parts, which a thread goes through each: (parts, experts), how many pairs of an expert a part
    // has, and then where the next one of them goes.
    int32_t counts[counts_max];
    int32_t of_expert[experts_max];
  };
  static Grid grid(const Args& args) { return {args.rows > 0 ? 1 : 0}; }

  // As many as there may be: an expert's last tile need not be full.
  static int64_t tiles_max(int64_t pairs, int64_t experts, int64_t tile_rows) {
    return pairs / tile_rows + min_of(pairs, experts);
  }

  static int64_t parts(const Args& args) { return min_of(threads, counts_max / args.experts); }

  // visit(pair, the part's count of its expert) of this thread's part, in order.
  template <typename Visit>
  static void for_part(const Args& args, Shared& shared, const Visit& visit) {
    const int64_t part = thread_index();
    if (part >= parts(args)) return;
    const int64_t pairs = args.rows * args.used, size = ceil_div(pairs, parts(args));
    for (int64_t i = part * size; i < min_of(pairs, (part + 1) * size); ++i) {
      visit(i, shared.counts[part * args.experts + args.chosen[i]]);
    }
  }

  struct Before {
    int32_t pairs = 0;
    int32_t tiles = 0;
  };
  // Of the experts that come before this one.
  static Before before(const Args& args, const Shared& shared, int64_t expert) {
    Before sum;
    for (int64_t i = 0; i < expert; ++i) {
      sum.pairs += shared.of_expert[i];
      sum.tiles += static_cast<int32_t>(ceil_div(shared.of_expert[i], args.tile_rows));
    }
    return sum;
  }

  // Where the expert's pairs begin in each part, and its tiles.
  static void place(const Args& args, Shared& shared, int32_t expert) {
    const Before first = before(args, shared, expert);
    int32_t next = first.pairs;
    for (int64_t part = 0; part < parts(args); ++part) {
      int32_t& count = shared.counts[part * args.experts + expert];
      const int32_t own = count;
      count = next;
      next += own;
    }
    const auto height = static_cast<int32_t>(args.tile_rows);
    int32_t tile = first.tiles;
    for (int32_t begin = first.pairs; begin < next; begin += height) {
      args.tiles[tile++] = {
          .matrix = expert, .begin = begin, .end = static_cast<int32_t>(min_of(next, begin + height))};
    }
  }

  static void run(const Args& args, Shared& shared) {
    for (int64_t i = thread_index(); i < parts(args) * args.experts; i += threads) shared.counts[i] = 0;
    barrier();
    for_part(args, shared, [](int64_t, int32_t& count) { ++count; });
    barrier();
    for (int64_t expert = thread_index(); expert < args.experts; expert += threads) {
      int32_t sum = 0;
      for (int64_t part = 0; part < parts(args); ++part) sum += shared.counts[part * args.experts + expert];
      shared.of_expert[expert] = sum;
    }
    barrier();
    for (int64_t expert = thread_index(); expert < args.experts; expert += threads) {
      place(args, shared, static_cast<int32_t>(expert));
    }
    const int64_t used_tiles = before(args, shared, args.experts).tiles;
    for (int64_t tile = used_tiles + thread_index(); tile < args.tile_count; tile += threads) {
      args.tiles[tile] = {.matrix = 0, .begin = 0, .end = 0};
    }
    barrier();
    for_part(args, shared, [&](int64_t pair, int32_t& next) {
      args.pair_rows[next] = static_cast<int32_t>(pair / args.used);
      args.pairs[pair] = next++;
    });
  }
};

// y[r] = sum of weight * outputs over the row's experts in ascending order.
struct AddExperts {
  struct Args {
    const float* outputs = nullptr;  // (pairs, width)
    const int32_t* pairs = nullptr;  // (rows, used)
    const float* weights = nullptr;  // the same
    float* y = nullptr;              // (rows, width)
    int64_t rows = 0;
    int64_t used = 0;
    int64_t width = 0;
  };
  using Shared = NothingShared;
  static constexpr int threads = element_threads;
  static Grid grid(const Args& args) { return element_grid(args.rows, args.width); }
  static void run(const Args& args, Shared&) {
    for_elements(args.width, [&](int64_t row, int64_t column) {
      float sum = 0.0F;
      for (int64_t i = row * args.used; i < (row + 1) * args.used; ++i) {
        sum = std::fma(args.weights[i], args.outputs[args.pairs[i] * args.width + column], sum);
      }
      args.y[row * args.width + column] = sum;
    });
  }
};

}  // namespace quire::gpu
