// `quire serve` on a machine with a GPU: the program as it is, and in the driver's place the stand-in.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "cli/shell.h"
#include "gpu/backend/stand_in_gpu.h"
#include "gpu/backend/tested_gpu.h"

namespace quire::test {
namespace {

using testing::HasSubstr;
using testing::Not;

class GpuProgram : public testing::Test {
 protected:
  void SetUp() override {
    QUIRE_GPU_OR_SKIP();
    QUIRE_STAND_IN_OR_SKIP();
  }

  // What `ask` prints while a server runs with these variables; then the server's log.
  static cli::Ran serve(const std::string& variables, const std::string& ask) {
    return cli::shell(
        "folder=$(mktemp -d); export QUIRE_MODELS=$folder QUIRE_CUDA_LIBRARY=" QUIRE_STAND_IN_CUDA " " + variables +
        "; QUIRE serve --port 0 --model t=" QUIRE_SOURCE_DIR
        "/tests/data/models/stories260K.gguf >$folder/log 2>&1 & "
        "server=$!; until grep -qs 'loaded t' $folder/log; do kill -0 $server || break; sleep 0.05; done; "
        "export QUIRE_HOST=$(sed -n 's|.*listens on http://||p' $folder/log); " +
        ask + "; kill -INT $server; wait $server; cat $folder/log; rm -r $folder");
  }
  static constexpr const char* answer =
      "curl -s $QUIRE_HOST/api/generate -d '{\"model\":\"t\",\"prompt\":\"Once upon a time\",\"stream\":false,"
      "\"options\":{\"num_predict\":6,\"temperature\":0}}' | grep -o '\"context\":[^]]*'";
};

TEST_F(GpuProgram, finds_the_gpu_and_says_so) {
  const cli::Ran ran = serve("", std::string(answer) + "; QUIRE ps; curl -s $QUIRE_HOST/metrics | grep device");
  EXPECT_THAT(ran.out, HasSubstr("GPU 0: stand-in, compute capability 8.0, by CUDA; 4.0 of 4.0 GiB are free"));
  EXPECT_THAT(ran.out, HasSubstr("t:latest: 5 of 5 layers on stand-in"));
  EXPECT_THAT(ran.out, HasSubstr("100% GPU"));
  EXPECT_THAT(ran.out, HasSubstr("quire_device_memory_bytes{device=\"stand-in\",state=\"free\"}"));
  EXPECT_THAT(ran.out, HasSubstr("kind=\"weights\",device=\"stand-in\"} 1050368"));
}

TEST_F(GpuProgram, says_the_same_wherever_layers_lie) {
  const auto context_of = [](const std::string& variables) {
    const std::string out = serve(variables, answer).out;
    return out.substr(0, out.find('\n'));
  };
  const std::string expected = context_of("QUIRE_DEVICE=cpu QUIRE_ISA=scalar");
  EXPECT_THAT(expected, HasSubstr("\"context\":[1,403,407,261,378"));
  EXPECT_EQ(context_of("QUIRE_DEVICE=cpu"), expected);
  EXPECT_EQ(context_of(""), expected);
  EXPECT_EQ(context_of("QUIRE_GPU_LAYERS=2"), expected);
}

TEST_F(GpuProgram, says_the_same_by_vulkan) {
  const cli::Ran ran = serve("QUIRE_DEVICE=vulkan QUIRE_GPU_LAYERS=2", std::string(answer) + "; QUIRE ps");
  if (ran.out.find("no Vulkan here") != std::string::npos || ran.out.find("finds no card") != std::string::npos) {
    GTEST_SKIP() << ran.out;
  }
  const std::string expected = serve("QUIRE_DEVICE=cpu", answer).out;
  EXPECT_THAT(ran.out, HasSubstr(expected.substr(0, expected.find('\n'))));
  EXPECT_THAT(ran.out, HasSubstr(", by Vulkan: "));
  EXPECT_THAT(ran.out, HasSubstr("52%/48% CPU/GPU"));
}

TEST_F(GpuProgram, does_as_it_is_told) {
  const cli::Ran on_cores = serve("QUIRE_DEVICE=cpu", "QUIRE ps");
  EXPECT_THAT(on_cores.out, HasSubstr("100% CPU"));
  EXPECT_THAT(on_cores.out, Not(HasSubstr("stand-in")));
  const cli::Ran split = serve("QUIRE_GPU_LAYERS=2", "QUIRE ps");
  EXPECT_THAT(split.out, HasSubstr("52%/48% CPU/GPU"));
  EXPECT_THAT(split.out, HasSubstr("t:latest: 2 of 5 layers on stand-in"));
}

TEST_F(GpuProgram, loads_a_model_onto_the_cores_when_the_gpu_is_lost) {
  const std::string expected = serve("QUIRE_DEVICE=cpu", answer).out;
  const std::string ask = std::string("curl -s $QUIRE_HOST/api/generate -d '{\"model\":\"t\",\"prompt\":\"Once\"}'; ") +
                          answer + "; QUIRE ps";
  const cli::Ran ran = serve("QUIRE_STAND_IN_LOST_AT=1200", ask);
  EXPECT_THAT(ran.out, HasSubstr("the device computes nothing any more: "));
  EXPECT_THAT(ran.out, HasSubstr("CUDA_ERROR_ILLEGAL_ADDRESS"));
  EXPECT_THAT(ran.out, HasSubstr("GPU 0 is not used: "));
  EXPECT_THAT(ran.out, HasSubstr(expected.substr(0, expected.find('\n'))));
  EXPECT_THAT(ran.out, HasSubstr("100% CPU"));
}

TEST_F(GpuProgram, refuses_what_it_cannot_do) {
  const auto refused = [](const std::string& variables) {
    return cli::shell(variables + " QUIRE serve --port 0 2>&1").out;
  };
  EXPECT_THAT(refused("QUIRE_DEVICE=tpu"),
              HasSubstr("QUIRE_DEVICE: expected auto, cpu, cuda or vulkan, found \"tpu\""));
  EXPECT_THAT(refused("QUIRE_GPU_LAYERS=some"), HasSubstr("expected a number of layers or auto, found \"some\""));
  EXPECT_THAT(refused("QUIRE_DEVICE=cuda QUIRE_CUDA_LIBRARY=/nowhere.so"), HasSubstr("no CUDA here"));
}

}  // namespace
}  // namespace quire::test
