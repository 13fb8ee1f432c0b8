#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/random.h"
#include "cli/commands/commands.h"
#include "cli/input_text.h"
#include "cli/local_model.h"
#include "cli/terminal/text_table.h"
#include "engine/engine.h"
#include "engine/forwarding_executor.h"
#include "engine/logit_row.h"
#include "engine/model_drafter.h"
#include "engine/model_executor.h"
#include "engine/mtp_drafter.h"
#include "model/context_memory.h"
#include "text/tokenizer.h"

namespace quire::cli {
namespace {

double processor_seconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

// The model computes every row, and what it says is put aside: the token behind a position is the one that the replayed
// text has there. So guesses meet texts as people's models write them, whatever the weights are.
class ReplayingExecutor final : public ForwardingExecutor {
 public:
  // Borrows both. `timeline`: prompt and answer. So many of a hundred positions are followed by what it says. ahead:
  // how far behind a row's position the token is that it says.
  ReplayingExecutor(Executor& real, std::span<const TokenId> timeline, int32_t right_percent = 100, int32_t ahead = 1)
      : ForwardingExecutor(real), timeline_(timeline), right_percent_(right_percent), ahead_(ahead) {}

  void issue(const Batch& batch) override {
    ForwardingExecutor::issue(batch);
    const auto width = static_cast<size_t>(vocab_size());
    const size_t size = static_cast<size_t>(batch.logits_rows) * width;
    logits_.resize(std::max(logits_.size(), size), 0.0F);
    for (const size_t at : set_) logits_[at] = 0.0F;
    set_.clear();
    for (const BatchSlice& slice : batch.slices) {
      if (slice.logits_row < 0) continue;
      const int32_t position_end = slice.positions_before + slice.position_begin + slice.row_end - slice.row_begin;
      for (int32_t row = 0; row < slice.logits_rows; ++row) {
        const auto next = static_cast<size_t>(position_end - slice.logits_rows + row + ahead_);
        TokenId token = next < timeline_.size() ? timeline_[next] : timeline_.back();
        if (static_cast<int32_t>(mix(next) % 100) >= right_percent_) token = token == 0 ? 1 : 0;
        set_.push_back(static_cast<size_t>(slice.logits_row + row) * width + static_cast<size_t>(token));
        logits_[set_.back()] = 1.0F;
      }
    }
    fill_likeliest(batch, std::span(logits_).first(size), vocab_size(), likeliest_);
  }
  Logits finish(std::vector<SliceFailure>& failures) override {
    const Logits computed = ForwardingExecutor::finish(failures);
    const std::span<const float> logits = std::span(logits_).first(computed.values.size());
    return {.values = logits, .vocab = computed.vocab, .likeliest = likeliest_};
  }

 private:
  const std::span<const TokenId> timeline_;
  const int32_t right_percent_;
  const int32_t ahead_;
  std::vector<float> logits_;
  std::vector<TokenId> likeliest_;
  std::vector<size_t> set_;  // what of them is not 0
};

// What the answers took, from the first token of the last of them to be started on.
struct DraftSpeed {
  double seconds = 0, processor_seconds = 0;
  int64_t tokens = 0, drafted = 0, accepted = 0;

  double speed() const { return static_cast<double>(tokens) / seconds; }
  double processor_ms() const { return 1e3 * processor_seconds / static_cast<double>(tokens); }
  double right_percent() const {
    return drafted > 0 ? 100.0 * static_cast<double>(accepted) / static_cast<double>(drafted) : 0;
  }
};

struct ReplayedText {
  std::vector<TokenId> timeline;
  size_t prompt_tokens = 0;
};

Result<ReplayedText> read_text(const BenchDraftOptions& options, const Tokenizer& tokenizer) {
  ReplayedText text;
  QUIRE_TRY(const std::string prompt, read_input(options.prompt_file));
  QUIRE_TRY(const std::string answer, read_input(options.answer_file));
  text.timeline = tokenizer.encode(prompt, true, true);
  text.prompt_tokens = text.timeline.size();
  std::vector<TokenId> said = tokenizer.encode(answer, false, false);
  if (options.tokens > 0 && std::ssize(said) > options.tokens) said.resize(static_cast<size_t>(options.tokens));
  if (text.timeline.empty() || said.size() < 2)
    return fail(ErrorKind::invalid, "expected a prompt, and an answer of two tokens");
  text.timeline.insert(text.timeline.end(), said.begin(), said.end());
  return text;
}

// A model that computes its guesses, and is taken to be right as often as was asked.
class PlantedDrafter final : public Drafter {
 public:
  static Result<std::unique_ptr<Drafter>> create(LocalModel& local, const ReplayedText& text, const Limits& limits,
                                                 int32_t right_percent) {
    QUIRE_TRY(ModelExecutor executor, local.make_executor(ModelDrafter::executor_limits(limits)));
    return std::unique_ptr<Drafter>(new PlantedDrafter(std::move(executor), text, limits, right_percent));
  }
  bool computes() const override { return drafter_.computes(); }
  void guess(std::span<DraftPlace> places) override { drafter_.guess(places); }
  void forget(std::span<const BlockId> blocks) override { drafter_.forget(blocks); }
  void discard(std::span<const BlockId> blocks) override { drafter_.discard(blocks); }

