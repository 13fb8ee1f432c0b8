#include "store/manifest.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace quire::store {
namespace {

std::string digest(char digit) { return "sha256:" + std::string(64, digit); }

std::string layer(char digit, std::string_view type = media_type::model) {
  return fmt::format(R"({{"mediaType":"{}","digest":"{}","size":7}})", type, digest(digit));
}

std::string manifest(const std::string& config, const std::string& layers) {
  return fmt::format(
      R"({{"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.v2+json","config":{},"layers":[{}]}})",
      config, layers);
}

TEST(Manifest, becomes_the_same_bytes_again) {
  const std::string text =
      manifest(layer('a', media_type::config), layer('b') + "," + layer('c', media_type::license)) + "\n";
  const Result<Manifest> parsed = Manifest::parse(text);
  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_EQ(parsed->to_json(), text);
  EXPECT_EQ(parsed->size_bytes(), 21U);
  EXPECT_EQ(parsed->find(media_type::license)->digest, digest('c'));
  EXPECT_EQ(parsed->find(media_type::system), nullptr);
  EXPECT_EQ(parsed->digests(), (std::vector{digest('a'), digest('b'), digest('c')}));
  EXPECT_EQ(parsed->runnable(), &*parsed);
}

TEST(Manifest, reads_what_registries_write) {
  // Spaces, other members, no config, an upper-case digest, and what a layer was taken from.
  const Result<Manifest> parsed = Manifest::parse(R"( {"schemaVersion": 2, "annotations": {"x": [1]},
      "config": {"mediaType": "", "digest": "", "size": 0},
      "layers": [{"mediaType": "m", "size": 0, "from": "/x", "digest": "sha256-)" +
                                                  std::string(64, 'A') + R"("}]})");
  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_EQ(parsed->config, Layer());
  EXPECT_EQ(parsed->layers[0].digest, digest('a'));
  EXPECT_EQ(parsed->layers[0].from, "/x");
}

TEST(Manifest, refuses_what_it_cannot_trust) {
  for (const std::string& text : {
           std::string(),
           std::string("[]"),
           std::string("{}"),
           manifest("null", ""),
           manifest("null", R"({"mediaType":"m","digest":"sha256:../../../etc/passwd","size":1})"),
           manifest("null", R"({"mediaType":"m","digest":"","size":1})"),
           manifest("null", R"({"mediaType":"m","digest":")" + digest('g') + R"(","size":1})"),
           manifest("null", R"({"mediaType":"m","digest":")" + digest('a') + R"(","size":-1})"),
           manifest("null", R"({"mediaType":"m","digest":")" + digest('a') + R"(","size":1e30})"),
           manifest("null", R"({"digest":")" + digest('a') + R"(","size":1})"),
           manifest("7", layer('a')),
           manifest("null", "7"),
           std::string(R"({"layers":7})"),
           std::string(R"({"mediaType":"application/vnd.ollama.manifest.list.v2+json","manifests":[]})"),
           std::string(100'000, '['),
           manifest("null", layer('a')).substr(0, 150),
       }) {
    const Result<Manifest> parsed = Manifest::parse(text);
    EXPECT_FALSE(parsed) << text.substr(0, 200);
  }
  EXPECT_EQ(Manifest::parse(std::string(manifest_bytes_max + 1, ' ')).error().kind, ErrorKind::too_large);
}

TEST(Manifest, says_where_it_is_wrong) {
  const Result<Manifest> parsed =
      Manifest::parse(manifest("null", layer('a') + R"(,{"mediaType":"m","digest":"sha256:1","size":1})"));
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().message, "layer 1: a digest is not \"sha256:\" followed by 64 hexadecimal digits");
}

TEST(Manifest, chooses_from_a_list_what_is_for_these_weights) {
  const auto child = [](char digit, const char* runner) {
    std::string text = manifest("null", layer(digit));
    text.insert(text.size() - 1, fmt::format(R"(,"runner":"{}")", runner));
    return text;
  };
  const auto list = [](const std::string& children) {
    return fmt::format(
        R"({{"schemaVersion":2,"mediaType":"application/vnd.ollama.manifest.list.v2+json","manifests":[{}]}})",
        children);
  };
  const Result<Manifest> parsed = Manifest::parse(list(child('a', "mlx") + "," + child('b', "ollama")));
  ASSERT_TRUE(parsed) << parsed.error().message;
  ASSERT_NE(parsed->runnable(), nullptr);
  EXPECT_EQ(parsed->runnable()->layers[0].digest, digest('b'));
  EXPECT_EQ(parsed->digests(), (std::vector{digest('a'), digest('b')}));
  EXPECT_EQ(Manifest::parse(list(child('a', "mlx")))->runnable(), nullptr);
}

TEST(ModelConfig, keeps_what_it_does_not_know) {
  const std::string text =
      R"({"model_format":"gguf","model_family":"llama","model_families":["llama"],"model_type":"8.0B",)"
      R"("file_type":"Q4_K_M","renderer":"r","parser":"p","requires":"0.14.0","new":{"a":1})";
  // Older versions of Ollama wrote the rest, which says nothing of a model.
  const Result<ModelConfig> config =
      ModelConfig::parse(text + R"(,"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":["x"]}})");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->model_family, "llama");
  EXPECT_EQ(config->renderer, "r");
  EXPECT_EQ(config->requires_, "0.14.0");
  EXPECT_EQ(config->other, R"({"new":{"a":1}})");
  EXPECT_EQ(config->to_json(), text + "}\n");
}

TEST(ModelConfig, accepts_null_families_and_refuses_other_types) {
  const Result<ModelConfig> config = ModelConfig::parse(R"({"model_families":null})");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_TRUE(config->model_families.empty());
  EXPECT_EQ(ModelConfig::parse(R"({"model_family":1})").error().message, "the config: \"model_family\" is no text");
  EXPECT_FALSE(ModelConfig::parse("[]"));
  EXPECT_FALSE(ModelConfig::parse(R"({"context_length":-1})"));
}

TEST(Digest, is_a_file_name_that_cannot_leave_its_folder) {
  EXPECT_EQ(*parse_digest("sha256-" + std::string(64, 'F')), digest('f'));
  for (const std::string& text :
       {std::string(), std::string("sha256:"), "sha256:" + std::string(63, 'a'), "sha256:" + std::string(65, 'a'),
        "sha256/" + std::string(64, 'a'), "sha512:" + std::string(64, 'a'), "sha256:" + std::string(63, 'a') + "/"}) {
    EXPECT_FALSE(parse_digest(text)) << text;
  }
}

}  // namespace
}  // namespace quire::store
