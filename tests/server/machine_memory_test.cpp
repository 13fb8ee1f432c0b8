#include "server/models/machine_memory.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <unistd.h>

#include <fstream>
#include <random>
#include <string>

#include "base/control_group.h"
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
    const uint64_t bound = random() % 2 == 0 ? 0 : random() % 2000;
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

// A made-up /proc and /sys.
class MadeUpMachine : public testing::Test {
 protected:
  MadeUpMachine() { write("proc/meminfo", "MemTotal:       8388608 kB\nMemFree:  1 kB\nMemAvailable:   4194304 kB\n"); }
  ~MadeUpMachine() override { std::filesystem::remove_all(root_); }
  void write(const std::string& path, const std::string& text) const {
    std::filesystem::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << text;
  }
  uint64_t total() const { return read_machine_memory(root_).total_bytes; }
  uint64_t available() const { return read_machine_memory(root_).available_bytes; }

  const std::filesystem::path root_ =
      std::filesystem::temp_directory_path() / ("quire-machine-" + std::to_string(::getpid()));
};

using MachineMemoryTest = MadeUpMachine;

TEST_F(MachineMemoryTest, is_the_machines_or_what_the_control_groups_leave) {
  EXPECT_EQ(read_machine_memory(root_ / "nothing").total_bytes, 4 * gib);
  EXPECT_EQ(available(), 4 * gib);
  write("sys/fs/cgroup/memory.max", "max\n");
  write("sys/fs/cgroup/memory.current", "77\n");
  EXPECT_EQ(total(), 8 * gib);
  write("proc/self/cgroup", "0::/outer/inner\n");
  write("sys/fs/cgroup/outer/memory.max", std::to_string(2 * gib));
  write("sys/fs/cgroup/outer/memory.current", std::to_string(gib));
  write("sys/fs/cgroup/outer/memory.stat", "anon 5\ninactive_file " + std::to_string(gib / 2) + "\n");
  EXPECT_EQ(total(), 2 * gib);
  EXPECT_EQ(available(), gib + gib / 2);
  write("sys/fs/cgroup/outer/inner/memory.max", std::to_string(gib));
  write("sys/fs/cgroup/outer/inner/memory.current", std::to_string(2 * gib));  // over it for a moment
  EXPECT_EQ(available(), 0U);
}

TEST_F(MachineMemoryTest, counts_file_pages_as_available_unless_they_must_be_written_first) {
  write("proc/self/cgroup", "0::/\n");
  write("sys/fs/cgroup/memory.max", std::to_string(1000 * mib));
  write("sys/fs/cgroup/memory.current", std::to_string(990 * mib));
  EXPECT_EQ(available(), 10 * mib);
  // A model that was read twice: its pages are active. A tmpfs's are "file" too, and stay.
  write("sys/fs/cgroup/memory.stat",
        "anon 104857600\nfile 734003200\nshmem 104857600\nactive_file 524288000\ninactive_file 104857600\n"
        "slab_reclaimable 10485760\nslab_unreclaimable 20971520\n");
  EXPECT_EQ(available(), (10 + 500 + 100 + 10) * mib);
  write("sys/fs/cgroup/memory.stat",
        "active_file 524288000\ninactive_file 104857600\nfile_dirty 52428800\nfile_writeback 10485760\n");
  EXPECT_EQ(available(), (10 + 600 - 60) * mib);
  write("sys/fs/cgroup/memory.stat", "active_file 10\nfile_dirty 52428800\n");
  EXPECT_EQ(available(), 10 * mib);
}

TEST_F(MachineMemoryTest, heeds_the_mark_where_allocations_begin_to_wait) {
  write("proc/self/cgroup", "0::/service\n");
  write("sys/fs/cgroup/service/memory.max", "max\n");
  write("sys/fs/cgroup/service/memory.high", std::to_string(300 * mib));
  write("sys/fs/cgroup/service/memory.current", std::to_string(100 * mib));
  EXPECT_EQ(total(), 300 * mib);
  EXPECT_EQ(available(), 200 * mib);
}

