// Each pair of a row and one of its experts once, whatever the rows choose.
#include "backend/cpu/expert_plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>
#include <vector>

namespace quire {
namespace {

// `used` different experts of each row, ascending; the first ones come more often.
std::vector<int32_t> random_choice(std::mt19937& random, int64_t rows, int64_t used, int32_t experts) {
  std::vector<int32_t> chosen;
  for (int64_t row = 0; row < rows; ++row) {
    std::vector<int32_t> own(static_cast<size_t>(experts));
    std::iota(own.begin(), own.end(), 0);
    const auto popular = own.begin() + std::min<int64_t>(experts, used + 1);
    std::shuffle(random() % 2 == 0 ? popular : own.begin(), own.end(), random);
    own.resize(static_cast<size_t>(used));
    std::ranges::sort(own);
    chosen.insert(chosen.end(), own.begin(), own.end());
  }
  return chosen;
}

TEST(ExpertPlan, has_each_pair_in_the_group_of_its_expert) {
  constexpr int32_t experts = 16;
  std::mt19937 random(1);
  ExpertPlan plan(40 * 4, experts);
  for (const int64_t rows : {1, 7, 40, 3}) {
    const std::vector<int32_t> chosen = random_choice(random, rows, 4, experts);
    plan.build(chosen, 4, experts);
    ASSERT_EQ(plan.pair_count(), rows * 4);
    std::vector<int64_t> expert_of(chosen.size(), -1);
    int64_t end = 0;
    for (const ExpertGroup& group : plan.groups()) {
      EXPECT_EQ(group.begin, end);
      EXPECT_GT(group.rows(), 0);
      end = group.end;
      for (int64_t pair = group.begin; pair < group.end; ++pair) expert_of[static_cast<size_t>(pair)] = group.expert;
    }
    EXPECT_EQ(end, plan.pair_count());
    for (int64_t i = 0; i < rows * 4; ++i) {
      const int64_t pair = plan.pair_of(i / 4, i % 4);
      EXPECT_EQ(plan.row_of(pair), i / 4);
      EXPECT_EQ(expert_of[static_cast<size_t>(pair)], chosen[static_cast<size_t>(i)]);
    }
  }
}

TEST(ExpertPlan, cuts_every_panel_into_one_task_and_none_is_much_more_than_its_share) {
  constexpr int32_t experts = 32;
  std::mt19937 random(2);
  ExpertPlan plan(512 * 4, experts);
  for (const int64_t rows : {1, 8, 100, 512}) {
    for (const int64_t panels : {1, 3, 48, 128}) {
      plan.build(random_choice(random, rows, 4, experts), 4, experts);
      const int64_t share = rows * 4 * panels / (3 * 8);
      std::vector<int64_t> next(experts, 0);
      const int64_t tasks = plan.split(panels, 3, 8);
      for (int64_t index = 0; index < tasks; ++index) {
        const ExpertTask task = plan.task(index);
        int64_t& begin = next[static_cast<size_t>(task.group.expert)];
        EXPECT_EQ(task.panel_begin, begin);
        begin = task.panel_end;
        EXPECT_LE((task.panel_end - task.panel_begin) * task.group.rows(), std::max(share, task.group.rows()));
      }
      for (const ExpertGroup& group : plan.groups()) EXPECT_EQ(next[static_cast<size_t>(group.expert)], panels);
      EXPECT_LE(tasks, 4 * 3 * 8 + experts);
    }
  }
}

}  // namespace
}  // namespace quire
