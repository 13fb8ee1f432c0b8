// What is stored with a model, beside what a request says.
#include "api/stored.h"

#include <gtest/gtest.h>

#include "api/ollama/dialect.h"
#include "api/openai/dialect.h"

namespace quire::api {
namespace {

GenerationCall with_stored(const Endpoint& endpoint, const char* body, const char* options) {
  auto call = endpoint.parse(body);
  EXPECT_TRUE(call) << call.error().message;
  if (!call) return {};
  const auto applied = apply_stored({.options = options}, *call);
  EXPECT_TRUE(applied) << applied.error().message;
  return std::move(*call);
}

TEST(StoredOptions, hold_where_the_request_is_silent) {
  EXPECT_EQ(with_stored(openai::embeddings, R"({"model":"m","input":"a"})", R"({"num_ctx":9})").options.num_ctx, 9);
  EXPECT_EQ(with_stored(ollama::generate, R"({"model":"m"})", R"({"n_predict":9})").options.num_predict, 9);
}

TEST(StoredOptions, do_not_lengthen_an_input_that_is_to_be_cut) {
  const char* body = R"({"model":"m","input":"a","truncate_prompt_tokens":7})";
  EXPECT_EQ(with_stored(openai::embeddings, body, R"({"num_ctx":9})").options.num_ctx, 7);
}

TEST(StoredOptions, give_way_to_the_same_option_by_its_other_name) {
  const char* body = R"({"model":"m","options":{"num_predict":5}})";
  EXPECT_EQ(with_stored(ollama::generate, body, R"({"n_predict":9})").options.num_predict, 5);
}

}  // namespace
}  // namespace quire::api
