// A model that guesses for a model: itself, whose guesses are all right, and a stranger, whose are not.
#include "engine/model_drafter.h"

#include <gtest/gtest.h>

#include <optional>
#include <random>
#include <utility>

#include "engine/world.h"

namespace quire::test {
namespace {

constexpr int32_t drafted_context = 192;

Limits limits_with(int32_t block_count) {
  return {.block_tokens = 32,
          .block_count = block_count,
          .context_tokens = drafted_context,
          .running_max = 16,
          .queue_max = 64,
          .step_tokens_max = 64,
          .parallel_start = 16,
          .parallel_adapts = false};
}

// Owns the model that guesses, its rows among them.
class OwnDrafter final : public Drafter {
 public:
  // tokens absent: both vocabularies are the same.
  OwnDrafter(gguf::File&& file, const Limits& limits, std::optional<int32_t> tokens = {})
      : loaded_(std::move(file), *supported_kernel_tables().back(), 1),
        executor_(loaded_.cores.executor_of(loaded_.model, ModelDrafter::executor_limits(limits))),
        drafter_(executor_, limits,
                 {.positions = drafted_context, .tokens = tokens.value_or(loaded_.model.vocab_size())}) {}

  bool computes() const override { return drafter_.computes(); }
  void guess(std::span<DraftPlace> places) override { drafter_.guess(places); }
  void forget(std::span<const BlockId> blocks) override { drafter_.forget(blocks); }
  void discard(std::span<const BlockId> blocks) override { drafter_.discard(blocks); }

 private:
  LoadedModel loaded_;
  ModelExecutor executor_;
  ModelDrafter drafter_;
};

class ModelDrafterTest : public testing::Test {
 protected:
  static gguf::File own_file() { return take(gguf::File::open(tiny_model())); }

  // Every second one begins as others do; a third is sampled; every fourth goes on behind a full context.
  std::vector<Request> requests() const {
    std::mt19937_64 random(11);
    const auto token = [&] { return static_cast<TokenId>(3 + random() % static_cast<uint64_t>(vocab() - 3)); };
    std::vector<TokenId> shared;
    for (int index = 0; index < 70; ++index) shared.push_back(token());
    std::vector<Request> all;
    for (uint64_t id = 1; id <= 24; ++id) {
      Request request{.id = {id}};
      if (id % 2 == 0) request.prompt = shared;
      for (size_t more = 1 + random() % 40; more > 0; --more) request.prompt.push_back(token());
      request.generated_max = static_cast<int32_t>(20 + random() % 40);
      request.ignore_eos = true;
      request.priority = static_cast<uint8_t>(id % 5);
      if (id % 3 == 0) request.sampling = {.temperature = 0.8F, .repeat_penalty = 1.1F, .seed = id};
      if (id % 4 == 0) {
        request.context_max = static_cast<int32_t>(request.prompt.size()) + 12;
        request.shift_keep = 4;
      }
      all.push_back(std::move(request));
    }
    return all;
  }
  int32_t vocab() const { return loaded_.model.vocab_size(); }

  struct Run {
    std::map<SequenceId, Answer> answers;
    EngineSnapshot snapshot;
  };
  // Six requests, and after so many steps the next six, so that prompts come beside streams.
  Run run(const Limits& limits, int steps, std::unique_ptr<Drafter> drafter) {
    World world(loaded_, loaded_.cores, limits, std::move(drafter));
    std::vector<Request> all = requests();
    for (size_t next = 0; next < all.size() || !world.engine().idle();) {
      for (int count = 0; count < 6 && next < all.size(); ++count) world.engine().submit(all[next++]);
      for (int step = 0; step < steps; ++step) world.step();
    }
    world.run();
    return {.answers = world.answers(), .snapshot = world.engine().snapshot()};
  }

  // Without guesses, and with its own.
  std::pair<Run, Run> with_itself(const Limits& limits, int steps) {
    Run alone = run(limits, steps, nullptr);
    Run guessed = run(limits, steps, std::make_unique<OwnDrafter>(own_file(), limits));
    expect_same(alone, guessed);
    EXPECT_GT(guessed.snapshot.totals.accepted_tokens, 100);
    EXPECT_EQ(guessed.snapshot.totals.accepted_tokens, guessed.snapshot.totals.draft_tokens);
    return {std::move(alone), std::move(guessed)};
  }

  static void expect_same(const Run& expected, const Run& actual) {
    ASSERT_EQ(expected.answers.size(), actual.answers.size());
    for (const auto& [id, answer] : expected.answers) {
      EXPECT_TRUE(answer.same_output(actual.answers.at(id))) << id.value;
    }
  }

  LoadedModel loaded_{own_file(), *supported_kernel_tables().back(), 1};
};

TEST_F(ModelDrafterTest, what_guesses_for_itself_is_always_right) {
  const auto [alone, guessed] = with_itself(limits_with(400), 40);
  EXPECT_LT(guessed.snapshot.steps, alone.snapshot.steps);
}

TEST_F(ModelDrafterTest, it_follows_its_model_through_shared_evicted_and_parked_blocks) {
  const auto [alone, guessed] = with_itself(limits_with(11), 6);
  EXPECT_GT(guessed.snapshot.scheduler.evictions, 0);
  EXPECT_GT(guessed.snapshot.scheduler.preemptions, 0);
  EXPECT_GT(guessed.snapshot.scheduler.prefix_hit_tokens, 0);
}

TEST_F(ModelDrafterTest, what_knows_nothing_of_the_model_changes_no_byte) {
  const Limits limits = limits_with(400);
  const Run alone = run(limits, 40, nullptr);
  const auto stranger = std::filesystem::path(QUIRE_SOURCE_DIR) / "tests/data/tiny_models/qwen3.gguf";
  const Run guessed = run(limits, 40, std::make_unique<OwnDrafter>(take(gguf::File::open(stranger)), limits));
  expect_same(alone, guessed);
  EXPECT_GT(guessed.snapshot.totals.draft_tokens, guessed.snapshot.totals.accepted_tokens);
}

TEST_F(ModelDrafterTest, tokens_that_the_large_model_has_alone_are_never_guessed_nor_guessed_behind) {
  const Limits limits = limits_with(400);
  const Run alone = run(limits, 40, nullptr);
  const Run guessed = run(limits, 40, std::make_unique<OwnDrafter>(own_file(), limits, 20));
  expect_same(alone, guessed);
  EXPECT_EQ(guessed.snapshot.totals.draft_tokens, 0) << "every prompt has one of them";
}

}  // namespace
}  // namespace quire::test