 private:
  PlantedDrafter(ModelExecutor executor, const ReplayedText& text, const Limits& limits, int32_t right_percent)
      : executor_(std::move(executor)),
        replaying_(executor_, text.timeline, right_percent),
        drafter_(replaying_, limits, {.positions = limits.context_tokens, .tokens = executor_.vocab_size()}) {}

  ModelExecutor executor_;
  ReplayingExecutor replaying_;
  ModelDrafter drafter_;
};

// The same of the model's own MTP block.
class PlantedMtpDrafter final : public Drafter {
 public:
  static Result<std::unique_ptr<Drafter>> create(LocalModel& local, Executor& model, const ReplayedText& text,
                                                 const Limits& limits, int32_t right_percent) {
    QUIRE_TRY(ModelExecutor block, local.make_mtp_executor(MtpDrafter::executor_limits(limits)));
    return std::unique_ptr<Drafter>(new PlantedMtpDrafter(std::move(block), model, text, limits, right_percent));
  }
  bool computes() const override { return drafter_.computes(); }
  void guess(std::span<DraftPlace> places) override { drafter_.guess(places); }
  void computed(std::span<const ComputedRows> rows) override { drafter_.computed(rows); }
  void forget(std::span<const BlockId> blocks) override { drafter_.forget(blocks); }
  void discard(std::span<const BlockId> blocks) override { drafter_.discard(blocks); }

 private:
  PlantedMtpDrafter(ModelExecutor block, Executor& model, const ReplayedText& text, const Limits& limits,
                    int32_t right_percent)
      : block_(std::move(block)),
        replaying_(block_, text.timeline, right_percent, 2),
        drafter_(model, replaying_, limits, lookup_drafter()) {}

  ModelExecutor block_;
  ReplayingExecutor replaying_;
  MtpDrafter drafter_;
};

struct ReplayModels {
  std::unique_ptr<LocalModel> model;
  std::unique_ptr<LocalModel> draft;  // null: the model's MTP block guesses where it was read, else lookups
  int32_t draft_percent = 0;
};

Result<DraftSpeed> replay(const ReplayModels& models, const Tokenizer& tokenizer, const ReplayedText& text,
                          int32_t parallel, bool drafts) {
  LocalModel& local = *models.model;
  const auto length = static_cast<int32_t>(text.timeline.size());
  Limits limits{.block_count = parallel * (ceil_div(length + 1, Limits{}.block_tokens) + 1),
                .context_tokens = length + 1,
                .running_max = parallel,
                .queue_max = parallel,
                .target_gap_ns = int64_t{1} << 50,
                .parallel_adapts = false};
  add_states(local.model().config(), limits);
  QUIRE_TRY(ModelExecutor executor, local.make_executor(limits));
  ReplayingExecutor replaying(executor, text.timeline);
  std::unique_ptr<Drafter> drafter;
  if (drafts && models.draft != nullptr) {
    QUIRE_TRY(drafter, PlantedDrafter::create(*models.draft, text, limits, models.draft_percent));
  } else if (drafts && local.model().mtp() != nullptr) {
    QUIRE_TRY(drafter, PlantedMtpDrafter::create(local, executor, text, limits, models.draft_percent));
  } else if (drafts) {
    drafter = lookup_drafter();
  }
  SteadyClock clock;
  std::string error;
  Engine engine(
      limits, replaying, tokenizer, clock,
      [&](std::vector<Event>&& events) {
        for (const Event& event : events) {
          const Finished* finished = std::get_if<Finished>(&event.body);
          if (finished != nullptr && finished->reason == FinishReason::error) error = finished->error;
        }
      },
      std::move(drafter));
  const std::span prompt = std::span(text.timeline).first(text.prompt_tokens);
  for (int32_t index = 0; index < parallel; ++index) {
    Request request{.id = {static_cast<uint64_t>(index) + 1}, .prompt = {prompt.begin(), prompt.end()}};
    request.generated_max = static_cast<int32_t>(text.timeline.size() - text.prompt_tokens);
    request.ignore_eos = true;
    request.sampling.seed = static_cast<uint64_t>(index);
    request.cache_salt = static_cast<uint64_t>(index) + 1;  // none computes another one's blocks
    engine.submit(std::move(request));
  }
  while (engine.snapshot().generated_tokens < parallel && engine.step()) continue;
  const EngineSnapshot before = engine.snapshot();
  const int64_t begin_ns = clock.now_ns();
  const double processor_begin = processor_seconds();
  while (engine.step()) continue;
  const EngineSnapshot after = engine.snapshot();
  if (!error.empty()) return fail(ErrorKind::internal, error);
  return DraftSpeed{.seconds = static_cast<double>(clock.now_ns() - begin_ns) * 1e-9,
                    .processor_seconds = processor_seconds() - processor_begin,
                    .tokens = after.generated_tokens - before.generated_tokens,
                    .drafted = after.totals.draft_tokens,
                    .accepted = after.totals.accepted_tokens};
}

double median(std::vector<double> values) {
  std::ranges::nth_element(values, values.begin() + std::ssize(values) / 2);
  return values[values.size() / 2];
}

// Runs without and with guesses, in turn; medians of each, and of the pairs' ratios.
struct DraftPairs {
  std::vector<double> speeds[2], processor[2], speed_ratios, processor_ratios;
  DraftSpeed last;  // with guesses

