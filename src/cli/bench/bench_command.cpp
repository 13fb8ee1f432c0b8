#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "api/call.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "cli/bench/answer_hash.h"
#include "cli/bench/timed_executor.h"
#include "cli/commands/commands.h"
#include "cli/local_model.h"
#include "cli/terminal/text_table.h"
#include "engine/engine.h"
#include "engine/model_executor.h"
#include "model/context_memory.h"
#include "text/tokenizer.h"

namespace quire::cli {
namespace {

constexpr int32_t block_tokens = 32;
constexpr int32_t step_tokens_max = 512;

// One line of the report; the names are those of llama-batched-bench.
struct BatchSpeed {
  int32_t pp = 0, tg = 0, pl = 0;
  double t_pp = 0, t_tg = 0;
  double t_idle = 0;     // of t_tg, between a step's end and the next one's issue
  uint64_t answers = 0;  // a hash of what was answered: the first tg tokens of each

  int64_t n_kv() const { return int64_t{pl} * (pp + tg); }
  double speed_pp() const { return static_cast<double>(int64_t{pl} * pp) / t_pp; }
  double speed_tg() const { return static_cast<double>(int64_t{pl} * tg) / t_tg; }
  double t() const { return t_pp + t_tg; }
  double idle_tg() const { return t_idle / t_tg; }
  double speed() const { return static_cast<double>(n_kv()) / t(); }
  // All rows of a step read the weights once.
  double gb_s_tg(const Model& model) const { return 1e-9 * static_cast<double>(model.weight_size_bytes()) * tg / t_tg; }
  // Of a prompt, the last row alone is sampled.
  double gmac_s_pp(const Model& model) const {
    return 1e-9 * static_cast<double>(pl * (pp * model.layer_products() + model.output_products())) / t_pp;
  }
  double gmac_s_tg(const Model& model) const {
    return 1e-9 * static_cast<double>(pl * tg * (model.layer_products() + model.output_products())) / t_tg;
  }
};

// `parallel` sequences through the real engine: scheduler, model and sampler.
class BatchRun {
 public:
  BatchRun(const BenchBatchOptions& options, int32_t parallel, const Tokenizer& tokenizer)
      : options_(options), parallel_(parallel), tokenizer_(tokenizer) {}

  Result<BatchSpeed> measure(LocalModel& local) {
    QUIRE_TRY(const LocalModel::Places places, local.places());
    Limits limits = limits_for_all(places.ends_on_gpu ? 1 : 0);
    add_states(local.model().config(), limits);
    QUIRE_TRY(ModelExecutor model_executor, local.make_executor(limits));
    TimedExecutor executor(model_executor, clock_);
    Engine engine(limits, executor, tokenizer_, clock_, [this](std::vector<Event>&& events) { note(events); });
    BatchSpeed speed{.pp = options_.prompt, .tg = options_.generate, .pl = parallel_};

    // Page faults and the workers' start are not what is measured.
    submit_all(engine, std::min(options_.prompt, warm_up_tokens_max), 1, /*use_cache=*/false);
    while (engine.step()) continue;
    submit_all(engine, options_.prompt, 1, /*use_cache=*/false);
    int64_t begin_ns = clock_.now_ns();
    while (engine.step()) continue;
    speed.t_pp = seconds_since(begin_ns);

    // Decode is timed from the step after the one that gave the last sequence its first token: all are in each step.
    submit_all(engine, options_.prompt, -1, /*use_cache=*/true);
    while (!all_generate(engine) && engine.step()) continue;
    begin_ns = clock_.now_ns();
    const int64_t generated_before = engine.snapshot().generated_tokens;
    const int64_t idle_before_ns = executor.idle_ns();
    for (int32_t step = 0; step < options_.generate; ++step) engine.step();
    speed.t_tg = seconds_since(begin_ns);
    speed.t_idle = static_cast<double>(executor.idle_ns() - idle_before_ns) * 1e-9;
    const int64_t generated = engine.snapshot().generated_tokens - generated_before;
    engine.cancel_all();
    while (engine.step()) continue;  // what was planned ahead
    if (!error_.empty()) return fail(ErrorKind::internal, error_);
    const int64_t expected = int64_t{parallel_} * options_.generate;
    if (generated != expected) {
      return fail(ErrorKind::internal, fmt::format("{} tokens came in {} steps of {} contexts, {} were expected",
                                                   generated, options_.generate, parallel_, expected));
    }
    speed.answers = hash_of(answers_, options_.generate);
    return speed;
  }

 private:
  // No scheduling policy is measured here: prompts take whole steps, and all contexts run.
  static constexpr int64_t no_target_ns = int64_t{1} << 50;
  static constexpr int32_t warm_up_tokens_max = 64;  // of each prompt

  // Room for every sequence at its longest: while the last prompt is computed, the first sequence already generates.
  Limits limits_for_all(int32_t plans_ahead) const {
    const int32_t steps_of_prompts = ceil_div(parallel_ * options_.prompt, step_tokens_max - parallel_) + parallel_ + 2;
    const int32_t length = options_.prompt + steps_of_prompts + options_.generate + 2 + plans_ahead;
    return {.block_tokens = block_tokens,
            .block_count = parallel_ * (ceil_div(length, block_tokens) + 1),
            .context_tokens = length,
            .running_max = parallel_,
            .queue_max = parallel_,
            .step_tokens_max = step_tokens_max,
            .plans_ahead = plans_ahead,  // as the server has it
            .target_gap_ns = no_target_ns,
            .parallel_adapts = false};
  }

