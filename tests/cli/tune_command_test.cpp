// `quire tune` as a person starts it, on the model of the repository.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "cli/shell.h"

namespace quire::cli {
namespace {

using nlohmann::json;

const std::string tiny = QUIRE_SOURCE_DIR "/models/quire-tiny.gguf";

class Tune : public testing::Test {
 protected:
  void TearDown() override { std::filesystem::remove_all(folder_); }
  Ran tune(const std::string& arguments) {
    return shell("export QUIRE_MODELS=" + folder_.string() + "; QUIRE tune " + arguments + " 2>&1");
  }
  const std::filesystem::path folder_ =
      std::filesystem::path(testing::TempDir()) / ("tune_command_" + std::to_string(getpid()));
};

TEST_F(Tune, measures_writes_what_a_server_reads_and_draws) {
  const std::string svg = folder_.string() + ".svg";
  const Ran ran = tune(tiny + " --context 128 --seconds 2 --format json --svg " + svg);
  ASSERT_EQ(ran.status, 0) << ran.out;
  const json answer = json::parse(ran.out);
  EXPECT_EQ(answer["context_tokens"], 128);
  EXPECT_EQ(answer["measured_tokens"], 64);
  EXPECT_GE(answer["curve"].size(), 1U);
  const auto& curve = answer["curve"];
  EXPECT_TRUE(std::any_of(curve.begin(), curve.end(), [&](const json& p) { return p["contexts"] == answer["pays"]; }));
  const std::filesystem::path written(answer["written"].get<std::string>());
  EXPECT_EQ(written.parent_path(), folder_ / "quire" / "tune");
  const json record = json::parse(std::ifstream(written));
  EXPECT_EQ(record["parallel_start"], answer["pays"]);
  EXPECT_TRUE(std::filesystem::remove(svg));
}

TEST_F(Tune, prints_lines_of_80_columns_at_most_and_leaves_nothing_when_told_so) {
  const Ran ran = tune(tiny + " --context 64 --seconds 1 --no-write");
  ASSERT_EQ(ran.status, 0) << ran.out;
  EXPECT_FALSE(std::filesystem::exists(folder_));
  EXPECT_NE(ran.out.find("<- pays"), std::string::npos) << ran.out;
  EXPECT_NE(ran.out.find("by memory"), std::string::npos) << ran.out;
}

TEST_F(Tune, wrong_questions_are_one_line_each) {
  struct Case {
    std::string arguments;
    const char* says;
  };
  for (const auto& [arguments, says] :
       {Case{"no-such-model", "neither a file nor a model of"}, Case{tiny + " --memory 1MiB", "needs "},
        Case{tiny + " --memory lots", "--memory: expected a number of bytes"},
        Case{tiny + " --memory 4GiBs", "--memory: expected a number of bytes"},
        Case{tiny + " --context 4096", "was made for 1024 tokens"}}) {
    const Ran ran = tune(arguments);
    EXPECT_EQ(ran.status, 1) << arguments << ran.out;
    EXPECT_EQ(std::count(ran.out.begin(), ran.out.end(), '\n'), 1) << ran.out;
    EXPECT_NE(ran.out.find(says), std::string::npos) << ran.out;
  }
}

}  // namespace
}  // namespace quire::cli
