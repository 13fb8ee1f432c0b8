#include "cli/tune/memory_formula.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "cli/local_model.h"
#include "core/limits.h"
#include "model/kv_layout.h"
#include "model/kv_type.h"
#include "model/model.h"
#include "model/workspace.h"
#include "server/models/engine_model.h"
#include "support/temporary_folder.h"
#include "synth/synthesize.h"
#include "synth/vocabulary.h"

namespace quire::cli {
namespace {

constexpr int32_t running_max = Limits{}.running_max;

ModelMemory one_gib_of_weights() {
  return {.name = "m",
          .weight_bytes = uint64_t{1} << 30,
          .contexts = {.block_tokens = 32, .block_bytes = 1 << 20},
          .context_max = 4096};
}

ModelMemory llama_1b(gguf::FileType type, KvType kv_type) {
  return *memory_of(*synth::find_shape("llama-1b"), 128256, type, kv_type, running_max);
}

TEST(MemoryFormula, counts_whole_blocks_of_what_is_left) {
  struct Row {
    uint64_t memory_mib;
    int64_t tokens;
    int64_t contexts;
  };
  // A block of 32 tokens is 1 MiB; the model itself takes 1024.
  for (const auto& [memory_mib, tokens, contexts] :
       {Row{0, 32, 0}, Row{1023, 32, 0}, Row{1024, 32, 0}, Row{1025, 32, 1}, Row{1025, 33, 0}, Row{1026, 33, 1},
        Row{1026, 1, 2}, Row{1024 + 64, 2048, 1}, Row{1024 + 127, 2048, 1}, Row{1024 + 128, 2048, 2},
        Row{1024 + 128, 2049, 1}, Row{4096, 4096, 24}}) {
    EXPECT_EQ(contexts_that_fit(one_gib_of_weights(), memory_mib << 20, tokens), contexts)
        << memory_mib << " MiB, " << tokens << " tokens";
  }
}

TEST(MemoryFormula, what_is_needed_is_the_least_that_fits) {
  for (const KvType kv_type : {KvType::f16, KvType::q8_0}) {
    const ModelMemory model = llama_1b(gguf::FileType::q4_0, kv_type);
    for (const int64_t tokens : {1, 31, 32, 33, 2048, 4095, 8192}) {
      for (const int64_t contexts : {1, 2, 3, 17, 64}) {
        const uint64_t needed = memory_needed(model, contexts, tokens);
        EXPECT_EQ(contexts_that_fit(model, needed, tokens), contexts);
        EXPECT_EQ(contexts_that_fit(model, needed - 1, tokens), contexts - 1);
      }
    }
  }
}

TEST(MemoryFormula, more_memory_shorter_contexts_or_smaller_kv_never_hold_fewer) {
  const ModelMemory exact = llama_1b(gguf::FileType::q4_0, KvType::f16);
  const ModelMemory small = llama_1b(gguf::FileType::q4_0, KvType::q8_0);
  for (uint64_t memory = uint64_t{1} << 29; memory < uint64_t{1} << 34; memory += (uint64_t{1} << 28) + 12345) {
    for (int64_t tokens = 32; tokens <= 8192; tokens += 97) {
      const int64_t here = contexts_that_fit(exact, memory, tokens);
      EXPECT_GE(contexts_that_fit(exact, memory + 4096, tokens), here);
      EXPECT_LE(contexts_that_fit(exact, memory, tokens + 32), here);
      EXPECT_GE(contexts_that_fit(small, memory, tokens), here);
    }
  }
}

TEST(MemoryFormula, fewer_bits_a_weight_take_less) {
  uint64_t more = llama_1b(gguf::FileType::q4_k_m, KvType::f16).weight_bytes;
  for (const auto type : {gguf::FileType::iq4_xs, gguf::FileType::q3_k_m, gguf::FileType::q2_k}) {
    const uint64_t less = llama_1b(type, KvType::f16).weight_bytes;
    EXPECT_LT(less, more) << gguf::file_type_name(type);
    more = less;
  }
}

TEST(MemoryFormula, holds_the_sizes_that_the_engine_uses) {
  const std::string path = QUIRE_SOURCE_DIR "/models/quire-tiny.gguf";
  for (const KvType kv_type : {KvType::f16, KvType::q8_0}) {
    const auto local = LocalModel::open(path, 1, kv_type);
    ASSERT_TRUE(local) << local.error().message;
    const Model& model = (*local)->model();
    const auto memory = memory_of((*local)->file(), "tiny", kv_type, running_max);
    ASSERT_TRUE(memory) << memory.error().message;
    Limits limits;
    limits.running_max = running_max;
    const auto instance = (*local)->make_instance([&] {
      Limits small = limits;
      small.block_count = 1;
      return small;
    }());
    ASSERT_TRUE(instance) << instance.error().message;
    EXPECT_EQ(memory->workspace_bytes, instance->workspace_size_bytes());
    EXPECT_EQ(memory->contexts.block_bytes, KvLayout(model.config(), 32, true).block_size_bytes(MemoryClass::full));
    EXPECT_EQ(memory->kv_type, model.config().kv_type);
    EXPECT_EQ(memory->weight_bytes, model.weight_size_bytes());
  }
}

TEST(MemoryFormula, counts_all_experts_and_what_encoders_have) {
  const test::TemporaryFolder folder;
  Team team(1);
  for (const char* architecture : {"qwen3moe", "deepseek2", "gpt-oss", "bert", "muse-glimmer"}) {
    synth::Shape shape = synth::find_shape("tiny").value();
    shape.architecture = architecture;
    const std::filesystem::path path = folder.path() / "model.gguf";
    const gguf::Metadata vocabulary = synth::make_vocabulary(1024).value();
    ASSERT_TRUE(synth::synthesize(shape, vocabulary, gguf::FileType::q8_0, 1, path, team, [](auto, auto) {}));
    const auto local = LocalModel::open(path.native(), 1, KvType::f16);
    ASSERT_TRUE(local) << local.error().message;
    const auto memory = memory_of((*local)->file(), "tiny", KvType::f16, running_max);
    ASSERT_TRUE(memory) << memory.error().message;
    EXPECT_EQ(memory->weight_bytes, (*local)->model().weight_size_bytes()) << architecture;
    const auto by_shape = memory_of(shape, 1024, gguf::FileType::q8_0, KvType::f16, running_max);
    EXPECT_EQ(by_shape->weight_bytes, memory->weight_bytes) << architecture;
  }
}

TEST(MemoryFormula, gives_as_many_blocks_as_the_server_takes) {
  const ModelMemory model = llama_1b(gguf::FileType::q4_0, KvType::f16);
  for (const uint64_t memory : {uint64_t{2} << 30, uint64_t{3} << 30}) {
    const uint64_t kv = memory_for_contexts(model, memory);
    const Limits limits = server::engine_limits({}, 8192, model.contexts, kv);
    EXPECT_EQ(limits.block_count / (2048 / 32), contexts_that_fit(model, memory, 2048));
  }
}

TEST(MemoryFormula, a_shape_has_the_sizes_of_its_file) {
  // llama-1b at Q4_0 is 771 MB, f16 KV of it 32 KiB a token, as docs/performance.md has them.
  const ModelMemory model = llama_1b(gguf::FileType::q4_0, KvType::f16);
  EXPECT_EQ(model.contexts.block_bytes, 32 * 32 * 1024);
  EXPECT_NEAR(static_cast<double>(model.weight_bytes), 771e6, 8e6);
  EXPECT_EQ(llama_1b(gguf::FileType::q4_0, KvType::q8_0).contexts.block_bytes, 32 * 17 * 1024);  // 8.5 bits for 16
}

TEST(MemoryFormula, says_how_much_is_needed_where_too_little_is_there) {
  const ModelMemory model = one_gib_of_weights();
  EXPECT_TRUE(check_memory(model, uint64_t{2} << 30, 2048));
  const auto refused = check_memory(model, uint64_t{1} << 30, 2048);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message,
            "m needs 1.1 GB for itself and 67 MB for one context of 2048 tokens, 1.1 GB in all; 1.1 GB were given");
}

TEST(MemoryTables, hold_the_rule_of_thumb_for_two_models_at_4096_tokens) {
  const std::string tables = *memory_tables();
  const auto row = [&](const char* begin) { return tables.substr(tables.find(begin), 80); };
  EXPECT_NE(row("| Llama 3.2 3B | Q4_K_M |").find(" | 112 | 6 / 3 / 1 |"), std::string::npos);  // 4 GiB: 3
  EXPECT_NE(row("| Llama 3.1 8B | Q4_K_M |").find(" | - | 10 / 5 / 2 |"), std::string::npos);   // 8 GiB: 5
}

TEST(MemoryTables, stand_in_the_document_as_they_are_made) {
  std::ifstream in(QUIRE_SOURCE_DIR "/docs/parallelism.md", std::ios::binary);
  const std::string document(std::istreambuf_iterator<char>(in), {});
  const auto tables = memory_tables();
  ASSERT_TRUE(tables) << tables.error().message;
  EXPECT_NE(document.find(*tables), std::string::npos)
      << "docs/parallelism.md does not hold the output of `quire tune --table`:\n"
      << *tables;
}

}  // namespace
}  // namespace quire::cli
