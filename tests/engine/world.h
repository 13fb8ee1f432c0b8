// A loaded model with an engine around it, driven by a test on one thread.
#pragma once

#include <algorithm>
#include <bit>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "backend/cpu/cpu_backend.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/team.h"
#include "engine/engine.h"
#include "engine/forwarding_executor.h"
#include "engine/model_executor.h"
#include "engine/mtp_drafter.h"
#include "gguf/file.h"
#include "kernels/kernels.h"
#include "model/model.h"
#include "support/take.h"
#include "text/tokenizer.h"

namespace quire::test {

// A vocabulary of `size` tokens for models that have none: SentencePiece with <unk>, <s>, </s>, a token for each of
// some characters, and then words.
inline gguf::Metadata plain_vocabulary(int32_t size) {
  constexpr std::string_view characters = "abcdefgh0123456789 .ijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  std::vector<std::string> tokens = {"<unk>", "<s>", "</s>"};
  std::vector<int32_t> types = {2, 3, 3};
  std::vector<float> scores = {0, 0, 0};
  for (int32_t token = 3; token < size; ++token) {
    const auto place = static_cast<size_t>(token - 3);
    tokens.push_back(place < characters.size() ? std::string(1, characters[place]) : "t" + std::to_string(token) + " ");
    types.push_back(1);
    scores.push_back(static_cast<float>(-token));
  }
  gguf::Metadata metadata;
  metadata.set("tokenizer.ggml.model", std::string("llama"));
  metadata.set("tokenizer.ggml.tokens", tokens);
  metadata.set("tokenizer.ggml.token_type", types);
  metadata.set("tokenizer.ggml.scores", scores);
  metadata.set("tokenizer.ggml.bos_token_id", uint32_t{1});
  metadata.set("tokenizer.ggml.eos_token_id", uint32_t{2});
  return metadata;
}

// A model that is always there: 2 layers, random weights, F32.
inline std::filesystem::path tiny_model() {
  return std::filesystem::path(QUIRE_SOURCE_DIR) / "tests/data/tiny_models/llama-tied.gguf";
}

// Some workers with one kernel table.
struct Cores {
  Cores(const KernelTable& kernels, int workers) : team(workers), backend(team, kernels) {}
  ModelExecutor executor_of(const Model& model, const Limits& limits) {
    return ModelExecutor(take(ModelInstance::create(model, backend, limits)), team);
  }
  Team team;
  CpuBackend backend;
};

// A model on one kernel table and a number of workers.
struct LoadedModel {
  LoadedModel(const std::filesystem::path& path, const KernelTable& kernels, int workers)
      : LoadedModel(take(gguf::File::open(path)), kernels, workers) {}
  // Its MTP block is read too, where it has one.
  LoadedModel(gguf::File&& opened, const KernelTable& kernels, int workers, KvType kv_type = KvType::f16)
      : file(std::move(opened)),
        cores(kernels, workers),
        model(take(Model::load(file, cores.backend, {.kv_type = kv_type, .mtp = true}))),
        tokenizer(take(Tokenizer::create(file.metadata().contains("tokenizer.ggml.tokens")
                                             ? file.metadata()
                                             : plain_vocabulary(model.vocab_size())))) {}

  gguf::File file;
  Cores cores;
  Model model;
  std::unique_ptr<const Tokenizer> tokenizer;
};

// All that one request left.
struct Answer {
  std::string text;
  std::vector<TokenId> tokens;
  std::vector<float> logprobs;         // of the chosen tokens and the alternatives, in order
  std::vector<float> prompt_logprobs;  // of the prompt's tokens but the first
  int finished_events = 0;
  Finished finished;

  bool same_output(const Answer& other) const {
    return text == other.text && tokens == other.tokens && finished.reason == other.finished.reason &&
           finished.stop_text == other.finished.stop_text && same_bits(logprobs, other.logprobs) &&
           same_bits(prompt_logprobs, other.prompt_logprobs) && same_bits(finished.embedding, other.finished.embedding);
  }
  static bool same_bits(const std::vector<float>& one, const std::vector<float>& other) {
    return std::ranges::equal(
        one, other, [](float a, float b) { return std::bit_cast<uint32_t>(a) == std::bit_cast<uint32_t>(b); });
  }
};

// Guesses what a function appends.
class FunctionDrafter final : public Drafter {
 public:
  explicit FunctionDrafter(std::function<void(DraftPlace&)> guess) : guess_(std::move(guess)) {}
  bool computes() const override { return false; }
  void guess(std::span<DraftPlace> places) override {
    for (DraftPlace& place : places) {
      guess_(place);
      if (std::ssize(place.guesses) > place.most) place.guesses.resize(static_cast<size_t>(place.most));
    }
  }

