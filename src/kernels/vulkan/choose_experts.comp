// ChooseExperts of kernels/gpu/experts.h: a task a row. What threads of a task write for each other lies in the logits,
// the list and the weights of its row.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "arithmetic.glsl"
#include "arrays.glsl"
#include "functions.glsl"

layout(buffer_reference, scalar, buffer_reference_align = 4) coherent buffer SeenFloats { float at[]; };
layout(buffer_reference, scalar, buffer_reference_align = 4) coherent buffer SeenIntegers { int at[]; };

struct Arguments {
  SeenFloats logits;
  Floats correction;
  Floats scales;
  SeenIntegers chosen;
  SeenFloats weights;
  int64_t rows;
  int64_t experts;
  int64_t used;
  uint8_t gating;
  uint8_t normalized;
  float scale;
  int64_t groups;
  int64_t groups_used;
  int64_t group_best;
};
#include "launch.glsl"
#include "strided_sum.glsl"
#include "tasks.glsl"

const int softmax_gating = 0, sigmoid_gating = 1;  // 2: softmax of the chosen
const int groups_max = 64;

shared float group_scores[block_tasks][groups_max];
shared float best_scores[block_tasks][task_threads];
shared int best_experts[block_tasks][task_threads];

SeenFloats seen_from(SeenFloats x, int64_t element) { return SeenFloats(uint64_t(x) + uint64_t(4l * element)); }

// What the block's threads have written is seen by all of them.
void meet() {
  memoryBarrierBuffer();
  barrier();
}

// x = exp(x - max) / sum of these, of n values. All threads of the block come here.
void softmax(SeenFloats x, int n, bool is_there) {
  const int own = task_of_block(), lane = task_lane();
  float largest = minus_infinity();
  for (int i = lane; is_there && i < n; i += task_threads) largest = most(x.at[i], largest);
  best_scores[own][lane] = largest;
  meet();
  for (int i = 0; i < task_threads; ++i) largest = most(best_scores[own][i], largest);
  for (int i = lane; is_there && i < n; i += task_threads) x.at[i] = exp_of(difference(x.at[i], largest));
  meet();
  if (lane < partial_sums) {
    float partial = 0.0;
    for (int i = lane; is_there && i < n; i += partial_sums) partial = sum(partial, x.at[i]);
    partials[own][lane] = partial;
  }
  meet();
  const float of_all = tree_sum(own);
  for (int i = lane; is_there && i < n; i += task_threads) x.at[i] = quotient(x.at[i], of_all);
  meet();
}

// What is no number comes behind all that are numbers, but before experts that have lost their score.
float score_of(SeenFloats scores, int expert) {
  float score = scores.at[expert];
  if (!is_null(uint64_t(args.correction))) score = sum(score, args.correction.at[expert]);
  return score == score ? score : uintBitsToFloat(0xFF7FFFFFu);  // the lowest that is finite
}

// The sum of the best scores of a group, one or two.
float group_score(SeenFloats scores, int begin, int end) {
  float best = minus_infinity(), second = minus_infinity();
  for (int expert = begin; expert < end; ++expert) {
    const float score = score_of(scores, expert);
    if (score > best) {
      second = best;
      best = score;
    } else if (score > second) {
      second = score;
    }
  }
  return args.group_best > 1l && end - begin > 1 ? sum(best, second) : best;
}

// Whether a group is not among the best ones: of equal ones those behind it lose first, and one whose first expert has
// no score has lost already.
bool is_rejected(SeenFloats scores, int group, int size) {
  const int own = task_of_block(), groups = int(args.groups);
  int worse = 0;
  for (int other = 0; other < groups; ++other) {
    if (other == group || scores.at[other * size] == minus_infinity()) continue;
    const float score = group_scores[own][other], compared = group_scores[own][group];
    if (score < compared || (score == compared && other > group)) ++worse;
  }
  return worse < groups - int(args.groups_used);
}

