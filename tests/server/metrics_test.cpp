// GET /metrics with models that do what they are told: what the server itself counts.
#include "server/observe/metric_families.h"
#include "server/scrape.h"
#include "server/test_server.h"

namespace quire::server::test {
namespace {

class MetricsServer : public ServerTest {
 protected:
  Scrape scrape() {
    const RawResponse response = get("/metrics");
    EXPECT_EQ(response.status, 200);
    return Scrape(response.body);
  }
  static double answers(const Scrape& scrape, const std::string& route, int status) {
    return scrape.value("quire_http_requests_total{route=\"" + route + "\",status=\"" + std::to_string(status) + "\"}");
  }
  static double refused(const Scrape& scrape, const std::string& reason) {
    return scrape.value("quire_requests_refused_total{reason=\"" + reason + "\"}");
  }
};

TEST_F(MetricsServer, says_what_the_format_asks_for) {
  config_.busy_ns = [] { return std::vector<int64_t>{1'500'000'000, 0}; };
  start();
  const RawResponse response = get("/metrics");
  EXPECT_EQ(response.header("Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_NE(response.body.find("# TYPE quire_requests_refused_total counter\n"), std::string::npos);
  const Scrape scrape(response.body);
  EXPECT_EQ(scrape.value("quire_build_info{version=\"" QUIRE_VERSION "\"}"), 1);
  EXPECT_GT(scrape.value("process_start_time_seconds"), 1.7e9);
  EXPECT_GT(scrape.value("process_cpu_seconds_total"), 0);
  EXPECT_GT(scrape.value("process_resident_memory_bytes"), 1 << 20);
  EXPECT_EQ(scrape.value("quire_worker_busy_seconds_total{worker=\"0\"}"), 1.5);
  EXPECT_EQ(scrape.value("quire_worker_busy_seconds_total{worker=\"1\"}"), 0);
  EXPECT_EQ(post("/metrics", "").status, 405);
  RawClient client(port());
  client.send("HEAD /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(client.response(false)->status, 200);
}

TEST_F(MetricsServer, counts_each_answer_by_route_and_status) {
  start();
  EXPECT_EQ(post("/api/generate", prompt_body("count 3")).status, 200);
  EXPECT_EQ(post("/api/generate", prompt_body("count 3", R"("stream":false)")).status, 200);
  EXPECT_EQ(post("/api/generate", "{").status, 400);
  EXPECT_EQ(get("/nowhere").status, 404);
  EXPECT_EQ(get("/v1/models/nobody").status, 404);
  RawClient broken(port());
  broken.send("no HTTP at all\r\n\r\n");
  EXPECT_EQ(broken.response()->status, 400);
  (void)scrape();
  const Scrape counted = scrape();
  EXPECT_EQ(answers(counted, "/api/generate", 200), 2);
  EXPECT_EQ(answers(counted, "/api/generate", 400), 1);
  EXPECT_EQ(answers(counted, "other", 404), 1);
  EXPECT_EQ(answers(counted, "other", 400), 1);
  EXPECT_EQ(answers(counted, "/v1/models/", 404), 1);
  EXPECT_EQ(answers(counted, "/metrics", 200), 1);  // this one is not answered yet
}

TEST_F(MetricsServer, counts_a_client_that_leaves_before_its_answer_as_499) {
  start();
  {
    RawClient client(port());
    client.post("/v1/completions", prompt_body("hold"));
    (void)FakeRecord::next(record_.submitted);
  }
  (void)FakeRecord::next(record_.cancelled);
  // The cancel goes out before the request ends: the io thread may be in between.
  Scrape counted = scrape();
  while (!counted.has("quire_http_requests_total{route=\"/v1/completions\",status=\"499\"}")) counted = scrape();
  EXPECT_EQ(answers(counted, "/v1/completions", 499), 1);
}

TEST_F(MetricsServer, counts_refusals_by_reason) {
  config_.limits.bodies_bytes_max = 1000;
  config_.read_memory = [] { return MachineMemory{.total_bytes = 1 << 30, .available_bytes = 8}; };
  std::ofstream(folder_ / "huge.gguf") << std::string(10000, 'x');
  start();
  EXPECT_EQ(post("/api/generate", prompt_body("busy")).status, 503);                       // no way to the engine
  EXPECT_EQ(post("/v1/completions", prompt_body("late")).status, 503);                     // the engine's queue is full
  EXPECT_EQ(post("/api/generate", prompt_body("large")).status, 400);                      // could never fit
  EXPECT_EQ(post("/v1/completions", prompt_body(std::string(300, 'x'))).status, 400);      // longer than the context
  EXPECT_EQ(post("/api/generate", prompt_body(std::string(2000, 'x'))).status, 503);       // bodies take too much
  EXPECT_EQ(post("/api/generate", prompt_body("fail", R"("stream":false)")).status, 500);  // failed, not refused
  RawClient held(port());
  held.post("/api/generate", prompt_body("hold"), "X-Request-Id: held\r\n");
  ASSERT_TRUE(held.read_until("held "));
  EXPECT_EQ(post("/api/generate", R"({"model":"huge","prompt":"count 1"})").status, 500);  // more than there could be
  server_->stop();
  while (get("/health").status == 200) std::this_thread::yield();
  EXPECT_EQ(post("/api/generate", prompt_body("count 1")).status, 503);
  const Scrape counted = scrape();
  EXPECT_EQ(refused(counted, "queue_full"), 2);
  EXPECT_EQ(refused(counted, "too_large"), 2);
  EXPECT_EQ(refused(counted, "no_model_room"), 1);
  EXPECT_EQ(refused(counted, "draining"), 1);
  EXPECT_EQ(refused(counted, "too_many_bytes"), 1);
  EXPECT_EQ(refused(counted, "too_many_connections"), 0);
}

TEST_F(MetricsServer, counts_connections_that_are_too_many) {
  config_.limits.connections_max = 1;
  start();
  RawClient first(port());
  first.get("/api/version");
  ASSERT_EQ(first.response()->status, 200);
  RawClient second(port());
  ASSERT_EQ(second.response()->status, 503);
  first.get("/metrics");
  EXPECT_EQ(refused(Scrape(first.response()->body), "too_many_connections"), 1);
}

TEST_F(MetricsServer, shows_requests_on_their_way_and_models_being_loaded) {
  record_.loads_wait = true;
  start();
  RawClient client(port());
  client.post("/api/generate", prompt_body("count 1"));
  (void)FakeRecord::next(record_.loading);
  const Scrape waiting = scrape();
  EXPECT_EQ(waiting.value("quire_requests_arriving"), 1);
  EXPECT_EQ(waiting.value("quire_models_loading"), 1);
  record_.may_load.close();
  EXPECT_EQ(client.response()->status, 200);
  const Scrape after = scrape();
  EXPECT_EQ(after.value("quire_requests_arriving"), 0);
  EXPECT_EQ(after.value("quire_models_loading"), 0);
  EXPECT_EQ(after.of("quire_model_loaded", "", "fake:latest"), 1);
}

// What an engine might show: a different number everywhere.
EngineSnapshot told_snapshot() {
  EngineSnapshot snapshot;
  SchedulerCounts& counts = snapshot.scheduler;
  counts.bands[1] = {.waiting = 2, .running = 3, .parked = 4};
  counts.bands[3] = {.waiting = 5, .running = 6, .parked = 7};
  counts.waiting = 7, counts.running = 9, counts.parked = 11, counts.waiting_tokens = 123;
  counts.blocks_free = 50, counts.blocks_held = 20, counts.blocks_cached = 20, counts.blocks_withheld = 10;
  counts.blocks_total = 100, counts.block_limit = 80, counts.blocks_shared = 8, counts.blocks_parked = 9;
  counts.windows = {.total = 70, .held = 41, .cached = 15, .withheld = 2};
  counts.states = {.total = 9, .held = 5, .cached = 3};
  snapshot.controller = {.parallel = 12, .parallel_max = 64, .target_gap_ns = 50'000'000};
  snapshot.on_their_way[3] = 10;
  EngineTotals& totals = snapshot.totals;
  totals.submitted[1] = 1;
  totals.finished = {21, 22, 23, 24, 25};
  totals.prompt_tokens = 31, totals.prefix_query_tokens = 32, totals.prefix_hit_tokens = 33;
  totals.generated_tokens = 34, totals.preemptions = 35;
  totals.queue_time[1].observe(2'000'000), totals.queue_time[3].observe(3'000'000'000);
  totals.token_gap.observe(30'000'000);
  totals.step_rows.observe(16);
  return snapshot;
}

TEST_F(MetricsServer, says_the_same_numbers_under_vllms_names) {
  start();
  record_.snapshot.set(told_snapshot());
  ASSERT_EQ(post("/api/generate", prompt_body("")).status, 200);  // loads it
  const Scrape shown = scrape();
  const std::string model = "fake:latest";
  EXPECT_EQ(shown.of("quire_requests", R"(state="waiting",band="3")", model), 15);
  EXPECT_EQ(shown.of("quire_requests", R"(state="parked",band="1")", model), 4);
  EXPECT_EQ(shown.vllm("num_requests_waiting", "", model), 17);
  EXPECT_EQ(shown.vllm("num_requests_running", "", model), 9);
  EXPECT_EQ(shown.of("quire_kv_usage_ratio", "", model), 0.25);
  EXPECT_EQ(shown.vllm("kv_cache_usage_perc", "", model), 0.25);
  double blocks = 0;
  for (const char* state : {"used", "evictable", "free", "withheld"}) {
    blocks += shown.of("quire_kv_blocks", "state=\"" + std::string(state) + "\"", model);
  }
  EXPECT_EQ(blocks, shown.of("quire_kv_blocks_max", "", model));
  EXPECT_EQ(shown.of("quire_kv_blocks_shared", "", model), 8);
  EXPECT_EQ(shown.of("quire_kv_window_blocks", R"(state="evictable")", model), 15);
  EXPECT_EQ(shown.of("quire_kv_window_blocks", R"(state="free")", model), 12);
  EXPECT_EQ(shown.of("quire_kv_states", R"(state="used")", model), 5);
  EXPECT_EQ(shown.of("quire_kv_blocks_parked", "", model), 9);
  EXPECT_EQ(shown.vllm("cache_config_info", R"(block_size="32",num_gpu_blocks="80",cache_dtype="f16")", model), 1);
  EXPECT_EQ(shown.of("quire_memory_bytes", R"(kind="weights",device="CPU")", model), 4096);
  EXPECT_EQ(shown.of("quire_memory_bytes", R"(kind="kv",device="CPU")", model), 40 << 20);
  EXPECT_EQ(shown.of("quire_memory_bytes", R"(kind="workspace",device="CPU")", model), 512);
  EXPECT_EQ(shown.of("quire_parallel_limit", "", model), 12);
  EXPECT_EQ(shown.of("quire_target_gap_seconds", "", model), 0.05);
  EXPECT_EQ(shown.vllm("request_success_total", R"(finished_reason="stop")", model), 21);
  EXPECT_EQ(shown.vllm("request_success_total", R"(finished_reason="length")", model), 22);
  EXPECT_EQ(shown.vllm("request_success_total", R"(finished_reason="abort")", model), 23 + 24);
  EXPECT_EQ(shown.vllm("request_success_total", R"(finished_reason="error")", model), 25);
  EXPECT_EQ(shown.vllm("prefix_cache_queries_total", "", model), 32);
  EXPECT_EQ(shown.vllm("prefix_cache_hits_total", "", model), 33);
  EXPECT_EQ(shown.vllm("num_preemptions_total", "", model), 35);
  EXPECT_EQ(shown.of("quire_request_queue_seconds_count", R"(band="1")", model), 1);
  EXPECT_EQ(shown.of("quire_request_queue_seconds_sum", R"(band="3")", model), 3);
  EXPECT_EQ(shown.vllm("request_queue_time_seconds_count", "", model), 2);
  EXPECT_EQ(shown.vllm("request_queue_time_seconds_sum", "", model), 3.002);
  EXPECT_EQ(shown.vllm("request_queue_time_seconds_bucket", R"(le="0.005")", model), 1);
  EXPECT_EQ(shown.vllm("request_queue_time_seconds_bucket", R"(le="+Inf")", model), 2);
  EXPECT_EQ(shown.vllm("inter_token_latency_seconds_bucket", R"(le="0.025")", model), 0);
  EXPECT_EQ(shown.vllm("inter_token_latency_seconds_bucket", R"(le="0.05")", model), 1);
  EXPECT_EQ(shown.vllm("iteration_tokens_total_bucket", R"(le="16")", model), 1);
}

TEST_F(MetricsServer, keeps_the_totals_of_a_model_that_is_gone) {
  start();
  record_.snapshot.set(told_snapshot());
  const std::string model = "fake:latest";
  for (int loads = 1; loads <= 3; ++loads) {
    ASSERT_EQ(post("/api/generate", prompt_body("")).status, 200);
    EXPECT_EQ(scrape().of("quire_generated_tokens_total", "", model), 34 * loads);
    ASSERT_EQ(post("/api/generate", prompt_body("", R"("keep_alive":0)")).status, 200);
    const Scrape gone = scrape();  // while its engine is being stopped, or after
    EXPECT_EQ(gone.of("quire_model_loaded", "", model), 0);
    EXPECT_EQ(gone.of("quire_generated_tokens_total", "", model), 34 * loads);
    EXPECT_EQ(gone.of("quire_step_rows_sum", "", model), 16 * loads);
    EXPECT_FALSE(gone.has("quire_parallel_limit{model_name=\"fake:latest\"}"));
    (void)FakeRecord::next(record_.unloaded);
    EXPECT_EQ(scrape().of("quire_generated_tokens_total", "", model), 34 * loads);
  }
}

TEST(MetricFamilies, escape_whatever_a_label_holds) {
  MetricFamilies families;
  families.gauge("quire_test", "Of a test.", {{"name", label_text("a\"b\\c\nd\xff\xc3\xa9")}}, 0.1);
  const std::string text = families.text();
  EXPECT_EQ(text,
            "# HELP quire_test Of a test.\n# TYPE quire_test gauge\n"
            "quire_test{name=\"a\\\"b\\\\c\\nd?\xc3\xa9\"} 0.1\n");
}

}  // namespace
}  // namespace quire::server::test
