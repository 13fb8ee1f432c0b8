// A model is loaded while the n-th allocation, thread or system call fails, for n = 1, 2, ... until the load succeeds:
// each failure is an answer with a reason, the next request is served, and the server ends when it is told to.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "backend/cpu/cpu_backend.h"
#include "faults/faults.h"
#include "gguf/metadata.h"
#include "kernels/kernels.h"
#include "server/models/engine_model.h"
#include "server/raw_client.h"
#include "server/server.h"
#include "support/random_model.h"

namespace quire::server::test {
namespace {

using quire::test::Fault;
using quire::test::FaultShelter;
using quire::test::FaultWatch;

// A model that can be served: one layer, and a vocabulary of one letter a token.
void write_model(const std::filesystem::path& path) {
  quire::test::Draft draft = quire::test::draft({.layers = 1, .width = 32, .ffn_width = 32, .heads = 2, .kv_heads = 1});
  std::vector<std::string> tokens = {"<unk>", "<s>", "</s>"};
  std::vector<int32_t> types = {2, 3, 3};
  while (tokens.size() < 64) {
    tokens.push_back(std::string(1, static_cast<char>('A' + tokens.size() - 3)));
    types.push_back(1);
  }
  draft.metadata.set("tokenizer.ggml.model", std::string("llama"));
  draft.metadata.set("tokenizer.ggml.tokens", tokens);
  draft.metadata.set("tokenizer.ggml.token_type", types);
  draft.metadata.set("tokenizer.ggml.scores", std::vector<float>(64, 0.0F));
  draft.metadata.set("tokenizer.ggml.bos_token_id", uint32_t{1});
  draft.metadata.set("tokenizer.ggml.eos_token_id", uint32_t{2});
  const std::vector<std::byte> bytes = quire::test::fill(draft, 1);
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

// The real loader, with the fault in its load; with `until_events` on until the engine says something.
class FaultyLoader final : public ModelLoader {
 public:
  explicit FaultyLoader(ModelLoader& real) : real_(real) {}
  Result<std::unique_ptr<LoadedModel>> load(const store::ModelFile& file, const LoadWish& wish, EventSink sink,
                                            FunctionRef<bool()> keep_going) override {
    if (nth == 0) return real_.load(file, wish, std::move(sink), keep_going);
    EventSink noted = [sink](std::vector<Event>&& events) {
      FaultWatch::end();
      sink(std::move(events));
    };
    watch.emplace(kind, nth);
    const std::unique_ptr<FaultyLoader, void (*)(FaultyLoader*)> at_the_end(this, [](FaultyLoader* loader) {
      if (!loader->until_events) FaultWatch::end();
    });
    return real_.load(file, wish, std::move(noted), keep_going);
  }

  Fault kind = Fault::allocation;  // these are written while nothing loads
  int64_t nth = 0;
  bool until_events = false;
  std::optional<FaultWatch> watch;

 private:
  ModelLoader& real_;
};

class LoadFaults : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::path(testing::TempDir()) / ("load_faults_" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder_);
    write_model(folder_ / "tiny.gguf");
    settings_.port = 0;
    settings_.memory_bytes = 1 << 20;
    settings_.keep_alive_ns = 0;  // each request loads anew
    start();
  }
  void TearDown() override {
    stop();
    std::filesystem::remove_all(folder_);
  }

  void start() {
    auto opened = Server::open({.settings = settings_}, store::Catalog(folder_), loader_, clock_);
    ASSERT_TRUE(opened) << opened.error().message;
    server_ = std::move(*opened);
    thread_ = std::thread([server = server_.get()] { server->run(); });
  }
  void stop() {
    server_->stop();
    thread_.join();
    server_.reset();
  }
  std::optional<RawResponse> ask() {
    const FaultShelter shelter;
    RawClient client(server_->port());
    client.post("/api/generate",
                R"({"model":"tiny","prompt":"AB","raw":true,"stream":false,"options":{"num_predict":2}})");
    return client.response();
  }
  void expect_served(int64_t nth) {
    const auto answer = ask();
    ASSERT_TRUE(answer) << nth;
    ASSERT_EQ(answer->status, 200) << nth << ": " << answer->body;
  }

