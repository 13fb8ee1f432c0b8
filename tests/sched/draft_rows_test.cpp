#include "sched/draft_rows.h"

#include <gtest/gtest.h>

#include <array>

namespace quire::test {
namespace {

constexpr int64_t row_unit_ns = 1'000'000;

int32_t rows_for(int32_t acceptance, int64_t streams, int64_t step_ns, int64_t row_ns, int32_t length = 8) {
  std::array<DraftOffer, 1> offer = {{{.length = length, .acceptance = acceptance}}};
  give_draft_rows(offer, streams, step_ns, row_ns, 16);
  return offer[0].rows;
}

TEST(DraftRows, are_given_while_a_row_brings_more_than_the_step_does_without_it) {
  // A stream alone, a row adds a sixteenth of a step: worth it from a chance of a sixteenth on, and a little less the
  // more tokens the step has.
  EXPECT_EQ(rows_for(certain, 1, 16 * row_unit_ns, row_unit_ns), 8);
  EXPECT_EQ(rows_for(certain / 2, 1, 16 * row_unit_ns, row_unit_ns), 3);
  EXPECT_EQ(rows_for(certain / 20, 1, 16 * row_unit_ns, row_unit_ns), 0);
  // Where rows cost what steps do, as with many streams, none is.
  EXPECT_EQ(rows_for(certain * 9 / 10, 32, 64 * row_unit_ns, 2 * row_unit_ns), 0);
  EXPECT_EQ(rows_for(certain * 9 / 10, 8, 20 * row_unit_ns, 2 * row_unit_ns), 1);
}

TEST(DraftRows, are_worth_one_where_one_is_given) {
  for (const int32_t acceptance : {1, certain / 20, certain / 2, certain}) {
    for (const int64_t streams : {1, 3, 8, 32}) {
      for (const int64_t row_ns : {row_unit_ns / 100, row_unit_ns, 4 * row_unit_ns}) {
        EXPECT_EQ(is_worth_a_row(acceptance, streams, 16 * row_unit_ns, row_ns),
                  rows_for(acceptance, streams, 16 * row_unit_ns, row_ns) > 0);
      }
    }
  }
}

TEST(DraftRows, are_no_more_than_there_are_guesses_and_room_for_them) {
  EXPECT_EQ(rows_for(certain, 1, 16 * row_unit_ns, row_unit_ns, 3), 3);
  std::array<DraftOffer, 2> offers = {{{.length = 8, .acceptance = certain}, {.length = 8, .acceptance = certain}}};
  give_draft_rows(offers, 2, 16 * row_unit_ns, 1, 5);
  EXPECT_EQ(offers[0].rows + offers[1].rows, 5);
}

TEST(DraftRows, go_to_the_likeliest_guess_first) {
  std::array<DraftOffer, 2> offers = {{{.length = 8, .acceptance = certain / 2}, {.length = 8, .acceptance = certain}}};
  give_draft_rows(offers, 2, 100 * row_unit_ns, 1, 6);
  EXPECT_EQ(offers[0].rows, 0);
  EXPECT_EQ(offers[1].rows, 6);
}

TEST(DraftRows, acceptance_follows_what_was_right_and_comes_back_when_nothing_was_tried) {
  EXPECT_GT(acceptance_after(512, 4, 4), 512);
  EXPECT_LT(acceptance_after(512, 4, 0), 512);
  int32_t acceptance = acceptance_at_first;
  for (int round = 0; round < 100; ++round) acceptance = acceptance_after(acceptance, 4, 0);
  EXPECT_LT(acceptance, certain / 64);
  for (int step = 0; step < 1000; ++step) acceptance = acceptance_untried(acceptance);
  EXPECT_EQ(acceptance, acceptance_at_first);
  for (int round = 0; round < 100; ++round) acceptance = acceptance_after(acceptance, 4, 4);
  EXPECT_EQ(acceptance, certain);
}

}  // namespace
}  // namespace quire::test
