#include "store/model_name.h"

#include <gtest/gtest.h>

namespace quire::store {
namespace {

TEST(ModelName, fills_in_what_is_left_out) {
  struct Row {
    const char* text;
    const char* full;
    const char* display;
  };
  for (const Row& row : std::initializer_list<Row>{
           {"llama3.2", "registry.ollama.ai/library/llama3.2:latest", "llama3.2:latest"},
           {"llama3.2:1b", "registry.ollama.ai/library/llama3.2:1b", "llama3.2:1b"},
           {"library/llama3.2", "registry.ollama.ai/library/llama3.2:latest", "llama3.2:latest"},
           {"registry.ollama.ai/library/llama3.2:latest", "registry.ollama.ai/library/llama3.2:latest",
            "llama3.2:latest"},
           {"https://ollama.com/user/x", "registry.ollama.ai/user/x:latest", "user/x:latest"},
           {"user/x:tag", "registry.ollama.ai/user/x:tag", "user/x:tag"},
           {"hf.co/a/b:Q4_0", "hf.co/a/b:Q4_0", "hf.co/a/b:Q4_0"},
           {"https://huggingface.co/a/b.c:Q4_0", "hf.co/a/b.c:Q4_0", "hf.co/a/b.c:Q4_0"},
           {"127.0.0.1:5000/a/b", "127.0.0.1:5000/a/b:latest", "127.0.0.1:5000/a/b:latest"},
           {"_why/_the/_lucky:_stiff", "_why/_the/_lucky:_stiff", "_why/_the/_lucky:_stiff"},
       }) {
    const Result<ModelName> name = ModelName::parse(row.text);
    ASSERT_TRUE(name) << row.text;
    EXPECT_EQ(name->full(), row.full);
    EXPECT_EQ(name->display(), row.display);
    EXPECT_FALSE(name->insecure);
    EXPECT_EQ(*ModelName::parse(name->display()), *name);
  }
}

TEST(ModelName, refuses_what_ollama_refuses) {
  const std::string long_part(81, 'a');
  const std::vector<std::string> texts = {"",
                                          "a b",
                                          "mm:",
                                          ":tag",
                                          "/nn/mm",
                                          "//",
                                          "hh//mm",
                                          "-m",
                                          "m:-t",
                                          "a.b/c",
                                          "x/y/z/w",
                                          "host:5000/m",
                                          "../m",
                                          "m:..",
                                          "h/../m",
                                          "m:a/b:",
                                          "m=1",
                                          std::string("m\0x", 3),
                                          "größe",
                                          long_part,
                                          "m:" + long_part,
                                          "ftp://h/n/m",
                                          std::string(351, 'h') + "/n/m"};
  for (const std::string& text : texts) {
    const Result<ModelName> name = ModelName::parse(text);
    ASSERT_FALSE(name) << text;
    EXPECT_EQ(name.error().kind, ErrorKind::invalid);
    EXPECT_EQ(name.error().message, "invalid model name");
  }
  EXPECT_TRUE(ModelName::parse(std::string(350, 'h') + "/" + std::string(80, 'n') + "/" + std::string(80, 'm') + ":" +
                               std::string(80, 't')));
}

TEST(ModelName, keeps_its_spelling_and_compares_without_case) {
  const ModelName a = *ModelName::parse("Mistral:7B");
  EXPECT_EQ(a.display(), "Mistral:7B");
  EXPECT_EQ(a, *ModelName::parse("registry.OLLAMA.ai/Library/mistral:7b"));
  EXPECT_EQ(a.display(), ModelName::of_parts("Registry.ollama.ai", "LIBRARY", "Mistral", "7B")->display());
  EXPECT_NE(a, *ModelName::parse("mistral:8b"));
  EXPECT_LT(*ModelName::parse("B"), *ModelName::parse("c"));
}

TEST(ModelName, says_that_it_was_written_without_tls) {
  EXPECT_TRUE(ModelName::parse("http://localhost:5000/a/b")->insecure);
  EXPECT_FALSE(ModelName::parse("https://localhost:5000/a/b")->insecure);
}

TEST(ModelName, has_a_path_of_four_components) {
  EXPECT_EQ(ModelName::parse("a/b:c")->manifest_path().string(), "registry.ollama.ai/a/b/c");
  EXPECT_EQ(ModelName::parse("a/b:c")->repository(), "a/b");
  EXPECT_FALSE(ModelName::of_parts("..", "a", "b", "c"));
  EXPECT_FALSE(ModelName::of_parts("h", "a", "b", "c/d"));
  EXPECT_FALSE(ModelName::of_parts("h", "", "b", "c"));
}

}  // namespace
}  // namespace quire::store
