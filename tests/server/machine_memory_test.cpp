#include "server/models/machine_memory.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <random>
#include <string>

#include "server/test_server.h"

namespace quire::server::test {
namespace {

constexpr uint64_t mib = uint64_t{1} << 20;
constexpr uint64_t gib = uint64_t{1} << 30;

// 8 GiB, so that the reserve is 512 MiB, and so much that is available beside the reserve.
MachineMemory spare(int64_t bytes) {
  return {.total_bytes = 8 * gib, .available_bytes = static_cast<uint64_t>(512 * static_cast<int64_t>(mib) + bytes)};
}

TEST(KvPlan, leaves_a_model_alone_that_has_what_it_can_use) {
  const KvMemory model{.used_bytes = 10, .limit_bytes = 100, .max_bytes = 100, .busy = true};
  EXPECT_EQ(plan_kv_memory({&model, 1}, spare(1000), 0), std::nullopt);
  EXPECT_EQ(plan_kv_memory({&model, 1}, spare(90), 0), std::nullopt);
  EXPECT_EQ(plan_kv_memory({}, spare(0), 0), std::nullopt);
}

TEST(KvPlan, lowers_a_limit_to_what_there_is_and_below_what_is_used) {
  const KvMemory model{.used_bytes = 60, .limit_bytes = 100, .max_bytes = 100, .busy = true};
  EXPECT_EQ(plan_kv_memory({&model, 1}, spare(30), 0), std::vector<uint64_t>{90});
  EXPECT_EQ(plan_kv_memory({&model, 1}, spare(-20), 0), std::vector<uint64_t>{40});
  EXPECT_EQ(plan_kv_memory({&model, 1}, spare(-400), 0), std::vector<uint64_t>{0});
}

TEST(KvPlan, raises_a_limit_only_by_more_than_an_eighth) {
  const KvMemory model{.used_bytes = 40, .limit_bytes = 80, .max_bytes = 1000, .busy = true};
  EXPECT_EQ(plan_kv_memory({&model, 1}, spare(50), 0), std::nullopt);
  EXPECT_EQ(plan_kv_memory({&model, 1}, spare(51), 0), std::vector<uint64_t>{91});
}

TEST(KvPlan, takes_from_idle_models_first) {
  const KvMemory models[] = {{.used_bytes = 50, .limit_bytes = 200, .max_bytes = 200, .busy = false},
                             {.used_bytes = 60, .limit_bytes = 200, .max_bytes = 200, .busy = true}};
  EXPECT_EQ(plan_kv_memory(models, spare(250), 0), (std::vector<uint64_t>{160, 200}));
  EXPECT_EQ(plan_kv_memory(models, spare(90), 0), (std::vector<uint64_t>{50, 150}));  // its cache stays
  EXPECT_EQ(plan_kv_memory(models, spare(30), 0), (std::vector<uint64_t>{20, 120}));
  EXPECT_EQ(plan_kv_memory(models, spare(-10), 0), (std::vector<uint64_t>{0, 100}));
}

TEST(KvPlan, keeps_the_sum_within_the_bound) {
  const KvMemory models[] = {{.used_bytes = 0, .limit_bytes = 64, .max_bytes = 64, .busy = true},
                             {.used_bytes = 0, .limit_bytes = 64, .max_bytes = 64, .busy = true}};
  EXPECT_EQ(plan_kv_memory(models, spare(1000), 64), (std::vector<uint64_t>{32, 32}));
}

TEST(KvPlan, keeps_its_promises_whatever_comes) {
  constexpr uint64_t seed = 20261126;
  std::mt19937_64 random(seed);
  for (int round = 0; round < 5000; ++round) {
    SCOPED_TRACE("seed " + std::to_string(seed) + " round " + std::to_string(round));
    std::vector<KvMemory> models(random() % 4);
    uint64_t used = 0;
    uint64_t limits = 0;
    for (KvMemory& model : models) {
      model.max_bytes = random() % 1000;
      model.limit_bytes = random() % (model.max_bytes + 1);
      model.used_bytes = random() % (model.max_bytes + 1);
      model.busy = random() % 2 == 0;
      used += model.used_bytes;
      limits += model.limit_bytes;
    }
    const int64_t more = static_cast<int64_t>(random() % 3000) - 1000;
    const uint64_t bound = random() % 2 * (random() % 2000);
    uint64_t budget = static_cast<uint64_t>(std::max<int64_t>(0, static_cast<int64_t>(used) + more));
    if (bound > 0) budget = std::min(budget, bound);
    const auto planned = plan_kv_memory(models, spare(more), bound);
    if (!planned) {
      EXPECT_LE(limits, budget);
      continue;
    }
    uint64_t sum = 0;
    for (size_t index = 0; index < models.size(); ++index) {
      EXPECT_LE((*planned)[index], models[index].max_bytes);
      sum += (*planned)[index];
      models[index].limit_bytes = (*planned)[index];
    }
    EXPECT_LE(sum, budget);
    // Settled: the same plan is not made again.
    EXPECT_EQ(plan_kv_memory(models, spare(more), bound), std::nullopt);
  }
}

TEST(MachineMemory, is_the_machines_or_what_the_control_groups_leave) {
  const std::filesystem::path root =
      std::filesystem::temp_directory_path() / ("quire-memory-" + std::to_string(::getpid()));
  const auto write = [&](const std::string& path, const std::string& text) {
    std::filesystem::create_directories((root / path).parent_path());
    std::ofstream(root / path) << text;
  };
  EXPECT_EQ(read_machine_memory(root).total_bytes, 4 * gib);
  write("proc/meminfo", "MemTotal:       8388608 kB\nMemFree:  1 kB\nMemAvailable:   4194304 kB\n");
  EXPECT_EQ(read_machine_memory(root).available_bytes, 4 * gib);
  write("sys/fs/cgroup/memory.max", "max\n");
  write("sys/fs/cgroup/memory.current", "77\n");
  EXPECT_EQ(read_machine_memory(root).total_bytes, 8 * gib);
  write("proc/self/cgroup", "0::/outer/inner\n");
  write("sys/fs/cgroup/outer/memory.max", std::to_string(2 * gib));
  write("sys/fs/cgroup/outer/memory.current", std::to_string(gib));
  write("sys/fs/cgroup/outer/memory.stat", "anon 5\ninactive_file " + std::to_string(gib / 2) + "\n");
  EXPECT_EQ(read_machine_memory(root).total_bytes, 2 * gib);
  EXPECT_EQ(read_machine_memory(root).available_bytes, gib + gib / 2);
  write("sys/fs/cgroup/outer/inner/memory.max", std::to_string(gib));
  write("sys/fs/cgroup/outer/inner/memory.current", std::to_string(2 * gib));  // over it for a moment
  EXPECT_EQ(read_machine_memory(root).available_bytes, 0U);
  std::filesystem::remove_all(root);
}

class MemoryServer : public ServerTest {
 protected:
  MemoryServer() {
    memory_.set(spare(4 * static_cast<int64_t>(gib)));
    config_.read_memory = [this] { return memory_.get(); };
    config_.watch_interval_ns = 1'000'000;
    for (const char* name : {"fake", "other"})
      std::filesystem::resize_file(folder_ / (std::string(name) + ".gguf"), 16 * mib);
  }
  ~MemoryServer() override { stop(); }
  RawResponse load(const std::string& model) { return post("/api/generate", R"({"model":")" + model + "\"}"); }
  void show_blocks(int32_t limit, int32_t held) {
    EngineSnapshot snapshot;
    snapshot.scheduler.blocks_total = 100;
    snapshot.scheduler.block_limit = limit;
    snapshot.scheduler.blocks_held = held;
    record_.snapshot.set(snapshot);
  }

