// What a model's own MTP block guesses: beside its wiring in vLLM, on goldens of transformers' layers; and in a model
// whose block is always right.
#include "engine/mtp_drafter.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "engine/world.h"
#include "model/context_memory.h"
#include "support/family_golden.h"
#include "test_data.h"

namespace quire::test {
namespace {

// Keeps what the block said last.
class ListeningExecutor final : public ForwardingExecutor {
 public:
  using ForwardingExecutor::ForwardingExecutor;
  Logits finish(std::vector<SliceFailure>& failures) override {
    const Logits logits = ForwardingExecutor::finish(failures);
    if (!logits.values.empty()) said.emplace_back(logits.values.begin(), logits.values.end());
    return logits;
  }
  std::vector<std::vector<float>> said;  // (vocab) each
};

FamilyGolden mtp_golden(const std::string& name) {
  return read_family_golden(own_data_dir() / "families" / (name + ".json"));
}

// A model and its block, whose executors a test drives itself, a sequence in blocks 0 to 2.
class DrivenBlock {
 public:
  DrivenBlock(LoadedModel& loaded, std::vector<TokenId> tokens)
      : tokens_(std::move(tokens)),
        model_(loaded.cores.executor_of(loaded.model, limits_)),
        block_(loaded.cores.executor_of(*loaded.model.mtp(), MtpDrafter::executor_limits(limits_))),
        listening_(block_),
        drafter_(model_, listening_, limits_, std::make_unique<FunctionDrafter>([](DraftPlace&) {})) {
    request_.id = {1};
    request_.sampling.logit_bias = {{0, 0.0F}};  // changes nothing, but for that logits are asked for
  }

  // The model computes the next `count` tokens. told: and says so.
  void compute(size_t count, bool told = true) {
    const std::span<const TokenId> tokens(tokens_);
    const std::vector<RowOrigin> origins(count, RowOrigin::prompt);
    const BatchSlice slice{.sequence = request_.id,
                           .row_end = static_cast<int32_t>(count),
                           .position_begin = static_cast<int32_t>(computed_),
                           .blocks = blocks_,
                           .state = {0},
                           .state_from = computed_ == 0 ? BlockId{} : BlockId{0}};
    std::vector<SliceFailure> failures;
    (void)model_.forward({.tokens = tokens.subspan(computed_, count), .origins = origins, .slices = {&slice, 1}},
                         failures);
    QUIRE_CHECK(failures.empty(), "the model computes");
    const ComputedRows rows{.sequence = request_.id,
                            .position_begin = slice.position_begin,
                            .next = tokens.subspan(computed_ + 1, count),
                            .blocks = blocks_};
    drafter_.computed({&rows, told ? size_t{1} : size_t{0}});
    computed_ += count;
  }

  // What the block says of so many guesses behind the tokens that were computed and the next one.
  std::vector<std::vector<float>> guess(int32_t most) {
    listening_.said.clear();
    DraftPlace place{.request = &request_,
                     .timeline = std::span<const TokenId>(tokens_).first(computed_ + 1),
                     .prompt_tokens = computed_ + 1,
                     .blocks = blocks_,
                     .most = most};
    drafter_.guess({&place, 1});
    return listening_.said;
  }

  MtpDrafter& drafter() { return drafter_; }

