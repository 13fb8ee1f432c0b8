// The engine with a real model: what leaves it, whatever happens on the way.
#include "engine/engine.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <new>
#include <span>
#include <utility>

#include "engine/engine_thread.h"
#include "engine/forwarding_executor.h"
#include "engine/world.h"
#include "test_data.h"

namespace quire::test {
namespace {

std::string read_text(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

const KernelTable& best_table() { return *supported_kernel_tables().back(); }

Limits small_limits() {
  return {.block_tokens = 32,
          .block_count = 64,
          .context_tokens = 256,
          .running_max = 16,
          .queue_max = 32,
          .step_tokens_max = 64};
}

Request request(uint64_t id, std::vector<TokenId> prompt, int32_t generated_max) {
  return {.id = {id}, .prompt = std::move(prompt), .generated_max = generated_max};
}

class EngineTest : public testing::Test {
 protected:
  LoadedModel loaded_{tiny_model(), best_table(), 1};
  World world_{loaded_, loaded_.cores, small_limits()};
};

// The gate: the real model, greedy from BOS alone, is llama2.c's text byte for byte, alone and 32 at once.
TEST(EngineGate, stories260k_says_what_llama2c_says_alone_and_in_company) {
  QUIRE_TEST_DATA_OR_SKIP(path, "models/stories260K.gguf");
  QUIRE_TEST_DATA_OR_SKIP(golden, "models/stories260K.greedy200.txt");
  const std::string expected = " " + read_text(golden);
  LoadedModel loaded(path, best_table(), 2);
  for (uint64_t count : {1, 32}) {
    World world(loaded, loaded.cores,
                {.block_tokens = 32,
                 .block_count = 512,
                 .context_tokens = 512,
                 .running_max = 32,
                 .queue_max = 64,
                 .step_tokens_max = 128});
    for (uint64_t id = 1; id <= count; ++id) world.engine().submit(request(id, {1}, 200));
    world.run();
    ASSERT_EQ(world.answers().size(), count);
    for (const auto& [id, answer] : world.answers()) {
      // The file ends with the newline that its program prints last.
      EXPECT_EQ(answer.text + (expected.ends_with('\n') && !answer.text.ends_with('\n') ? "\n" : ""), expected);
      EXPECT_EQ(answer.finished.stats.generated_tokens, 200);
    }
  }
}

TEST_F(EngineTest, an_answer_is_not_cut_within_its_first_line_whatever_its_time) {
  Request hurried = request(1, {1, 5, 6}, 7);
  hurried.generate_ns_max = 1;
  world_.engine().submit(std::move(hurried));
  world_.run();
  EXPECT_EQ(world_.answers()[{1}].tokens.size(), 7U) << "no token of this vocabulary has a line break";
}

TEST_F(EngineTest, an_answer_ends_at_its_greatest_length) {
  world_.engine().submit(request(1, {1, 5, 6}, 7));
  world_.run();
  const Answer& answer = world_.answers()[{1}];
  EXPECT_EQ(answer.finished.reason, FinishReason::length);
  EXPECT_EQ(answer.tokens.size(), 7U);
  EXPECT_EQ(answer.finished.stats.prompt_tokens, 3);
  EXPECT_EQ(answer.finished.stats.generated_tokens, 7);
}

TEST_F(EngineTest, a_full_context_ends_with_length) {
  Request long_one = request(1, std::vector<TokenId>(250, 7), -1);
  long_one.ignore_eos = true;
  world_.engine().submit(std::move(long_one));
  world_.run();
  EXPECT_EQ(world_.answers()[{1}].finished.reason, FinishReason::length);
  EXPECT_EQ(world_.answers()[{1}].tokens.size(), 6U);
}

TEST_F(EngineTest, a_prompt_that_fills_the_context_is_refused_and_says_why) {
  world_.engine().submit(request(1, std::vector<TokenId>(256, 7), 5));
  world_.run();
  const Finished& finished = world_.answers()[{1}].finished;
  EXPECT_EQ(finished.reason, FinishReason::error);
  EXPECT_EQ(finished.error_kind, ErrorKind::too_large);
  EXPECT_EQ(finished.error, "the prompt of 256 tokens is longer than the context of 256 tokens");
}

TEST_F(EngineTest, no_tokens_asked_means_none_computed) {
  world_.engine().submit(request(1, {1, 2, 3}, 0));
  world_.run();
  EXPECT_EQ(world_.answers()[{1}].finished.reason, FinishReason::length);
  EXPECT_EQ(world_.engine().snapshot().steps, 0);
}

TEST_F(EngineTest, a_full_queue_is_busy) {
  for (uint64_t id = 1; id <= 40; ++id) world_.engine().submit(request(id, {1, 2}, 3));
  world_.run();
  int busy = 0;
  for (const auto& [id, answer] : world_.answers()) {
    EXPECT_EQ(answer.finished_events, 1);
    if (answer.finished.reason == FinishReason::error) {
      EXPECT_EQ(answer.finished.error_kind, ErrorKind::busy);
      EXPECT_EQ(answer.finished.error, "server busy, please try again.  maximum pending requests exceeded");
      ++busy;
    }
  }
  EXPECT_EQ(busy, 8);  // 40 came before the first step, 32 may wait
}

TEST_F(EngineTest, a_cancelled_request_leaves_its_blocks_before_the_next_step) {
  world_.engine().submit(request(1, std::vector<TokenId>(100, 9), 50));
  world_.step();
  EXPECT_GT(world_.engine().snapshot().scheduler.blocks_held, 0);
  world_.engine().cancel({1});
  EXPECT_EQ(world_.engine().snapshot().scheduler.blocks_held, 0);
  world_.run();
  EXPECT_EQ(world_.answers()[{1}].finished.reason, FinishReason::cancelled);
  world_.engine().cancel({1});
  world_.engine().cancel({77});
  EXPECT_TRUE(world_.engine().idle());
}

TEST_F(EngineTest, a_deadline_ends_a_request_in_the_queue_and_while_running) {
  Request running = request(1, {1, 2}, 200);
  running.ignore_eos = true;
  running.deadline_ns = 5'000'000;
  world_.engine().submit(std::move(running));
  world_.run();
  const Answer& answer = world_.answers()[{1}];
  EXPECT_EQ(answer.finished.reason, FinishReason::deadline);
  EXPECT_EQ(answer.tokens.size(), 4U);  // a step a millisecond; the fifth comes too late
}

TEST_F(EngineTest, a_stop_string_ends_the_answer_and_is_not_part_of_it) {
  Request free = request(1, {1, 4}, 12);
  free.ignore_eos = true;
  world_.engine().submit(free);
  world_.run();
  const std::string text = world_.answers()[{1}].text;
  const std::string stop = text.substr(text.size() / 2, 3);
  Request stopped = free;
  stopped.id = {2};
  stopped.stop = {stop};
  world_.engine().submit(stopped);
  world_.run();
  EXPECT_EQ(world_.answers()[{2}].text, text.substr(0, text.find(stop)));
  EXPECT_EQ(world_.answers()[{2}].finished.reason, FinishReason::stop);
  EXPECT_EQ(world_.answers()[{2}].finished.stop_text, stop);
}

TEST_F(EngineTest, a_stop_token_ends_the_answer_and_is_not_text) {
  Request free = request(1, {1, 4}, 12);
  free.ignore_eos = true;
  world_.engine().submit(free);
  world_.run();
  const std::vector<TokenId> tokens = world_.answers()[{1}].tokens;
  const auto stop = tokens[5];
  const auto first = static_cast<size_t>(std::find(tokens.begin(), tokens.end(), stop) - tokens.begin());
  free.id = {2};
  free.stop_tokens = {stop};
  world_.engine().submit(free);
  world_.run();
  EXPECT_EQ(world_.answers()[{2}].tokens,
            std::vector<TokenId>(tokens.begin(), tokens.begin() + static_cast<long>(first)));
  EXPECT_EQ(world_.answers()[{2}].finished.reason, FinishReason::stop);
}

TEST_F(EngineTest, a_second_equal_prompt_is_served_from_the_cache) {
  const std::vector<TokenId> prompt(100, 11);
  world_.engine().submit(request(1, prompt, 5));
  world_.run();
  world_.engine().submit(request(2, prompt, 5));
  world_.run();
  EXPECT_EQ(world_.answers()[{1}].finished.stats.cached_tokens, 0);
  EXPECT_EQ(world_.answers()[{2}].finished.stats.cached_tokens, 96);
  EXPECT_EQ(world_.answers()[{1}].tokens, world_.answers()[{2}].tokens);
  Request uncached = request(3, prompt, 5);
  uncached.use_cache = false;
  world_.engine().submit(uncached);
  world_.run();
  EXPECT_EQ(world_.answers()[{3}].finished.stats.cached_tokens, 0);
  EXPECT_EQ(world_.answers()[{1}].tokens, world_.answers()[{3}].tokens);
}

// The rows of an answer serve as a prompt's, so a turn computes what is new, and at most a block of what is old: the
// last one, if it is not full.
TEST(EngineCache, each_turn_of_a_chat_computes_only_what_is_new) {
  LoadedModel loaded(tiny_model(), *find_kernel_table("scalar"), 1);
  World world(loaded, loaded.cores, small_limits());
  std::vector<TokenId> chat(40, 11);
  size_t known = 0;
  for (uint64_t turn = 1; turn <= 8; ++turn) {
    for (uint64_t said = 0; said < 7; ++said) chat.push_back(static_cast<TokenId>(12 + turn + said % 3));
    Request next = request(turn, chat, 11);
    next.ignore_eos = true;
    world.engine().submit(std::move(next));
    world.run();
    const Answer& answer = world.answers().at({turn});
    const size_t computed = chat.size() - static_cast<size_t>(answer.finished.stats.cached_tokens);
    EXPECT_LE(computed, chat.size() - known + 32) << "turn " << turn;
    ASSERT_EQ(answer.tokens.size(), 11U);
    chat.insert(chat.end(), answer.tokens.begin(), answer.tokens.end());
    known = chat.size() - 1;  // nobody has computed the last token yet
  }
}

TEST_F(EngineTest, a_token_outside_the_vocabulary_fails_its_own_request_only) {
  world_.engine().submit(request(1, {1, 4}, 5));
  world_.engine().submit(request(2, {1, 1 << 30}, 5));
  world_.run();
  EXPECT_EQ(world_.answers()[{1}].finished.reason, FinishReason::length);
  EXPECT_EQ(world_.answers()[{2}].finished.reason, FinishReason::error);
}

TEST_F(EngineTest, logprobs_come_one_a_token_with_the_asked_alternatives) {
  Request asked = request(1, {1, 4}, 3);
  asked.ignore_eos = true;
  asked.logprobs_top_n = 2;
  world_.engine().submit(asked);
  world_.run();
  EXPECT_EQ(world_.answers()[{1}].logprobs.size(), 3U * 3U);
}

// The thread ends what is left with an event each, and answers before that are whole.
TEST_F(EngineTest, the_engine_thread_answers_and_stops_cleanly) {
  const SteadyClock clock;
  ModelExecutor executor = loaded_.cores.executor_of(loaded_.model, small_limits());
  Mailbox<Event> received(4096);
  std::vector<Event> events;
  const auto ended = [&](uint64_t id) -> const Finished* {
    for (const Event& event : events) {
      if (event.id.value == id && std::holds_alternative<Finished>(event.body)) return &std::get<Finished>(event.body);
    }
    return nullptr;
  };
  {
    EngineThread thread(small_limits(), executor, *loaded_.tokenizer, clock, [&](std::vector<Event>&& step) {
      for (Event& event : step) QUIRE_CHECK(received.try_push(std::move(event)), "room for every event");
    });
    Request endless = request(2, {1, 4}, -1);
    endless.ignore_eos = true;
    ASSERT_TRUE(thread.submit(request(1, {1, 4}, 5)));
    ASSERT_TRUE(thread.submit(endless));
    while (!ended(1)) received.wait_and_take_all(events);
  }
  received.take_all(events);
  EXPECT_EQ(ended(1)->reason, FinishReason::length);
  ASSERT_TRUE(ended(2));  // cut off, unless it reached the end of its context first
  EXPECT_TRUE(ended(2)->reason == FinishReason::cancelled || ended(2)->reason == FinishReason::length);
}

// Throws in its n-th call of issue.
class ThrowingExecutor final : public ForwardingExecutor {
 public:
  ThrowingExecutor(Executor& real, int call) : ForwardingExecutor(real), call_(call) {}
  void issue(const Batch& batch) override {
    if (--call_ == 0) throw std::bad_alloc();
    ForwardingExecutor::issue(batch);
  }

 private:
  int call_;
};

TEST(EngineThread, an_exception_in_a_step_ends_each_request_with_an_error_and_nothing_else) {
  LoadedModel loaded(tiny_model(), best_table(), 1);
  for (int run = 0; run < 12; ++run) {
    const int call = 1 + run / 2;
    Limits limits = small_limits();
    limits.plans_ahead = run % 2;
    ModelExecutor real = loaded.cores.executor_of(loaded.model, limits);
    ThrowingExecutor executor(real, call);
    const SteadyClock clock;
    Mailbox<std::pair<uint64_t, Finished>> ended(16);
    EngineThread engine(limits, executor, *loaded.tokenizer, clock, [&](std::vector<Event>&& events) {
      for (Event& event : events) {
        Finished* finished = std::get_if<Finished>(&event.body);
        if (finished != nullptr) (void)ended.try_push({event.id.value, std::move(*finished)});
      }
    });
    for (uint64_t id = 1; id <= 3; ++id) ASSERT_TRUE(engine.submit(request(id, {1, 5}, 20)));
    std::vector<std::pair<uint64_t, Finished>> answers;
    while (answers.size() < 3) ended.wait_and_take_all(answers);
    EXPECT_TRUE(engine.snapshot().broken);
    ASSERT_TRUE(engine.submit(request(4, {1, 5}, 20)));  // one that comes later
    while (answers.size() < 4) ended.wait_and_take_all(answers);
    engine.stop();
    ended.close();
    ended.wait_and_take_all(answers);
    ASSERT_EQ(answers.size(), 4U);
    for (const auto& [id, finished] : answers) {
      EXPECT_EQ(finished.reason, FinishReason::error) << id;
      EXPECT_EQ(finished.error_kind, ErrorKind::internal);
      EXPECT_EQ(finished.error, "std::bad_alloc");
    }
    const EngineTotals totals = engine.snapshot().totals;
    EXPECT_EQ(totals.finished[static_cast<size_t>(FinishReason::error)], 4);
    EXPECT_EQ(totals.request_time.view().count(), 4);
  }
}

}  // namespace
}  // namespace quire::test
