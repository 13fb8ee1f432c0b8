// GET /metrics with the real engine: exact numbers of known requests, whoever looks and whenever.
#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <numeric>
#include <string>
#include <thread>

#include "backend/cpu/cpu_backend.h"
#include "engine/engine_thread.h"
#include "engine/world.h"
#include "server/models/engine_model.h"
#include "server/raw_client.h"
#include "server/scrape.h"
#include "server/server.h"
#include "test_data.h"

namespace quire::server::test {
namespace {

using Json = nlohmann::json;

// Steps last until they are let go: finish() tells that one has begun and waits for a word.
struct StepGate {
  Mailbox<int> begun{1'000};
  Mailbox<int> go{1'000};
  void let_one_go() { (void)go.try_push(1); }
  void wait_for_step() {
    std::vector<int> words;
    begun.wait_and_take_all(words);
  }
};

// Says token 3 again and again, a step at a time.
class GatedExecutor final : public Executor {
 public:
  explicit GatedExecutor(StepGate& gate) : gate_(gate), logits_(64 * vocab) {
    for (size_t row = 0; row < 64; ++row) logits_[row * vocab + 3] = 1;
  }
  void issue(const Batch&) override {}
  Logits finish(std::vector<SliceFailure>&) override {
    (void)gate_.begun.try_push(1);
    if (permits_.empty()) gate_.go.wait_and_take_all(permits_);
    if (!permits_.empty()) permits_.pop_back();
    return {.values = logits_, .vocab = vocab, .likeliest = likeliest_};
  }
  Result<Logits> logits(std::span<const int32_t>) override { return Logits{.values = logits_, .vocab = vocab}; }
  int32_t logits_rows_max() const override { return 64; }
  Result<HiddenStates> states(std::span<const int32_t>) override {
    return HiddenStates{.values = logits_, .width = vocab};
  }
  Result<std::span<const float>> head(std::span<const float> pooled) override { return pooled; }
  void keep(std::span<const int32_t>) override {}
  void forget(MemoryClass, std::span<const BlockId>) override {}
  void discard(MemoryClass, std::span<const BlockId>) override {}
  int32_t vocab_size() const override { return vocab; }
  bool prompt_rows_differ() const override { return false; }
  bool whole_texts() const override { return false; }
  void parallel_for(int64_t count, FunctionRef<void(int64_t, int)> body) override {
    for (int64_t index = 0; index < count; ++index) body(index, 0);
  }
  int worker_count() const override { return 1; }

 private:
  static constexpr int32_t vocab = 64;
  StepGate& gate_;
  std::vector<int> permits_;
  std::vector<float> logits_;
  const std::vector<TokenId> likeliest_ = std::vector<TokenId>(64, 3);
};

class GatedModel final : public LoadedModel {
 public:
  GatedModel(StepGate& gate, const Clock& clock, EventSink sink)
      : tokenizer_(quire::test::take(Tokenizer::create(quire::test::plain_vocabulary(64)))),
        executor_(gate),
        engine_({.block_tokens = 32, .block_count = 64, .context_tokens = 256, .running_max = 1, .queue_max = 2},
                executor_, *tokenizer_, clock, std::move(sink)) {}
  std::vector<TokenId> encode(const PromptText& prompt) const override { return encode_raw(prompt.text); }
  std::vector<TokenId> tokenize(std::string_view text, bool, bool) const override {
    return {1, static_cast<TokenId>(text.size())};
  }
  std::vector<TokenPiece> pieces(std::span<const TokenId> tokens) const override {
    return std::vector<TokenPiece>(tokens.size());
  }
  void add_token_texts(const TokenTexts&, SamplingParams&) const override {}
  Result<PromptText> render(const ChatTemplateInput&) const override { return PromptText{}; }
  Result<std::optional<PromptText>> render_fill_in(const GenerateTemplateInput&) const override { return std::nullopt; }
  const FillInTokens& fill_in_tokens() const override { return no_fill_in_; }
  const std::string& template_source() const override { return no_template_; }
  const parts::Syntax& syntax() const override { return syntax_; }
  const std::vector<TokenId>& marker_tokens() const override { return no_tokens_; }
  Result<std::shared_ptr<const Constraint>> constrain(const AnswerShape&) const override { return nullptr; }
  const api::StoredDefaults& stored() const override { return stored_; }
  int32_t vocab_size() const override { return 64; }
  TokenId bos() const override { return 1; }
  TokenId eos() const override { return -1; }
  size_t token_bytes_max() const override { return 64; }
  int32_t context_tokens() const override { return 256; }
  int32_t width() const override { return 64; }
  Result<Pooling> pooling() const override { return Pooling::last; }
  std::vector<TokenId> encode_pair(std::string_view query, std::string_view document) const override {
    return encode_raw(std::string(query) + std::string(document));
  }
  bool ranks() const override { return false; }
  bool generates() const override { return true; }
  Result<void> submit(Request request) override { return engine_.submit(std::move(request)); }
  void cancel(SequenceId id) override { engine_.cancel(id); }
  EngineSnapshot snapshot() const override { return engine_.snapshot(); }
  std::vector<SequenceView> sequences() const override { return engine_.sequences(); }
  ContextMemory context_memory() const override { return {.block_tokens = 32, .block_bytes = 1024}; }
  int32_t kv_block_tokens() const override { return 32; }
  std::vector<ModelStage> stages() const override { return {{.device = "CPU", .contexts = context_memory()}}; }
  std::string_view kv_type() const override { return "f16"; }
  void set_kv_memory(uint64_t) override {}
  void stop() override { engine_.stop(); }

 private:
  const api::StoredDefaults stored_;
  const parts::Syntax syntax_ = parts::Syntax::of("", "");
  const std::vector<TokenId> no_tokens_;
  const FillInTokens no_fill_in_;
  const std::string no_template_;
  const std::unique_ptr<const Tokenizer> tokenizer_;
  GatedExecutor executor_;
  EngineThread engine_;
};

class GatedLoader final : public ModelLoader {
 public:
  GatedLoader(StepGate& gate, const Clock& clock) : gate_(gate), clock_(clock) {}
  Result<std::unique_ptr<LoadedModel>> load(const store::ModelFile&, EventSink sink, FunctionRef<bool()>) override {
    return std::make_unique<GatedModel>(gate_, clock_, std::move(sink));
  }

 private:
  StepGate& gate_;
  const Clock& clock_;
};

class EngineMetrics : public testing::Test {
 protected:
  void start(ModelLoader& loader, const std::filesystem::path& model, Settings settings = {}) {
    Server::Config config{.settings = std::move(settings)};
    config.settings.port = 0;
    config.busy_ns = [this] { return team_.busy_ns(); };
    store::Catalog catalog("");
    ASSERT_TRUE(catalog.add("story=" + model.string()));
    auto opened = Server::open(std::move(config), std::move(catalog), loader, clock_);
    ASSERT_TRUE(opened) << opened.error().message;
    server_ = std::move(*opened);
    thread_ = std::thread([this] { server_->run(); });
  }
  void start_real(Settings settings = {}) {
    settings.memory_bytes = 64 << 20;
    loader_ = std::make_unique<EngineModelLoader>(
        settings, weight_loader(cpu_backends(team_, *supported_kernel_tables().back())), team_, clock_);
    start(*loader_, quire::test::data_path("models/stories260K.gguf"), settings);
  }
  void start_gated() {
    start(gated_, std::filesystem::path(QUIRE_SOURCE_DIR) / "tests/data/tiny_models/llama-tied.gguf");
  }
  ~EngineMetrics() override {
    gate_.go.close();
    if (!thread_.joinable()) return;
    server_->stop();
    thread_.join();
  }

  RawResponse post(const Json& body, const std::string& headers = "") {
    RawClient client(server_->port());
    client.post("/v1/completions", body.dump(), headers);
    return client.response().value_or(RawResponse{});
  }
  RawResponse get(std::string_view path) {
    RawClient client(server_->port());
    client.get(path);
    return client.response().value_or(RawResponse{});
  }
  Scrape scrape() {
    const RawResponse response = get("/metrics");
    EXPECT_EQ(response.status, 200);
    return Scrape(response.body);
  }
  static Json ask(std::vector<TokenId> prompt, int tokens) {
    return {{"model", "story"}, {"prompt", prompt}, {"max_tokens", tokens}, {"temperature", 0}, {"ignore_eos", true}};
  }

  Team team_{2};
  SteadyClock clock_;
  StepGate gate_;
  GatedLoader gated_{gate_, clock_};
  std::unique_ptr<EngineModelLoader> loader_;
  std::unique_ptr<Server> server_;
  std::thread thread_;
};

TEST_F(EngineMetrics, are_exact_as_soon_as_the_answer_is_there) {
  QUIRE_TEST_DATA_OR_SKIP(model, "models/stories260K.gguf");
  start_real();
  EXPECT_FALSE(scrape().has("quire_generated_tokens_total{model_name=\"story:latest\"}"));
  double requests = 0, prompt = 0, generated = 0;
  for (int round = 1; round <= 20; ++round) {
    const int tokens = 1 + round % 5;
    ASSERT_EQ(post(ask({1, 100 + round, 200}, tokens), "Priority: u=" + std::to_string(round % 2) + "\r\n").status,
              200);
    requests += 1, prompt += 3, generated += tokens;
    const Scrape now = scrape();
    EXPECT_EQ(now.of("quire_requests_finished_total", R"(reason="length")"), requests);
    EXPECT_EQ(now.of("quire_request_seconds_count"), requests);
    EXPECT_EQ(now.of("quire_request_decode_seconds_count"), requests);
    EXPECT_EQ(now.of("quire_request_prefill_seconds_count"), requests);
    EXPECT_EQ(now.of("quire_prompt_tokens_total"), prompt);
    EXPECT_EQ(now.of("quire_prompt_tokens_computed_total"), prompt);
    EXPECT_EQ(now.of("quire_generated_tokens_total"), generated);
    EXPECT_EQ(now.of("quire_inter_token_latency_seconds_count"), generated - requests);
    EXPECT_EQ(now.has(R"(quire_time_to_first_token_seconds_count{model_name="story:latest",band="0"})"), round > 1);
    if (round > 1) {
      EXPECT_EQ(now.of("quire_time_to_first_token_seconds_count", R"(band="0")"), round / 2);
    }
    EXPECT_EQ(now.of("quire_request_queue_seconds_count", R"(band="1")"), (round + 1) / 2);
    EXPECT_EQ(now.vllm("time_to_first_token_seconds_count"), requests);
    EXPECT_EQ(now.of("quire_step_rows_sum"), prompt + generated - requests);
    EXPECT_EQ(now.of("quire_step_seconds_count"), now.of("quire_step_rows_count"));
  }
  const Scrape now = scrape();
  EXPECT_GT(now.of("quire_memory_bytes", R"(kind="weights",device="CPU")"), 100'000);
  EXPECT_GT(now.of("quire_memory_bytes", R"(kind="workspace",device="CPU")"), 10'000);
  EXPECT_GT(now.of("quire_memory_bytes", R"(kind="kv",device="CPU")"), -1);
  EXPECT_GT(now.value("quire_worker_busy_seconds_total{worker=\"0\"}"), 0);
  EXPECT_GT(now.of("quire_target_gap_seconds"), 0);
}

TEST_F(EngineMetrics, lose_nothing_when_the_model_is_unloaded) {
  QUIRE_TEST_DATA_OR_SKIP(model, "models/stories260K.gguf");
  Settings settings;
  settings.keep_alive_ns = 0;
  start_real(settings);
  for (int round = 1; round <= 5; ++round) {
    ASSERT_EQ(post(ask({1, 300, 301, 302}, 7)).status, 200);
    const Scrape now = scrape();  // loaded, on its way out, or gone
    EXPECT_EQ(now.of("quire_requests_finished_total", R"(reason="length")"), round);
    EXPECT_EQ(now.of("quire_generated_tokens_total"), 7 * round);
  }
}

TEST_F(EngineMetrics, answer_in_the_middle_of_a_step) {
  start_gated();
  RawClient client(server_->port());
  client.post("/v1/completions", ask({1, 2, 3}, 2).dump());
  gate_.wait_for_step();
  RawClient second(server_->port());
  second.post("/v1/completions", ask({1, 2, 4}, 2).dump(), "Priority: u=6\r\n");
  // The engine cannot take either before its step ends; both are seen all the same.
  Scrape now = scrape();
  while (now.of("quire_requests", R"(state="waiting",band="6")") == 0) now = scrape();
  EXPECT_EQ(now.of("quire_requests", R"(state="waiting",band="3")"), 1);
  EXPECT_EQ(now.vllm("num_requests_waiting"), 2);
  EXPECT_EQ(now.of("quire_step_seconds_count"), 0);
  gate_.go.close();
  EXPECT_EQ(client.response()->status, 200);
  EXPECT_EQ(second.response()->status, 200);
  now = scrape();
  EXPECT_EQ(now.vllm("num_requests_waiting"), 0);
  EXPECT_EQ(now.of("quire_requests_finished_total", R"(reason="length")"), 2);
}

TEST_F(EngineMetrics, count_a_cancelled_stream_once) {
  start_gated();
  {
    RawClient client(server_->port());
    Json body = ask({1, 2, 3}, 200);
    body["stream"] = true;
    client.post("/v1/completions", body.dump());
    gate_.wait_for_step();
    gate_.let_one_go();
    ASSERT_TRUE(client.read_until("data: "));
  }
  // The next step runs until it is let go; the server sees that the client has left, and its cancel is on its way.
  while (get("/api/queue").body.find("\"id\"") != std::string::npos ||
         get("/api/contexts").body.find("\"id\"") != std::string::npos) {
  }
  gate_.go.close();
  Scrape now = scrape();
  while (now.of("quire_requests_finished_total", R"(reason="cancelled")") == 0) now = scrape();
  EXPECT_EQ(now.of("quire_requests_finished_total", R"(reason="cancelled")"), 1);
  EXPECT_EQ(now.of("quire_request_seconds_count"), 1);
  EXPECT_EQ(now.of("quire_requests", R"(state="running",band="3")"), 0);
  EXPECT_EQ(now.vllm("request_success_total", R"(finished_reason="abort")"), 1);
}

}  // namespace
}  // namespace quire::server::test