  void add(const DraftSpeed& without, const DraftSpeed& with) {
    speeds[0].push_back(without.speed());
    speeds[1].push_back(with.speed());
    processor[0].push_back(without.processor_ms());
    processor[1].push_back(with.processor_ms());
    speed_ratios.push_back(with.speed() / without.speed());
    processor_ratios.push_back(with.processor_ms() / without.processor_ms());
    last = with;
  }
};

}  // namespace

Result<void> bench_draft_command(const BenchDraftOptions& options) {
  ReplayModels models{.draft_percent = options.draft_percent};
  const bool mtp = options.draft == "mtp";
  QUIRE_TRY(models.model, LocalModel::open_generator(options.model, options.threads, options.kv_type, mtp));
  const LocalModel& local = *models.model;
  if (mtp && local.model().mtp() == nullptr) {
    return fail(ErrorKind::invalid, fmt::format("{} has no MTP block", options.model));
  }
  if (!mtp && !options.draft.empty()) {
    QUIRE_TRY(models.draft, local.open_beside(options.draft));
    if (models.draft->model().vocab_size() != local.model().vocab_size()) {
      return fail(ErrorKind::invalid,
                  fmt::format("{} and {} have vocabularies of different sizes", options.model, options.draft));
    }
  }
  QUIRE_TRY(const auto tokenizer, Tokenizer::create(local.file().metadata()));
  QUIRE_TRY(const ReplayedText text, read_text(options, *tokenizer));
  if (options.format == OutputFormat::table) {
    fmt::print("{}: {} tokens of a prompt, {} of an answer; {} threads, {}\n", options.model, text.prompt_tokens,
               text.timeline.size() - text.prompt_tokens, local.worker_count(), models.model->arithmetic());
  }
  TextTable table({"PL", "t/s", "guessing", "ratio", "cpu ms/t", "guessing", "ratio", "guesses", "right %"});
  for (const int32_t parallel : options.parallel) {
    DraftPairs pairs;
    for (int32_t run = 0; run < options.runs; ++run) {
      QUIRE_TRY(const DraftSpeed without, replay(models, *tokenizer, text, parallel, false));
      QUIRE_TRY(const DraftSpeed with, replay(models, *tokenizer, text, parallel, true));
      pairs.add(without, with);
    }
    if (options.format == OutputFormat::jsonl) {
      const nlohmann::ordered_json line = {{"pl", parallel},
                                           {"speed", median(pairs.speeds[0])},
                                           {"speed_guessing", median(pairs.speeds[1])},
                                           {"speed_ratio", median(pairs.speed_ratios)},
                                           {"cpu_ms", median(pairs.processor[0])},
                                           {"cpu_ms_guessing", median(pairs.processor[1])},
                                           {"cpu_ratio", median(pairs.processor_ratios)},
                                           {"drafted", pairs.last.drafted},
                                           {"accepted", pairs.last.accepted}};
      fmt::print("{}\n", line.dump());
      std::fflush(stdout);
      continue;
    }
    table.add({std::to_string(parallel), format_count(median(pairs.speeds[0])), format_count(median(pairs.speeds[1])),
               fmt::format("{:.2f}", median(pairs.speed_ratios)), fmt::format("{:.2f}", median(pairs.processor[0])),
               fmt::format("{:.2f}", median(pairs.processor[1])), fmt::format("{:.2f}", median(pairs.processor_ratios)),
               std::to_string(pairs.last.drafted), fmt::format("{:.0f}", pairs.last.right_percent())});
  }
  if (options.format == OutputFormat::table) fmt::print("{}", table.text());
  return {};
}

}  // namespace quire::cli