 private:
  const Limits limits_{
      .block_count = 3, .state_count = 1, .context_tokens = 96, .running_max = 2, .step_tokens_max = 64};
  const std::vector<TokenId> tokens_;
  const std::vector<BlockId> blocks_ = {{0}, {1}, {2}};
  Request request_;
  ModelExecutor model_;
  ModelExecutor block_;
  ListeningExecutor listening_;
  MtpDrafter drafter_;
  size_t computed_ = 0;
};

void expect_near(const std::vector<float>& found, std::span<const float> expected) {
  ASSERT_EQ(found.size(), expected.size());
  double error = 0.0, size = 0.0;
  for (size_t i = 0; i < found.size(); ++i) {
    error += (found[i] - expected[i]) * (found[i] - expected[i]);
    size += expected[i] * expected[i];
  }
  EXPECT_LE(std::sqrt(error / size), 1e-5);  // as FamilyGolden's: two orders of additions in float32
}

class MtpGolden : public testing::TestWithParam<const char*> {};

TEST_P(MtpGolden, is_what_the_block_guesses_on_every_table) {
  const FamilyGolden golden = mtp_golden(GetParam());
  const std::vector<std::byte> bytes = family_file(golden);
  const FamilyGolden::Output& guesses = golden.outputs.at("guesses");
  for (const KernelTable* kernels : supported_kernel_tables()) {
    SCOPED_TRACE(kernels->name);
    LoadedModel loaded(take(gguf::File::parse(bytes)), *kernels, 1);
    ASSERT_NE(loaded.model.mtp(), nullptr);
    DrivenBlock stepwise(loaded, golden.tokens);
    std::vector<std::vector<float>> rows;
    for (size_t row = 0; row + 1 < golden.tokens.size(); ++row) {
      stepwise.compute(1);
      const bool last = row + 2 == golden.tokens.size();
      const auto said = stepwise.guess(last ? 2 : 1);
      ASSERT_EQ(said.size(), last ? 2U : 1U);
      rows.push_back(said.front());
      if (last) expect_near(said.back(), golden.outputs.at("second guess").values);
    }
    for (size_t at = 0; at < guesses.rows.size(); ++at) {
      SCOPED_TRACE(guesses.rows[at]);
      expect_near(rows[guesses.rows[at]], std::span(guesses.values).subspan(at * guesses.columns, guesses.columns));
    }
    DrivenBlock at_once(loaded, golden.tokens);
    at_once.compute(golden.tokens.size() - 1);
    EXPECT_EQ(at_once.guess(1).front(), rows.back()) << "in one step";
  }
}

INSTANTIATE_TEST_SUITE_P(Each, MtpGolden,
                         testing::Values("qwen35-mtp", "qwen35-mtp-own", "qwen35moe-mtp", "qwen3next-mtp"),
                         [](const auto& tested) {
                           std::string name = tested.param;
                           std::ranges::replace(name, '-', '_');
                           return name;
                         });

class MtpDrafterTest : public testing::Test {
 protected:
  static constexpr const char* name_ = "qwen35-mtp";
  const FamilyGolden golden_ = mtp_golden(name_);
  const std::vector<std::byte> bytes_ = family_file(golden_);
};

TEST_F(MtpDrafterTest, a_file_without_the_blocks_tensors_has_the_model_alone) {
  FamilyGolden golden = golden_;
  std::erase_if(golden.tensors, [](const gguf::TensorSpec& tensor) { return tensor.name.starts_with("blk.2."); });
  LoadedModel loaded(take(gguf::File::parse(family_file(golden))), *supported_kernel_tables().back(), 1);
  EXPECT_EQ(loaded.model.mtp(), nullptr);
  EXPECT_EQ(loaded.model.config().layer_count(), 2);
}

TEST_F(MtpDrafterTest, the_block_is_read_where_it_is_asked_for_alone) {
  const gguf::File file = take(gguf::File::parse(bytes_));
  Cores cores(*supported_kernel_tables().back(), 1);
  const Model without = take(Model::load(file, cores.backend));
  const Model with = take(Model::load(file, cores.backend, {.mtp = true}));
  EXPECT_EQ(without.mtp(), nullptr);
  EXPECT_GT(with.weight_size_bytes(), without.weight_size_bytes());
  EXPECT_EQ(without.layer_products(), with.layer_products());
  // It has one layer that attends, and its block is another one.
  EXPECT_EQ(context_memory(with.config(), 32).block_bytes, 2 * context_memory(without.config(), 32).block_bytes);
}

// The rows of the first block are gone, or were never there: the same is guessed, from the second block on.
TEST_F(MtpDrafterTest, rows_that_are_gone_are_not_seen) {
  LoadedModel loaded(take(gguf::File::parse(bytes_)), *supported_kernel_tables().back(), 1);
  const BlockId first{0};
  std::vector<TokenId> tokens = golden_.tokens;
  tokens.insert(tokens.end(), golden_.tokens.begin(), golden_.tokens.end());
  DrivenBlock forgetting(loaded, tokens), late(loaded, tokens), whole(loaded, tokens);
  for (DrivenBlock* driven : {&forgetting, &late, &whole}) {
    driven->compute(20, driven != &late);
    EXPECT_EQ(driven->guess(1).size(), driven == &late ? 0U : 1U);
    driven->compute(20);
    EXPECT_EQ(driven->guess(1).size(), 1U);
    if (driven == &forgetting) driven->drafter().forget({&first, 1});
    driven->compute(30);
    EXPECT_EQ(driven->guess(1).size(), 1U);
    driven->compute(1);  // in the third block, behind one that is whole
  }
  const auto found = forgetting.guess(3);
  EXPECT_EQ(found.size(), 3U);
  EXPECT_EQ(found, late.guess(3));
  EXPECT_NE(found, whole.guess(3)) << "who has all rows sees more";
}

// Layers that add nothing, and matrices that give each token's successor: what comes behind a token is a function of
// it, for the model and for its block.
FamilyGolden counting_model() {
  FamilyGolden golden = mtp_golden("qwen35-mtp");
  const auto zero = [](const std::string& name) {
    return name.ends_with("attn_output.weight") || name.ends_with("ssm_out.weight") ||
           name.ends_with("ffn_down.weight");
  };
  constexpr size_t vocab = 64, width = 32;
  std::mt19937 random(3);
  std::vector<float> codes(vocab * width), successors(codes.size());
  for (float& sign : codes) sign = random() % 2 == 0 ? 1.0F : -1.0F;
  for (size_t token = 0; token < vocab; ++token) {
    std::copy_n(codes.begin() + static_cast<ptrdiff_t>(token * width), width,
                successors.begin() + static_cast<ptrdiff_t>((token + 1) % vocab * width));
  }
  std::vector<float> first_half(width * 2 * width);
  for (size_t i = 0; i < width; ++i) first_half[i * 2 * width + i] = 1.0F;
  for (const gguf::TensorSpec& tensor : golden.tensors) {
    if (zero(tensor.name)) golden.listed[tensor.name].resize(static_cast<size_t>(tensor.shape[0] * tensor.row_count()));
  }
  golden.listed["token_embd.weight"] = codes;
  golden.listed["output.weight"] = successors;
  golden.listed["blk.2.nextn.eh_proj.weight"] = first_half;
  for (const char* norm : {"output_norm", "blk.2.nextn.enorm", "blk.2.nextn.shared_head_norm"}) {
    golden.listed[std::string(norm) + ".weight"].assign(width, 1.0F);
  }
  return golden;
}

class CountingMtp : public testing::Test {
 protected:
  static Limits limits_of(int32_t block_count) {
    return {.block_tokens = 32,
            .block_count = block_count,
            .state_count = block_count > 100 ? 64 : 12,
            .snapshot_tokens = 64,
            .context_tokens = 192,
            .running_max = 16,
            .queue_max = 64,
            .step_tokens_max = 64,
            .parallel_start = 16,
            .parallel_adapts = false};
  }

