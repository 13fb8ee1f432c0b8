#include "store/create.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gguf/file.h"
#include "gguf/file_type.h"
#include "store/model_defaults.h"
#include "store/stored_model.h"
#include "store/temporary_folder.h"
#include "store/tiny_gguf.h"

namespace quire::store {
namespace {

namespace fs = std::filesystem;

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Create : public TemporaryFolder {
 protected:
  Create()
      : root_(folder_ / "models"),
        store_(*StoreFolder::open(root_, StoreFolder::Access::writable)),
        catalog_(root_, {folder_ / "ollama"}) {
    hooks_.report = [this](const CreateStatus& status) { statuses_.push_back(status.status); };
  }

  // A blob as a client sends it.
  std::string send(const fs::path& path) {
    const Result<BlobHold> blob = store_.put_blob(*read_file(path, 1 << 20));
    EXPECT_TRUE(blob) << blob.error().message;
    return blob->digest;
  }

  void create(CreateRequest request) {
    const Result<void> created = create_model(store_, catalog_, request, hooks_);
    EXPECT_TRUE(created) << created.error().message;
  }

  std::string refusal(CreateRequest request) {
    const std::vector<std::string> before = names();
    const Result<void> created = create_model(store_, catalog_, request, hooks_);
    EXPECT_FALSE(created);
    EXPECT_EQ(names(), before);
    return created ? "" : created.error().message;
  }

  // The base of most tests: weights that were sent, with a system prompt and parameters.
  void create_base() {
    digest_ = send(write_tiny_gguf(folder_ / "base.gguf"));
    create({.name = *ModelName::parse("base"),
            .files = {{"base.gguf", digest_}},
            .system = "Be brief.",
            .parameters = R"({"temperature":0.5,"stop":["a"]})",
            .licenses = {"MIT"}});
    statuses_.clear();
  }

  std::vector<std::string> names() {
    std::vector<std::string> found;
    for (const ModelFile& model : catalog_.list()) found.push_back(model.name);
    return found;
  }

  ModelDefaults defaults(std::string_view name) {
    const Result<ModelFile> model = catalog_.find(name);
    EXPECT_TRUE(model) << model.error().message;
    Result<ModelDefaults> read = read_defaults(*model);
    EXPECT_TRUE(read) << read.error().message;
    return std::move(*read);
  }

  fs::path root_;
  StoreFolder store_;
  Catalog catalog_;
  CreateHooks hooks_;
  std::vector<std::string> statuses_;
  std::string digest_;
};

TEST_F(Create, makes_a_model_of_weights_that_were_sent) {
  digest_ = send(write_tiny_gguf(folder_ / "m.gguf"));
  create({.name = *ModelName::parse("user/m:tag"),
          .files = {{"m.gguf", digest_}},
          .template_ = "{{ .Prompt }}",
          .system = "Be brief.",
          .parameters = R"({"temperature":0.5,"stop":["a","b"]})",
          .messages = R"([{"role":"user","content":"Hi"}])",
          .licenses = {"MIT", "Apache"},
          .renderer = "r",
          .parser = "p",
          .requires_ = "0.14.0"});
  EXPECT_EQ(statuses_.front(), "parsing GGUF");
  EXPECT_EQ(statuses_[1], "using existing layer " + digest_);
  EXPECT_THAT(statuses_[2], HasSubstr("creating new layer sha256:"));
  EXPECT_EQ(statuses_[statuses_.size() - 2], "writing manifest");
  EXPECT_EQ(statuses_.back(), "success");

  const Result<ModelFile> model = catalog_.find("user/m:tag");
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_EQ(*read_file(model->path, 1 << 20), *read_file(folder_ / "m.gguf", 1 << 20));
  const ModelConfig& config = model->stored->config;
  EXPECT_EQ(config.model_format, "gguf");
  EXPECT_EQ(config.model_family, "llama");
  EXPECT_THAT(config.model_families, ElementsAre("llama"));
  EXPECT_EQ(config.model_type, "1K");
  EXPECT_EQ(config.file_type, "F16");
  const ModelDefaults stored = defaults("user/m:tag");
  EXPECT_EQ(stored.template_, "{{ .Prompt }}");
  EXPECT_EQ(stored.system, "Be brief.");
  EXPECT_EQ(stored.params, R"({"stop":["a","b"],"temperature":0.5})");
  EXPECT_EQ(stored.messages, R"([{"role":"user","content":"Hi"}])");
  EXPECT_THAT(stored.licenses, ElementsAre("MIT", "Apache"));
  EXPECT_EQ(stored.renderer, "r");
  EXPECT_EQ(stored.parser, "p");
  EXPECT_EQ(stored.requires_, "0.14.0");
  EXPECT_THAT(*store_.unreferenced(), IsEmpty());
}

TEST_F(Create, shares_the_layers_of_its_base_and_puts_its_own_over_them) {
  create_base();
  create({.name = *ModelName::parse("own"),
          .from = "base",
          .system = "Be long.",
          .parameters = R"({"temperature":1,"top_k":5})",
          .licenses = {"MIT", "Apache"}});
  EXPECT_EQ(statuses_.front(), "using existing layer " + digest_);
  const ModelDefaults own = defaults("own");
  EXPECT_EQ(own.system, "Be long.");
  EXPECT_EQ(own.params, R"({"stop":["a"],"temperature":1,"top_k":5})");
  EXPECT_THAT(own.licenses, ElementsAre("MIT", "Apache"));
  EXPECT_EQ(catalog_.find("own")->path, catalog_.find("base")->path);
  EXPECT_EQ(catalog_.find("own")->stored->layers[0].from, "base:latest");
  EXPECT_EQ(defaults("base").system, "Be brief.");
}

TEST_F(Create, replaces_a_model_and_deletes_what_only_it_used) {
  create_base();
  create({.name = *ModelName::parse("base"), .from = "base", .system = "Another."});
  EXPECT_EQ(defaults("base").system, "Another.");
  EXPECT_EQ(defaults("base").params, R"({"stop":["a"],"temperature":0.5})");
  EXPECT_THAT(*store_.unreferenced(), IsEmpty());
}

TEST_F(Create, takes_weights_from_a_file_a_digest_a_loose_model_and_another_folder) {
  create_base();
  const fs::path file = write_tiny_gguf(folder_ / "file.gguf", 1);
  write_tiny_gguf(root_ / "loose.gguf", 2);
  const StoreFolder ollama = *StoreFolder::open(folder_ / "ollama", StoreFolder::Access::writable);
  const std::string theirs = *read_file(write_tiny_gguf(folder_ / "theirs.gguf", 3), 1 << 20);
  store_model(ollama, "theirs", {{media_type::model, theirs}, {media_type::system, "Theirs."}});
  const std::vector<std::pair<std::string, fs::path>> sources = {{file.string(), file},
                                                                 {digest_, folder_ / "base.gguf"},
                                                                 {"loose", root_ / "loose.gguf"},
                                                                 {"theirs", folder_ / "theirs.gguf"}};
  for (const auto& [from, weights] : sources) {
    create({.name = *ModelName::parse("made"), .from = from});
    const Result<ModelFile> made = catalog_.find("made");
    ASSERT_TRUE(made) << made.error().message;
    EXPECT_EQ(made->path.parent_path(), root_ / "blobs");
    EXPECT_EQ(*read_file(made->path, 1 << 20), *read_file(weights, 1 << 20)) << from;
  }
  EXPECT_EQ(defaults("made").system, "Theirs.");
  EXPECT_EQ(ollama.list_manifests().entries.size(), 1U);
}

TEST_F(Create, quantizes_to_every_type_that_quire_writes) {
  create_base();
  for (const std::string_view type :
       {"F32", "BF16", "q8_0", "Q6_K", "Q5_K_M", "Q5_1", "Q5_0", "q4_K_M", "Q4_1", "Q4_0"}) {
    statuses_.clear();
    create({.name = *ModelName::parse("quantized"), .from = "base", .quantize = std::string(type)});
    const std::string_view name = gguf::file_type_name(*gguf::find_file_type(type));
    EXPECT_THAT(statuses_, testing::Contains(fmt::format("quantizing F16 model to {}", name)));
    const Result<ModelFile> model = catalog_.find("quantized");
    ASSERT_TRUE(model) << model.error().message;
    EXPECT_EQ(model->stored->config.file_type, name);
    EXPECT_EQ(defaults("quantized").system, "Be brief.");
    // Nothing of the one before is left, nor of the conversion.
    EXPECT_THAT(*store_.unreferenced(), IsEmpty());
    for (const auto& entry : fs::directory_iterator(root_ / "blobs")) {
      EXPECT_TRUE(entry.path().filename().string().starts_with("sha256-")) << entry.path();
    }
  }
  const std::string before = catalog_.find("base")->stored->layers[0].digest;
  create({.name = *ModelName::parse("same"), .from = "base", .quantize = "F16"});
  EXPECT_EQ(catalog_.find("same")->stored->layers[0].digest, before);
  EXPECT_THAT(refusal({.name = *ModelName::parse("x"), .from = "base", .quantize = "Q9"}),
              HasSubstr("expected one of F32"));
  EXPECT_EQ(refusal({.name = *ModelName::parse("x"), .from = "quantized", .quantize = "Q8_0"}),
            "quantization is only supported for F16, BF16 and F32 models");
}

TEST_F(Create, joins_the_parts_of_a_split_model_and_a_projector) {
  gguf::Metadata split;
  split.set("split.count", uint16_t{2});
  gguf::Metadata clip;
  clip.set("general.architecture", std::string("clip"));
  split.set("split.no", uint16_t{0});
  const std::string first = send(write_tiny_gguf(folder_ / "1", 1, split));
  split.set("split.no", uint16_t{1});
  const std::string second = send(write_tiny_gguf(folder_ / "2", 2, split, ElementType::f16, "blk.0.ffn_down.weight"));
  const std::string projector = send(write_tiny_gguf(folder_ / "3", 3, clip));
  create({.name = *ModelName::parse("m"), .files = {{"b", second}, {"a", first}, {"mmproj", projector}}});
  const Result<ModelFile> model = catalog_.find("m");
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_THAT(model->parts, ElementsAre(store_.blob_path(first), store_.blob_path(second)));
  EXPECT_THAT(model->stored->paths(media_type::projector), ElementsAre(store_.blob_path(projector)));
  EXPECT_EQ(model->stored->config.model_type, "2K");
  EXPECT_EQ(model->stored->config.requires_, "0.35.0");
  const std::string other = send(write_tiny_gguf(folder_ / "4", 4));
  EXPECT_THAT(refusal({.name = *ModelName::parse("x"), .files = {{"a", other}, {"b", second}}}), HasSubstr("part"));
  EXPECT_THAT(refusal({.name = *ModelName::parse("x"), .files = {{"a", first}}}), HasSubstr("the first of 2 parts"));
}

TEST_F(Create, quantizes_a_split_model_into_one_file) {
  gguf::Metadata split;
  split.set("split.count", uint16_t{2});
  split.set("split.no", uint16_t{0});
  const std::string first = send(write_tiny_gguf(folder_ / "1", 1, split));
  split.set("split.no", uint16_t{1});
  const std::string second = send(write_tiny_gguf(folder_ / "2", 2, split, ElementType::f16, "blk.0.ffn_down.weight"));
  create({.name = *ModelName::parse("m"),
          .files = {{"a", first}, {"b", second}},
          .system = "Be brief.",
          .quantize = "q8_0"});
  const Result<ModelFile> model = catalog_.find("m");
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_THAT(model->parts, IsEmpty());
  EXPECT_EQ(model->stored->layers.size(), 2U);
  EXPECT_EQ(model->stored->config.file_type, "Q8_0");
  EXPECT_EQ(model->stored->config.requires_, "");
  const Result<gguf::File> file = gguf::File::open(model->path);
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_NE(file->find_tensor("blk.0.ffn_up.weight"), nullptr);
  EXPECT_NE(file->find_tensor("blk.0.ffn_down.weight"), nullptr);
  EXPECT_EQ(defaults("m").system, "Be brief.");
}

TEST_F(Create, uses_a_template_that_is_recognized) {
  gguf::Metadata metadata;
  metadata.set("tokenizer.chat_template", std::string("{{ jinja }}"));
  hooks_.detect_template = [](std::string_view text) {
    EXPECT_EQ(text, "{{ jinja }}");
    return DetectedTemplate{.name = "chatml", .text = "{{ .Prompt }}", .parameters = R"({"stop":["x"]})"};
  };
  create({.name = *ModelName::parse("m"),
          .files = {{"m", send(write_tiny_gguf(folder_ / "m", 0, metadata))}},
          .parameters = R"({"top_k":3})"});
  EXPECT_THAT(statuses_, testing::Contains("using autodetected template chatml"));
  EXPECT_EQ(defaults("m").template_, "{{ .Prompt }}");
  EXPECT_EQ(defaults("m").params, R"({"stop":["x"],"top_k":3})");
}

TEST_F(Create, refuses_by_name_what_it_cannot_do) {
  create_base();
  const ModelName name = *ModelName::parse("x");
  const std::string text = send(write("text", "this is no model"));
  gguf::Metadata adapter;
  adapter.set("general.type", std::string("adapter"));
  const std::string lora = send(write_tiny_gguf(folder_ / "lora", 1, adapter));
  EXPECT_EQ(refusal({.name = name}), "neither 'from' or 'files' was specified");
  EXPECT_EQ(refusal({.name = name, .from = "nothing"}), "model 'nothing' not found");
  EXPECT_EQ(refusal({.name = name, .from = "a b"}), "invalid model name");
  EXPECT_EQ(refusal({.name = name, .files = {{"a.gguf", text}}}), "supplied file was not in GGUF format");
  EXPECT_EQ(refusal({.name = name, .from = (folder_ / "text").string()}), "supplied file was not in GGUF format");
  EXPECT_THAT(refusal({.name = name, .files = {{"a.gguf", "sha256:" + std::string(64, '0')}}}),
              HasSubstr("was not sent"));
  EXPECT_THAT(refusal({.name = name, .files = {{"a.gguf", "../etc"}}}), HasSubstr("a.gguf: a digest is not"));
  EXPECT_EQ(refusal({.name = name, .files = {{"../a.gguf", digest_}}}), "file path must be relative");
  EXPECT_THAT(refusal({.name = name, .files = {{"model.safetensors", digest_}}}), HasSubstr("safetensors"));
  EXPECT_THAT(refusal({.name = name, .files = {{"a", lora}}}), HasSubstr("LoRA"));
  EXPECT_THAT(refusal({.name = name, .from = "base", .adapters = {"a"}}), HasSubstr("LoRA"));
  EXPECT_THAT(refusal({.name = name, .from = "base", .draft_files = {"a"}}), HasSubstr("draft"));
  EXPECT_THAT(refusal({.name = name, .from = "base", .remote_host = "x"}), HasSubstr("remote"));
  EXPECT_THAT(refusal({.name = name, .from = "base", .parameters = "[]"}), HasSubstr("parameters"));
  EXPECT_THAT(refusal({.name = name, .from = "base", .messages = "{}"}), HasSubstr("messages"));
  // What a model with them could not be served for.
  EXPECT_EQ(refusal({.name = name, .from = "base", .parameters = R"({"top_k":{"a":1}})"}),
            "the parameter \"top_k\" is no plain value");
  EXPECT_EQ(refusal({.name = name, .from = "base", .messages = R"([{"role":"user"}])"}),
            "a message has no role or content");
  hooks_.check_template = [](std::string_view) { return fail(ErrorKind::invalid, "template error"); };
  EXPECT_EQ(refusal({.name = name, .from = "base", .template_ = "{{"}), "template error");
  hooks_.cancelled = [] { return true; };
  EXPECT_THAT(refusal({.name = name, .from = "base"}), HasSubstr("cancelled"));
}

TEST_F(Create, copies_a_model_under_a_second_name) {
  create_base();
  ASSERT_TRUE(copy_model(store_, catalog_, "base", "user/copy:tag"));
  EXPECT_EQ(catalog_.find("user/copy:tag")->digest, catalog_.find("base")->digest);
  ASSERT_TRUE(copy_model(store_, catalog_, "base", "BASE"));
  write_tiny_gguf(root_ / "loose.gguf", 2);
  ASSERT_TRUE(copy_model(store_, catalog_, "loose", "loose-copy"));
  EXPECT_THAT(names(), ElementsAre("base:latest", "loose-copy:latest", "loose:latest", "user/copy:tag"));
  EXPECT_EQ(copy_model(store_, catalog_, "nothing", "x").error().kind, ErrorKind::not_found);
  EXPECT_EQ(copy_model(store_, catalog_, "a b", "x").error().message, "source \"a b\" is invalid");
  EXPECT_EQ(copy_model(store_, catalog_, "base", "a b").error().message, "destination \"a b\" is invalid");
}

TEST_F(Create, deletes_a_model_and_what_only_it_used) {
  create_base();
  ASSERT_TRUE(copy_model(store_, catalog_, "base", "copy"));
  ASSERT_TRUE(remove_model(store_, catalog_, "base"));
  EXPECT_TRUE(catalog_.find("copy"));
  ASSERT_TRUE(remove_model(store_, catalog_, "copy"));
  EXPECT_TRUE(fs::is_empty(root_ / "blobs"));
  EXPECT_EQ(remove_model(store_, catalog_, "copy").error().message, "model 'copy' not found");
}

TEST_F(Create, deletes_nothing_that_is_not_its_own) {
  write_tiny_gguf(root_ / "loose.gguf");
  write_tiny_gguf(root_ / "My file.gguf");
  const StoreFolder ollama = *StoreFolder::open(folder_ / "ollama", StoreFolder::Access::writable);
  store_model(ollama, "theirs", {{media_type::model, "weights"}});
  EXPECT_THAT(remove_model(store_, catalog_, "loose").error().message, HasSubstr("delete the file"));
  EXPECT_THAT(remove_model(store_, catalog_, "my file").error().message, HasSubstr("delete the file"));
  EXPECT_THAT(remove_model(store_, catalog_, "theirs").error().message, HasSubstr("ollama rm"));
  EXPECT_EQ(remove_model(store_, catalog_, "a b").error().message, "invalid model name");
  EXPECT_EQ(names().size(), 3U);
  // A manifest that is broken can be deleted all the same.
  write("models/manifests/registry.ollama.ai/library/broken/latest", "{");
  EXPECT_TRUE(remove_model(store_, catalog_, "broken"));
}

}  // namespace
}  // namespace quire::store
