// A model's file that changes while the model is in use.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "engine/world.h"
#include "support/random_model.h"
#include "support/temporary_folder.h"

namespace quire {
namespace {

using testing::HasSubstr;

namespace fs = std::filesystem;

constexpr Limits limits{.block_tokens = 32,
                        .block_count = 64,
                        .context_tokens = 256,
                        .running_max = 4,
                        .queue_max = 8,
                        .step_tokens_max = 64};

class ChangedFile : public testing::Test {
 protected:
  void SetUp() override {
    path_ = folder_.write("model.gguf", test::synthesize({.type = ElementType::q8_0}));
    loaded_ = std::make_unique<test::LoadedModel>(path_, *supported_kernel_tables().back(), 2);
    world_ = std::make_unique<test::World>(*loaded_, loaded_->cores, limits);
  }
  void submit(uint64_t id, int32_t prompt_tokens = 40) {
    Request request{.id = {id}};
    for (int32_t i = 0; i < prompt_tokens; ++i) request.prompt.push_back(3 + (i * 7 + static_cast<int32_t>(id)) % 60);
    request.generated_max = 20;
    request.ignore_eos = true;
    request.sampling.temperature = 0.0F;
    world_->engine().submit(std::move(request));
  }
  const Finished& finished(uint64_t id) { return world_->answers()[{id}].finished; }

  test::TemporaryFolder folder_;
  fs::path path_;
  std::unique_ptr<test::LoadedModel> loaded_;
  std::unique_ptr<test::World> world_;
};

TEST_F(ChangedFile, fails_the_models_sequences_with_a_reason_when_it_is_cut) {
  submit(1);
  for (int i = 0; i < 5; ++i) world_->step();
  fs::resize_file(path_, 0);
  submit(2);
  world_->run();
  for (const uint64_t id : {1, 2}) {
    EXPECT_EQ(finished(id).reason, FinishReason::error);
    EXPECT_THAT(finished(id).error, HasSubstr("model.gguf' has changed since it was opened"));
    EXPECT_EQ(world_->answers()[{id}].finished_events, 1);
  }
  EXPECT_FALSE(world_->answers()[{1}].text.empty()) << "what came before the change was right";
}

TEST_F(ChangedFile, serves_no_row_of_a_file_that_was_written_to) {
  submit(1);
  world_->run();
  EXPECT_EQ(finished(1).reason, FinishReason::length);
  fs::last_write_time(path_, fs::last_write_time(path_) + std::chrono::seconds(1));
  submit(2);
  world_->run();
  EXPECT_THAT(finished(2).error, HasSubstr("it was written to"));
}

TEST_F(ChangedFile, goes_on_with_a_file_that_was_replaced_or_deleted) {
  submit(1);
  for (int i = 0; i < 5; ++i) world_->step();
  fs::rename(folder_.write("other", {}), path_);
  fs::remove(path_);
  submit(2);
  world_->run();
  EXPECT_EQ(finished(1).reason, FinishReason::length);
  EXPECT_EQ(finished(2).reason, FinishReason::length);
}

}  // namespace
}  // namespace quire
