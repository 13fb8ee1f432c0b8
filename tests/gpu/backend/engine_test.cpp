// The engine on a GPU ends requests with the GPU's error.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "gpu/backend/engine_answers.h"
#include "gpu/backend/stand_in_gpu.h"

namespace quire::test {
namespace {

constexpr int out_of_memory = 2;
constexpr int illegal_address = 700;

// What the engine does when calls fail.
class GpuFaults : public GpuEngine {
 protected:
  void SetUp() override {
    QUIRE_GPU_OR_SKIP();
    QUIRE_STAND_IN_OR_SKIP();
  }

  // Of the model on this card, from its file on.
  Result<std::map<SequenceId, Answer>> attempt(const CudaGpu& gpu) {
    QUIRE_TRY(auto queue, gpu.make_queue());
    GpuBackend backend(std::move(queue), team_);
    QUIRE_TRY(const Model model, Model::load(loaded_.file, backend));
    QUIRE_TRY(ModelInstance instance, ModelInstance::create(model, backend, gpu_limits()));
    World world(ModelExecutor(std::move(instance), team_), *loaded_.tokenizer, gpu_limits());
    for (Request& request : gpu_requests(model.vocab_size())) {
      if (request.id.value > 4) world.engine().submit(std::move(request));
    }
    run_to_its_end(world);
    return world.answers();
  }
  // Every `stride`th call fails, one an attempt.
  void expect_errors_or_answers(int code, bool is_lost, int64_t stride) {
    int64_t calls = 0;
    std::map<SequenceId, Answer> expected;
    {
      const StandInGpu card;
      const int64_t before = card.counts().calls;
      expected = take(attempt(card.gpu()));
      calls = card.counts().calls - before;
    }
    int failed = 0;
    for (int64_t number = 1; number <= calls; number += stride) {
      const StandInGpu card;
      card.fail(number, code, is_lost);
      const auto found = attempt(card.gpu());
      EXPECT_EQ(card.counts().device_bytes, 0) << number;
      EXPECT_EQ(card.counts().host_bytes, 0) << number;
      if (!found) {
        EXPECT_THAT(found.error().message, testing::HasSubstr("CUDA_ERROR_")) << number;
        ++failed;
        continue;
      }
      ASSERT_EQ(found->size(), expected.size()) << number;
      for (const auto& [id, answer] : *found) {
        failed += answer.finished.error.empty() ? 0 : 1;
        EXPECT_TRUE(!answer.finished.error.empty() || answer.same_output(expected.at(id)))
            << "call " << number << ", request " << id.value;
      }
    }
    EXPECT_GT(failed, 10);
  }
};

TEST_F(GpuFaults, end_all_requests_with_the_error_of_a_card_that_is_lost) {
  const StandInGpu card;
  const auto gpu = card.make_backend(team_);
  const Model model = take(Model::load(loaded_.file, *gpu));
  World world(ModelExecutor(take(ModelInstance::create(model, *gpu, gpu_limits())), team_), *loaded_.tokenizer,
              gpu_limits());
  for (const Request& request : gpu_requests(model.vocab_size())) world.engine().submit(request);
  world.step();
  card.fail(20, illegal_address, true);
  run_to_its_end(world);
  ASSERT_EQ(world.answers().size(), 8U);
  int ended = 0;
  for (const auto& [id, answer] : world.answers()) {
    if (answer.finished.error.empty()) continue;
    ++ended;
    EXPECT_EQ(answer.finished.reason, FinishReason::error);
    EXPECT_THAT(answer.finished.error, testing::HasSubstr("CUDA_ERROR_ILLEGAL_ADDRESS"));
  }
  EXPECT_GE(ended, 7);
  EXPECT_TRUE(world.engine().broken()) << "the model is to be loaded anew";
}

TEST_F(GpuFaults, leave_an_error_or_the_answers_and_nothing_else) {
  expect_errors_or_answers(illegal_address, true, 53);
  expect_errors_or_answers(out_of_memory, false, 61);
}

TEST_F(GpuFaults, of_opening_a_card_are_errors) {
  const StandInGpu card;
  int64_t number = 1;
  for (;; ++number) {
    card.become({});
    card.fail(number, illegal_address, false);
    const auto driver = CudaDriver::open(QUIRE_STAND_IN_CUDA);
    const auto gpu = driver ? CudaGpu::open(**driver, 0) : std::unexpected(driver.error());
    if (gpu) break;
    EXPECT_THAT(gpu.error().message, testing::HasSubstr("CUDA_ERROR_ILLEGAL_ADDRESS")) << number;
  }
  EXPECT_GT(number, 50) << "a function of each kernel is looked up";
}

}  // namespace
}  // namespace quire::test
