#include "store/tune_record.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

namespace quire::store {
namespace {

TuneRecord some_record() {
  return {.key = {.model = std::string(64, 'a'),
                  .processor = "Some \"CPU\" @ 3 GHz",
                  .kernels = "avx2",
                  .kv_type = "f16",
                  .threads = 2},
          .parallel_start = 12,
          .measured_tokens = 2048,
          .curve = {{1, 30'000'000}, {8, 36'000'000}, {12, 50'000'000}}};
}

class TuneFolder : public testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directories(folder_); }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  void write(const TuneKey& key, const std::string& text) { std::ofstream(tune_path(folder_, key)) << text; }

  const std::filesystem::path folder_ =
      std::filesystem::path(testing::TempDir()) / ("tune_" + std::to_string(getpid()));
};

TEST_F(TuneFolder, gives_back_what_was_written) {
  const TuneRecord record = some_record();
  write(record.key, tune_text(record));
  const auto found = find_tune(folder_, record.key);
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(*found, record);
}

TEST_F(TuneFolder, has_nothing_for_another_model_thread_count_table_or_kv_type) {
  write(some_record().key, tune_text(some_record()));
  std::vector<TuneKey> others(4, some_record().key);
  others[0].model = std::string(64, 'b');
  others[1].threads = 3;
  others[2].kernels = "avx512";
  others[3].kv_type = "q8_0";
  for (const TuneKey& key : others) {
    const auto found = find_tune(folder_, key);
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_FALSE(*found);
  }
}

TEST_F(TuneFolder, says_that_a_file_is_another_machines) {
  write(some_record().key, tune_text(some_record()));
  TuneKey moved = some_record().key;
  moved.processor = "Another";
  const auto found = find_tune(folder_, moved);
  ASSERT_FALSE(found);
  EXPECT_NE(found.error().message.find("another model or machine"), std::string::npos);
}

TEST_F(TuneFolder, says_what_is_wrong_with_a_broken_file) {
  const std::string whole = tune_text(some_record());
  // Cut anywhere, it is broken; only the line break at the end may be missing.
  for (size_t length = 0; length + 2 < whole.size(); ++length) {
    EXPECT_FALSE(parse_tune(std::string_view(whole).substr(0, length))) << length;
  }
  for (const char* text :
       {"", "[]", "1", "{}", R"({"format": 2, "threads": 1, "parallel_start": 1, "measured_tokens": 1, "curve": []})",
        R"({"format": 1, "threads": 1, "parallel_start": 0, "measured_tokens": 1, "curve": []})",
        R"({"format": 1, "threads": 1, "parallel_start": 1e9, "measured_tokens": 1, "curve": []})",
        R"({"format": 1, "threads": 1, "parallel_start": 99999999999, "measured_tokens": 1, "curve": []})",
        R"({"format": 1, "threads": 1, "parallel_start": 4, "measured_tokens": 1, "curve": [3]})",
        R"({"format": 1, "threads": 1, "parallel_start": 4, "measured_tokens": 1, "curve": [{"contexts": -1}]})"}) {
    EXPECT_FALSE(parse_tune(text)) << text;
    write(some_record().key, text);
    const auto found = find_tune(folder_, some_record().key);
    ASSERT_FALSE(found) << text;
    EXPECT_NE(found.error().message.find(".json: "), std::string::npos) << found.error().message;
  }
}

TEST(TuneRecord, a_folder_that_is_not_there_holds_nothing) {
  const auto found = find_tune("/no/such/folder", some_record().key);
  ASSERT_TRUE(found);
  EXPECT_FALSE(*found);
}

}  // namespace
}  // namespace quire::store
