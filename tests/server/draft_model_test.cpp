// A served model with a smaller one that guesses: whoever that is, no byte changes.
#include <filesystem>
#include <string>

#include "base/team.h"
#include "gguf/file.h"
#include "server/real_server.h"
#include "synth/synthesize.h"

namespace quire::server::test {
namespace {

class DraftModels : public RealServer {
 protected:
  static std::filesystem::path model() { return std::filesystem::path(QUIRE_SOURCE_DIR) / "models/quire-tiny.gguf"; }

  // The same model as another file: a model does not guess for itself.
  std::filesystem::path twin() const {
    std::filesystem::copy_file(model(), folder_ / "twin.gguf");
    return folder_ / "twin.gguf";
  }

  Json complete(int32_t guesses, double temperature) {
    Json body = {{"model", "story"},      {"prompt", "A word is"},      {"n_predict", 60}, {"ignore_eos", true},
                 {"cache_prompt", false}, {"temperature", temperature}, {"seed", 7}};
    if (guesses >= 0) body["speculative.n_max"] = guesses;
    const RawResponse response = post("/completion", body);
    EXPECT_EQ(response.status, 200) << response.body;
    return Json::parse(response.body);
  }

  // Whether a guess is worth its row hangs on measured times: on a busy machine there may be none.
  Json complete_with_guesses(double temperature) {
    Json answer = complete(-1, temperature);
    for (int again = 0; again < 20 && !answer["timings"].contains("draft_n"); ++again) {
      answer = complete(-1, temperature);
    }
    return answer;
  }
};

TEST_F(DraftModels, guess_and_no_byte_changes) {
  start(model(), {}, twin());
  for (const double temperature : {0.0, 0.9}) {
    const Json without = complete(0, temperature);
    EXPECT_FALSE(without["timings"].contains("draft_n")) << "none was wanted";
    const Json with = complete_with_guesses(temperature);
    EXPECT_EQ(with["content"], without["content"]);
    EXPECT_GT(with["timings"].value("draft_n", 0), 0);
    EXPECT_EQ(with["timings"]["draft_n_accepted"], with["timings"]["draft_n"]) << "its twin agrees with it always";
  }
}

TEST_F(DraftModels, of_other_vocabularies_leave_the_guesses_to_lookups) {
  QUIRE_TEST_DATA_OR_SKIP(other, "models/stories260K.gguf");
  start(model(), {}, other);
  EXPECT_EQ(complete(-1, 0.0)["timings"]["predicted_n"], 60);
}

TEST_F(DraftModels, that_are_encoders_leave_them_too) {
  const gguf::File served = gguf::File::open(model()).value();
  synth::Shape shape = synth::find_shape("tiny").value();
  shape.architecture = "bert";
  Team team(1);
  const std::filesystem::path encoder = folder_ / "encoder.gguf";
  ASSERT_TRUE(synth::synthesize(shape, served.metadata(), gguf::FileType::q8_0, 1, encoder, team, [](auto, auto) {}));
  start(model(), {}, encoder);
  EXPECT_EQ(complete(-1, 0.0)["timings"]["predicted_n"], 60);
}

TEST_F(DraftModels, that_cannot_be_read_are_named) {
  std::ofstream(folder_ / "broken.gguf") << "GGUX";
  start(model(), {}, folder_ / "broken.gguf");
  const RawResponse response = post("/completion", {{"model", "story"}, {"prompt", "A"}});
  EXPECT_EQ(response.status, 500);
  EXPECT_NE(response.body.find("the draft model draft: "), std::string::npos) << response.body;
}

class MtpBlocks : public DraftModels {
 protected:
  // A model of random weights with an MTP block.
  std::filesystem::path random_model() {
    const gguf::File vocabulary = gguf::File::open(model()).value();
    synth::Shape shape = synth::find_shape("tiny").value();
    shape.architecture = "qwen35";
    shape.mtp = true;
    const std::filesystem::path path = folder_ / "mtp.gguf";
    EXPECT_TRUE(
        synth::synthesize(shape, vocabulary.metadata(), gguf::FileType::q8_0, 1, path, team_, [](auto, auto) {}));
    return path;
  }
};

TEST_F(MtpBlocks, guess_and_no_byte_changes) {
  start(random_model());
  for (const double temperature : {0.0, 0.9}) {
    const Json without = complete(0, temperature);
    EXPECT_FALSE(without["timings"].contains("draft_n")) << "none was wanted";
    const Json with = complete_with_guesses(temperature);
    EXPECT_EQ(with["content"], without["content"]);
    EXPECT_GT(with["timings"].value("draft_n", 0), 0);
  }
}

}  // namespace
}  // namespace quire::server::test