TEST_F(MachineMemoryTest, reads_the_files_of_version_1) {
  constexpr const char* no_limit = "9223372036854771712\n";
  write("proc/self/cgroup", "12:pids:/docker/abc\n4:memory:/docker/abc\n1:name=systemd:/docker/abc\n0::/x\n");
  write("sys/fs/cgroup/memory/memory.limit_in_bytes", no_limit);
  write("sys/fs/cgroup/memory/memory.usage_in_bytes", "1000\n");
  EXPECT_EQ(total(), 8 * gib);
  EXPECT_EQ(available(), 4 * gib);
  // A container sees its own group as the root of the mount, though /proc names the machine's path.
  write("sys/fs/cgroup/memory/memory.limit_in_bytes", std::to_string(100 * mib));
  write("sys/fs/cgroup/memory/memory.usage_in_bytes", std::to_string(90 * mib));
  write("sys/fs/cgroup/memory/memory.stat",
        "cache 1\nactive_file 1\ntotal_active_file 31457280\ntotal_inactive_file 20971520\ntotal_dirty 10485760\n");
  EXPECT_EQ(total(), 100 * mib);
  EXPECT_EQ(available(), (10 + 30 + 20 - 10) * mib);
  // A group on the machine itself, and one around the container.
  write("sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes", std::to_string(80 * mib));
  write("sys/fs/cgroup/memory/docker/abc/memory.usage_in_bytes", std::to_string(70 * mib));
  EXPECT_EQ(available(), 10 * mib);
  write("sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes", no_limit);
  write("sys/fs/cgroup/memory/docker/abc/memory.stat", "hierarchical_memory_limit 75497472\n");
  EXPECT_EQ(total(), 72 * mib);
}

using UsableCpus = MadeUpMachine;

TEST_F(UsableCpus, are_whole_ones_of_the_smallest_quota_and_one_at_least) {
  const int all = usable_cpus(root_);
  EXPECT_GE(all, 1);
  write("proc/self/cgroup", "0::/outer/inner\n");
  write("sys/fs/cgroup/cpu.max", "max 100000\n");
  write("sys/fs/cgroup/outer/cpu.max", "100000000 100000\n");
  EXPECT_EQ(usable_cpus(root_), all) << "more than there are";
  write("sys/fs/cgroup/outer/inner/cpu.max", "199999 100000\n");
  EXPECT_EQ(usable_cpus(root_), 1);
  write("sys/fs/cgroup/outer/cpu.max", "50000 100000\n");
  EXPECT_EQ(usable_cpus(root_), 1) << "half a CPU";
}

TEST_F(UsableCpus, follow_a_quota_of_version_1) {
  const int all = usable_cpus(root_);
  write("proc/self/cgroup", "5:cpuacct,cpu:/\n4:cpuset:/\n");
  write("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n");
  write("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(usable_cpus(root_), all);
  write("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "150000\n");
  EXPECT_EQ(usable_cpus(root_), 1);
  write("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n");
  write("sys/fs/cgroup/cpuacct,cpu/cpu.cfs_quota_us", "100000\n");
  write("sys/fs/cgroup/cpuacct,cpu/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(usable_cpus(root_), 1) << "as the line of /proc names it";
}

TEST_F(UsableCpus, are_those_that_this_thread_may_run_on) {
  cpu_set_t before;
  ASSERT_EQ(::sched_getaffinity(0, sizeof(before), &before), 0);
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(static_cast<size_t>(::sched_getcpu()), &one);
  ASSERT_EQ(::sched_setaffinity(0, sizeof(one), &one), 0);
  EXPECT_EQ(usable_cpus(root_), 1);
  ASSERT_EQ(::sched_setaffinity(0, sizeof(before), &before), 0);
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
