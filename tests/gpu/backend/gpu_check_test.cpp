// tools/gpu_check as on a machine with a card, with the stand-in in the driver's place and models of some kilobytes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "cli/shell.h"
#include "gpu/backend/stand_in_gpu.h"
#include "gpu/backend/tested_gpu.h"
#include "support/temporary_folder.h"

namespace quire::test {
namespace {

using testing::HasSubstr;

class GpuCheck : public testing::Test {
 protected:
  void SetUp() override {
    QUIRE_GPU_OR_SKIP();
    QUIRE_STAND_IN_OR_SKIP();
    const std::string build = std::filesystem::read_symlink("/proc/self/exe").parent_path();
    const cli::Ran packed =
        cli::shell("QUIRE_BUILD=" + build + " " QUIRE_SOURCE_DIR "/tools/gpu_check pack " + carried() + " 2>&1");
    ASSERT_EQ(packed.status, 0) << packed.out;
  }
  std::string carried() const { return folder_.path() / "carried"; }

  // What the script that was packed says.
  nlohmann::json run(const std::string& variables, const std::string& options, int expected_status) const {
    const std::string out = folder_.path() / "out";
    const cli::Ran ran = cli::shell(
        "export QUIRE_CUDA_LIBRARY=" QUIRE_STAND_IN_CUDA " TMPDIR=" + folder_.path().string() + " " + variables + "; " +
        carried() + "/gpu_check run --tiny " + options + " " + carried() + " " + out + " 2>&1");
    EXPECT_EQ(ran.status, expected_status) << ran.out;
    std::ifstream file(out + "/gpu_check.json");
    nlohmann::json found = nlohmann::json::parse(file, nullptr, false);
    EXPECT_FALSE(found.is_discarded()) << ran.out;
    return found;
  }
  static std::map<std::string, nlohmann::json> parts_of(const nlohmann::json& found) {
    std::map<std::string, nlohmann::json> parts;
    for (const nlohmann::json& part : found.at("parts")) parts[part.at("part")] = part;
    return parts;
  }

 private:
  const TemporaryFolder folder_;
};

TEST_F(GpuCheck, finds_all_well_where_all_is) {
  const nlohmann::json found = run("", "", 0);
  const auto parts = parts_of(found);
  EXPECT_EQ(parts.size(), 12U);
  for (const auto& [name, part] : parts) {
    if (part.at("state") == "skipped") {
      EXPECT_THAT(name, HasSubstr("check")) << "sanitizers alone may be missing";
      EXPECT_NE(part.at("why"), "");
      continue;
    }
    EXPECT_EQ(part.at("state"), "ok") << name << ": " << part.at("why");
    EXPECT_FALSE(part.at("results").empty()) << name;
  }
  const nlohmann::json& places = parts.at("same_big").at("results");
  ASSERT_EQ(places.size(), 3U);
  for (const int layers : {0, 1, 2}) EXPECT_EQ(places[static_cast<size_t>(layers)].at("gpu_layers"), layers);
  EXPECT_EQ(places[0].at("logits"), places[2].at("logits"));
  ASSERT_EQ(found.at("figures").size(), 5U);
  for (const nlohmann::json& figure : found.at("figures")) EXPECT_GT(figure.at("value"), 0) << figure;
}

TEST_F(GpuCheck, says_what_failed_when_the_card_is_lost) {
  const nlohmann::json found = run("QUIRE_STAND_IN_LOST_AT=500", "--only 'operations synth_big decode'", 1);
  const auto parts = parts_of(found);
  ASSERT_EQ(parts.size(), 3U);
  EXPECT_EQ(parts.at("operations").at("state"), "ok") << parts.at("operations");
  EXPECT_EQ(parts.at("synth_big").at("state"), "ok") << parts.at("synth_big");
  EXPECT_EQ(parts.at("decode").at("state"), "failed");
  EXPECT_THAT(parts.at("decode").at("why").get<std::string>(), HasSubstr("CUDA_ERROR_ILLEGAL_ADDRESS"));
  for (const nlohmann::json& figure : found.at("figures")) EXPECT_EQ(figure.at("met"), "not measured") << figure;
}

TEST_F(GpuCheck, says_that_there_is_no_card) {
  const auto parts = parts_of(run("QUIRE_CUDA_LIBRARY=/nowhere.so", "--only 'machine card'", 1));
  EXPECT_EQ(parts.at("machine").at("state"), "ok") << parts.at("machine");
  EXPECT_EQ(parts.at("card").at("state"), "failed");
  EXPECT_THAT(parts.at("card").at("why").get<std::string>(), HasSubstr("no CUDA here: /nowhere.so"));
}

}  // namespace
}  // namespace quire::test
