// Vectors and judged prompts from the real engine.
#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "gguf/file.h"
#include "gguf/writer.h"
#include "server/real_server.h"
#include "support/tensor_bytes.h"

namespace quire::server::test {
namespace {

class RealEmbeddings : public RealServer {
 protected:
  // "story" as it is, and "NAME" whose file has a pooling type, and asks for an end token behind a text.
  void begin(const std::filesystem::path& path, const std::string& name = "mean", uint32_t pooling_type = 1) {
    auto file = quire::gguf::File::open(path);
    ASSERT_TRUE(file) << file.error().message;
    gguf::Metadata metadata = file->metadata();
    metadata.set("llama.pooling_type", pooling_type);
    metadata.set("tokenizer.ggml.add_eos_token", true);
    std::vector<gguf::TensorSpec> specs;
    for (const TensorView& tensor : file->tensors()) specs.push_back({tensor.name, tensor.type, tensor.shape});
    auto writer = gguf::Writer::create(folder_ / (name + ".gguf"), metadata, specs);
    ASSERT_TRUE(writer) << writer.error().message;
    for (const TensorView& tensor : file->tensors()) ASSERT_TRUE(writer->append(quire::test::bytes_of(tensor)));
    ASSERT_TRUE(writer->finish());
    Settings settings;
    settings.models_folder = folder_;
    start(path, settings);
  }
  Json answer(std::string_view path, const Json& body) {
    const RawResponse response = post(path, body);
    EXPECT_EQ(response.status, 200) << response.body;
    return Json::parse(response.body);
  }
  std::vector<float> raw_vector(const char* model, const Json& input) {
    const Json body = {{"model", model}, {"input", input}, {"embd_normalize", -1}};
    return answer("/v1/embeddings", body)["data"][0]["embedding"].get<std::vector<float>>();
  }
};

std::vector<std::string> texts() {
  std::vector<std::string> result;
  for (int i = 0; i < 24; ++i)
    result.push_back("Once upon a time " + std::string(static_cast<size_t>(7 * i), static_cast<char>('a' + i)));
  return result;
}

TEST_F(RealEmbeddings, have_the_same_bytes_alone_and_in_company) {
  QUIRE_TEST_DATA_OR_SKIP(path, "models/stories260K.gguf");
  begin(path);
  for (const char* model : {"story", "mean"}) {
    std::vector<std::string> alone;
    for (const std::string& text : texts()) {
      alone.push_back(answer("/api/embed", {{"model", model}, {"input", text}})["embeddings"][0].dump());
    }
    RawClient generation(server_->port());
    generation.post("/v1/completions", Json{{"model", model}, {"prompt", "Lily"}, {"max_tokens", 200}}.dump());
    const Json together = answer("/api/embed", {{"model", model}, {"input", texts()}})["embeddings"];
    EXPECT_EQ(generation.response()->status, 200);
    ASSERT_EQ(together.size(), alone.size());
    for (size_t index = 0; index < alone.size(); ++index) EXPECT_EQ(together[index].dump(), alone[index]) << model;
    EXPECT_NE(alone[0], alone[1]);
  }
}

TEST_F(RealEmbeddings, have_the_length_one_and_fewer_dimensions_where_fewer_are_asked_for) {
  QUIRE_TEST_DATA_OR_SKIP(path, "models/stories260K.gguf");
  begin(path);
  const auto ask = [&](const Json& more) {
    Json body = {{"model", "story"}, {"input", "Lily"}};
    body.update(more);
    return answer("/v1/embeddings", body)["data"][0]["embedding"].get<std::vector<float>>();
  };
  const auto length = [](const std::vector<float>& vector) {
    double sum = 0;
    for (const float value : vector) sum += static_cast<double>(value) * static_cast<double>(value);
    return std::sqrt(sum);
  };
  const std::vector<float> whole = ask(Json::object());
  const std::vector<float> cut = ask({{"dimensions", 8}});
  ASSERT_EQ(whole.size(), 64U);
  ASSERT_EQ(cut.size(), 8U);
  // Each element is rounded to float32, half an ulp of at most 1: the length is off by less than 2^-24 * sqrt(64).
  EXPECT_NEAR(length(whole), 1, 5e-7);
  EXPECT_NEAR(length(cut), 1, 5e-7);
  for (size_t i = 1; i < cut.size(); ++i)
    EXPECT_NEAR(cut[i] / cut[0], whole[i] / whole[0], 1e-5 * std::fabs(cut[i] / cut[0]));
}

// Causal: row i of a prompt is the last row of its first i + 1 tokens.
TEST_F(RealEmbeddings, of_a_model_that_wants_it_are_the_mean_of_the_last_rows_of_all_beginnings) {
  QUIRE_TEST_DATA_OR_SKIP(path, "models/stories260K.gguf");
  begin(path);
  const std::vector<int> ids = {1, 403, 407, 261, 378, 9, 300, 5};
  std::vector<double> sum(64);
  for (size_t count = 1; count <= ids.size(); ++count) {
    const std::vector<float> last =
        raw_vector("story", std::vector<int>(ids.begin(), ids.begin() + static_cast<ptrdiff_t>(count)));
    for (size_t i = 0; i < sum.size(); ++i) sum[i] += static_cast<double>(last[i]);
  }
  const std::vector<float> mean = raw_vector("mean", ids);
  // Eight additions and a division in float32 of numbers below 32: some ulps of 2^-19.
  for (size_t i = 0; i < sum.size(); ++i) EXPECT_NEAR(mean[i], sum[i] / static_cast<double>(ids.size()), 2e-5);
}

TEST_F(RealEmbeddings, have_the_tokens_around_a_text_that_its_file_asks_for) {
  QUIRE_TEST_DATA_OR_SKIP(path, "models/stories260K.gguf");
  begin(path, "last", 3);
  const Json plain = answer("/api/embed", {{"model", "story"}, {"input", "Lily"}});
  const Json ended = answer("/api/embed", {{"model", "last"}, {"input", "Lily"}});
  EXPECT_EQ(ended["prompt_eval_count"], plain["prompt_eval_count"].get<int>() + 1);
  EXPECT_NE(ended["embeddings"], plain["embeddings"]);
  // Cut or not, the end token is the last one that is seen.
  const Json cut = answer("/api/embed", {{"model", "last"}, {"input", "aaaaaaaaaa"}, {"options", {{"num_ctx", 3}}}});
  EXPECT_EQ(cut["prompt_eval_count"], 3);
  EXPECT_EQ(cut["prompt_truncated"], true);
  const Json shown = answer("/api/show", {{"model", "last"}});
  EXPECT_EQ(shown["capabilities"], Json({"embedding"}));
}

TEST_F(RealEmbeddings, are_refused_where_the_model_has_another_kind) {
  QUIRE_TEST_DATA_OR_SKIP(path, "models/stories260K.gguf");
  begin(path, "ranker", 4);
  const RawResponse refused = post("/v1/embeddings", {{"model", "ranker"}, {"input", "a"}});
  EXPECT_EQ(refused.status, 400);
  EXPECT_NE(refused.body.find("llama.pooling_type is 4"), std::string::npos) << refused.body;
}

class RealPrompts : public RealServer {
 protected:
  Json choice(const Json& body) {
    const RawResponse response = post("/v1/completions", body);
    EXPECT_EQ(response.status, 200) << response.body;
    return Json::parse(response.body)["choices"][0];
  }
};

// What a model said of its own tokens as it chose them, it says of them as a prompt.
TEST_F(RealPrompts, are_as_likely_as_they_were_when_they_were_written) {
  QUIRE_TEST_DATA_OR_SKIP(path, "models/stories260K.gguf");
  start(path);
  const Json written = choice({{"model", "story"},
                               {"prompt", "Once upon a time"},
                               {"max_tokens", 40},
                               {"temperature", 0},
                               {"logprobs", 2},
                               {"echo", true}});
  const Json& logprobs = written["logprobs"];
  const std::string text = written["text"];
  EXPECT_TRUE(text.starts_with("Once upon a time"));
  const Json judged =
      choice({{"model", "story"}, {"prompt", text}, {"max_tokens", 0}, {"logprobs", 2}, {"echo", true}});
  EXPECT_EQ(judged["text"], text);
  EXPECT_EQ(judged["finish_reason"], "length");
  EXPECT_EQ(judged["logprobs"]["tokens"], logprobs["tokens"]);
  EXPECT_EQ(judged["logprobs"]["text_offset"], logprobs["text_offset"]);
  ASSERT_EQ(judged["logprobs"]["token_logprobs"].size(), logprobs["token_logprobs"].size());
  EXPECT_EQ(judged["logprobs"]["token_logprobs"][0], Json());
  for (size_t i = 1; i < logprobs["token_logprobs"].size(); ++i) {
    // Rows of prompts and of answers may be added in another order: float32 of some 20 numbers of size 1.
    EXPECT_NEAR(judged["logprobs"]["token_logprobs"][i].get<double>(), logprobs["token_logprobs"][i].get<double>(),
                1e-4);
    EXPECT_EQ(judged["logprobs"]["top_logprobs"][i].size(), 2U);
  }
  const Json again = choice({{"model", "story"}, {"prompt", text}, {"max_tokens", 0}, {"logprobs", 2}, {"echo", true}});
  EXPECT_EQ(again["logprobs"], judged["logprobs"]) << "the same bytes";
}

TEST_F(RealPrompts, have_their_offsets_where_their_tokens_stand_in_the_text) {
  QUIRE_TEST_DATA_OR_SKIP(path, "models/stories260K.gguf");
  start(path);
  const std::string text = "Lily ran. Tom, too!";
  const Json judged =
      choice({{"model", "story"}, {"prompt", text}, {"max_tokens", 0}, {"logprobs", 0}, {"echo", true}});
  const Json& logprobs = judged["logprobs"];
  EXPECT_EQ(logprobs["tokens"][0], "<s>");
  for (size_t i = 1; i < logprobs["tokens"].size(); ++i) {
    const std::string token = logprobs["tokens"][i];
    EXPECT_EQ(text.substr(logprobs["text_offset"][i].get<size_t>(), token.size()), token);
  }
  const Json list =
      choice({{"model", "story"}, {"prompt", text}, {"max_tokens", 1}, {"prompt_logprobs", 3}})["prompt_logprobs"];
  ASSERT_EQ(list.size(), logprobs["tokens"].size());
  EXPECT_EQ(list[0], Json());
  for (size_t i = 1; i < list.size(); ++i) EXPECT_GE(list[i].size(), 3U);
}

TEST_F(RealPrompts, are_streamed_and_answered_as_in_one_piece) {
  QUIRE_TEST_DATA_OR_SKIP(path, "models/stories260K.gguf");
  start(path);
  Json body = {{"model", "story"}, {"prompt", "Once"}, {"max_tokens", 8}, {"logprobs", 1}, {"echo", true}, {"seed", 3}};
  const Json whole = choice(body);
  body["stream"] = true;
  const std::string stream = post("/v1/completions", body).body;
  std::string text;
  Json values = Json::array();
  for (size_t begin = 0; stream.substr(begin, 12) != "data: [DONE]"; begin = stream.find("\n\n", begin) + 2) {
    const Json item = Json::parse(stream.substr(begin + 6, stream.find("\n\n", begin) - begin - 6))["choices"][0];
    text += item["text"].get<std::string>();
    if (item["logprobs"].is_object()) {
      for (const Json& value : item["logprobs"]["token_logprobs"]) values.push_back(value);
    }
  }
  EXPECT_EQ(text, whole["text"]);
  EXPECT_EQ(values, whole["logprobs"]["token_logprobs"]);
}

// With the seed each choice is known: the best of three are the likeliest of the three.
TEST_F(RealPrompts, get_the_likeliest_of_several_answers) {
  QUIRE_TEST_DATA_OR_SKIP(path, "models/stories260K.gguf");
  start(path);
  Json body = {{"model", "story"}, {"prompt", "Once"}, {"max_tokens", 12}, {"logprobs", 0}, {"seed", 7}, {"n", 3}};
  const Json all = Json::parse(post("/v1/completions", body).body)["choices"];
  double best = -1e9;
  std::string text;
  for (const Json& one : all) {
    double sum = 0;
    for (const Json& value : one["logprobs"]["token_logprobs"]) sum += value.get<double>();
    const double mean = sum / static_cast<double>(one["logprobs"]["token_logprobs"].size());
    if (mean > best) text = one["text"];
    best = std::max(best, mean);
  }
  body["n"] = 1;
  body["best_of"] = 3;
  const Json chosen = Json::parse(post("/v1/completions", body).body);
  ASSERT_EQ(chosen["choices"].size(), 1U);
  EXPECT_EQ(chosen["choices"][0]["text"], text);
  EXPECT_EQ(chosen["usage"]["completion_tokens"], 36);
}

}  // namespace
}  // namespace quire::server::test
