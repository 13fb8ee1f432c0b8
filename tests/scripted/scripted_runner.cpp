#include "scripted/scripted_runner.h"

#include <fmt/format.h>

#include <optional>
#include <string>
#include <vector>

#include "engine/logit_row.h"
#include "gguf/file.h"
#include "scripted/scripted_writer.h"
#include "text/tokenizer.h"

namespace quire::scripted {
namespace {

struct KvRow {
  TokenId token = -1;  // nobody's
  RowOrigin origin = RowOrigin::prompt;
};

// Engine thread only.
class ScriptedExecutor final : public Executor {
 public:
  ScriptedExecutor(const Limits& limits, const Tokenizer& tokenizer, std::shared_ptr<const Script> script, Asked asked)
      : block_tokens_(static_cast<size_t>(limits.block_tokens)),
        tokenizer_(tokenizer),
        writer_(tokenizer),
        script_(std::move(script)),
        asked_(std::move(asked)),
        rows_(static_cast<size_t>(limits.block_count) * block_tokens_) {}

  void issue(const Batch& batch) override {
    failures_.clear();
    const auto width = static_cast<size_t>(vocab_size());
    logits_.resize(static_cast<size_t>(batch.logits_rows) * width);
    for (const BatchSlice& slice : batch.slices) {
      write(batch, slice);
      if (slice.logits_row < 0) continue;
      const int32_t end = slice.position_begin + slice.row_end - slice.row_begin;
      for (int32_t sampled = 0; sampled < slice.logits_rows; ++sampled) {
        const size_t row = static_cast<size_t>(slice.logits_row + sampled);
        const auto length = static_cast<size_t>(end - slice.logits_rows + sampled + 1);
        if (answer(slice, length, std::span(logits_).subspan(row * width, width))) continue;
        failures_.push_back({slice.sequence, "it reads a row that nobody wrote"});
        break;
      }
    }
    fill_likeliest(batch, logits_, vocab_size(), likeliest_);
  }
  Logits finish(std::vector<SliceFailure>& failures) override {
    failures.insert(failures.end(), failures_.begin(), failures_.end());
    return {.values = logits_, .vocab = vocab_size(), .likeliest = likeliest_};
  }
  // A script says nothing of what it is told: no token of a prompt is likelier than another.
  Result<Logits> logits(std::span<const int32_t> rows) override {
    logits_.assign(rows.size() * static_cast<size_t>(vocab_size()), 0.0F);
    return Logits{.values = logits_, .vocab = vocab_size()};
  }
  int32_t logits_rows_max() const override { return 1; }
  Result<HiddenStates> states(std::span<const int32_t> rows) override {
    states_.assign(rows.size(), 0.0F);
    return HiddenStates{.values = states_, .width = 1};
  }
  Result<std::span<const float>> head(std::span<const float> pooled) override { return pooled; }
  void keep(std::span<const int32_t>) override {}  // it has no states
  void forget(MemoryClass, std::span<const BlockId> blocks) override {
    for (const BlockId block : blocks) {
      for (size_t row = 0; row < block_tokens_; ++row) rows_[block.value * block_tokens_ + row] = KvRow{};
    }
  }
  void discard(MemoryClass of, std::span<const BlockId> blocks) override { forget(of, blocks); }
  int32_t vocab_size() const override { return tokenizer_.vocab_size(); }
  bool prompt_rows_differ() const override { return true; }  // an answer is told from its prompt by them
  bool whole_texts() const override { return false; }
  void parallel_for(int64_t count, FunctionRef<void(int64_t index, int worker)> body) override {
    for (int64_t index = 0; index < count; ++index) body(index, 0);
  }
  int worker_count() const override { return 1; }

