#include "store/catalog.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ctime>

#include "store/stored_model.h"
#include "store/temporary_folder.h"

namespace quire::store {
namespace {

namespace fs = std::filesystem;

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class CatalogFolder : public TemporaryFolder {
 protected:
  std::vector<std::string> names(const Catalog& catalog) {
    std::vector<std::string> result;
    for (const ModelFile& model : catalog.list()) result.push_back(model.name);
    return result;
  }

  StoreFolder open_store(const fs::path& root) {
    Result<StoreFolder> opened = StoreFolder::open(root, StoreFolder::Access::writable);
    EXPECT_TRUE(opened) << opened.error().message;
    return std::move(*opened);
  }
};

TEST(ModelName, gets_the_tag_latest_unless_it_has_one) {
  EXPECT_EQ(with_tag("llama"), "llama:latest");
  EXPECT_EQ(with_tag("llama:1b"), "llama:1b");
  EXPECT_EQ(with_tag("host:5000/llama"), "host:5000/llama:latest");
  EXPECT_EQ(with_tag("host:5000/llama:q4"), "host:5000/llama:q4");
}

TEST_F(CatalogFolder, lists_files_and_folders_of_tags_by_name) {
  write("b.gguf", "1");
  write("a/q4.gguf", "22");
  write("a/q8.gguf", "22");
  write("a/readme.txt", "-");
  write("notes.txt", "-");
  EXPECT_EQ(names(Catalog(folder_)), (std::vector<std::string>{"a:q4", "a:q8", "b:latest"}));
}

TEST_F(CatalogFolder, finds_a_model_with_and_without_its_tag_in_either_case) {
  write("Story.gguf", "333");
  const Catalog catalog(folder_);
  for (const char* name : {"Story", "story", "story:latest", "STORY:Latest"}) {
    const Result<ModelFile> model = catalog.find(name);
    ASSERT_TRUE(model) << name;
    EXPECT_EQ(model->name, "Story:latest");
    EXPECT_EQ(model->size_bytes, 3U);
  }
}

TEST_F(CatalogFolder, says_which_model_is_not_there) {
  const Result<ModelFile> model = Catalog(folder_).find("nothing");
  ASSERT_FALSE(model);
  EXPECT_EQ(model.error().kind, ErrorKind::not_found);
  EXPECT_EQ(model.error().message, "model 'nothing' not found");
}

TEST_F(CatalogFolder, never_leaves_the_folder_by_a_name) {
  write("inside.gguf", "1");
  const Catalog catalog(folder_ / "sub");
  EXPECT_FALSE(catalog.find("../inside"));
  EXPECT_FALSE(catalog.find("/etc/passwd"));
}

TEST_F(CatalogFolder, puts_named_files_before_the_folder) {
  write("models/tiny.gguf", "1");
  const fs::path other = write("elsewhere/other.gguf", "22");
  Catalog catalog(folder_ / "models");
  ASSERT_TRUE(catalog.add("tiny=" + other.string()));
  ASSERT_TRUE(catalog.add(other.string()));
  EXPECT_EQ(names(catalog), (std::vector<std::string>{"other:latest", "tiny:latest"}));
  EXPECT_EQ(catalog.find("tiny")->size_bytes, 2U);
}

TEST_F(CatalogFolder, refuses_a_named_file_that_is_not_there) {
  Catalog catalog(folder_);
  EXPECT_EQ(catalog.add("x=/nowhere/x.gguf").error().kind, ErrorKind::not_found);
  EXPECT_EQ(catalog.add("=").error().kind, ErrorKind::invalid);
}

TEST_F(CatalogFolder, is_empty_when_the_folder_is_missing) {
  EXPECT_TRUE(Catalog(folder_ / "missing").list().empty());
  EXPECT_TRUE(Catalog("").list().empty());
}

TEST_F(CatalogFolder, names_content_by_what_is_in_the_file) {
  write("a.gguf", "same");
  write("b.gguf", "same");
  write("c.gguf", "sane");
  write("empty.gguf", "");
  const Catalog catalog(folder_);
  const std::string a = *content_name(*catalog.find("a"));
  EXPECT_EQ(a.size(), 64U);
  EXPECT_EQ(a, *content_name(*catalog.find("b")));
  EXPECT_NE(a, *content_name(*catalog.find("c")));
  EXPECT_TRUE(content_name(*catalog.find("empty")));
}

TEST_F(CatalogFolder, has_the_models_of_manifests_with_their_config) {
  const StoreFolder store = open_store(folder_);
  const std::string config = R"({"model_format":"gguf","model_family":"llama","model_type":"1.2B","file_type":"Q4_0"})";
  const Manifest manifest =
      store_model(store, "hf.co/a/b:Q4", {{media_type::model, "weights"}, {media_type::system, "Be brief."}}, config);
  const Result<ModelFile> model = Catalog(folder_).find("https://huggingface.co/A/b:q4");
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_EQ(model->name, "hf.co/a/b:Q4");
  EXPECT_EQ(*read_file(model->path, 100), "weights");
  EXPECT_EQ(model->size_bytes, 7 + 9 + config.size());
  EXPECT_EQ("sha256:" + model->digest, store.read_manifest(*ModelName::parse("hf.co/a/b:Q4"))->digest);
  ASSERT_TRUE(model->stored);
  EXPECT_EQ(model->stored->config.model_type, "1.2B");
  EXPECT_TRUE(model->stored->writable);
  EXPECT_THAT(model->stored->paths(media_type::system), ElementsAre(store.blob_path(manifest.layers[1].digest)));
  EXPECT_EQ(Catalog(folder_).list(), std::vector{*model});
}

TEST_F(CatalogFolder, finds_one_model_by_all_its_names) {
  store_model(open_store(folder_), "llama3.2", {{media_type::model, "weights"}});
  write("loose.gguf", "22");
  const Catalog catalog(folder_);
  for (const char* name : {"llama3.2", "llama3.2:latest", "library/LLAMA3.2", "registry.ollama.ai/library/llama3.2",
                           "https://registry.ollama.ai/library/llama3.2:latest"}) {
    const Result<ModelFile> model = catalog.find(name);
    ASSERT_TRUE(model) << name;
    EXPECT_EQ(model->name, "llama3.2:latest");
  }
  EXPECT_EQ(catalog.find("library/loose")->name, "loose:latest");
}

TEST_F(CatalogFolder, serves_the_first_of_two_models_with_one_name) {
  const fs::path other = folder_ / "other";
  store_model(open_store(other), "m", {{media_type::model, "1"}});
  store_model(open_store(other), "elsewhere", {{media_type::model, "1"}});
  const fs::path own = folder_ / "own";
  const auto config_bytes = [](const Catalog& catalog, std::string_view name) {
    const Result<ModelFile> model = catalog.find(name);
    EXPECT_TRUE(model) << model.error().message;
    std::vector<ModelFile> listed = catalog.list();
    EXPECT_EQ(std::ranges::count(listed, model->name, &ModelFile::name), 1);
    EXPECT_EQ(std::ranges::count(listed, *model), 1);
    return fs::file_size(model->path);
  };
  Catalog catalog(own, {other});
  EXPECT_EQ(config_bytes(catalog, "m"), 1U);
  store_model(open_store(own), "M", {{media_type::model, "22"}});
  EXPECT_EQ(config_bytes(catalog, "m"), 2U);
  write("own/m.gguf", "333");
  EXPECT_EQ(config_bytes(catalog, "m"), 3U);
  ASSERT_TRUE(catalog.add("m=" + write("x.gguf", "4444").string()));
  EXPECT_EQ(config_bytes(catalog, "m"), 4U);
  EXPECT_FALSE(catalog.find("elsewhere")->stored->writable);
}

TEST_F(CatalogFolder, says_that_a_name_is_none) {
  for (const char* name : {"", "a b", "x/../y", "m:", "größe"}) {
    const Result<ModelFile> model = Catalog(folder_).find(name);
    ASSERT_FALSE(model) << name;
    EXPECT_EQ(model.error().kind, ErrorKind::invalid);
    EXPECT_EQ(model.error().message, "invalid model name");
  }
}

TEST_F(CatalogFolder, finds_files_by_names_that_no_registry_would_have) {
  write("My Model (v1=2).GGUF", "1");
  write("größe.gguf", "1");
  write("f16=b/Q4 0.gguf", "1");
  const Catalog catalog(folder_);
  EXPECT_THAT(names(catalog), ElementsAre("My Model (v1=2):latest", "f16=b:Q4 0", "größe:latest"));
  for (const std::string& name : names(catalog)) EXPECT_TRUE(catalog.find(name)) << name;
  EXPECT_TRUE(catalog.find("my model (V1=2)"));
  Catalog named("");
  ASSERT_TRUE(named.add((folder_ / "My Model (v1=2).GGUF").string()));
  EXPECT_THAT(names(named), ElementsAre("My Model (v1=2):latest"));
}

TEST_F(CatalogFolder, has_one_model_of_the_files_of_a_split_one) {
  write("big-00001-of-00002.gguf", "1");
  write("big-00002-of-00002.gguf", "22");
  write("half-00001-of-00003.gguf", "1");
  write("half-00003-of-00003.gguf", "1");
  write("not-0001-of-0002.gguf", "1");
  const Catalog::Listing listing = Catalog(folder_).read();
  ASSERT_EQ(listing.models.size(), 2U);
  EXPECT_EQ(listing.models[0].name, "big:latest");
  EXPECT_EQ(listing.models[0].size_bytes, 3U);
  EXPECT_THAT(listing.models[0].parts,
              ElementsAre(folder_ / "big-00001-of-00002.gguf", folder_ / "big-00002-of-00002.gguf"));
  EXPECT_EQ(listing.models[1].name, "not-0001-of-0002:latest");
  EXPECT_THAT(listing.problems, ElementsAre(HasSubstr("half only 2 are there")));
}

TEST_F(CatalogFolder, says_why_a_stored_model_is_not_served) {
  const StoreFolder store = open_store(folder_);
  store_model(store, "cloud", {}, R"({"remote_host":"https://example.com","remote_model":"big"})");
  store_model(store, "tensors", {{media_type::tensor, "x"}});
  store_model(store, "adapted", {{media_type::model, "w"}, {media_type::adapter, "x"}});
  store_model(store, "empty", {{media_type::system, "x"}});
  const Manifest gone = store_model(store, "gone", {{media_type::model, "gone"}});
  fs::remove(store.blob_path(gone.layers[0].digest));
  write("manifests/registry.ollama.ai/library/broken/latest", "{");
  const Catalog catalog(folder_);
  for (const auto& [name, why] :
       std::vector<std::pair<std::string, std::string>>{{"cloud", "it runs at https://example.com"},
                                                        {"tensors", "it is made of safetensors"},
                                                        {"adapted", "it has an adapter (LoRA)"},
                                                        {"empty", "it has no weights"},
                                                        {"gone", "is missing or not whole"},
                                                        {"broken", "the manifest is no JSON object"}}) {
    const Result<ModelFile> model = catalog.find(name);
    ASSERT_FALSE(model) << name;
    EXPECT_THAT(model.error().message, HasSubstr(why));
  }
  EXPECT_THAT(catalog.read().models, IsEmpty());
  EXPECT_EQ(catalog.read().problems.size(), 6U);
}

TEST_F(CatalogFolder, notices_each_change_of_a_manifest) {
  const StoreFolder store = open_store(folder_);
  const Catalog catalog(folder_);
  // Manifests of one size, and faster than the clock of the file system ticks.
  for (int i = 0; i < 50; ++i) {
    store_model(store, "m", {{media_type::model, std::to_string(10 + i)}});
    ASSERT_EQ(*read_file(catalog.list().at(0).path, 100), std::to_string(10 + i));
  }
  ASSERT_TRUE(store.remove_manifest(*ModelName::parse("m")));
  EXPECT_THAT(catalog.list(), IsEmpty());
}

TEST_F(CatalogFolder, serves_a_model_as_soon_as_what_it_lacked_is_there) {
  const StoreFolder store = open_store(folder_);
  const Manifest manifest = store_model(store, "m", {{media_type::model, "weights"}});
  const std::string config = *read_file(store.blob_path(manifest.config.digest), 1000);
  fs::remove(store.blob_path(manifest.config.digest));
  const Catalog catalog(folder_);
  EXPECT_THAT(catalog.read().problems, ElementsAre(HasSubstr("cannot read")));
  ASSERT_TRUE(store.put_blob(config));
  EXPECT_THAT(catalog.read().problems, IsEmpty());
  EXPECT_EQ(catalog.list().size(), 1U);
}

TEST_F(CatalogFolder, looks_for_ollamas_models_where_ollama_keeps_them) {
  const fs::path models = folder_ / ".ollama/models";
  EXPECT_THAT(find_ollama_folders(folder_, folder_ / "own").folders, testing::Not(testing::Contains(models)));
  open_store(models);
  EXPECT_THAT(find_ollama_folders(folder_, folder_ / "own").folders, testing::Contains(models));
  EXPECT_THAT(find_ollama_folders(folder_, models).folders, testing::Not(testing::Contains(models)));
  EXPECT_THAT(find_ollama_folders("", models).folders, testing::Not(testing::Contains(models)));
}

// The processor's time of one thread, so that other programs do not count; 4 times the promise fails.
TEST_F(CatalogFolder, lists_2000_models_at_once) {
  const StoreFolder store = open_store(folder_);
  const Manifest manifest = store_model(store, "m0:t0", {{media_type::model, "weights"}, {media_type::params, "{}"}});
  for (int i = 1; i < 2000; ++i) {
    write(fmt::format("manifests/registry.ollama.ai/library/m{}/t{}", i / 2, i % 2), manifest.to_json());
  }
  const Catalog catalog(folder_);
  const auto milliseconds = [&] {
    const auto now = [] {
      timespec time{};
      ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
      return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
    };
    const double begin = now();
    EXPECT_EQ(catalog.list().size(), 2000U);
    return now() - begin;
  };
  const double first = milliseconds();
  const double again = std::min(milliseconds(), milliseconds());
  std::printf("2,000 models: %.1f ms the first time, %.1f ms again\n", first, again);
  // What a manifest said is not read again: its config may even be gone.
  std::filesystem::remove(store.blob_path(manifest.config.digest));
  EXPECT_EQ(catalog.list().size(), 2000U);
  EXPECT_EQ(Catalog(folder_).list().size(), 0U) << "who has not read it finds it missing";
}

}  // namespace
}  // namespace quire::store
