#include "api/models.h"

#include <gtest/gtest.h>

#include <limits>

#include "api/duration.h"
#include "api/ollama/models.h"
#include "api/openai/models.h"

namespace quire::api {
namespace {

ModelSummary tiny() {
  return {.name = "tiny:latest",
          .size_bytes = 1000,
          .digest = "abc",
          .modified = {1'767'323'045, 6},
          .details = {.family = "llama",
                      .parameter_size = "260K",
                      .quantization_level = "F32",
                      .context_length = 2048,
                      .embedding_length = 64}};
}

const std::string details =
    R"("details":{"parent_model":"","format":"gguf","family":"llama","families":["llama"],"parameter_size":"260K",)"
    R"("quantization_level":"F32","context_length":2048,"embedding_length":64})";

TEST(FileTimes, are_shown_right_whenever_they_are) {
  EXPECT_EQ(rfc3339({1'767'323'045, 6}), "2026-01-02T03:04:05.000000006Z");
  EXPECT_EQ(rfc3339({-2'208'988'800, 999'999'999}), "1900-01-01T00:00:00.999999999Z");
  EXPECT_EQ(rfc3339({13'569'465'600, 0}), "2400-01-01T00:00:00.000000000Z") << "beyond 64 bits of nanoseconds";
  EXPECT_EQ(rfc3339({std::numeric_limits<int64_t>::max(), 0}), "9999-12-31T23:59:59.000000000Z");
  EXPECT_EQ(rfc3339({std::numeric_limits<int64_t>::min(), 0}), "0001-01-01T00:00:00.000000000Z");
  EXPECT_EQ(rfc3339_ns(-1), "1969-12-31T23:59:59.999999999Z");
  EXPECT_EQ(rfc3339_ns(std::numeric_limits<int64_t>::min()), "1677-09-21T00:12:43.145224192Z");
}

TEST(ModelBodies, list_models_as_ollama_does) {
  EXPECT_EQ(ollama::tags_body({}), R"({"models":[]})");
  const ModelSummary model = tiny();
  EXPECT_EQ(ollama::tags_body({&model, 1}),
            R"({"models":[{"name":"tiny:latest","model":"tiny:latest","modified_at":"2026-01-02T03:04:05.000000006Z",)"
            R"("size":1000,"digest":"abc",)" +
                details + R"(,"capabilities":["completion"]}]})");
}

TEST(ModelBodies, say_what_a_model_that_was_made_for_vectors_can_do) {
  ModelSummary model = tiny();
  model.embeds = true;
  EXPECT_TRUE(ollama::tags_body({&model, 1}).ends_with(R"("capabilities":["embedding"]}]})"));
  ModelDescription description;
  description.summary = model;
  description.metadata = "{}";
  EXPECT_NE(ollama::show_body(description, false).find(R"("capabilities":["embedding"])"), std::string::npos);
}

TEST(ModelBodies, list_running_models_longest_lived_first) {
  RunningModel soon{.summary = tiny(), .expires_unix_ns = 10, .context_length = 2048};
  RunningModel forever{.summary = tiny(), .expires_unix_ns = std::nullopt, .context_length = 64};
  forever.summary.name = "big:latest";
  const std::string body = ollama::ps_body({soon, forever});
  EXPECT_LT(body.find("big:latest"), body.find("tiny:latest"));
  EXPECT_NE(body.find(R"("expires_at":"1970-01-01T00:00:00.000000010Z","size_vram":0,"context_length":2048)"),
            std::string::npos)
      << body;
}

TEST(ModelBodies, show_what_the_controllers_know) {
  RunningModel model{.summary = tiny()};
  model.controller = {.parallel = 12,
                      .parallel_max = 64,
                      .target_gap_ns = 45'500'000,
                      .prompt_row_ns = 81'234,
                      .step_tokens = 128,
                      .start_interval_ns = -1};
  model.controller.curve[0] = {.streams = 1, .step_ns = 20'000'000};
  model.controller.curve[1] = {.streams = 8, .step_ns = 31'000'000};
  model.controller.curve_points = 2;
  model.kv_blocks = {.total = 100, .limit = 80, .held = 30, .cached = 20, .bytes = 4096, .type = "q8_0"};
  model.states = {.total = 9, .limit = 8, .held = 3, .cached = 2, .bytes = 7000};
  model.context_bytes = {.held = 5, .cached = 6, .limit = 20, .total = 30};
  model.since_load = {.steps = 7, .preemptions = 2, .recomputed_tokens = 33};
  const std::string body = ollama::ps_body({model});
  EXPECT_NE(body.find(R"("preemptions":2,"recomputed_tokens":33)"), std::string::npos) << body;
  EXPECT_NE(body.find(R"("controller":{"parallel":12,"parallel_max":64,"target_gap_ms":45.5,"prompt_row_ms":0.081,)"
                      R"("step_tokens":128,"start_interval_ms":null,"curve":[{"streams":1,"step_ms":20.0},)"
                      R"({"streams":8,"step_ms":31.0}]},)"
                      R"("kv_blocks":{"total":100,"limit":80,"held":30,"cached":20,"bytes":4096,"type":"q8_0"},)"
                      R"("window_blocks":null,"states":{"total":9,"limit":8,"held":3,"cached":2,"bytes":7000},)"
                      R"("context_bytes":{"held":5,"cached":6,"limit":20,"total":30})"),
            std::string::npos)
      << body;
}

TEST(ModelBodies, say_how_much_of_a_model_lies_on_a_gpu) {
  RunningModel model{.summary = tiny()};
  model.summary.size_bytes = 1000;
  const auto vram = [&] {
    const std::string body = ollama::ps_body({model});
    const size_t begin = body.find("\"size_vram\":") + 12;
    return std::stoi(body.substr(begin));
  };
  model.devices = {{.device = "CPU", .layers = 4, .weights_bytes = 800}};
  EXPECT_EQ(vram(), 0);
  model.devices.push_back(
      {.device = "card", .on_host = false, .layers = 2, .weights_bytes = 400, .workspace_bytes = 9});
  EXPECT_EQ(vram(), 333);
  EXPECT_NE(ollama::ps_body({model}).find(R"({"device":"card","layers":2,"weights_bytes":400,"workspace_bytes":9,)"),
            std::string::npos);
  model.devices.erase(model.devices.begin());
  EXPECT_EQ(vram(), 1000);
  model.devices.push_back({.device = "CPU", .layers = 0, .weights_bytes = 100});  // of a model that guesses
  EXPECT_EQ(vram(), 1000);
}

TEST(ModelBodies, list_models_as_openai_does) {
  const ModelSummary model = tiny();
  const std::string one = R"({"id":"tiny:latest","object":"model","created":1767323045,"owned_by":"library"})";
  EXPECT_EQ(openai::model_body(model), one);
  EXPECT_EQ(openai::models_body({&model, 1}), R"({"object":"list","data":[)" + one + "]}");
}

TEST(ModelBodies, show_a_model) {
  const ModelDescription model{.summary = tiny(),
                               .license = "mit",
                               .chat_template = "T",
                               .modelfile = "FROM tiny\n",
                               .metadata = R"({"general.architecture":"llama"})",
                               .tensors = {{.name = "t", .type = "F32", .shape = {2, 3}}}};
  const std::string body = ollama::show_body(model, true);
  EXPECT_EQ(body, R"({"license":"mit","modelfile":"FROM tiny\n","parameters":"","template":"T","system":"",)" +
                      details +
                      R"(,"messages":[],"model_info":{"general.architecture":"llama"},)"
                      R"("tensors":[{"name":"t","type":"F32","shape":[2,3]}],"capabilities":["completion"],)"
                      R"("modified_at":"2026-01-02T03:04:05.000000006Z"})");
  EXPECT_EQ(ollama::show_body(model, false).find("tensors"), std::string::npos);
}

TEST(Duration, is_read_in_gos_notation_or_as_seconds) {
  EXPECT_EQ(*parse_duration_ns("5m"), 300'000'000'000);
  EXPECT_EQ(*parse_duration_ns("1h30m"), 5'400'000'000'000);
  EXPECT_EQ(*parse_duration_ns("1.5s"), 1'500'000'000);
  EXPECT_EQ(*parse_duration_ns("-10ms"), -10'000'000);
  EXPECT_EQ(*parse_duration_ns("300"), 300'000'000'000);
  EXPECT_EQ(*parse_duration_ns("0"), 0);
  EXPECT_EQ(*parse_duration_ns("-1"), -1'000'000'000);
  EXPECT_EQ(*parse_duration_ns("99999999999h"), std::numeric_limits<int64_t>::max());
  for (const char* broken : {"", "-", "m", "5x", "5m3", "1..2s", "5 m", "1e3"}) {
    EXPECT_FALSE(parse_duration_ns(broken)) << broken;
  }
}

TEST(Moment, is_written_with_nanoseconds) {
  EXPECT_EQ(rfc3339_ns(0), "1970-01-01T00:00:00.000000000Z");
  EXPECT_EQ(rfc3339_ns(951'782'400'123'456'789), "2000-02-29T00:00:00.123456789Z");
}

}  // namespace
}  // namespace quire::api