  void submit_all(Engine& engine, int32_t prompt_length, int32_t generated_max, bool use_cache) {
    first_ = next_id_;
    answers_.clear();
    for (int32_t index = 0; index < parallel_; ++index) {
      Request request{.id = {next_id_++}, .generated_max = generated_max, .ignore_eos = true, .use_cache = use_cache};
      if (options_.sample) request.sampling = api::native_sampling();
      for (int32_t position = 0; position < prompt_length; ++position) {
        request.prompt.push_back(token(index, position));
      }
      engine.submit(std::move(request));
    }
  }

  // Any tokens cost the same; these depend on the place alone, so that runs are alike.
  TokenId token(int32_t sequence, int32_t position) const {
    const int64_t mixed = int64_t{sequence} * 7919 + int64_t{position} * 104729;
    return static_cast<TokenId>(mixed % tokenizer_.vocab_size());
  }

  bool all_generate(const Engine& engine) const {
    for (uint64_t id = first_; id < next_id_; ++id) {
      const Sequence* sequence = engine.scheduler().find({id});
      if (sequence == nullptr || sequence->length() == sequence->prompt_length) return false;
    }
    return true;
  }

  void note(const std::vector<Event>& events) {
    for (const Event& event : events) {
      if (const TextDelta* delta = std::get_if<TextDelta>(&event.body)) {
        std::vector<TokenId>& answer = answers_[event.id];
        answer.insert(answer.end(), delta->tokens.begin(), delta->tokens.end());
      }
      const Finished* finished = std::get_if<Finished>(&event.body);
      if (finished != nullptr && finished->reason == FinishReason::error) error_ = finished->error;
    }
  }

  double seconds_since(int64_t begin_ns) const { return static_cast<double>(clock_.now_ns() - begin_ns) / 1e9; }

  const BenchBatchOptions& options_;
  const int32_t parallel_;
  const Tokenizer& tokenizer_;
  SteadyClock clock_;
  uint64_t first_ = 1;
  uint64_t next_id_ = 1;
  Answers answers_;    // of those who were submitted last
  std::string error_;  // of a request that did not end as it should
};

void print_line(const BatchSpeed& speed, const Model& model, const LocalModel::Places& places, bool roof) {
  nlohmann::ordered_json line = {{"pp", speed.pp},     {"tg", speed.tg},
                                 {"pl", speed.pl},     {"n_kv", speed.n_kv()},
                                 {"t_pp", speed.t_pp}, {"speed_pp", speed.speed_pp()},
                                 {"t_tg", speed.t_tg}, {"speed_tg", speed.speed_tg()},
                                 {"t", speed.t()},     {"speed", speed.speed()}};
  line["answers"] = fmt::format("{:016x}", speed.answers);
  line["idle_tg"] = speed.idle_tg();
  line["device"] = places.devices;
  line["gpu_layers"] = places.gpu_layers;
  line["layers"] = model.config().layer_count();
  if (roof) {
    line["gb_s_tg"] = speed.gb_s_tg(model);
    line["gmac_s_pp"] = speed.gmac_s_pp(model);
    line["gmac_s_tg"] = speed.gmac_s_tg(model);
  }
  fmt::print("{}\n", line.dump());
  std::fflush(stdout);
}

}  // namespace

Result<void> bench_batch_command(const BenchBatchOptions& options) {
  QUIRE_TRY(const auto local, LocalModel::open_generator(options.model, options.threads, options.kv_type));
  QUIRE_TRY(const auto tokenizer, Tokenizer::create(local->file().metadata()));
  const Model& model = local->model();
  QUIRE_TRY(const LocalModel::Places places, local->places());
  if (options.format == OutputFormat::table) {
    const ModelConfig& config = model.config();
    fmt::print("{}: {}, {} threads, {}, KV in {}; {} of {} layers on GPUs: {}\n", options.model, config.architecture,
               local->worker_count(), local->arithmetic(), kv_type_name(config.kv_type), places.gpu_layers,
               config.layer_count(), places.devices);
  }
  std::vector<std::string> heading = {"PP",     "TG",       "PL",  "N_KV",  "T_PP s", "S_PP t/s",
                                      "T_TG s", "S_TG t/s", "T s", "S t/s", "answers"};
  if (options.roof) heading.insert(heading.end(), {"TG GB/s", "PP GMAC/s", "TG GMAC/s"});
  TextTable table(heading);
  for (const int32_t parallel : options.parallel) {
    QUIRE_TRY(const BatchSpeed speed, BatchRun(options, parallel, *tokenizer).measure(*local));
    if (options.format == OutputFormat::jsonl) {
      print_line(speed, model, places, options.roof);
      continue;
    }
    std::vector<std::string> row = {std::to_string(speed.pp),
                                    std::to_string(speed.tg),
                                    std::to_string(speed.pl),
                                    std::to_string(speed.n_kv()),
                                    fmt::format("{:.3f}", speed.t_pp),
                                    format_count(speed.speed_pp()),
                                    fmt::format("{:.3f}", speed.t_tg),
                                    format_count(speed.speed_tg()),
                                    fmt::format("{:.3f}", speed.t()),
                                    format_count(speed.speed()),
                                    fmt::format("{:016x}", speed.answers)};
    if (options.roof) {
      for (const double rate : {speed.gb_s_tg(model), speed.gmac_s_pp(model), speed.gmac_s_tg(model)}) {
        row.push_back(format_count(rate));
      }
    }
    table.add(row);
  }
  if (options.format == OutputFormat::table) fmt::print("{}", table.text());
  return {};
}

}  // namespace quire::cli
