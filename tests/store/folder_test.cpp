#include "store/folder.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>

#include "store/temporary_folder.h"

namespace quire::store {
namespace {

namespace fs = std::filesystem;

class Folder : public TemporaryFolder {
 protected:
  StoreFolder open(StoreFolder::Access access = StoreFolder::Access::writable) {
    Result<StoreFolder> folder = StoreFolder::open(folder_, access);
    EXPECT_TRUE(folder) << folder.error().message;
    return std::move(*folder);
  }

  // The text of a manifest with these blobs, the first of them the config.
  static std::string manifest_of(const std::vector<std::string>& digests) {
    Manifest manifest;
    manifest.config = {.media_type = std::string(media_type::config), .digest = digests[0], .size_bytes = 1};
    for (size_t i = 1; i < digests.size(); ++i) {
      manifest.layers.push_back({.media_type = std::string(media_type::model), .digest = digests[i], .size_bytes = 1});
    }
    return manifest.to_json();
  }

  std::string put(const StoreFolder& folder, std::string_view bytes) {
    const Result<BlobHold> blob = folder.put_blob(bytes);
    EXPECT_TRUE(blob) << blob.error().message;
    return blob->digest;
  }

  // Every file below the folder, by its path relative to it.
  std::vector<std::string> files() {
    std::vector<std::string> found;
    for (const auto& entry : fs::recursive_directory_iterator(folder_)) {
      if (!entry.is_directory()) found.push_back(entry.path().lexically_relative(folder_).string());
    }
    std::ranges::sort(found);
    return found;
  }

