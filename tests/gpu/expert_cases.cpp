// Mixtures of experts, beside what the CPU's backend does for the same rows.
#include <algorithm>
#include <limits>
#include <random>
#include <set>

#include "backend/cpu/expert_choice.h"
#include "backend/cpu/expert_plan.h"
#include "gpu/cases.h"
#include "kernels/gpu/experts.h"
#include "kernels/weights.h"

namespace quire::test {
namespace {

constexpr float nan = std::numeric_limits<float>::quiet_NaN();

gpu::ExpertGating gating_of(ExpertGating gating) {
  switch (gating) {
    case ExpertGating::softmax:
      return gpu::ExpertGating::softmax;
    case ExpertGating::sigmoid:
      return gpu::ExpertGating::sigmoid;
    case ExpertGating::softmax_of_chosen:
      return gpu::ExpertGating::softmax_of_chosen;
  }
  return {};
}

struct Choice {
  int64_t experts;
  int64_t used;
  ExpertRule rule;
  bool corrects = false;
  bool scales = false;
  float correction = 0.0F;  // of all experts beside their own: sums that are rounded to the same
};

// Rows of scores, of which some have equal ones.
std::vector<float> logits_of(int64_t rows, int64_t experts) {
  Random random(31);
  std::vector<float> logits = random_floats(rows * experts, random, 2.0F);
  for (size_t i = 0; i < logits.size(); ++i) {
    if (i / static_cast<size_t>(experts) % 2 == 1) logits[i] = std::round(logits[i]);
  }
  return logits;
}

std::optional<std::string> choice_difference(Machine& machine, const Choice& choice) {
  constexpr int64_t rows = 23;
  Random random(32);
  std::vector<float> correction = random_floats(choice.corrects ? choice.experts : 0, random, 0.3F);
  for (float& one : correction) one += choice.correction;
  const std::vector<float> scales = random_floats(choice.scales ? choice.experts : 0, random);
  std::vector<float> logits = logits_of(rows, choice.experts), wanted_logits = logits;
  const auto size = static_cast<size_t>(rows * choice.used);
  std::vector<int32_t> chosen(size, 77), wanted = chosen;
  std::vector<float> weights(size, 7.0F), wanted_weights = weights;
  machine.launch<gpu::ChooseExperts>({.logits = logits.data(),
                                      .correction = correction.empty() ? nullptr : correction.data(),
                                      .scales = scales.empty() ? nullptr : scales.data(),
                                      .chosen = chosen.data(),
                                      .weights = weights.data(),
                                      .rows = rows,
                                      .experts = choice.experts,
                                      .used = choice.used,
                                      .gating = gating_of(choice.rule.gating),
                                      .normalized = choice.rule.normalized,
                                      .scale = choice.rule.scale,
                                      .groups = choice.rule.groups,
                                      .groups_used = choice.rule.groups_used,
                                      .group_best = choice.rule.group_best});
  const auto experts = static_cast<size_t>(choice.experts), used = static_cast<size_t>(choice.used);
  for (size_t r = 0; r < rows; ++r) {
    choose_experts_of_row(scalar_table(), choice.rule,
                          {.logits = std::span(wanted_logits).subspan(r * experts, experts),
                           .correction = correction,
                           .scales = scales,
                           .experts = std::span(wanted).subspan(r * used, used),
                           .weights = std::span(wanted_weights).subspan(r * used, used)});
  }
  const auto found = difference(chosen, wanted);
  return found ? found : difference(weights, wanted_weights);
}

void add_choices(std::vector<Case>& cases) {
  const Choice choices[] = {
      {8, 2, {.normalized = true}},
      {128, 8, {.normalized = true}, false, true},
      {60, 4, {.scale = 2.5F}},
      {32, 4, {.gating = ExpertGating::softmax_of_chosen}},
      {64, 6, {.gating = ExpertGating::sigmoid, .normalized = true, .scale = 2.5F}, true},
      {64, 6, {.gating = ExpertGating::sigmoid, .groups = 8, .groups_used = 3}, true},
      {256, 8, {.gating = ExpertGating::softmax, .groups = 8, .groups_used = 4, .group_best = 1}},
      {48, 3, {.gating = ExpertGating::sigmoid, .groups = 48, .groups_used = 40}, true, true},
      {64, 6, {.gating = ExpertGating::sigmoid}, true, false, 1e6F},
      {64, 6, {.gating = ExpertGating::sigmoid, .groups = 8, .groups_used = 3}, true, false, 1e6F},
      {5, 5, {.normalized = true}},
      {3, 1, {}},
  };
  for (const Choice& choice : choices) {
    cases.push_back(
        {fmt::format("choose_experts: {} of {}, {} groups", choice.used, choice.experts, choice.rule.groups),
         [=](Machine& machine) { return choice_difference(machine, choice); }});
  }
}

// Scores that are no numbers: each expert at most once, and the row's weights are no numbers either.
void add_choice_of_nan(std::vector<Case>& cases) {
  for (const int64_t groups : {1, 4}) {
    cases.push_back({fmt::format("choose_experts among NaN, {} groups", groups),
                     [=](Machine& machine) -> std::optional<std::string> {
                       constexpr int64_t experts = 40, used = 6;
                       std::vector<float> logits(2 * experts, nan);
                       std::fill_n(logits.begin() + experts, experts, 0.5F);
                       logits[experts + 7] = nan;
                       std::vector<int32_t> chosen(2 * used, -1);
                       std::vector<float> weights(2 * used, 0.0F);
                       machine.launch<gpu::ChooseExperts>({.logits = logits.data(),
                                                           .chosen = chosen.data(),
                                                           .weights = weights.data(),
                                                           .rows = 2,
                                                           .experts = experts,
                                                           .used = used,
                                                           .groups = groups,
                                                           .groups_used = 2});
                       for (int64_t row = 0; row < 2; ++row) {
                         const auto begin = chosen.begin() + row * used;
                         const std::set<int32_t> different(begin, begin + used);
                         if (std::ssize(different) != used || *different.begin() < 0 ||
                             *different.rbegin() >= experts) {
                           return "experts that are none, or twice";
                         }
                         if (!std::isnan(weights[static_cast<size_t>(row * used)])) return "a number";
                       }
                       return std::nullopt;
                     }});
  }
}

// Pairs as the CPU's plan has them, and tiles that hold each pair once.
std::optional<std::string> plan_difference(Machine& machine, int64_t rows, int64_t used, int64_t experts,
                                           int64_t tile_rows) {
  Random random(33);
  const int64_t count = rows * used;
  std::vector<int32_t> chosen;
  for (int64_t i = 0; i < count; ++i) {
    chosen.push_back(static_cast<int32_t>(random() % static_cast<uint64_t>(experts)));
  }
  std::vector<int32_t> pair_rows(static_cast<size_t>(count), -1), pairs = pair_rows;
  std::vector<gpu::MatrixRows> tiles(static_cast<size_t>(gpu::PlanExperts::tiles_max(count, experts, tile_rows)),
                                     {.matrix = -1, .begin = -1, .end = 0});
  machine.launch<gpu::PlanExperts>({.chosen = chosen.data(),
                                    .rows = rows,
                                    .used = used,
                                    .experts = experts,
                                    .pair_rows = pair_rows.data(),
                                    .pairs = pairs.data(),
                                    .tiles = tiles.data(),
                                    .tile_count = std::ssize(tiles),
                                    .tile_rows = tile_rows});
  ExpertPlan plan(count, experts);
  plan.build(chosen, used, experts);
  std::vector<int32_t> wanted_rows, wanted_pairs, tiled_experts, wanted_experts;
  for (int64_t i = 0; i < count; ++i) {
    wanted_rows.push_back(static_cast<int32_t>(plan.row_of(i)));
    wanted_pairs.push_back(static_cast<int32_t>(plan.pair_of(i / used, i % used)));
  }
  for (const ExpertGroup& group : plan.groups()) {
    wanted_experts.insert(wanted_experts.end(), static_cast<size_t>(group.rows()), static_cast<int32_t>(group.expert));
  }
  int64_t last_height = 0;
  for (const gpu::MatrixRows& tile : tiles) {
    if (tile.end - tile.begin > tile_rows || tile.begin > tile.end) return "a tile's height";
    if (tile.begin < tile.end && tile.begin != std::ssize(tiled_experts)) return "a tile's begin";
    const bool goes_on = tile.begin < tile.end && tile.begin > 0 && tiled_experts.back() == tile.matrix;
    if (goes_on && last_height < tile_rows) return "a tile that is not full before another of its expert";
    last_height = tile.end - tile.begin;
    tiled_experts.insert(tiled_experts.end(), static_cast<size_t>(tile.end - tile.begin), tile.matrix);
  }
  if (const auto found = difference(pair_rows, wanted_rows)) return found;
  if (const auto found = difference(pairs, wanted_pairs)) return found;
  return difference(tiled_experts, wanted_experts);
}

void add_plans(std::vector<Case>& cases) {
  struct Shape {
    int64_t rows, used, experts, tile_rows;
  };
  for (const Shape& s : {Shape{1, 2, 8, 8}, Shape{70, 4, 6, 8}, Shape{40, 8, 700, 8}, Shape{33, 3, 5, 1},
                         Shape{700, 6, 60, 64}, Shape{3, 2, 1024, 8}}) {
    cases.push_back(
        {fmt::format("plan_experts: {} rows, {} of {}, tiles of {}", s.rows, s.used, s.experts, s.tile_rows),
         [=](Machine& machine) { return plan_difference(machine, s.rows, s.used, s.experts, s.tile_rows); }});
  }
}

void add_sums(std::vector<Case>& cases) {
  cases.push_back({"add_experts", [](Machine& machine) {
                     constexpr int64_t rows = 6, used = 3, width = 35;
                     Random random(34);
                     const std::vector<float> outputs = random_floats(rows * used * width, random);
                     const std::vector<float> weights = random_floats(rows * used, random);
                     std::vector<int32_t> pairs;
                     for (int32_t i = 0; i < rows * used; ++i) pairs.push_back(i * 5 % (rows * used));
                     std::vector<float> found(rows * width, 7.0F), wanted(rows * width, 0.0F);
                     machine.launch<gpu::AddExperts>({.outputs = outputs.data(),
                                                      .pairs = pairs.data(),
                                                      .weights = weights.data(),
                                                      .y = found.data(),
                                                      .rows = rows,
                                                      .used = used,
                                                      .width = width});
                     for (int64_t i = 0; i < rows * used; ++i) {
                       const auto pair = static_cast<size_t>(i);
                       scalar_table().add_scaled(wanted.data() + i / used * width, outputs.data() + pairs[pair] * width,
                                                 weights[pair], width);
                     }
                     return difference(found, wanted);
                   }});
}

}  // namespace

std::vector<Case> expert_cases() {
  std::vector<Case> cases;
  add_choices(cases);
  add_choice_of_nan(cases);
  add_plans(cases);
  add_sums(cases);
  return cases;
}

}  // namespace quire::test
