// Which layers go where, by sizes alone.
#include "model/placement/placement.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <ostream>
#include <vector>

namespace quire {

void PrintTo(const LayerRange& range, std::ostream* out) { *out << '[' << range.begin << ", " << range.end << ')'; }

namespace {

using testing::ElementsAre;

// Ten layers of 100 bytes, the end 50; a context takes 10 of each layer, a device's workspace 20.
ModelSizes ten_layers() {
  return {.weights = {.before = 5, .layers = std::vector<uint64_t>(10, 100), .behind = 50, .tables = 70},
          .context_bytes = std::vector<uint64_t>(10, 10),
          .may_begin = std::vector<bool>(10, true),
          .workspace_bytes = 20};
}

std::vector<LayerRange> placed(std::vector<uint64_t> free_bytes, std::optional<int64_t> wanted = {},
                               const ModelSizes& sizes = ten_layers()) {
  return place_layers(sizes, free_bytes, wanted);
}

TEST(Placement, a_device_that_has_room_for_all_gets_all) {
  EXPECT_THAT(placed({100'000}), ElementsAre(LayerRange{0, 10}));
  // 1000 + 50 + 5 of weights, 20 of workspace and an eighth.
  EXPECT_THAT(placed({1228}), ElementsAre(LayerRange{0, 10}));
  EXPECT_THAT(placed({1227}), ElementsAre(LayerRange{1, 10}));
}

TEST(Placement, a_device_that_has_less_gets_the_last_ones) {
  // 4 layers: 450 + 20 and an eighth of 540 (67); a fifth would take 570 and more.
  EXPECT_THAT(placed({540}), ElementsAre(LayerRange{6, 10}));
  EXPECT_THAT(placed({100}), ElementsAre(LayerRange{10, 10}));
  EXPECT_THAT(placed({0}), ElementsAre(LayerRange{10, 10}));
}

TEST(Placement, one_context_of_full_length_has_room) {
  ModelSizes sizes = ten_layers();
  sizes.context_bytes.assign(10, 100);
  EXPECT_THAT(placed({470}, {}, sizes), ElementsAre(LayerRange{8, 10}));  // 250 + 200 + 20
  EXPECT_THAT(placed({469}, {}, sizes), ElementsAre(LayerRange{9, 10}));
}

TEST(Placement, a_wish_is_followed_whether_it_fits_or_not) {
  EXPECT_THAT(placed({100'000}, 3), ElementsAre(LayerRange{7, 10}));
  EXPECT_THAT(placed({100}, 3), ElementsAre(LayerRange{7, 10}));
  EXPECT_THAT(placed({100'000}, 0), ElementsAre(LayerRange{10, 10}));
  EXPECT_THAT(placed({100}, 999), ElementsAre(LayerRange{0, 10}));
}

TEST(Placement, a_stage_begins_only_where_it_may) {
  ModelSizes sizes = ten_layers();
  for (const size_t layer : {5, 6, 7, 8, 9}) sizes.may_begin[layer] = false;  // they read what layer 4 keeps
  EXPECT_THAT(placed({540}, {}, sizes), ElementsAre(LayerRange{10, 10}));
  EXPECT_THAT(placed({100'000}, 3, sizes), ElementsAre(LayerRange{10, 10}));
  EXPECT_THAT(placed({100'000}, 7, sizes), ElementsAre(LayerRange{3, 10}));
  EXPECT_THAT(placed({800}, {}, sizes), ElementsAre(LayerRange{4, 10}));
}

TEST(Placement, of_several_devices_the_roomiest_has_all_where_it_can) {
  EXPECT_THAT(placed({2000, 5000, 3000}), ElementsAre(LayerRange{0, 0}, LayerRange{0, 10}, LayerRange{10, 10}));
  EXPECT_THAT(placed({2000, 5000}, 4), ElementsAre(LayerRange{6, 6}, LayerRange{6, 10}));
}

TEST(Placement, several_devices_share_what_none_can_have_alone) {
  // The last: 450 + 20 + 67 of 540. The first: 4 layers, 400 + 20 + 67.
  EXPECT_THAT(placed({540, 540}), ElementsAre(LayerRange{2, 6}, LayerRange{6, 10}));
  EXPECT_THAT(placed({1000, 540}), ElementsAre(LayerRange{0, 6}, LayerRange{6, 10}));
  EXPECT_THAT(placed({540, 540}, 10), ElementsAre(LayerRange{0, 6}, LayerRange{6, 10}));  // the rest, fit or not
}

}  // namespace
}  // namespace quire
