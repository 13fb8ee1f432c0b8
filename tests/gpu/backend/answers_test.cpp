// The engine on a GPU gives the answers that it gives on the CPU.
#include "gpu/backend/engine_answers.h"

namespace quire::test {
namespace {

TEST_F(GpuEngine, gives_the_answers_of_the_cpu) {
  const std::map<SequenceId, Answer> expected = answers(loaded_.cores.backend, loaded_.model, false);
  ASSERT_EQ(expected.size(), 8U);
  const auto card = open_tested_gpu();
  const auto gpu = card->make_backend(team_);
  const Model model = take(Model::load(loaded_.file, *gpu));
  for (const bool together : {false, true}) {
    const std::map<SequenceId, Answer> found = answers(*gpu, model, together);
    ASSERT_EQ(found.size(), expected.size());
    for (const auto& [id, answer] : expected) {
      EXPECT_EQ(answer.finished.error, "");
      EXPECT_TRUE(answer.same_output(found.at(id))) << "request " << id.value << ", together: " << together;
    }
  }
}

}  // namespace
}  // namespace quire::test