  // Every second one begins as others do; a third is sampled; every fourth goes on behind a full context.
  static std::vector<Request> requests() {
    std::mt19937_64 random(11);
    const auto token = [&] { return static_cast<TokenId>(3 + random() % 61); };
    std::vector<TokenId> shared(70);
    for (TokenId& one : shared) one = token();
    std::vector<Request> all;
    for (uint64_t id = 1; id <= 24; ++id) {
      Request request{.id = {id}};
      if (id % 2 == 0) request.prompt = shared;
      for (size_t more = 1 + random() % 40; more > 0; --more) request.prompt.push_back(token());
      request.generated_max = static_cast<int32_t>(20 + random() % 40);
      request.ignore_eos = true;
      request.priority = static_cast<uint8_t>(id % 5);
      if (id % 3 == 0) request.sampling = {.temperature = 0.3F, .repeat_penalty = 1.1F, .seed = id};
      if (id % 4 == 0) {
        request.context_max = static_cast<int32_t>(request.prompt.size()) + 12;
        request.shift_keep = 4;
      }
      all.push_back(std::move(request));
    }
    return all;
  }

  struct Run {
    std::map<SequenceId, Answer> answers;
    EngineSnapshot snapshot;
  };
  // `together` requests, and after so many steps as many again.
  Run run(const Limits& limits, int together, int steps, bool mtp) {
    World world(loaded_, loaded_.cores, limits, [&](Executor& model) -> std::unique_ptr<Drafter> {
      if (!mtp) return nullptr;
      return std::make_unique<OwnMtpDrafter>(loaded_, loaded_.cores, limits, model);
    });
    std::vector<Request> all = requests();
    for (size_t next = 0; next < all.size() || !world.engine().idle();) {
      for (int count = 0; count < together && next < all.size(); ++count) world.engine().submit(all[next++]);
      for (int step = 0; step < steps; ++step) world.step();
    }
    world.run();
    return {.answers = world.answers(), .snapshot = world.engine().snapshot()};
  }
  std::pair<Run, Run> without_and_with(const Limits& limits, int together, int steps) {
    Run alone = run(limits, together, steps, false), guessed = run(limits, together, steps, true);
    EXPECT_EQ(alone.answers.size(), guessed.answers.size());
    for (const auto& [id, answer] : alone.answers) {
      EXPECT_TRUE(answer.same_output(guessed.answers.at(id))) << id.value;
    }
    return {std::move(alone), std::move(guessed)};
  }

  const std::vector<std::byte> bytes_ = family_file(counting_model());
  LoadedModel loaded_{take(gguf::File::parse(bytes_)), *supported_kernel_tables().back(), 1};
};

TEST_F(CountingMtp, what_is_right_saves_steps) {
  const auto [alone, guessed] = without_and_with(limits_of(400), 2, 40);
  const EngineTotals& totals = guessed.snapshot.totals;
  EXPECT_GT(totals.accepted_tokens, 100);
  EXPECT_GE(totals.accepted_tokens * 10, totals.draft_tokens * 9) << "the same draws choose, of nearly the same logits";
  EXPECT_LT(guessed.snapshot.steps * 2, alone.snapshot.steps);
}

TEST_F(CountingMtp, it_follows_its_model_through_shared_evicted_and_parked_blocks) {
  const auto [alone, guessed] = without_and_with(limits_of(11), 6, 6);
  const SchedulerCounts& counts = guessed.snapshot.scheduler;
  EXPECT_GT(counts.evictions + counts.states.evictions, 0);
  EXPECT_GT(counts.preemptions, 0);
  EXPECT_GT(counts.prefix_hit_tokens, 0);
  EXPECT_GT(guessed.snapshot.totals.accepted_tokens, 20);
}

}  // namespace
}  // namespace quire::test