// Experts of all but the best groups lose their scores.
void reject_groups(SeenFloats scores, bool is_there) {
  const int groups = int(args.groups), size = int(args.experts) / groups;
  for (int group = task_lane(); is_there && group < groups; group += task_threads) {
    group_scores[task_of_block()][group] = group_score(scores, group * size, (group + 1) * size);
  }
  meet();
  bool rejected[groups_max / task_threads] = bool[](false, false);
  for (int group = task_lane(); is_there && group < groups; group += task_threads) {
    rejected[group / task_threads] = is_rejected(scores, group, size);
  }
  meet();
  for (int group = task_lane(); is_there && group < groups; group += task_threads) {
    if (!rejected[group / task_threads]) continue;
    for (int expert = group * size; expert < (group + 1) * size; ++expert) scores.at[expert] = minus_infinity();
  }
  meet();
}

// An expert and its score; -1: none.
struct Best {
  float score;
  int expert;
};

// Scores descend, those of equal ones ascend.
bool is_before(Best a, Best b) { return a.score > b.score || (a.score == b.score && a.expert < b.expert); }

// The best behind `last`, in every thread.
Best next_best(SeenFloats scores, bool is_there, Best last) {
  const int own = task_of_block(), lane = task_lane(), experts = int(args.experts);
  Best best = Best(0.0, -1);
  for (int i = lane; is_there && i < experts; i += task_threads) {
    const Best found = Best(score_of(scores, i), i);
    if (is_before(last, found) && (best.expert < 0 || is_before(found, best))) best = found;
  }
  best_scores[own][lane] = best.score;
  best_experts[own][lane] = best.expert;
  meet();
  for (int i = 0; i < task_threads; ++i) {
    const Best other = Best(best_scores[own][i], best_experts[own][i]);
    if (other.expert >= 0 && (best.expert < 0 || is_before(other, best))) best = other;
  }
  meet();
  return best;
}

// The row's list, which ascends.
void find_highest(SeenFloats scores, SeenIntegers chosen, bool is_there) {
  const int used = int(args.used);
  Best last = Best(-minus_infinity(), -1);
  for (int count = 0; count < used; ++count) {
    last = next_best(scores, is_there, last);
    if (!is_there || task_lane() != 0) continue;
    int at = count;
    for (; at > 0 && chosen.at[at - 1] > last.expert; --at) chosen.at[at] = chosen.at[at - 1];
    chosen.at[at] = last.expert;
  }
  meet();
}

void weigh(SeenFloats scores, SeenIntegers chosen, SeenFloats weights, bool is_there) {
  const int used = int(args.used), lane = task_lane(), gating = int(args.gating);
  for (int i = lane; is_there && i < used; i += task_threads) weights.at[i] = scores.at[chosen.at[i]];
  meet();
  if (gating != softmax_gating && gating != sigmoid_gating) softmax(weights, used, is_there);
  float divisor = 1.0;
  if (args.normalized != uint8_t(0)) {
    float of_all = 0.0;
    for (int i = 0; is_there && i < used; ++i) of_all = sum(of_all, weights.at[i]);
    divisor = most(uintBitsToFloat(0x38800000u), of_all);  // 2^-14
  }
  meet();
  const bool has_scales = !is_null(uint64_t(args.scales));
  for (int i = lane; is_there && i < used; i += task_threads) {
    const float weight = product(quotient(weights.at[i], divisor), args.scale);
    weights.at[i] = has_scales ? product(weight, args.scales.at[chosen.at[i]]) : weight;
  }
}

void main() {
  if (!begins()) return;
  const int64_t row = task_index(), experts = args.experts, used = args.used;
  const bool is_there = row < args.rows;
  const int gating = int(args.gating);
  SeenFloats scores = seen_from(args.logits, row * experts);
  SeenIntegers chosen = SeenIntegers(uint64_t(args.chosen) + uint64_t(4l * row * used));
  if (gating == softmax_gating) softmax(scores, int(experts), is_there);
  if (gating == sigmoid_gating) {
    for (int i = task_lane(); is_there && i < int(experts); i += task_threads) scores.at[i] = sigmoid_of(scores.at[i]);
  }
  meet();
  if (args.groups > 1l) reject_groups(scores, is_there);
  find_highest(scores, chosen, is_there);
  weigh(scores, chosen, seen_from(args.weights, row * used), is_there);
}
