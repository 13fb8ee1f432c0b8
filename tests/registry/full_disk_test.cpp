// A pull onto a disk that fills up: one clear error, and nothing lost.
#include <sched.h>
#include <sys/mount.h>

#include <cerrno>
#include <fstream>
#include <thread>

#include "registry/registry_world.h"

namespace quire::store::registry {
namespace {

using test::random_bytes;
using ::testing::AnyOf;
using ::testing::HasSubstr;

class FullDisk : public test::RegistryWorld {
 protected:
  // Runs the body on a thread for which `path` is a disk of that size. False: that is not allowed here.
  static bool with_disk(const std::filesystem::path& path, const char* options, const std::function<void()>& body) {
    bool mounted = false;
    std::thread thread([&] {
      if (::unshare(CLONE_NEWNS) != 0) return;
      // Where / is no mount point (EINVAL: in a chroot), whoever made it one has seen to that; the disk is taken away
      // at the end in any case.
      if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 && errno != EINVAL) return;
      if (::mount("tmpfs", path.c_str(), "tmpfs", 0, options) != 0) return;
      mounted = true;
      body();
      ::umount2(path.c_str(), MNT_DETACH);
    });
    thread.join();
    return mounted;
  }
  static void fill(const std::filesystem::path& file) {
    std::ofstream out(file, std::ios::binary);
    const std::string block(4096, 'x');
    while (out.write(block.data(), static_cast<std::streamsize>(block.size())).flush()) {
    }
  }
};

TEST_F(FullDisk, at_any_moment_of_a_pull_is_one_clear_error_and_nothing_is_lost) {
  const ModelName name = name_of("library/m");
  const std::vector<std::string> blobs = {random_bytes(6, (1 << 20) + 5), "a template", "{}"};
  const Manifest manifest = publish(name, blobs);
  const std::filesystem::path disk = folder_ / "disk";
  std::filesystem::create_directories(disk);
  int failures = 0;
  const bool possible = with_disk(disk, "size=4m", [&] {
    for (size_t moment = 0;; ++moment) {
      SCOPED_TRACE(fmt::format("full from progress {} on", moment));
      const std::filesystem::path root = disk / std::to_string(moment % 2);
      std::filesystem::remove_all(root);
      const StoreFolder folder = std::move(*StoreFolder::open(root, StoreFolder::Access::writable));
      put_model(folder, *ModelName::parse("bystander"), {"weights", "config"});
      size_t seen = 0;
      Hooks hooks;
      hooks.on_progress = [&](const Progress&) {
        if (seen++ == moment) fill(disk / "filler");
      };
      const Result<void> pulled = pull(folder, name, {.insecure = true}, surroundings(), hooks);
      std::filesystem::remove(disk / "filler");
      expect_sound(folder);
      if (!pulled) {
        ++failures;
        EXPECT_EQ(pulled.error().kind, ErrorKind::io);
        EXPECT_THAT(pulled.error().message, AnyOf(HasSubstr(" is full"), HasSubstr("free")));
        const Result<void> again = pull(folder, name, {.insecure = true}, surroundings(), {});
        ASSERT_TRUE(again) << again.error().message;
      }
      expect_sound(folder);
      EXPECT_EQ(folder.read_manifest(name)->text, manifest.to_json());
      if (seen <= moment) break;  // the pull was over before
    }
  });
  if (!possible) GTEST_SKIP() << "mounting a small disk is not allowed here";
  EXPECT_GT(failures, 3);
}

}  // namespace
}  // namespace quire::store::registry
