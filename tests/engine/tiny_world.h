// The model that is always there, answering one request after the other.
#pragma once

#include <gtest/gtest.h>

#include "engine/world.h"

namespace quire::test {

class TinyWorld : public testing::Test {
 protected:
  // Of a request that may come without a prompt; its id is a new one.
  Answer answer_to(Request request) {
    request.id = {++last_};
    if (request.prompt.empty()) request.prompt = {1, 5, 6};
    world_.engine().submit(request);
    world_.run();
    return world_.answers()[request.id];
  }

  LoadedModel loaded_{tiny_model(), *supported_kernel_tables().back(), 1};
  World world_{loaded_,
               loaded_.cores,
               {.block_tokens = 32,
                .block_count = 64,
                .context_tokens = 256,
                .running_max = 16,
                .queue_max = 32,
                .step_tokens_max = 64}};

 private:
  uint64_t last_ = 0;
};

}  // namespace quire::test
