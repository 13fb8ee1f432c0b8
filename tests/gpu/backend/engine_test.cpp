// The engine on a GPU gives the answers that it gives on the CPU, and ends requests with the GPU's error.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "engine/world.h"
#include "gpu/backend/stand_in_gpu.h"
#include "support/random_model.h"

namespace quire::test {
namespace {

constexpr int out_of_memory = 2;
constexpr int illegal_address = 700;

Limits limits() {
  return {.block_count = 12, .context_tokens = 96, .running_max = 4, .queue_max = 16, .step_tokens_max = 24};
}

// Greedy ones and drawn ones, with log-probabilities and vectors of prompts among them.
std::vector<Request> requests(int32_t vocab) {
  std::mt19937_64 random(3);
  std::vector<Request> requests;
  for (uint64_t id = 1; id <= 8; ++id) {
    Request request{.id = {id}, .generated_max = static_cast<int32_t>(2 + id % 3)};
    for (uint64_t i = 0; i < 3 + 5 * (id % 4); ++i) {
      request.prompt.push_back(static_cast<TokenId>(3 + random() % static_cast<uint64_t>(vocab - 3)));
    }
    request.ignore_eos = true;
    request.logprobs_top_n = id % 2 == 0 ? 1 : -1;
    request.sampling.seed = id;
    request.sampling.temperature = id % 3 == 0 ? 1.0F : 0.0F;
    if (id == 5) request.prompt_logprobs_top_n = 1;
    if (id == 7) request.pooling = Pooling::mean;
    requests.push_back(std::move(request));
  }
  return requests;
}

// As an engine's thread runs it: what is thrown is its end.
void run(World& world) {
  try {
    world.run();
  } catch (const std::exception& error) {
    world.engine().give_up(error.what());
  }
}

class GpuEngine : public testing::Test {
 protected:
  void SetUp() override { QUIRE_GPU_OR_SKIP(); }

  std::map<SequenceId, Answer> answers(Backend& on, const Model& model, bool together) {
    std::map<SequenceId, Answer> all;
    const auto world = [&] {
      return std::make_unique<World>(ModelExecutor(take(ModelInstance::create(model, on, limits())), team_),
                                     *loaded_.tokenizer, limits());
    };
    auto own = world();
    for (const Request& request : requests(model.vocab_size())) {
      own->engine().submit(request);
      if (together) continue;
      own->run();
      all.merge(own->answers());
      own.reset();  // what it has on the GPU goes before the next one comes
      own = world();
    }
    own->run();
    all.merge(own->answers());
    return all;
  }

  const std::vector<std::byte> bytes_ = synthesize({.type = ElementType::q4_0, .layers = 1});
  LoadedModel loaded_{take(gguf::File::parse(bytes_)), *find_kernel_table("scalar"), 1};
  Team team_{1};
};

TEST_F(GpuEngine, gives_the_answers_of_the_cpu) {
  const std::map<SequenceId, Answer> expected = answers(loaded_.cores.backend, loaded_.model, false);
  ASSERT_EQ(expected.size(), 8U);
  const StandInGpu card;
  const auto gpu = card.make_backend(team_);
  const Model model = take(Model::load(loaded_.file, *gpu));
  for (const bool together : {false, true}) {
    const std::map<SequenceId, Answer> found = answers(*gpu, model, together);
    ASSERT_EQ(found.size(), expected.size());
    for (const auto& [id, answer] : expected) {
      EXPECT_EQ(answer.finished.error, "");
      EXPECT_TRUE(answer.same_output(found.at(id))) << "request " << id.value << ", together: " << together;
    }
  }
}

TEST_F(GpuEngine, ends_all_requests_with_the_error_of_a_card_that_is_lost) {
  const StandInGpu card;
  const auto gpu = card.make_backend(team_);
  const Model model = take(Model::load(loaded_.file, *gpu));
  World world(ModelExecutor(take(ModelInstance::create(model, *gpu, limits())), team_), *loaded_.tokenizer, limits());
  for (const Request& request : requests(model.vocab_size())) world.engine().submit(request);
  world.step();
  card.fail(20, illegal_address, true);
  run(world);
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

// Of the model on this card, from its file on.
class GpuFaults : public GpuEngine {
 protected:
  Result<std::map<SequenceId, Answer>> attempt(const CudaGpu& gpu) {
    QUIRE_TRY(auto queue, gpu.make_queue());
    GpuBackend backend(std::move(queue), team_);
    QUIRE_TRY(const Model model, Model::load(loaded_.file, backend));
    QUIRE_TRY(ModelInstance instance, ModelInstance::create(model, backend, limits()));
    World world(ModelExecutor(std::move(instance), team_), *loaded_.tokenizer, limits());
    for (Request& request : requests(model.vocab_size())) {
      if (request.id.value > 4) world.engine().submit(std::move(request));
    }
    run(world);
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
