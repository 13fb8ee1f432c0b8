// A folder of models through failing system calls and the end of the process at any moment.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <random>
#include <set>
#include <string>

#include "store/create.h"
#include "store/faults.h"
#include "store/temporary_folder.h"
#include "store/tiny_gguf.h"

namespace quire::store {
namespace {

namespace fs = std::filesystem;

using Operation = std::function<Result<void>(const StoreFolder&, const Catalog&)>;

struct Scenario {
  const char* name;
  Operation run;
};

Result<void> create(const StoreFolder& store, const Catalog& catalog, CreateRequest request) {
  return create_model(store, catalog, request, {});
}

// Each of the ways in which a folder changes. "base" and "other" are there.
std::vector<Scenario> scenarios() {
  return {
      {"create",
       [](const auto& store, const auto& catalog) {
         return create(store, catalog, {.name = *ModelName::parse("new"), .from = "base", .system = "New."});
       }},
      {"replace",
       [](const auto& store, const auto& catalog) {
         return create(store, catalog,
                       {.name = *ModelName::parse("base"), .from = "other", .parameters = R"({"top_k":1})"});
       }},
      {"quantize",
       [](const auto& store, const auto& catalog) {
         return create(store, catalog, {.name = *ModelName::parse("base"), .from = "base", .quantize = "Q8_0"});
       }},
      {"copy", [](const auto& store, const auto& catalog) { return copy_model(store, catalog, "base", "a/b:c"); }},
      {"copy over", [](const auto& store, const auto& catalog) { return copy_model(store, catalog, "base", "other"); }},
      {"import",
       [](const auto& store, const auto& catalog) { return copy_model(store, catalog, "loose", "imported"); }},
      {"delete", [](const auto& store, const auto& catalog) { return remove_model(store, catalog, "base"); }}};
}

class Crash : public TemporaryFolder {
 protected:
  Crash() : root_(folder_ / "models"), catalog_(root_) {}

  // A folder with two models and a loose file, new for each try.
  StoreFolder make_folder() {
    fs::remove_all(root_);
    StoreFolder store = open();
    write_tiny_gguf(root_ / "loose.gguf", 9);
    for (const auto& [name, salt] : {std::pair{"base", uint8_t{1}}, std::pair{"other", uint8_t{2}}}) {
      const fs::path weights = write_tiny_gguf(folder_ / name, salt);
      const Result<void> made =
          create(store, catalog_,
                 {.name = *ModelName::parse(name), .from = weights.string(), .system = std::string("Is ") + name});
      EXPECT_TRUE(made) << made.error().message;
    }
    return store;
  }

  StoreFolder open() {
    Result<StoreFolder> opened = StoreFolder::open(root_, StoreFolder::Access::writable);
    EXPECT_TRUE(opened) << opened.error().message;
    return std::move(*opened);
  }

  // Every model that is listed is whole, and nothing else is visible.
  void verify(const StoreFolder& store, bool with_others) {
    const Catalog::Listing listing = catalog_.read();
    EXPECT_THAT(listing.problems, testing::IsEmpty());
    std::vector<std::string> names;
    for (const ModelFile& model : listing.models) {
      names.push_back(model.name);
      if (!model.stored) continue;
      const Result<StoredManifest> stored = store.read_manifest(model.stored->name);
      ASSERT_TRUE(stored) << stored.error().message;
      std::vector<Layer> layers = stored->manifest.layers;
      layers.push_back(stored->manifest.config);
      for (const Layer& layer : layers) {
        const Result<std::string> bytes = read_file(store.blob_path(layer.digest), 1 << 20);
        ASSERT_TRUE(bytes) << model.name << ": " << bytes.error().message;
        Sha256 hash;
        hash.update(std::as_bytes(std::span(*bytes)));
        ASSERT_EQ("sha256:" + hash.finish_hex(), layer.digest) << model.name;
        ASSERT_EQ(bytes->size(), layer.size_bytes);
      }
    }
    if (with_others) {
      EXPECT_THAT(names, testing::Contains("other:latest"));
    }
    EXPECT_THAT(names, testing::Contains("loose:latest"));
    for (const auto& entry : fs::directory_iterator(root_ / "blobs")) {
      EXPECT_TRUE(parse_digest(entry.path().filename().string())) << entry.path();
    }
    for (const auto& entry : fs::directory_iterator(root_ / "manifests"))
      EXPECT_TRUE(entry.is_directory()) << entry.path();
  }

