// Models that are created over the wire, and what is stored beside their weights: it is applied.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

#include "gguf/file.h"
#include "gguf/writer.h"
#include "server/real_server.h"
#include "store/disk.h"
#include "store/sha256.h"
#include "support/tensor_bytes.h"

namespace quire::server::test {
namespace {

class StoredModel : public RealServer {
 protected:
  void begin() {
    Settings settings;
    settings.models_folder = folder_;
    start(quire::test::data_path("models/stories260K.gguf"), settings);
  }
  // The last line of what creating says.
  Json create(Json call) {
    call["stream"] = false;
    return Json::parse(post("/api/create", call).body);
  }
  Json answer(std::string_view path, Json call) {
    call["stream"] = false;
    return Json::parse(post(path, call).body);
  }
  Json show(const std::string& name) { return Json::parse(post("/api/show", {{"model", name}}).body); }
  RawResponse send_delete(const std::string& name) {
    const std::string body = Json{{"model", name}}.dump();
    RawClient client(server_->port());
    client.send("DELETE /api/delete HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + std::to_string(body.size()) +
                "\r\n\r\n" + body);
    return client.response().value_or(RawResponse{});
  }
};

TEST_F(StoredModel, is_made_of_a_blob_that_was_sent) {
  QUIRE_TEST_DATA_OR_SKIP(path, "models/stories260K.gguf");
  begin();
  std::ifstream file(path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  const std::string digest = store::digest_of(bytes);
  RawClient client(server_->port());
  client.send("HEAD /api/blobs/" + digest + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(client.response(false)->status, 404);
  client.post("/api/blobs/sha256:" + std::string(64, '0'), bytes);
  EXPECT_EQ(client.response()->status, 400) << "another digest";
  RawClient second(server_->port());
  second.post("/api/blobs/" + digest, bytes);
  EXPECT_EQ(second.response()->status, 201);
  second.send("HEAD /api/blobs/" + digest + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(second.response(false)->status, 200);
  EXPECT_EQ(create({{"model", "made"}, {"files", {{"m.gguf", digest}}}}), Json({{"status", "success"}}));
  const Json whole =
      answer("/v1/completions", {{"model", "made"}, {"prompt", {1}}, {"max_tokens", 9}, {"temperature", 0}});
  const Json own =
      answer("/v1/completions", {{"model", "story"}, {"prompt", {1}}, {"max_tokens", 9}, {"temperature", 0}});
  EXPECT_EQ(whole["choices"][0]["text"], own["choices"][0]["text"]);
}

// The bytes of a file that holds every second tensor of the model, as one of two parts.
std::string part_of(const gguf::File& whole, size_t number, const std::filesystem::path& folder) {
  gguf::Metadata metadata;
  if (number == 0) metadata = whole.metadata();
  metadata.set("split.no", static_cast<uint16_t>(number));
  metadata.set("split.count", uint16_t{2});
  std::vector<gguf::TensorSpec> specs;
  for (size_t i = number; i < whole.tensors().size(); i += 2) {
    const TensorView& tensor = whole.tensors()[i];
    specs.push_back({tensor.name, tensor.type, tensor.shape});
  }
  const std::filesystem::path path = folder / ("part" + std::to_string(number));
  Result<gguf::Writer> writer = gguf::Writer::create(path, metadata, specs);
  EXPECT_TRUE(writer) << writer.error().message;
  for (size_t i = number; i < whole.tensors().size(); i += 2) {
    EXPECT_TRUE(writer->append(quire::test::bytes_of(whole.tensors()[i])));
  }
  EXPECT_TRUE(writer->finish());
  return *store::read_file(path, 2 << 20);
}

TEST_F(StoredModel, is_served_from_the_blobs_of_a_split_model) {
  QUIRE_TEST_DATA_OR_SKIP(path, "models/stories260K.gguf");
  begin();
  const Result<gguf::File> whole = gguf::File::open(path);
  ASSERT_TRUE(whole) << whole.error().message;
  Json files;
  for (size_t number : {0, 1}) {
    const std::string bytes = part_of(*whole, number, folder_);
    const std::string digest = store::digest_of(bytes);
    RawClient client(server_->port());
    client.post("/api/blobs/" + digest, bytes);
    ASSERT_EQ(client.response()->status, 201);
    files["m-0000" + std::to_string(number + 1) + "-of-00002.gguf"] = digest;
  }
  const Json words = {{"prompt", {1}}, {"max_tokens", 9}, {"temperature", 0}};
  const auto said = [&](const char* model) {
    Json call = words;
    call["model"] = model;
    return answer("/v1/completions", call)["choices"][0]["text"];
  };
  ASSERT_EQ(create({{"model", "split"}, {"files", files}}), Json({{"status", "success"}}));
  EXPECT_EQ(said("split"), said("story"));
  ASSERT_EQ(create({{"model", "joined"}, {"from", "split"}, {"quantize", "f16"}}), Json({{"status", "success"}}));
  EXPECT_FALSE(said("joined").get<std::string>().empty());
  EXPECT_EQ(show("split")["details"]["parameter_size"], show("story")["details"]["parameter_size"]);
}

TEST_F(StoredModel, answers_as_its_author_set_it_up) {
  QUIRE_TEST_DATA_OR_SKIP(path, "models/stories260K.gguf");
  begin();
  ASSERT_EQ(create({{"model", "set"},
                    {"from", "story"},
                    {"template", "{{ if .System }}{{ .System }} {{ end }}{{ .Prompt }}"},
                    {"system", "Once upon a time."},
                    {"parameters", {{"temperature", 0}, {"num_predict", 7}, {"stop", {"zzz"}}}}}),
            Json({{"status", "success"}}));
  const Json by_hand = answer("/api/generate", {{"model", "story"},
                                                {"prompt", "Once upon a time. Lily"},
                                                {"raw", true},
                                                {"options", {{"temperature", 0}, {"num_predict", 7}}}});
  const Json stored = answer("/api/generate", {{"model", "set"}, {"prompt", "Lily"}});
  EXPECT_EQ(stored["response"], by_hand["response"]);
  EXPECT_EQ(stored["eval_count"], 7);
  const Json chat = answer("/api/chat", {{"model", "set"}, {"messages", {{{"role", "user"}, {"content", "Lily"}}}}});
  EXPECT_EQ(chat["message"]["content"], by_hand["response"]);
  const Json openai =
      answer("/v1/chat/completions", {{"model", "set"}, {"messages", {{{"role", "user"}, {"content", "Lily"}}}}});
  EXPECT_EQ(openai["choices"][0]["message"]["content"], by_hand["response"]);
  // What the request says comes before it.
  EXPECT_EQ(
      answer("/api/generate", {{"model", "set"}, {"prompt", "Lily"}, {"options", {{"num_predict", 3}}}})["eval_count"],
      3);
  EXPECT_EQ(answer("/api/generate", {{"model", "set"},
                                     {"prompt", "Lily"},
                                     {"system", "x"},
                                     {"options", {{"num_predict", 1}}}})["prompt_eval_count"],
            answer("/api/generate", {{"model", "story"},
                                     {"prompt", "x Lily"},
                                     {"raw", true},
                                     {"options", {{"num_predict", 1}}}})["prompt_eval_count"]);
}

TEST_F(StoredModel, begins_with_the_turns_that_are_stored) {
  QUIRE_TEST_DATA_OR_SKIP(path, "models/stories260K.gguf");
  begin();
  ASSERT_EQ(
      create({{"model", "turns"},
              {"from", "story"},
              {"template", "{{ range .Messages }}[{{ .Role }}]{{ .Content }}{{ end }}"},
              {"messages", {{{"role", "user"}, {"content", "hi"}}, {{"role", "assistant"}, {"content", "yes"}}}}}),
      Json({{"status", "success"}}));
  const Json by_hand = answer("/api/generate", {{"model", "story"},
                                                {"prompt", "[user]hi[assistant]yes[user]Lily"},
                                                {"raw", true},
                                                {"options", {{"temperature", 0}, {"num_predict", 5}}}});
  const Json options = {{"temperature", 0}, {"num_predict", 5}};
  const Json chat = answer(
      "/api/chat", {{"model", "turns"}, {"options", options}, {"messages", {{{"role", "user"}, {"content", "Lily"}}}}});
  EXPECT_EQ(chat["prompt_eval_count"], by_hand["prompt_eval_count"]);
  EXPECT_EQ(chat["message"]["content"], by_hand["response"]);
  const Json generated = answer("/api/generate", {{"model", "turns"}, {"options", options}, {"prompt", "Lily"}});
  EXPECT_EQ(generated["response"], by_hand["response"]);
}

TEST_F(StoredModel, is_shown_copied_and_deleted) {
  QUIRE_TEST_DATA_OR_SKIP(path, "models/stories260K.gguf");
  begin();
  ASSERT_EQ(
      create(
          {{"model", "a"}, {"from", "story"}, {"system", "S"}, {"parameters", {{"stop", {"x", "y"}}, {"top_k", 5}}}}),
      Json({{"status", "success"}}));
  const Json shown = show("a");
  EXPECT_EQ(shown["system"], "S");
  EXPECT_EQ(shown["parameters"],
            "stop                           \"x\"\nstop                           \"y\"\n"
            "top_k                          5");
  EXPECT_EQ(post("/api/copy", {{"source", "a"}, {"destination", "b"}}).status, 200);
  EXPECT_EQ(post("/api/copy", {{"source", "none"}, {"destination", "c"}}).status, 404);
  EXPECT_EQ(send_delete("a").status, 200);
  EXPECT_EQ(send_delete("a").status, 404);
  EXPECT_EQ(show("b")["system"], "S");
  EXPECT_EQ(post("/api/show", {{"model", "a"}}).status, 404);
}

// The file says nothing of its type: its weights do.
TEST_F(StoredModel, is_quantized_when_it_is_created) {
  QUIRE_TEST_DATA_OR_SKIP(path, "models/stories260K.gguf");
  begin();
  for (const char* type : {"Q8_0", "IQ4_NL"}) {
    ASSERT_EQ(create({{"model", "small"}, {"from", "story"}, {"quantize", type}}), Json({{"status", "success"}}));
    EXPECT_EQ(show("small")["details"]["quantization_level"], type);
    EXPECT_EQ(answer("/api/generate",
                     {{"model", "small"}, {"prompt", "Lily"}, {"options", {{"num_predict", 3}}}})["eval_count"],
              3);
  }
}

TEST_F(StoredModel, created_anew_is_loaded_anew) {
  QUIRE_TEST_DATA_OR_SKIP(path, "models/stories260K.gguf");
  begin();
  for (const int length : {4, 6}) {
    ASSERT_EQ(create({{"model", "m"}, {"from", "story"}, {"parameters", {{"num_predict", length}}}}),
              Json({{"status", "success"}}));
    EXPECT_EQ(answer("/api/generate", {{"model", "m"}, {"prompt", "Lily"}})["eval_count"], length);
  }
}

TEST_F(StoredModel, says_what_creating_cannot_do) {
  QUIRE_TEST_DATA_OR_SKIP(path, "models/stories260K.gguf");
  begin();
  EXPECT_NE(create({{"model", "m"}, {"from", "story"}, {"adapters", {{"a", "b"}}}})["error"], Json());
  EXPECT_NE(create({{"model", "m"}, {"from", "story"}, {"template", "{{ if }}"}})["error"], Json());
  EXPECT_NE(create({{"model", "m"}, {"from", "none"}})["error"], Json());
  EXPECT_NE(create({{"model", "m/../../x"}, {"from", "story"}})["error"], Json());
  EXPECT_EQ(post("/api/me", Json::object()).status, 501);
}

}  // namespace
}  // namespace quire::server::test
