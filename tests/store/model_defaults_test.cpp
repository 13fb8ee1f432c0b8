#include "store/model_defaults.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/stored_model.h"
#include "store/temporary_folder.h"

namespace quire::store {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class Defaults : public TemporaryFolder {
 protected:
  Result<ModelDefaults> defaults_of(const TestLayers& layers, std::string_view config = "{}") {
    TestLayers all = layers;
    all.emplace_back(media_type::model, "weights");
    store_model(*StoreFolder::open(folder_, StoreFolder::Access::writable), "m", all, config);
    const Result<ModelFile> model = Catalog(folder_).find("m");
    EXPECT_TRUE(model) << model.error().message;
    return read_defaults(*model);
  }
};

TEST_F(Defaults, are_what_the_layers_hold) {
  const Result<ModelDefaults> defaults =
      defaults_of({{media_type::template_, "{{ .Prompt }}"},
                   {media_type::system, "Be brief."},
                   {media_type::params, R"({"temperature": 0.6, "stop": ["a", "b"], "num_ctx": null})"},
                   {media_type::messages, R"([{"role": "user", "content": "Hi", "images": ["x"]}])"},
                   {media_type::license, "MIT"},
                   {media_type::license, "Apache"}},
                  R"({"renderer":"r","parser":"p","requires":"0.14.0"})");
  ASSERT_TRUE(defaults) << defaults.error().message;
  EXPECT_EQ(defaults->template_, "{{ .Prompt }}");
  EXPECT_EQ(defaults->system, "Be brief.");
  EXPECT_EQ(defaults->params, R"({"temperature":0.6,"stop":["a","b"]})");
  EXPECT_EQ(defaults->messages, R"([{"role":"user","content":"Hi","images":["x"]}])");
  EXPECT_THAT(defaults->licenses, ElementsAre("MIT", "Apache"));
  EXPECT_EQ(defaults->renderer, "r");
  EXPECT_EQ(defaults->parser, "p");
  EXPECT_EQ(defaults->requires_, "0.14.0");
}

TEST_F(Defaults, are_none_where_nothing_is_stored) {
  const Result<ModelDefaults> defaults = defaults_of({});
  ASSERT_TRUE(defaults);
  EXPECT_FALSE(defaults->template_);
  EXPECT_EQ(defaults->params, "{}");
  EXPECT_EQ(defaults->messages, "[]");
  write("loose.gguf", "x");
  EXPECT_TRUE(read_defaults(*Catalog(folder_).find("loose")));
}

TEST_F(Defaults, say_which_layer_is_broken) {
  for (const auto& [layers, why] : std::vector<std::pair<TestLayers, std::string>>{
           {{{media_type::params, "[]"}}, "the parameters are no JSON object"},
           {{{media_type::params, R"({"a":{"b":1}})"}}, "the parameter \"a\" is no plain value"},
           {{{media_type::messages, "{}"}}, "the messages are no JSON array"},
           {{{media_type::messages, R"([{"role":"user"}])"}}, "a message has no role or content"},
           {{{media_type::messages, "[1]"}}, "a message has no role or content"},
           // Whoever published the model may have written anything: no depth of it may end the process.
           {{{media_type::messages, R"([{"role":"user","content":"","images":)" + std::string(1'000'000, '[') +
                                        std::string(1'000'000, ']') + "}]"}},
            "the messages are no JSON array of at most 32 levels"}}) {
    const Result<ModelDefaults> defaults = defaults_of(layers);
    ASSERT_FALSE(defaults) << why;
    EXPECT_THAT(defaults.error().message, HasSubstr(why));
    EXPECT_THAT(defaults.error().message, HasSubstr("blobs/sha256-"));
  }
}

TEST(SamplingDefaults, are_a_files_own_by_ollamas_names) {
  gguf::Metadata metadata;
  metadata.set("general.sampling.temp", 0.95F);
  metadata.set("general.sampling.top_k", uint32_t{64});
  metadata.set("general.sampling.penalty_repeat", 1.0F);
  metadata.set("general.sampling.penalty_last_n", int32_t{-1});
  metadata.set("general.sampling.sequence", std::string("top_k;temp"));
  metadata.set("general.sampling.top_p", std::string("0.9"));
  metadata.set("general.name", std::string("x"));
  const SamplingDefaults defaults = sampling_defaults(metadata);
  EXPECT_THAT(defaults.options, HasSubstr(R"("temperature":0.95)"));
  EXPECT_THAT(defaults.options, HasSubstr(R"("top_k":64)"));
  EXPECT_THAT(defaults.options, HasSubstr(R"("repeat_penalty":1)"));
  EXPECT_THAT(defaults.options, HasSubstr(R"("repeat_last_n":-1)"));
  EXPECT_THAT(defaults.options, testing::Not(HasSubstr("top_p")));
  EXPECT_THAT(defaults.unused, testing::UnorderedElementsAre("general.sampling.sequence", "general.sampling.top_p"));
}

}  // namespace
}  // namespace quire::store