 private:
  const std::function<void(DraftPlace&)> guess_;
};

// A model's own MTP block, with a fresh KV cache, beside the engine's executor. Borrows the model and the cores.
class OwnMtpDrafter final : public Drafter {
 public:
  OwnMtpDrafter(const LoadedModel& loaded, Cores& cores, const Limits& limits, Executor& model)
      : block_(cores.executor_of(*loaded.model.mtp(), MtpDrafter::executor_limits(limits))),
        drafter_(model, block_, limits, std::make_unique<FunctionDrafter>([](DraftPlace&) {})) {}

  bool computes() const override { return drafter_.computes(); }
  void computed(std::span<const ComputedRows> rows) override { drafter_.computed(rows); }
  void guess(std::span<DraftPlace> places) override { drafter_.guess(places); }
  void ended(const Request& request, std::span<const TokenId> timeline, size_t before) override {
    drafter_.ended(request, timeline, before);
  }
  void forget(std::span<const BlockId> blocks) override { drafter_.forget(blocks); }
  void discard(std::span<const BlockId> blocks) override { drafter_.discard(blocks); }

 private:
  ModelExecutor block_;
  MtpDrafter drafter_;
};

// Makes who guesses beside an executor.
using MakeDrafter = std::function<std::unique_ptr<Drafter>(Executor& model)>;

// The engine with a fresh KV cache, and the answers so far.
class World {
 public:
  // With a drafter a forward pass takes a millisecond, however many rows it has: what is guessed is computed.
  World(const LoadedModel& loaded, Cores& cores, const Limits& limits, std::unique_ptr<Drafter> drafter = nullptr)
      : World(cores.executor_of(loaded.model, limits), *loaded.tokenizer, limits, std::move(drafter)) {}
  World(ModelExecutor executor, const Tokenizer& tokenizer, const Limits& limits,
        std::unique_ptr<Drafter> drafter = nullptr)
      : executor_(std::move(executor)),
        timed_(executor_, clock_, drafter ? 1'000'000 : 0),
        engine_(
            limits, timed_, tokenizer, clock_, [this](std::vector<Event>&& events) { receive(std::move(events)); },
            std::move(drafter)) {}
  World(const LoadedModel& loaded, Cores& cores, const Limits& limits, const MakeDrafter& make_drafter)
      : executor_(cores.executor_of(loaded.model, limits)),
        timed_(executor_, clock_, make_drafter ? 1'000'000 : 0),
        engine_(
            limits, timed_, *loaded.tokenizer, clock_,
            [this](std::vector<Event>&& events) { receive(std::move(events)); },
            make_drafter ? make_drafter(timed_) : nullptr) {}

  Engine& engine() { return engine_; }
  // A millisecond passes with each step.
  bool step() {
    clock_.advance_ns(1'000'000);
    const bool worked = engine_.step();
    engine_.scheduler().check_invariants();
    return worked;
  }
  void run() {
    while (!engine_.idle()) step();
    step();  // posts what refusals left
  }
  std::map<SequenceId, Answer>& answers() { return answers_; }
  int64_t now_ns() const { return clock_.now_ns(); }

 private:
  // So long takes each step, whatever its rows.
  class Timed : public ForwardingExecutor {
   public:
    Timed(Executor& real, ManualClock& clock, int64_t pass_ns)
        : ForwardingExecutor(real), clock_(clock), pass_ns_(pass_ns) {}
    Logits finish(std::vector<SliceFailure>& failures) override {
      clock_.advance_ns(pass_ns_);
      return ForwardingExecutor::finish(failures);
    }

   private:
    ManualClock& clock_;
    const int64_t pass_ns_;
  };

  void receive(std::vector<Event>&& events) {
    for (Event& event : events) {
      Answer& answer = answers_[event.id];
      QUIRE_CHECK(answer.finished_events == 0, "nothing follows a Finished event");
      if (const TextDelta* delta = std::get_if<TextDelta>(&event.body)) {
        answer.text += delta->text;
        answer.tokens.insert(answer.tokens.end(), delta->tokens.begin(), delta->tokens.end());
        add(delta->logprobs, answer.logprobs);
      } else if (const PromptLogprobs* prompt = std::get_if<PromptLogprobs>(&event.body)) {
        QUIRE_CHECK(answer.tokens.empty(), "what is said of the prompt comes before the answer");
        add(prompt->positions, answer.prompt_logprobs);
      } else {
        answer.finished = std::get<Finished>(event.body);
        ++answer.finished_events;
      }
    }
  }

  static void add(const std::vector<PositionLogprobs>& positions, std::vector<float>& to) {
    for (const PositionLogprobs& position : positions) {
      to.push_back(position.chosen.logprob);
      for (const TokenLogprob& one : position.top) to.push_back(one.logprob);
    }
  }

  ManualClock clock_;
  ModelExecutor executor_;
  Timed timed_;
  std::map<SequenceId, Answer> answers_;
  Engine engine_;
};

}  // namespace quire::test