  // Until there are fewer such calls than n. From the 200th on only each `stride`-th is tried.
  void fail_each(Fault kind, int64_t stride = 1, bool until_events = false) {
    int64_t failures = 0, unanswered = 0;
    loader_.kind = kind;
    loader_.until_events = until_events;
    for (int64_t nth = 1; !HasFatalFailure(); nth += nth < 200 ? 1 : stride) {
      loader_.nth = nth;
      const auto answer = ask();
      const bool failed = loader_.watch->failed();
      loader_.watch.reset();
      loader_.nth = 0;
      if (!answer) {
        ASSERT_TRUE(until_events) << "no answer when call " << nth << " fails";
        ++unanswered;
      } else if (answer->status != 200) {
        ASSERT_EQ(answer->status, 500) << nth;
        ASSERT_GT(answer->body.size(), std::string(R"({"error":""})").size()) << nth;
        ++failures;
      }
      expect_served(nth);
      if (!failed) break;
    }
    EXPECT_GT(failures, 0);
    RecordProperty("failures", std::to_string(failures));
    RecordProperty("unanswered", std::to_string(unanswered));
  }

  std::filesystem::path folder_;
  Settings settings_;
  SteadyClock clock_;
  Team team_{2};
  EngineModelLoader real_loader_{[] {
                                   Settings settings;
                                   settings.memory_bytes = 1 << 20;
                                   return settings;
                                 }(),
                                 weight_loader(cpu_backends(team_, *supported_kernel_tables().back())), team_, clock_};
  FaultyLoader loader_{real_loader_};
  std::unique_ptr<Server> server_;
  std::thread thread_;
};

TEST_F(LoadFaults, any_allocation_of_a_load_may_fail) { fail_each(Fault::allocation, 7); }
TEST_F(LoadFaults, any_thread_of_a_load_may_fail) { fail_each(Fault::thread); }
TEST_F(LoadFaults, any_system_call_of_a_load_may_fail) { fail_each(Fault::system_call); }

// From the load to the first word of the answer, on every thread: the host, the request that waits, its prompt, the
// engine's step. Somebody may lose his connection; nobody waits for ever, and nothing is left over. (What the JSON
// library does for the request and its answer is left out: it ends the program where it gets no memory.)
TEST_F(LoadFaults, any_allocation_up_to_the_first_word_may_fail) { fail_each(Fault::allocation, 7, true); }

TEST_F(LoadFaults, a_server_ends_in_order_after_each_kind_of_failure) {
  for (const Fault kind : {Fault::allocation, Fault::thread, Fault::system_call}) {
    loader_.kind = kind;
    loader_.nth = 1;
    const auto answer = ask();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 500);
    loader_.watch.reset();
    loader_.nth = 0;
    stop();  // joins every thread
    start();
  }
}

TEST(ServerFaults, a_server_that_gets_no_thread_says_so) {
  Settings settings;
  settings.port = 0;
  const SteadyClock clock;
  class NoLoader final : public ModelLoader {
    Result<std::unique_ptr<LoadedModel>> load(const store::ModelFile&, const LoadWish&, EventSink,
                                              FunctionRef<bool()>) override {
      return fail(ErrorKind::internal, "nothing is loaded here");
    }
  } loader;
  constexpr int64_t threads = 7;  // for requests, models and the store
  for (int64_t nth = 1; nth <= threads; ++nth) {
    const FaultWatch watch(Fault::thread, nth);
    const auto opened = Server::open({.settings = settings}, store::Catalog(""), loader, clock);
    ASSERT_FALSE(opened) << nth;
    EXPECT_EQ(opened.error().message, "cannot start a thread: Resource temporarily unavailable");
  }
}

TEST(TeamFaults, a_team_that_gets_fewer_threads_has_fewer_workers) {
  for (int64_t nth = 1; nth <= 3; ++nth) {
    const FaultWatch watch(Fault::thread, nth);
    Team team(4);
    EXPECT_EQ(team.worker_count(), nth);
    std::atomic<int> calls{0};
    team.parallel_for(100, [&](int64_t, int) { ++calls; });
    EXPECT_EQ(calls, 100);
    EXPECT_EQ(team.busy_ns().size(), static_cast<size_t>(nth));
  }
}

}  // namespace
}  // namespace quire::server::test
