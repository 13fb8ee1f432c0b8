// The same bytes: an answer does not depend on its company, on chunking, threads, cache hits or preemption.
//
// Every comparison is of whole answers with the bits of their log-probabilities; there is no tolerance.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <random>

#include "engine/mixed_requests.h"
#include "engine/world.h"
#include "gguf/convert.h"
#include "kernel_tables.h"
#include "model/context_memory.h"
#include "support/family_golden.h"
#include "support/random_model.h"
#include "support/sanitized.h"
#include "support/temporary_folder.h"
#include "test_data.h"
#include "text/constraint/compiled.h"

namespace quire::test {
namespace {

constexpr int32_t context_tokens = 192;

Limits roomy() {
  return {.block_tokens = 32,
          .block_count = 512,
          .context_tokens = context_tokens,
          .running_max = 64,
          .queue_max = 256,
          .step_tokens_max = 512};
}

// About three whole contexts for everybody: sequences are parked, lose their blocks and are computed again.
Limits tight() {
  return {.block_tokens = 32,
          .block_count = 18,
          .context_tokens = context_tokens,
          .running_max = 24,
          .queue_max = 256,
          .step_tokens_max = 40,
          .prompt_rows_min = 40,
          .parallel_adapts = false};
}

// What the model keeps beside full blocks, in memory of its own: windows of 8 take a block or two of it.
Limits with_classes(Limits limits, const ModelConfig& config) {
  const ContextMemory memory = context_memory(config, limits.block_tokens);
  const bool is_tight = limits.block_count < roomy().block_count;
  if (memory.windows_apart(limits.context_tokens)) {
    limits.window_tokens = static_cast<int32_t>(memory.window_tokens);
    limits.window_block_count = is_tight ? 12 : 256;
  }
  if (memory.state_bytes > 0) {
    limits.state_count = is_tight ? 10 : 256;
    limits.snapshot_tokens = 64;
  }
  return limits;
}

constexpr uint64_t requests_seed = 2026;

std::map<SequenceId, Answer> alone(const LoadedModel& loaded, Cores& cores, const std::vector<Request>& requests) {
  std::map<SequenceId, Answer> answers;
  for (const Request& request : requests) {
    Limits limits = with_classes(roomy(), loaded.model.config());
    limits.window_tokens = limits.window_block_count = 0;  // windows are in full blocks
    World world(loaded, cores, limits);                    // nothing is cached from the one before
    world.engine().submit(request);
    world.run();
    answers[request.id] = world.answers().at(request.id);
  }
  return answers;
}

// Next turns of every second chat: a prompt, its answer, and a little more.
std::vector<Request> next_turns(const std::vector<Request>& requests, const std::map<SequenceId, Answer>& answers) {
  std::vector<Request> turns;
  for (const Request& before : requests) {
    const std::vector<TokenId>& said = answers.at(before.id).tokens;
    const bool fits = before.prompt.size() + said.size() + 12 <= context_tokens;
    if (before.id.value % 2 == 0 || before.pooling != Pooling::none || !fits) continue;
    Request turn{.id = {before.id.value + 10'000}, .prompt = before.prompt, .generated_max = 8};
    turn.prompt.insert(turn.prompt.end(), said.begin(), said.end());
    turn.prompt.push_back(before.prompt.back());
    turn.logprobs_top_n = 1;
    turns.push_back(std::move(turn));
  }
  return turns;
}

struct Together {
  std::map<SequenceId, Answer> answers;
  SchedulerCounts counts;
  int64_t drafted = 0, accepted = 0;
  int64_t recomputed = 0;
};

// All requests at random steps, each next turn some steps after them, with strangers among them that are cancelled at
// random and have the same constraints.
Together together(const LoadedModel& loaded, Cores& cores, int count, const std::vector<Request>& turns,
                  const Limits& limits, uint64_t seed, constraint::MemoryBounds bounds = {}, bool mtp = false,
                  std::unique_ptr<Drafter> drafter = nullptr) {
  std::mt19937_64 random(seed);
  const Limits all_limits = with_classes(limits, loaded.model.config());
  MakeDrafter make_drafter;
  if (mtp) {
    make_drafter = [&](Executor& model) { return std::make_unique<OwnMtpDrafter>(loaded, cores, all_limits, model); };
  } else if (drafter) {
    make_drafter = [&](Executor&) { return std::move(drafter); };
  }
  World world(loaded, cores, all_limits, make_drafter);
  const int32_t vocab = loaded.model.vocab_size();
  const Constraints constraints = constraints_of(*loaded.tokenizer, bounds);
  std::vector<Request> requests = mixed_requests(requests_seed, vocab, count, constraints);
  requests.insert(requests.end(), turns.begin(), turns.end());
  std::vector<Request> strangers = mixed_requests(seed ^ 0x5eed, vocab, 16, constraints);
  std::vector<SequenceId> alive;
  size_t next = 0;
  while (next < requests.size() || !world.engine().idle()) {
    while (next < requests.size() && random() % 3 != 0) {
      Request request = requests[next++];
      request.arrived_ns = world.now_ns();
      world.engine().submit(std::move(request));
    }
    if (!strangers.empty() && random() % 2 == 0) {
      Request stranger = std::move(strangers.back());
      strangers.pop_back();
      stranger.id.value += 1'000'000;
      alive.push_back(stranger.id);
      world.engine().submit(std::move(stranger));
    }
    if (!alive.empty() && random() % 3 == 0) {
      const size_t victim = random() % alive.size();
      world.engine().cancel(alive[victim]);
      alive.erase(alive.begin() + static_cast<std::ptrdiff_t>(victim));
    }
    world.step();
  }
  const EngineSnapshot snapshot = world.engine().snapshot();
  Together result{.counts = snapshot.scheduler,
                  .drafted = snapshot.totals.draft_tokens,
                  .accepted = snapshot.totals.accepted_tokens};
  for (const Request& request : requests) {
    result.answers[request.id] = world.answers().at(request.id);
    result.recomputed += result.answers[request.id].finished.stats.recomputed_tokens;
  }
  return result;
}

void expect_same(const std::map<SequenceId, Answer>& expected, const std::map<SequenceId, Answer>& actual,
                 const std::string& where) {
  ASSERT_EQ(expected.size(), actual.size()) << where;
  for (const auto& [id, answer] : expected) {
    EXPECT_EQ(actual.at(id).finished_events, 1) << where << ", request " << id.value;
    EXPECT_TRUE(answer.same_output(actual.at(id)))
        << where << ", request " << id.value << ": " << actual.at(id).text << " instead of " << answer.text;
  }
}

// Guesses what these answers go on with, one in four wrongly.
std::unique_ptr<Drafter> mostly_right(const std::map<SequenceId, Answer>& answers) {
  return std::make_unique<FunctionDrafter>([&answers, random = std::mt19937_64(5)](DraftPlace& place) mutable {
    const auto answer = answers.find(place.request->id);
    if (answer == answers.end()) return;  // a stranger's
    const std::vector<TokenId>& tokens = answer->second.tokens;
    const size_t said = place.timeline.size() - std::min(place.timeline.size(), place.request->prompt.size());
    for (size_t at = said; at < std::min(tokens.size(), said + draft_tokens_max); ++at) {
      place.guesses.push_back(random() % 4 == 0 ? TokenId{7} : tokens[at]);
    }
  });
}

// One model on one table: alone, then together with 1 and 2 threads, roomy and tight, where constraints forget all that
// they learn as well.
void expect_same_bytes(gguf::File&& file, const KernelTable& table, int count, const std::string& model,
                       KvType kv_type = KvType::f16) {
  LoadedModel loaded(std::move(file), table, 1, kv_type);
  Cores two(table, 2);
  const std::vector<Request> requests =
      mixed_requests(requests_seed, loaded.model.vocab_size(), count, constraints_of(*loaded.tokenizer));
  std::map<SequenceId, Answer> expected = alone(loaded, loaded.cores, requests);
  const std::vector<Request> turns = next_turns(requests, expected);
  expected.merge(alone(loaded, loaded.cores, turns));
  const std::string name = model + " on " + std::string(table.name);

  expect_same(expected, together(loaded, loaded.cores, count, turns, roomy(), 1).answers, name + ", roomy");
  const Together guessed = together(loaded, two, count, turns, roomy(), 2, {}, false, mostly_right(expected));
  expect_same(expected, guessed.answers, name + ", roomy, guessed at, 2 threads");
  EXPECT_GT(guessed.accepted, 0) << "right guesses are taken";
  EXPECT_GT(guessed.drafted, guessed.accepted) << "wrong ones are not";
  const constraint::MemoryBounds forgetful{.automaton_bytes = 0, .masks_bytes = 0};
  const Together pressed = together(loaded, two, count, turns, tight(), 3, forgetful);
  expect_same(expected, pressed.answers, name + ", tight, 2 threads");
  const SchedulerCounts& counts = pressed.counts;
  EXPECT_GT(counts.evictions + counts.windows.evictions + counts.states.evictions, 0)
      << name << ": a tight cache evicts";
  EXPECT_GT(pressed.counts.preemptions, 0) << name << ": a tight cache parks";
}

Limits ahead(Limits limits) {
  limits.plans_ahead = 1;
  return limits;
}

// The same where each step is planned while the one before it runs, with answers that end where nobody could know.
// Returns how many rows were computed for those that were cancelled, or lost their blocks, while a step ran.
int64_t expect_same_bytes_ahead(gguf::File&& file, const KernelTable& table, int count, const std::string& model) {
  LoadedModel loaded(std::move(file), table, 1);
  const std::vector<Request> requests =
      mixed_requests(requests_seed, loaded.model.vocab_size(), count, constraints_of(*loaded.tokenizer));
  std::map<SequenceId, Answer> expected = alone(loaded, loaded.cores, requests);
  std::vector<Request> turns;
  for (uint64_t copy = 0; copy < 4; ++copy) {  // so that few of all are constrained
    for (Request& turn : next_turns(requests, expected)) {
      turn.id.value += copy * 1'000;
      turn.sampling = {.temperature = 0.25F * static_cast<float>(copy), .seed = copy};
      turn.generated_max = 12 + static_cast<int32_t>(copy) * 3;
      turns.push_back(std::move(turn));
    }
  }
  const std::map<SequenceId, Answer> unstopped = alone(loaded, loaded.cores, turns);
  for (Request& turn : turns) {
    const std::string& text = unstopped.at(turn.id).text;
    if (text.size() > 6) turn.stop = {text.substr(text.size() / 2, 2)};
  }
  expected.merge(alone(loaded, loaded.cores, turns));
  const std::string name = model + " on " + std::string(table.name) + ", planned ahead";
  const Together calm = together(loaded, loaded.cores, count, turns, ahead(roomy()), 6);
  expect_same(expected, calm.answers, name + ", roomy");
  EXPECT_GT(calm.counts.voided_slices, 0) << name << ": some end while the next step is planned";
  const Together pressed =
      together(loaded, loaded.cores, count, turns, ahead(tight()), 7, {}, false, mostly_right(expected));
  expect_same(expected, pressed.answers, name + ", tight, guessed at");
  EXPECT_GT(pressed.counts.preemptions, 0) << name << ": a tight cache parks";
  EXPECT_GT(pressed.accepted, 0) << name << ": some steps are not planned ahead, so that they can be guessed at";
  return calm.counts.voided_rows + pressed.counts.voided_rows;
}

// The same, guessed at by its MTP block.
void expect_same_bytes_of_mtp(gguf::File&& file, const KernelTable& table, int count, const std::string& model) {
  LoadedModel loaded(std::move(file), table, 1);
  ASSERT_NE(loaded.model.mtp(), nullptr);
  Cores two(table, 2);
  const std::vector<Request> requests =
      mixed_requests(requests_seed, loaded.model.vocab_size(), count, constraints_of(*loaded.tokenizer));
  std::map<SequenceId, Answer> expected = alone(loaded, loaded.cores, requests);
  const std::vector<Request> turns = next_turns(requests, expected);
  expected.merge(alone(loaded, loaded.cores, turns));
  const std::string name = model + " on " + std::string(table.name) + ", by MTP";
  const Together guessed = together(loaded, loaded.cores, count, turns, roomy(), 4, {}, true);
  expect_same(expected, guessed.answers, name + ", roomy");
  EXPECT_GT(guessed.drafted, 0) << name;
  const Together pressed = together(loaded, two, count, turns, tight(), 5, {}, true);
  expect_same(expected, pressed.answers, name + ", tight, 2 threads");
  EXPECT_GT(pressed.counts.preemptions, 0) << name << ": a tight cache parks";
  EXPECT_GT(pressed.drafted, 0) << name;
  const Together planned = together(loaded, loaded.cores, count, turns, ahead(tight()), 6, {}, true);
  expect_same(expected, planned.answers, name + ", tight, planned ahead");
  EXPECT_GT(planned.drafted, 0) << name;
}

class SameBytes : public testing::TestWithParam<const KernelTable*> {};

INSTANTIATE_TEST_SUITE_P(Tables, SameBytes, testing::ValuesIn(every_arithmetic()),
                         [](const auto& param) { return std::string(param.param->name); });

TEST_P(SameBytes, stories260k_64_requests) {
  QUIRE_TEST_DATA_OR_SKIP(path, "models/stories260K.gguf");
  expect_same_bytes(take(gguf::File::open(path)), *GetParam(), is_sanitized ? 16 : 64, "stories260K");
}

TEST_P(SameBytes, every_architecture) {
  for (const char* name : {"llama-tied", "llama-factors", "llama-linear", "qwen2", "qwen3"}) {
    const auto path =
        std::filesystem::path(QUIRE_SOURCE_DIR) / "tests/data/tiny_models" / (std::string(name) + ".gguf");
    expect_same_bytes(take(gguf::File::open(path)), *GetParam(), is_sanitized ? 8 : 24, name);
  }
}

// One file of each, with as many of its switches as one has. On the best table all of them, on the others and under
// sanitizers every fourth; with QUIRE_ALL_FAMILIES all on each, with 64 requests.
TEST_P(SameBytes, every_family) {
  const bool all = std::getenv("QUIRE_ALL_FAMILIES") != nullptr;
  const auto tables = every_arithmetic();
  const size_t table = static_cast<size_t>(std::ranges::find(tables, GetParam()) - tables.begin());
  const bool whole = all || (GetParam() == supported_kernel_tables().back() && !is_sanitized);
  size_t index = 0;
  for (const char* name : {"cohere2",
                           "command-r",
                           "deepseek2-joined",
                           "deepseek2-v3",
                           "ernie4_5",
                           "exaone4-window",
                           "falcon_h1-norm",
                           "gemma2",
                           "gemma3",
                           "gemma3n-shared",
                           "gemma4-e",
                           "gemma4-experts",
                           "glm4",
                           "glm4moe",
                           "gpt-oss",
                           "granite-biases",
                           "granitehybrid-experts",
                           "granitemoe-shared",
                           "hunyuan-dense",
                           "internlm2",
                           "laguna",
                           "lfm2-taps",
                           "lfm2moe",
                           "llama-biases",
                           "minimax-m2",
                           "mistral3",
                           "mistral4",
                           "mixtral",
                           "muse-glimmer",
                           "nemotron_h",
                           "nemotron_h_moe-latent",
                           "olmo3",
                           "phi3-long",
                           "qwen2moe",
                           "qwen2vl",
                           "qwen35",
                           "qwen35moe",
                           "qwen3moe",
                           "qwen3next",
                           "qwen3vl",
                           "seed_oss",
                           "smollm3",
                           "stablelm-norms",
                           "stablelm-parallel",
                           "starcoder2"}) {
    if (!whole && index++ % 4 != table % 4) continue;
    const auto path = std::filesystem::path(QUIRE_SOURCE_DIR) / "tests/data/families" / (std::string(name) + ".json");
    const std::vector<std::byte> bytes = family_file(read_family_golden(path));
    expect_same_bytes(take(gguf::File::parse(bytes)), *GetParam(), all ? 64 : 8, name);
  }
}

// Of full blocks alone, with windows, with states, and with both.
TEST_P(SameBytes, where_steps_are_planned_ahead) {
  const bool is_slow = is_sanitized || GetParam()->name == "scalar";
  int64_t rows_for_nothing =
      expect_same_bytes_ahead(take(gguf::File::open(tiny_model())), *GetParam(), is_slow ? 12 : 48, "llama-tied");
  for (const char* name : {"gemma3", "lfm2-taps", "falcon_h1-norm", "laguna"}) {
    if (is_slow) continue;
    const std::vector<std::byte> bytes =
        family_file(read_family_golden(own_data_dir() / "families" / (std::string(name) + ".json")));
    rows_for_nothing += expect_same_bytes_ahead(take(gguf::File::parse(bytes)), *GetParam(), 16, name);
  }
  EXPECT_GT(rows_for_nothing, 0);
}

TEST_P(SameBytes, with_what_an_mtp_block_guesses) {
  for (const char* name : {"qwen35-mtp", "qwen35moe-mtp", "qwen3next-mtp"}) {
    const auto path = own_data_dir() / "families" / (std::string(name) + ".json");
    const std::vector<std::byte> bytes = family_file(read_family_golden(path));
    expect_same_bytes_of_mtp(take(gguf::File::parse(bytes)), *GetParam(), is_sanitized ? 8 : 16, name);
  }
}

TEST_P(SameBytes, every_weight_type_with_heads_of_64_and_128) {
  // Of the types that differ in their weights only: of each block size, and with minima.
  constexpr ElementType some[] = {ElementType::q4_0, ElementType::q2_k};
  for (const ElementTraits& traits : element_traits_table) {
    // Plain loops take their time, and so does what is watched.
    const bool is_slow = is_sanitized || GetParam() == &amx_specification() ||
                         GetParam() == &avx512_bf16_specification() || GetParam()->name == "scalar";
    if (is_slow && std::ranges::find(some, traits.type) == std::end(some)) continue;
    const int64_t head_dim = traits.block_elements == 256 || traits.type == ElementType::q8_0 ? 128 : 64;
    const std::vector<std::byte> bytes = synthesize({.type = traits.type,
                                                     .layers = 1,
                                                     .width = 256,
                                                     .ffn_width = 256,
                                                     .heads = 4,
                                                     .kv_heads = 2,
                                                     .head_dim = head_dim,
                                                     .vocab = 64});
    expect_same_bytes(take(gguf::File::parse(bytes)), *GetParam(), is_sanitized ? 8 : 18, std::string(traits.name));
  }
}

// A trained model as files come: a mix of types, and rows that are read from the embedding.
TEST(SameBytesOfFile, every_smaller_file_type_of_a_trained_model) {
  const gguf::File source = take(gguf::File::open(QUIRE_SOURCE_DIR "/models/quire-tiny.gguf"));
  const TemporaryFolder folder;
  const std::filesystem::path path = folder.path() / "model.gguf";
  Team team(2);
  using enum gguf::FileType;
  for (const gguf::FileType type : {iq4_xs, q3_k_m, q2_k}) {
    if (is_sanitized && type != iq4_xs) continue;  // making it takes most of the time
    ASSERT_TRUE(gguf::convert_file(source, type, path, team, [](uint64_t, uint64_t) {}));
    LoadedModel loaded(take(gguf::File::open(path)), *supported_kernel_tables().back(), 1);
    constexpr int count = 6;
    const std::vector<Request> requests =
        mixed_requests(requests_seed, loaded.model.vocab_size(), count, constraints_of(*loaded.tokenizer));
    expect_same(alone(loaded, loaded.cores, requests), together(loaded, loaded.cores, count, {}, roomy(), 1).answers,
                std::string(gguf::file_type_name(type)));
  }
}

// A head of 80 has two whole groups of a scale and a part of one.
TEST_P(SameBytes, keys_and_values_in_q8_0) {
  const std::vector<std::byte> bytes = synthesize({.type = ElementType::q4_0,
                                                   .layers = 1,
                                                   .width = 256,
                                                   .ffn_width = 256,
                                                   .heads = 4,
                                                   .kv_heads = 2,
                                                   .head_dim = 80,
                                                   .vocab = 64});
  expect_same_bytes(take(gguf::File::parse(bytes)), *GetParam(), 12, "q8_0", KvType::q8_0);
}

// Latents in f16 and q8_0; as every family, they are kept in f32.
TEST_P(SameBytes, latents_of_each_kv_type) {
  const auto path = std::filesystem::path(QUIRE_SOURCE_DIR) / "tests/data/families/deepseek2-v3.json";
  const std::vector<std::byte> exact = family_file(read_family_golden(path));
  const std::vector<std::byte> bytes = requantize(take(gguf::File::parse(exact)), ElementType::q8_0);
  for (const KvType kv_type : {KvType::f16, KvType::q8_0}) {
    expect_same_bytes(take(gguf::File::parse(bytes)), *GetParam(), 8, "latents", kv_type);
  }
}

}  // namespace
}  // namespace quire::test
