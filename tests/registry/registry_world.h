// A real registry, a proxy in front of it that injects faults, and a folder that pulls from there.
#pragma once

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "net/http_client.h"
#include "net/loopback_server.h"
#include "registry/docker_registry.h"
#include "store/folder.h"
#include "store/registry/pull.h"
#include "store/registry/push.h"
#include "store/temporary_folder.h"

namespace quire::store::registry::test {

using net::test::Connection;
using net::test::LoopbackServer;
using net::test::Seen;

inline std::string random_bytes(uint64_t seed, size_t count) {
  Random random(seed);
  std::string bytes(count, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random.next());
  return bytes;
}

// Forwards each request to the registry, unless the fault answers it.
class FaultProxy {
 public:
  // True: it has answered. Any thread.
  using Fault = std::function<bool(const Seen&, Connection&)>;

  explicit FaultProxy(std::string upstream)
      : upstream_(std::move(upstream)),
        server_([this](const Seen& request, Connection& connection) { serve(request, connection); }) {}

  void set_fault(Fault fault) {
    const std::lock_guard lock(mutex_);
    fault_ = std::move(fault);
  }
  std::string host() const { return server_.host(); }
  const LoopbackServer& server() const { return server_; }
  void wait_until_idle() { server_.wait_until_idle(); }

  // What the registry says to this request.
  net::HttpReply ask(const Seen& request) const {
    net::HttpRequest forwarded{.method = request.method, .url = "http://" + upstream_ + request.target};
    for (const char* name : {"Host", "Range", "Content-Type", "Content-Range", "Accept"}) {
      if (const std::string value = request.header(name); !value.empty()) forwarded.headers.push_back({name, value});
    }
    forwarded.body = request.body;
    forwarded.redirects_max = 0;
    forwarded.body_bytes_max = size_t{1} << 30;
    auto reply = net::HttpClient().send(std::move(forwarded));
    return reply ? *reply : net::HttpReply{.status = 502, .body = reply.error().message};
  }
  static std::string head_of(const net::HttpReply& reply) {
    std::string head = fmt::format("HTTP/1.1 {} Said\r\n", reply.status);
    for (const auto& header : reply.headers) head += header.name + ": " + header.value + "\r\n";
    return head + "\r\n";
  }
  static void give(const net::HttpReply& reply, Connection& connection) {
    connection.send(head_of(reply) + reply.body);
  }

  static bool is_blob(const Seen& request) {
    return request.method == "GET" && request.target.find("/blobs/sha256:") != std::string::npos;
  }
  // Bytes of blobs that clients were sent.
  uint64_t blob_bytes() const { return blob_bytes_; }
  void count_blob_bytes(uint64_t bytes) { blob_bytes_ += bytes; }

 private:
  void serve(const Seen& request, Connection& connection) {
    Fault fault;
    {
      const std::lock_guard lock(mutex_);
      fault = fault_;
    }
    if (fault && fault(request, connection)) return;
    const net::HttpReply reply = ask(request);
    if (is_blob(request)) blob_bytes_ += reply.body.size();
    give(reply, connection);
  }

  const std::string upstream_;
  std::mutex mutex_;
  Fault fault_;  // guarded by mutex_
  std::atomic<uint64_t> blob_bytes_{0};
  LoopbackServer server_;
};

// Sleeping moves the clock, and takes no time.
class RegistryWorld : public TemporaryFolder {
 protected:
  // In memory where that is possible: every blob and manifest is synced, by quire and by the registry.
  RegistryWorld() {
    if (::access("/dev/shm", W_OK) != 0) return;
    const std::filesystem::path in_memory = std::filesystem::path("/dev/shm") / folder_.filename();
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(in_memory);
    folder_ = in_memory;
  }

  void SetUp() override {
    if (!DockerRegistry::program()) GTEST_SKIP() << "docker-registry is not here: tools/install --tests fetches it";
    registry_ = std::make_unique<DockerRegistry>(folder_ / "registry");
    proxy_ = std::make_unique<FaultProxy>(registry_->host());
  }

