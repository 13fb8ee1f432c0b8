// What `quire tune` wrote is where a model's controller begins, with the real engine.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <fstream>
#include <memory>
#include <sstream>

#include "backend/cpu/cpu_backend.h"
#include "server/models/engine_model.h"
#include "store/tune_record.h"

namespace quire::server::test {
namespace {

using testing::HasSubstr;

class TunedStart : public testing::Test {
 protected:
  void SetUp() override {
    store::Catalog catalog("");
    ASSERT_TRUE(catalog.add("tiny=" QUIRE_SOURCE_DIR "/models/quire-tiny.gguf"));
    file_ = *catalog.find("tiny");
    settings_.memory_bytes = 64 << 20;
    settings_.tune_folder = folder_ / "quire" / "tune";
    std::filesystem::create_directories(settings_.tune_folder);
    spdlog::set_default_logger(
        std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::ostream_sink_mt>(log_)));
    spdlog::set_level(spdlog::level::info);
  }
  void TearDown() override {
    spdlog::set_default_logger(before_);
    std::filesystem::remove_all(folder_);
  }

  store::TuneRecord record(int32_t start) const {
    return {.key = {.model = *store::content_name(file_),
                    .processor = store::processor_name(),
                    .kernels = std::string(kernels_.name),
                    .kv_type = "f16",
                    .threads = team_.worker_count()},
            .parallel_start = start,
            .measured_tokens = 512,
            .curve = {{1, 1000}, {start, 1000}}};
  }
  void write(const store::TuneRecord& tuned, const std::string& text) {
    std::ofstream(store::tune_path(settings_.tune_folder, tuned.key)) << text;
  }
  // Contexts that a model which was just loaded lets run together.
  int32_t parallel_at_start() {
    EngineModelLoader loader(settings_, weight_loader(cpu_backends(team_, kernels_)), team_, clock_);
    const auto model = loader.load(
        file_, {}, [](std::vector<Event>&&) {}, [] { return true; });
    EXPECT_TRUE(model) << model.error().message;
    return (*model)->snapshot().controller.parallel;
  }
  int warnings() const {
    int count = 0;
    std::istringstream lines(log_.str());
    for (std::string line; std::getline(lines, line);) count += line.find("is not used") != std::string::npos ? 1 : 0;
    return count;
  }

  Team team_{2};
  SteadyClock clock_;
  const KernelTable& kernels_ = *supported_kernel_tables().back();
  const std::filesystem::path folder_ =
      std::filesystem::path(testing::TempDir()) / ("tuned_start_" + std::to_string(getpid()));
  store::ModelFile file_;
  Settings settings_;
  std::ostringstream log_;
  std::shared_ptr<spdlog::logger> before_ = spdlog::default_logger();
};

TEST_F(TunedStart, is_the_limits_own_where_nothing_was_tuned) {
  EXPECT_EQ(parallel_at_start(), Limits{}.parallel_start);
  EXPECT_EQ(warnings(), 0);
}

TEST_F(TunedStart, is_what_was_measured_for_this_model_here) {
  write(record(13), store::tune_text(record(13)));
  EXPECT_EQ(parallel_at_start(), 13);
  EXPECT_THAT(log_.str(), HasSubstr("begins with 13 contexts, as tuned"));
  EXPECT_EQ(warnings(), 0);
}

TEST_F(TunedStart, never_exceeds_num_parallel) {
  write(record(13), store::tune_text(record(13)));
  settings_.parallel_max = 4;
  EXPECT_EQ(parallel_at_start(), 4);
  settings_.parallel_max = 20;
  EXPECT_EQ(parallel_at_start(), 13);
}

TEST_F(TunedStart, of_another_kv_type_is_not_this_ones) {
  write(record(13), store::tune_text(record(13)));
  settings_.kv_type = KvType::q8_0;
  EXPECT_EQ(parallel_at_start(), Limits{}.parallel_start);
  EXPECT_EQ(warnings(), 0);
}

TEST_F(TunedStart, a_broken_or_stale_file_is_one_line_in_the_log_and_nothing_else) {
  write(record(13), "{\"format\": 1, ");
  EXPECT_EQ(parallel_at_start(), Limits{}.parallel_start);
  EXPECT_EQ(warnings(), 1);

  store::TuneRecord moved = record(13);
  moved.key.processor = "Another";
  write(moved, store::tune_text(moved));
  EXPECT_EQ(parallel_at_start(), Limits{}.parallel_start);
  EXPECT_EQ(warnings(), 2);
}

TEST_F(TunedStart, is_looked_for_beside_the_models) {
  const auto settings = read_settings(
      [](const char* name) -> const char* { return std::string_view(name) == "QUIRE_MODELS" ? "/m" : nullptr; });
  EXPECT_EQ(settings->tune_folder, "/m/quire/tune");
}

}  // namespace
}  // namespace quire::server::test
