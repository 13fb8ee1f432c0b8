// A pull that is killed at any moment: what is listed works, and the next one goes on.
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/inotify.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <random>

#include "registry/registry_world.h"
#include "store/registry/part_state.h"

namespace quire::store::registry {
namespace {

using test::Connection;
using test::FaultProxy;
using test::random_bytes;
using test::Seen;

constexpr uint64_t part_bytes = 1 << 20;

// A program that pulls, and the moment of its death: when the proxy has sent so many bytes, or when so many things have
// happened to the files of the folder.
class KilledPull : public test::RegistryWorld {
 protected:
  void SetUp() override {
    RegistryWorld::SetUp();
    if (IsSkipped()) return;
    proxy_->set_fault([this](const Seen& request, Connection& connection) {
      if (!FaultProxy::is_blob(request)) return false;
      const net::HttpReply reply = proxy_->ask(request);
      connection.send(FaultProxy::head_of(reply));
      constexpr size_t piece_bytes = 16 << 10;
      for (size_t at = 0; at < reply.body.size(); at += piece_bytes) {
        const std::string_view piece = std::string_view(reply.body).substr(at, piece_bytes);
        if (!connection.send(piece)) break;
        proxy_->count_blob_bytes(piece.size());
        if (proxy_->blob_bytes() >= kill_at_bytes_) kill_victim();
      }
      return true;
    });
  }

  void kill_victim() {
    const pid_t victim = victim_.exchange(0);
    if (victim > 0) ::kill(victim, SIGKILL);
  }

  void spawn(const std::filesystem::path& folder, const ModelName& name) {
    std::string program = QUIRE_PULL_ONCE;
    std::string path = folder.string();
    std::string model = "http://" + name.full();
    std::string bytes = std::to_string(part_bytes);
    std::string home = "HOME=" + (folder_ / "home").string();
    std::array<char*, 5> arguments = {program.data(), path.data(), model.data(), bytes.data(), nullptr};
    std::array<char*, 2> environment = {home.data(), nullptr};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    pid_t process = 0;
    ASSERT_EQ(::posix_spawn(&process, program.c_str(), &actions, nullptr, arguments.data(), environment.data()), 0);
    posix_spawn_file_actions_destroy(&actions);
    process_ = process;
    victim_ = process;
  }

  // Kills the program after so many changes of the folder's files; returns when it has ended.
  void watch(const std::filesystem::path& folder, int64_t kill_at_change) {
    const int watcher = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    for (const char* name : {"blobs", "manifests"}) {
      ::inotify_add_watch(watcher, (folder / name).c_str(), IN_CREATE | IN_DELETE | IN_MOVE | IN_MODIFY);
    }
    int64_t changes = 0;
    while (::waitpid(process_, nullptr, WNOHANG) == 0) {
      if (changes >= kill_at_change) kill_victim();
      pollfd ready{.fd = watcher, .events = POLLIN, .revents = 0};
      ::poll(&ready, 1, 5);
      alignas(inotify_event) std::array<char, 4096> events;
      const ssize_t count = ::read(watcher, events.data(), sizeof(inotify_event) + NAME_MAX + 1);
      if (count > 0) ++changes;
    }
    victim_ = 0;
    ::close(watcher);
  }

  pid_t process_ = 0;
  std::atomic<pid_t> victim_{0};
  std::atomic<uint64_t> kill_at_bytes_{UINT64_MAX};
};

// What the states of a folder's half downloads say is there.
uint64_t recorded_bytes(const StoreFolder& folder, const Manifest& manifest) {
  uint64_t bytes = 0;
  std::vector<Layer> layers = manifest.layers;
  layers.push_back(manifest.config);
  for (const Layer& layer : layers) {
    if (folder.hold_blob(layer.digest, layer.size_bytes)) {
      bytes += layer.size_bytes;
      continue;
    }
    std::error_code error;
    const auto file_bytes = std::filesystem::file_size(folder.partial_path(layer.digest), error);
    if (error) continue;
    const auto states = PartFiles::open(folder.partial_path(layer.digest), layer.size_bytes, file_bytes);
    for (const Part& part : states->parts) bytes += part.completed_bytes;
  }
  return bytes;
}

TEST_F(KilledPull, leaves_models_that_work_and_is_gone_on_with) {
  const char* wanted_kills = std::getenv("QUIRE_KILLS");
  const int kills = wanted_kills != nullptr ? std::atoi(wanted_kills) : 20;
  const char* wanted_seed = std::getenv("QUIRE_KILL_SEED");
  const uint64_t seed = wanted_seed != nullptr ? std::strtoull(wanted_seed, nullptr, 10) : std::random_device()();
  SCOPED_TRACE(fmt::format("QUIRE_KILL_SEED={}", seed));
  Random random(seed);
  const ModelName name = name_of("library/m");
  // Two versions that share a blob: each pull replaces the other one.
  const std::string shared = random_bytes(3, 300'000);
  const std::array<std::vector<std::string>, 2> versions = {
      std::vector{random_bytes(4, 4 * part_bytes + 99), shared, std::string("{}")},
      std::vector{random_bytes(5, 3 * part_bytes + 7), shared, std::string("{ }")}};
  std::array<Manifest, 2> manifests;
  const StoreFolder folder = store("mine");
  put_model(folder, *ModelName::parse("bystander"), {"its weights", shared, "its config"});
  int died = 0;
  for (int kill = 0; kill < kills && !HasFailure(); ++kill) {
    const size_t version = static_cast<size_t>(kill) % 2;
    SCOPED_TRACE(fmt::format("kill {}", kill));
    kill_at_bytes_ = UINT64_MAX;
    manifests[version] = publish(name, versions[version]);
    const uint64_t before_bytes = proxy_->blob_bytes();
    const uint64_t total_bytes = versions[version][0].size() + versions[version][2].size();
    const bool by_bytes = kill % 3 != 2;
    if (by_bytes)
      kill_at_bytes_ = before_bytes + static_cast<uint64_t>(random.below(static_cast<int64_t>(total_bytes)));
    spawn(folder.root(), name);
    if (by_bytes) {
      int status = 0;
      ::waitpid(process_, &status, 0);
      victim_ = 0;
      died += WIFSIGNALED(status) ? 1 : 0;
    } else {
      watch(folder.root(), random.below(60));
    }
    kill_at_bytes_ = UINT64_MAX;
    proxy_->wait_until_idle();  // it may still be counting what the dead one did not read

    expect_sound(folder);
    const uint64_t there_bytes = recorded_bytes(folder, manifests[version]) - shared.size();
    const uint64_t sent_before_bytes = proxy_->blob_bytes();
    const Result<void> pulled = pull_model(folder, name);
    ASSERT_TRUE(pulled) << pulled.error().message;
    EXPECT_EQ(proxy_->blob_bytes() - sent_before_bytes, total_bytes - there_bytes) << "what was there came again";
    expect_sound(folder);
    EXPECT_EQ(folder.read_manifest(name)->text, manifests[version].to_json());
    std::set<std::string> expected = names_of(manifests[version]);
    expected.merge(names_of(folder.read_manifest(*ModelName::parse("bystander"))->manifest));
    EXPECT_EQ(blob_files(folder), expected) << "nothing is left behind";
  }
  EXPECT_GT(died, kills / 3);
}

}  // namespace
}  // namespace quire::store::registry