  Surroundings surroundings() {
    return {.clock = clock_,
            .sleep =
                [this](int64_t ns) {
                  slept_ns_ += ns;
                  clock_.advance_ns(ns);
                },
            .unix_time_s = [] { return int64_t{1'700'000'000}; },
            .seed = 1,
            .key_path = folder_ / "home" / ".quire" / "id_ed25519",
            .stall_ms_max = 5'000,
            .part_bytes_min = 1 << 20,
            .part_bytes_max = 1 << 20};
  }
  Hooks hooks() {
    return {.on_progress = [this](const Progress& progress) { progress_.push_back(progress); },
            .keep_going = [] { return true; }};
  }

  StoreFolder store(const char* name) const {
    return std::move(*StoreFolder::open(folder_ / name, StoreFolder::Access::writable));
  }
  ModelName name_of(std::string_view model) const {
    return *ModelName::parse("http://" + proxy_->host() + "/" + std::string(model));
  }

  // A model with these blobs, the last its config, under the name, in the folder.
  static Manifest put_model(const StoreFolder& folder, const ModelName& name, const std::vector<std::string>& blobs) {
    Manifest manifest;
    std::vector<BlobHold> holds;
    for (const std::string& bytes : blobs) {
      holds.push_back(std::move(*folder.put_blob(bytes)));
      const Layer layer{
          .media_type = std::string(media_type::model), .digest = holds.back().digest, .size_bytes = bytes.size()};
      manifest.layers.push_back(layer);
    }
    manifest.config = manifest.layers.back();
    manifest.layers.pop_back();
    manifest.config.media_type = std::string(media_type::config);
    EXPECT_TRUE(folder.write_manifest(name, manifest.to_json()));
    return manifest;
  }
  // The same in the registry.
  Manifest publish(const ModelName& name, const std::vector<std::string>& blobs) {
    const StoreFolder author = store("author");
    Manifest manifest = put_model(author, name, blobs);
    const Result<void> pushed = push(author, name, {.insecure = true}, surroundings(), {});
    EXPECT_TRUE(pushed) << pushed.error().message;
    return manifest;
  }

  Result<void> pull_model(const StoreFolder& folder, const ModelName& name) {
    progress_.clear();
    return pull(folder, name, {.insecure = true}, surroundings(), hooks());
  }

  // Every model that is listed has every blob, whole.
  static void expect_sound(const StoreFolder& folder) {
    const ManifestListing listing = folder.list_manifests();
    EXPECT_TRUE(listing.problems.empty());
    for (const ManifestEntry& entry : listing.entries) {
      const auto stored = folder.read_manifest(entry);
      ASSERT_TRUE(stored) << stored.error().message;
      for (const std::string& digest : stored->manifest.digests()) {
        const auto bytes = read_file(folder.blob_path(digest), uint64_t{1} << 30);
        ASSERT_TRUE(bytes) << entry.name.display() << ": " << bytes.error().message;
        Sha256 hash;
        hash.update(std::as_bytes(std::span(*bytes)));
        ASSERT_EQ("sha256:" + hash.finish_hex(), digest) << entry.name.display();
      }
    }
  }
  // The files of blobs/, without their "sha256-".
  std::set<std::string> blob_files(const StoreFolder& folder) const {
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder.root() / "blobs")) {
      names.insert(entry.path().filename().string().substr(7));
    }
    return names;
  }
  static std::set<std::string> names_of(const Manifest& manifest) {
    std::set<std::string> names;
    for (const std::string& digest : manifest.digests()) names.insert(digest.substr(7));
    return names;
  }
  std::vector<std::string> statuses() const {
    std::vector<std::string> result;
    for (const Progress& progress : progress_) {
      if (result.empty() || result.back() != progress.status) result.push_back(progress.status);
    }
    return result;
  }

  ManualClock clock_;
  int64_t slept_ns_ = 0;
  std::vector<Progress> progress_;
  std::unique_ptr<DockerRegistry> registry_;
  std::unique_ptr<FaultProxy> proxy_;
};

}  // namespace quire::store::registry::test
