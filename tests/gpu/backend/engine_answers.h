// A model in an engine, and requests of all kinds to it.
#pragma once

#include <gtest/gtest.h>

#include <exception>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "engine/world.h"
#include "gpu/backend/tested_gpu.h"
#include "support/random_model.h"
#include "support/take.h"

namespace quire::test {

inline Limits gpu_limits() {
  return {.block_count = 12, .context_tokens = 96, .running_max = 4, .queue_max = 16, .step_tokens_max = 24};
}

// Greedy ones and drawn ones, with log-probabilities and vectors of prompts among them.
inline std::vector<Request> gpu_requests(int32_t vocab, uint64_t count = 8) {
  std::mt19937_64 random(3);
  std::vector<Request> requests;
  for (uint64_t id = 1; id <= count; ++id) {
    Request request{.id = {id}, .generated_max = static_cast<int32_t>(2 + id % 3)};
    for (uint64_t i = 0; i < 3 + 5 * (id % 4); ++i) {
      request.prompt.push_back(static_cast<TokenId>(3 + random() % static_cast<uint64_t>(vocab - 3)));
    }
    request.ignore_eos = true;
    request.logprobs_top_n = id % 2 == 0 ? 1 : -1;
    request.sampling.seed = id;
    request.sampling.temperature = id % 3 == 0 ? 1.0F : 0.0F;
    if (id % 16 == 5) request.prompt_logprobs_top_n = 1;
    if (id % 16 == 7) request.pooling = Pooling::mean;
    requests.push_back(std::move(request));
  }
  return requests;
}

// As an engine's thread runs it: what is thrown is its end.
inline void run_to_its_end(World& world) {
  try {
    world.run();
  } catch (const std::exception& error) {
    world.engine().give_up(error.what());
  }
}

class GpuEngine : public testing::Test {
 protected:
  void SetUp() override { QUIRE_GPU_OR_SKIP(); }

  std::map<SequenceId, Answer> answers(Backend& on, const Model& model, bool together) {
    std::map<SequenceId, Answer> all;
    const auto world = [&] {
      return std::make_unique<World>(ModelExecutor(take(ModelInstance::create(model, on, gpu_limits())), team_),
                                     *loaded_.tokenizer, gpu_limits());
    };
    auto own = world();
    for (const Request& request : gpu_requests(model.vocab_size())) {
      own->engine().submit(request);
      if (together) continue;
      own->run();
      all.merge(own->answers());
      own.reset();  // what it has on the GPU goes before the next one comes
      own = world();
    }
    own->run();
    all.merge(own->answers());
    return all;
  }

  const std::vector<std::byte> bytes_ = synthesize({.type = ElementType::q4_0, .layers = 1});
  LoadedModel loaded_{take(gguf::File::parse(bytes_)), *find_kernel_table("scalar"), 1};
  Team team_{1};
};

}  // namespace quire::test