  Snapshot<MachineMemory> memory_;
};

TEST_F(MemoryServer, follows_the_memory_of_the_machine_down_and_up) {
  show_blocks(100, 40);
  start();
  EXPECT_EQ(load("fake").status, 200);
  memory_.set(spare(-20 * static_cast<int64_t>(mib)));
  EXPECT_EQ(FakeRecord::next(record_.kv_memory), std::pair(std::string("fake:latest"), 20 * mib));
  show_blocks(20, 20);
  memory_.set(spare(static_cast<int64_t>(gib)));
  auto raised = FakeRecord::next(record_.kv_memory);
  while (raised.second == 20 * mib) raised = FakeRecord::next(record_.kv_memory);  // said before
  EXPECT_EQ(raised, std::pair(std::string("fake:latest"), 100 * mib));
}

TEST_F(MemoryServer, unloads_idle_models_for_one_that_needs_their_memory) {
  start();
  EXPECT_EQ(load("fake").status, 200);
  memory_.set(spare(5 * static_cast<int64_t>(mib)));
  EXPECT_EQ(load("other").status, 200);
  EXPECT_EQ(FakeRecord::next(record_.unloaded), "fake:latest");
}

TEST_F(MemoryServer, never_unloads_a_model_in_use_for_memory) {
  start();
  RawClient client(port());
  client.post("/api/generate", prompt_body("hold"));
  ASSERT_TRUE(client.read_until("held "));
  memory_.set(spare(5 * static_cast<int64_t>(mib)));
  EXPECT_EQ(post("/api/generate", R"({"model":"other","queue_timeout_ms":50})").status, 504);
  EXPECT_NE(get("/api/ps").body.find("fake:latest"), std::string::npos);
}

TEST_F(MemoryServer, says_what_a_model_needs_that_can_never_fit) {
  memory_.set({.total_bytes = 8 * gib, .available_bytes = 5 * mib});
  start();
  const RawResponse refused = load("fake");
  EXPECT_EQ(refused.status, 500);
  EXPECT_EQ(refused.body, R"~({"error":"model requires more system memory (18 MiB) than is available (5 MiB)"})~");
  EXPECT_EQ(get("/api/ps").body, R"({"models":[]})");
  memory_.set({.total_bytes = 8 * gib, .available_bytes = 18 * mib});  // the reserve is for others beside it
  EXPECT_EQ(load("fake").status, 200);
}

}  // namespace
}  // namespace quire::server::test