  static std::set<std::string> named_blobs(const StoreFolder& store) {
    std::set<std::string> named;
    for (const ManifestEntry& entry : store.list_manifests().entries) {
      const Result<StoredManifest> stored = store.read_manifest(entry);
      EXPECT_TRUE(stored) << stored.error().message;
      if (stored) named.insert(stored->digests.begin(), stored->digests.end());
    }
    return named;
  }

  fs::path root_;
  Catalog catalog_;
};

TEST_F(Crash, a_full_disk_at_any_call_is_one_clear_error_and_loses_nothing) {
  for (const Scenario& scenario : scenarios()) {
    int failures = 0;
    for (int n = 1;; ++n) {
      const StoreFolder store = make_folder();
      arm_fault(n, ENOSPC);
      const Result<void> done = scenario.run(store, catalog_);
      const int calls = fault_calls();
      arm_fault(0, 0);
      if (!done) {
        ++failures;
        EXPECT_THAT(done.error().message, testing::HasSubstr(" is full")) << scenario.name << " at call " << n;
      }
      verify(store, true);
      if (HasFailure()) FAIL() << scenario.name << " at call " << n;
      if (calls < n) {
        ASSERT_TRUE(done) << done.error().message;
        break;
      }
    }
    EXPECT_GE(failures, 2) << scenario.name;
  }
}

TEST_F(Crash, the_end_of_the_process_at_any_call_loses_nothing) {
  for (const Scenario& scenario : scenarios()) {
    for (int n = 1;; ++n) {
      std::set<std::string> before;  // the blobs that manifests name
      {
        const StoreFolder store = make_folder();
        before = named_blobs(store);
        const pid_t child = ::fork();
        if (child == 0) {
          arm_fault(n, kill_here);
          const Result<void> done = scenario.run(store, catalog_);
          arm_fault(0, 0);
          ::_exit(done ? 0 : 1);
        }
        int status = 0;
        ASSERT_EQ(::waitpid(child, &status, 0), child);
        if (WIFEXITED(status)) {
          ASSERT_EQ(WEXITSTATUS(status), 0) << scenario.name;
          break;
        }
      }
      const StoreFolder store = open();  // as the next start does
      verify(store, true);
      const Result<std::vector<std::string>> unreferenced = store.unreferenced();
      ASSERT_TRUE(unreferenced) << unreferenced.error().message;
      for (const std::string& digest : *unreferenced) {
        EXPECT_FALSE(before.contains(digest)) << "left of what was replaced or deleted: " << digest;
      }
      // What was being done can be done now, unless it was done.
      const Result<void> again = scenario.run(store, catalog_);
      EXPECT_TRUE(again || again.error().kind == ErrorKind::not_found) << again.error().message;
      verify(store, true);
      if (HasFailure()) FAIL() << scenario.name << " at call " << n;
    }
  }
}

// Any mixture of changes, ended at a random call. QUIRE_KILLS: how often; QUIRE_SEED: which.
TEST_F(Crash, any_changes_ended_at_a_random_call_leave_models_that_work) {
  const char* kills_text = std::getenv("QUIRE_KILLS");
  const char* seed_text = std::getenv("QUIRE_SEED");
  const int kills = kills_text != nullptr ? std::atoi(kills_text) : 20;
  const uint64_t seed = seed_text != nullptr ? std::strtoull(seed_text, nullptr, 10) : std::random_device{}();
  std::printf("seed %llu, %d kills\n", static_cast<unsigned long long>(seed), kills);
  std::mt19937_64 random(seed);
  make_folder();
  for (int i = 0; i < kills; ++i) {
    const uint64_t child_seed = random();
    const pid_t child = ::fork();
    if (child == 0) {
      std::mt19937_64 choose(child_seed);
      const std::vector<Scenario> all = scenarios();
      const StoreFolder store = open();
      arm_fault(1 + static_cast<int>(choose() % 2000), kill_here);
      for (;;) {
        // Some of these fail, since what they need was deleted.
        (void)all[choose() % all.size()].run(store, catalog_);
        (void)create(store, catalog_,
                     {.name = *ModelName::parse(choose() % 2 == 0 ? "base" : "other"), .from = "loose", .system = "x"});
      }
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "child " << i << " ended with " << status;
    verify(open(), false);
    if (HasFailure()) FAIL() << "after kill " << i << " of seed " << seed;
  }
}

}  // namespace
}  // namespace quire::store
