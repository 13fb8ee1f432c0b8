// An encoder on the real engine: its vectors, what it is told to be, and what it refuses.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/team.h"
#include "gguf/file.h"
#include "server/real_server.h"
#include "synth/synthesize.h"

namespace quire::server::test {
namespace {

std::vector<std::string> texts_of_many_lengths() {
  std::vector<std::string> result;
  for (size_t i = 0; i < 12; ++i)
    result.push_back("Once upon a time " + std::string(12 * i, static_cast<char>('a' + i)));
  return result;
}

class RealEncoders : public RealServer {
 protected:
  // A BERT of random weights with quire-tiny's vocabulary, and for its size a long text: steps have 512 rows.
  void begin() {
    const gguf::File other = gguf::File::open(QUIRE_SOURCE_DIR "/models/quire-tiny.gguf").value();
    synth::Shape shape = synth::find_shape("tiny").value();
    shape.architecture = "bert";
    shape.context = 1024;
    Team team(1);
    const std::filesystem::path path = folder_ / "encoder.gguf";
    ASSERT_TRUE(synth::synthesize(shape, other.metadata(), gguf::FileType::q8_0, 1, path, team, [](auto, auto) {}));
    Settings settings;
    settings.models_folder = folder_;
    start(path, settings);
  }
  Json embeddings(const Json& input) {
    const RawResponse response = post("/api/embed", {{"model", "story"}, {"input", input}});
    EXPECT_EQ(response.status, 200) << response.body;
    return Json::parse(response.body)["embeddings"];
  }
};

TEST_F(RealEncoders, give_the_same_bytes_alone_and_in_company) {
  begin();
  Json alone = Json::array();
  for (const std::string& text : texts_of_many_lengths()) alone.push_back(embeddings(text)[0]);
  EXPECT_EQ(embeddings(texts_of_many_lengths()).dump(), alone.dump());
  const std::string longer_than_a_step(3000, 'x');
  Json mixed = texts_of_many_lengths();
  mixed.push_back(longer_than_a_step);
  alone.push_back(embeddings(longer_than_a_step)[0]);
  EXPECT_EQ(embeddings(mixed).dump(), alone.dump());
}

TEST_F(RealEncoders, are_shown_as_such_and_generate_nothing) {
  begin();
  const Json shown = Json::parse(post("/api/show", {{"model", "story"}}).body);
  EXPECT_EQ(shown["capabilities"], Json({"embedding"}));
  const RawResponse refused = post("/api/generate", {{"model", "story"}, {"prompt", "a"}});
  EXPECT_EQ(refused.status, 400);
  EXPECT_NE(refused.body.find("does not support generate"), std::string::npos) << refused.body;
  EXPECT_EQ(post("/v1/rerank", {{"model", "story"}, {"query", "q"}, {"documents", {"d"}}}).status, 400);
}

}  // namespace
}  // namespace quire::server::test