  static ModelName name(std::string_view text) { return *ModelName::parse(text); }
};

std::string hex(const std::string& digest) { return digest.substr(7); }

TEST_F(Folder, gives_back_what_was_written) {
  const StoreFolder folder = open();
  const std::string config = put(folder, "{}");
  const std::string weights = put(folder, "weights");
  const std::string text = manifest_of({config, weights});
  ASSERT_TRUE(folder.write_manifest(name("user/x:tag"), text));

  EXPECT_EQ(files(),
            (std::vector<std::string>{".quire.lock", "blobs/sha256-" + hex(config), "blobs/sha256-" + hex(weights),
                                      "manifests/registry.ollama.ai/user/x/tag"}));
  const Result<StoredManifest> stored = folder.read_manifest(name("USER/x:Tag"));
  ASSERT_TRUE(stored) << stored.error().message;
  EXPECT_EQ(stored->text, text);
  EXPECT_EQ(stored->manifest.layers[0].digest, weights);
  const ManifestListing listing = folder.list_manifests();
  ASSERT_EQ(listing.entries.size(), 1U);
  EXPECT_EQ(listing.entries[0].name.display(), "user/x:tag");
  EXPECT_TRUE(listing.problems.empty());
  const auto blob = folder.hold_blob(weights, 7);
  ASSERT_TRUE(blob);
  EXPECT_EQ(*read_file(blob->path, 100), "weights");
  EXPECT_FALSE(folder.hold_blob(weights, 8));
  EXPECT_EQ(folder.partial_path(weights), folder_ / "blobs" / ("sha256-" + hex(weights) + "-partial"));
}

TEST_F(Folder, reads_blobs_under_their_older_names) {
  const StoreFolder folder = open();
  const std::string digest = put(folder, "old");
  const fs::path blobs = folder_ / "blobs";
  fs::rename(blobs / ("sha256-" + hex(digest)), blobs / digest);
  EXPECT_EQ(folder.blob_path(digest), blobs / digest);
  EXPECT_TRUE(folder.hold_blob(digest));
}

TEST_F(Folder, refuses_another_digest_and_leaves_nothing) {
  const StoreFolder folder = open();
  Result<BlobWriter> writer = folder.begin_blob(3);
  ASSERT_TRUE(writer);
  ASSERT_TRUE(writer->append(std::as_bytes(std::span("abc", 3))));
  const Result<BlobHold> blob = writer->finish("sha256:" + std::string(64, '0'));
  ASSERT_FALSE(blob);
  EXPECT_NE(blob.error().message.find("digest mismatch"), std::string::npos);
  EXPECT_TRUE(files().empty());
}

TEST_F(Folder, replaces_a_blob_that_has_another_size) {
  const StoreFolder folder = open();
  const std::string digest = put(folder, "whole");
  std::ofstream(folder.blob_path(digest)) << "who";
  EXPECT_EQ(put(folder, "whole"), digest);
  EXPECT_EQ(*read_file(folder.blob_path(digest), 100), "whole");
  EXPECT_EQ(files().size(), 1U);
}

TEST_F(Folder, takes_over_a_finished_download) {
  const StoreFolder folder = open();
  const std::string digest = put(folder, "bytes");
  fs::rename(folder.blob_path(digest), folder.partial_path(digest));
  const Result<BlobHold> blob = folder.adopt_blob(folder.partial_path(digest), digest);
  ASSERT_TRUE(blob) << blob.error().message;
  EXPECT_EQ(blob->size_bytes, 5U);
  EXPECT_EQ(files(), std::vector<std::string>{"blobs/sha256-" + hex(digest)});
}

TEST_F(Folder, deletes_only_what_no_manifest_names_any_more) {
  const StoreFolder folder = open();
  const std::string config = put(folder, "{}");
  const std::string shared = put(folder, "shared");
  const std::string own = put(folder, "own");
  ASSERT_TRUE(folder.write_manifest(name("a"), manifest_of({config, shared, own})));
  ASSERT_TRUE(folder.write_manifest(name("b"), manifest_of({config, shared})));

  const auto deleted = folder.remove_manifest(name("A:LATEST"));
  ASSERT_TRUE(deleted) << deleted.error().message;
  EXPECT_EQ(*deleted, std::vector{own});
  EXPECT_FALSE(fs::exists(folder_ / "manifests/registry.ollama.ai/library/a"));
  EXPECT_TRUE(fs::exists(folder.blob_path(shared)));
  EXPECT_EQ(folder.remove_manifest(name("a")).error().kind, ErrorKind::not_found);
  ASSERT_TRUE(folder.remove_manifest(name("b")));
  EXPECT_EQ(files(), std::vector<std::string>{".quire.lock"});
  EXPECT_TRUE(fs::is_empty(folder_ / "manifests"));
}

TEST_F(Folder, deletes_after_a_replacement_only_what_the_replaced_manifest_named) {
  const StoreFolder folder = open();
  const std::string before = put(folder, "before");
  const std::string after = put(folder, "after");
  const std::string uploaded = put(folder, "uploaded and not used yet");
  ASSERT_TRUE(folder.replace_manifest(name("m"), manifest_of({before})));
  const auto deleted = folder.replace_manifest(name("m"), manifest_of({after}));
  ASSERT_TRUE(deleted) << deleted.error().message;
  EXPECT_EQ(*deleted, std::vector{before});
  EXPECT_EQ(*folder.unreferenced(), std::vector{uploaded});
}

TEST_F(Folder, keeps_a_blob_that_somebody_needs_for_a_manifest_to_come) {
  const StoreFolder folder = open();
  const std::string config = put(folder, "config");
  Result<BlobHold> held = folder.put_blob("shared");
  ASSERT_TRUE(folder.write_manifest(name("old"), manifest_of({config, held->digest})));
  EXPECT_EQ(*folder.remove_manifest(name("old")), std::vector{config});
  EXPECT_TRUE(fs::exists(held->path));
  // No manifest came: the next change deletes it.
  held->file = Descriptor();
  ASSERT_TRUE(folder.write_manifest(name("new"), manifest_of({put(folder, "new")})));
  EXPECT_FALSE(fs::exists(held->path));
}

TEST_F(Folder, keeps_what_a_broken_manifest_may_name) {
  const StoreFolder folder = open();
  const std::string digest = put(folder, "half");
  const std::string whole = manifest_of({digest});
  ASSERT_TRUE(folder.write_manifest(name("a"), whole));
  write("manifests/registry.ollama.ai/library/b/latest", whole.substr(0, whole.size() - 20));
  EXPECT_TRUE(folder.remove_manifest(name("a"))->empty());
  const Result<StoredManifest> broken = folder.read_manifest(name("b"));
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().kind, ErrorKind::invalid);
  EXPECT_NE(broken.error().message.find("library/b/latest: "), std::string::npos);
}

TEST_F(Folder, keeps_the_spelling_that_a_name_has_on_disk) {
  const StoreFolder folder = open();
  ASSERT_TRUE(folder.write_manifest(name("Mixed:Tag"), manifest_of({put(folder, "1")})));
  ASSERT_TRUE(folder.replace_manifest(name("mixed:tag"), manifest_of({put(folder, "2")})));
  ASSERT_EQ(folder.list_manifests().entries.size(), 1U);
  EXPECT_EQ(folder.list_manifests().entries[0].name.display(), "Mixed:Tag");
  EXPECT_EQ(files().size(), 3U);
}

TEST_F(Folder, reads_the_newer_layout_first_and_leaves_it_when_it_writes) {
  const StoreFolder folder = open();
  const std::string weights = put(folder, "weights");
  const std::string text = manifest_of({weights});
  const std::string manifest_blob = put(folder, text);
  const fs::path link = folder_ / "manifests-v2/ollama.com/library/m/latest";
  fs::create_directories(link.parent_path());
  fs::create_symlink(fs::path("../../../../blobs") / ("sha256-" + hex(manifest_blob)), link);
  write("manifests/registry.ollama.ai/library/m/latest", manifest_of({put(folder, "older")}));

  EXPECT_EQ(folder.list_manifests().entries.size(), 1U);
  EXPECT_EQ(folder.read_manifest(name("m"))->digest, manifest_blob);
  const auto deleted = folder.replace_manifest(name("m"), manifest_of({put(folder, "new")}));
  ASSERT_TRUE(deleted) << deleted.error().message;
  EXPECT_EQ(deleted->size(), 2U);  // the weights and the manifest's own blob
  EXPECT_FALSE(fs::exists(link.parent_path()));
  EXPECT_NE(folder.read_manifest(name("m"))->text, text);
}

TEST_F(Folder, lists_what_it_cannot_read) {
  const StoreFolder folder = open();
  ASSERT_TRUE(folder.write_manifest(name("good"), manifest_of({put(folder, "1")})));
  write("manifests/registry.ollama.ai/library/m/bad tag", "{}");
  write("manifests/.DS_Store", "");
  fs::create_symlink("nowhere", folder_ / "manifests/registry.ollama.ai/library/m/link");
  const ManifestListing listing = folder.list_manifests();
  EXPECT_EQ(listing.entries.size(), 1U);
  ASSERT_EQ(listing.problems.size(), 2U);
}

TEST_F(Folder, writes_nothing_into_a_folder_that_is_served_read_only) {
  {
    const StoreFolder writable = open();
    ASSERT_TRUE(writable.write_manifest(name("m"), manifest_of({put(writable, "1")})));
  }
  const std::vector<std::string> before = files();
  const StoreFolder folder = open(StoreFolder::Access::read_only);
  EXPECT_EQ(folder.put_blob("x").error().kind, ErrorKind::unsupported);
  EXPECT_FALSE(folder.write_manifest(name("m"), "x"));
  EXPECT_FALSE(folder.replace_manifest(name("m"), "x"));
  EXPECT_FALSE(folder.remove_manifest(name("m")));
  EXPECT_FALSE(folder.adopt_blob(folder_ / before.back(), "sha256:" + std::string(64, 'a')));
  EXPECT_TRUE(folder.read_manifest(name("m")));
  EXPECT_EQ(files(), before);
}

TEST_F(Folder, is_made_when_it_is_missing_and_says_so_when_it_cannot_be) {
  EXPECT_TRUE(StoreFolder::open(folder_ / "new/folder", StoreFolder::Access::writable));
  EXPECT_TRUE(fs::is_directory(folder_ / "new/folder/blobs"));
  const fs::path file = write("file", "");
  for (const fs::path& path : {file, file / "below"}) {
    const Result<StoreFolder> opened = StoreFolder::open(path, StoreFolder::Access::writable);
    ASSERT_FALSE(opened);
    EXPECT_NE(opened.error().message.find("Not a directory"), std::string::npos) << opened.error().message;
  }
  EXPECT_FALSE(StoreFolder::open(folder_ / "missing", StoreFolder::Access::read_only));
  EXPECT_FALSE(fs::exists(folder_ / "missing"));
}

TEST_F(Folder, says_in_one_sentence_that_the_disk_has_not_the_room) {
  const StoreFolder folder = open();
  const Result<void> room = folder.check_room(uint64_t{1} << 60);
  ASSERT_FALSE(room);
  EXPECT_NE(room.error().message.find(" is full: 1152921504.61 GB are needed and "), std::string::npos);
  EXPECT_FALSE(folder.begin_blob(uint64_t{1} << 60));
  EXPECT_TRUE(folder.check_room(0));
}

TEST_F(Folder, deletes_what_programs_that_were_stopped_left) {
  write("blobs/.quire-1-0", "half");
  write("manifests/.quire-1-0", "half");
  open();
  EXPECT_TRUE(files().empty());
}

}  // namespace
}  // namespace quire::store