 private:
  KvRow& row_at(const BatchSlice& slice, size_t position) {
    return rows_[slice.blocks[position / block_tokens_].value * block_tokens_ + position % block_tokens_];
  }
  void write(const Batch& batch, const BatchSlice& slice) {
    const auto count = static_cast<size_t>(slice.row_end - slice.row_begin);
    for (size_t index = 0; index < count; ++index) {
      const size_t row = static_cast<size_t>(slice.row_begin) + index;
      row_at(slice, static_cast<size_t>(slice.position_begin) + index) = {batch.tokens[row], batch.origins[row]};
    }
  }
  // The first `length` tokens that a sequence holds, read back through its block table: the prompt, and what was
  // written since.
  bool answer(const BatchSlice& slice, size_t length, std::span<float> logits) {
    std::string prompt;
    std::vector<TokenId> written;
    for (size_t position = 0; position < length; ++position) {
      const KvRow& row = row_at(slice, position);
      if (row.token < 0) return false;
      if (row.origin == RowOrigin::generated) {
        written.push_back(row.token);
      } else {
        prompt += writer_.text(row.token);
      }
    }
    const std::optional<size_t> turn = script_->turn_for(prompt);
    if (written.empty() && asked_) asked_(prompt, turn ? static_cast<int>(*turn) : -1);
    const std::string_view says = turn ? std::string_view(script_->turn(*turn).says) : "The script has no such turn.";
    size_t at = 0;
    for (const TokenId token : written) at = writer_.advance(says, at, token);
    writer_.prefer(says, at, logits);
    return true;
  }

  // const after construction
  const size_t block_tokens_;
  const Tokenizer& tokenizer_;
  const ScriptedWriter writer_;
  const std::shared_ptr<const Script> script_;
  const Asked asked_;

  std::vector<KvRow> rows_;         // (block_count, block_tokens)
  std::vector<float> logits_;       // (sampled rows, vocab)
  std::vector<TokenId> likeliest_;  // (sampled rows)
  std::vector<SliceFailure> failures_;
  std::vector<float> states_;  // (rows that were asked for, 1)
};

class ScriptedRunner final : public server::ModelRunner {
 public:
  ScriptedRunner(server::RunnerFacts facts, std::unique_ptr<const Tokenizer> tokenizer,
                 std::shared_ptr<const Script> script, Asked asked)
      : facts_(std::move(facts)),
        tokenizer_(std::move(tokenizer)),
        script_(std::move(script)),
        asked_(std::move(asked)) {}

  const server::RunnerFacts& facts() const override { return facts_; }
  Result<Executor*> start(const Limits& limits) override {
    executor_ = std::make_unique<ScriptedExecutor>(limits, *tokenizer_, script_, asked_);
    return executor_.get();
  }
  Result<Executor*> start_mtp(const Limits&) override {
    return fail(ErrorKind::unsupported, "a script has no MTP block");
  }
  Result<std::optional<uint64_t>> context_room(size_t, const Limits&) const override { return std::nullopt; }
  uint64_t workspace_bytes(size_t) const override { return 0; }

 private:
  const server::RunnerFacts facts_;
  const std::unique_ptr<const Tokenizer> tokenizer_;
  const std::shared_ptr<const Script> script_;
  const Asked asked_;
  std::unique_ptr<ScriptedExecutor> executor_;
};

}  // namespace

server::RunnerFactory scripted_runners(std::shared_ptr<const Script> script, Asked asked) {
  return [script = std::move(script), asked = std::move(asked)](
             const gguf::File& file, const std::string& name, std::optional<int64_t>,
             FunctionRef<bool(uint64_t, uint64_t)>) -> Result<std::unique_ptr<server::ModelRunner>> {
    QUIRE_TRY(std::unique_ptr<const Tokenizer> tokenizer, Tokenizer::create(file.metadata()));
    if (tokenizer->family() != "gpt2") {
      return fail(ErrorKind::unsupported,
                  fmt::format("{} has a vocabulary of {}, expected gpt2: what is left of a text "
                              "begins with no space of its own there",
                              name, tokenizer->family()));
    }
    QUIRE_TRY(const std::string architecture, file.metadata().get_string("general.architecture"));
    QUIRE_TRY(const int64_t context, file.metadata().get_int(architecture + ".context_length", 2, INT32_MAX));
    const ContextMemory contexts{.block_tokens = Limits{}.block_tokens,
                                 .block_bytes = Limits{}.block_tokens * static_cast<int64_t>(sizeof(KvRow))};
    server::RunnerFacts facts{.architecture = architecture,
                              .vocab = tokenizer->vocab_size(),
                              .width = 1,
                              .context_max = context,
                              .contexts = contexts,
                              .kv_type = "tokens",
                              .stages = {{.device = "CPU", .contexts = contexts}},
                              .kernels = "scripted"};
    return std::make_unique<ScriptedRunner>(std::move(facts), std::move(tokenizer), script, asked);
  };
}

}  // namespace quire::scripted
