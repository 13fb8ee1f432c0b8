#include "server/observe/model_metrics.h"

#include <algorithm>
#include <array>
#include <map>
#include <string>

#include "api/answer.h"
#include "metrics/counts.h"
#include "server/models/context_bytes.h"

namespace quire::server {
namespace {

using Labels = MetricFamilies::Labels;

constexpr double ns = 1e9;  // in a second

struct CounterRow {
  int64_t EngineTotals::*value;
  const char* name;
  const char* vllm_name;  // null: it has none
  const char* help;
};

constexpr std::array counter_rows = {
    CounterRow{&EngineTotals::prompt_tokens, "quire_prompt_tokens_total", "vllm:prompt_tokens_total",
               "Tokens of the prompts of requests that were started."},
    CounterRow{&EngineTotals::prompt_rows_computed, "quire_prompt_tokens_computed_total", nullptr,
               "Prompt tokens that were computed, once more when it was done again."},
    CounterRow{&EngineTotals::prefix_hit_tokens, "quire_prompt_tokens_cached_total", "vllm:prompt_tokens_cached_total",
               "Prompt tokens that were in the prefix cache and needed no computing."},
    CounterRow{&EngineTotals::prefix_query_tokens, "quire_prefix_cache_query_tokens_total",
               "vllm:prefix_cache_queries_total", "Prompt tokens that were looked for in the prefix cache."},
    CounterRow{&EngineTotals::prefix_hit_tokens, "quire_prefix_cache_hit_tokens_total", "vllm:prefix_cache_hits_total",
               "Prompt tokens that were found there."},
    CounterRow{&EngineTotals::generated_tokens, "quire_generated_tokens_total", "vllm:generation_tokens_total",
               "Tokens that were generated."},
    CounterRow{&EngineTotals::preemptions, "quire_preemptions_total", "vllm:num_preemptions_total",
               "Times a running request was parked."},
    CounterRow{&EngineTotals::preempted_unfair, "quire_preemptions_unfair_total", nullptr,
               "Of those, because its client had been served too much."},
    CounterRow{&EngineTotals::preempted_urgent, "quire_preemptions_urgent_total", nullptr,
               "Of those, because a more urgent prompt needed the step."},
    CounterRow{&EngineTotals::recomputed_tokens, "quire_recomputed_tokens_total", nullptr,
               "Tokens that were computed again after their KV blocks were taken."},
    CounterRow{&EngineTotals::evicted_blocks, "quire_kv_evicted_blocks_total", nullptr,
               "KV blocks of the prefix cache that were given to somebody else."},
    CounterRow{&EngineTotals::evicted_window_blocks, "quire_kv_evicted_window_blocks_total", nullptr,
               "Of those of layers with windows."},
    CounterRow{&EngineTotals::evicted_snapshots, "quire_kv_evicted_snapshots_total", nullptr,
               "Snapshots of recurrent states that were given to somebody else."},
    CounterRow{&EngineTotals::draft_tokens, "quire_draft_tokens_total", "vllm:spec_decode_num_draft_tokens_total",
               "Guesses at answers that were computed."},
    CounterRow{&EngineTotals::accepted_tokens, "quire_accepted_tokens_total",
               "vllm:spec_decode_num_accepted_tokens_total", "Of those, the ones that were right."},
    CounterRow{&EngineTotals::context_shifts, "quire_context_shifts_total", nullptr,
               "Contexts that were full and went on with a part of what was there."},
    CounterRow{&EngineTotals::slow_steps, "quire_slow_steps_total", nullptr,
               "Steps that took more than four times as long as steps of as many rows."},
};

struct HistogramRow {
  HistogramView (*view)(const EngineTotals&);
  double per_unit;
  const char* name;
  const char* vllm_name;
  const char* help;
};

constexpr std::array histogram_rows = {
    HistogramRow{[](const EngineTotals& totals) { return totals.token_gap.view(); }, ns,
                 "quire_inter_token_latency_seconds", "vllm:inter_token_latency_seconds",
                 "Between two tokens of an answer."},
    HistogramRow{[](const EngineTotals& totals) { return totals.request_time.view(); }, ns, "quire_request_seconds",
                 "vllm:e2e_request_latency_seconds", "From a request's arrival to its end, of finished ones."},
    HistogramRow{[](const EngineTotals& totals) { return totals.prefill_time.view(); }, ns,
                 "quire_request_prefill_seconds", "vllm:request_prefill_time_seconds",
                 "From the first computed token of a prompt to the first token of the answer."},
    HistogramRow{[](const EngineTotals& totals) { return totals.decode_time.view(); }, ns,
                 "quire_request_decode_seconds", "vllm:request_decode_time_seconds",
                 "From the first token of an answer to its last, of finished requests."},
    HistogramRow{[](const EngineTotals& totals) { return totals.mean_gap.view(); }, ns,
                 "quire_request_time_per_output_token_seconds", "vllm:request_time_per_output_token_seconds",
                 "Mean gap between two tokens of an answer, of finished requests that had two."},
    HistogramRow{[](const EngineTotals& totals) { return totals.inference_time.view(); }, ns,
                 "quire_request_inference_seconds", "vllm:request_inference_time_seconds",
                 "From the first computed token of a prompt to the last token of the answer, of finished requests."},
    HistogramRow{[](const EngineTotals& totals) { return totals.prompt_lengths.view(); }, 1,
                 "quire_request_prompt_tokens", "vllm:request_prompt_tokens", "Prompts of finished requests."},
    HistogramRow{[](const EngineTotals& totals) { return totals.answer_lengths.view(); }, 1,
                 "quire_request_generated_tokens", "vllm:request_generation_tokens", "Answers of finished requests."},
    HistogramRow{[](const EngineTotals& totals) { return totals.step_time.view(); }, ns, "quire_step_seconds", nullptr,
                 "Engine steps."},
    HistogramRow{[](const EngineTotals& totals) { return totals.step_rows.view(); }, 1, "quire_step_rows",
                 "vllm:iteration_tokens_total", "Rows of engine steps: tokens that were computed together."},
};

// One model's labels in both worlds, with more of them for one metric.
class Names {
 public:
  explicit Names(const std::string& model) : model_(label_text(model)) {}
  Labels own(Labels more = {}) const { return with({{"model_name", model_}}, std::move(more)); }
  Labels vllm(Labels more = {}) const { return with({{"model_name", model_}, {"engine", "0"}}, std::move(more)); }

 private:
  static Labels with(Labels labels, Labels more) {
    labels.insert(labels.end(), more.begin(), more.end());
    return labels;
  }
  const std::string model_;
};

template <typename Waits>
HistogramView sum_of(const Waits& bands, typename Waits::value_type& sum) {
  for (const auto& band : bands) add_counts(sum, band);
  return sum.view();
}

void add_waits(MetricFamilies& families, const Names& names, const EngineTotals& totals) {
  constexpr const char* queue_help =
      "From a request's arrival to its first computed token, or to its end in the queue.";
  constexpr const char* first_help = "From a request's arrival to the first token of its answer.";
  // A band that nobody has asked for is two dozen lines of nothing.
  const auto shown = [&](size_t band) { return totals.submitted[band] > 0 || band == Request{}.priority; };
  for (size_t band = 0; band < band_count; ++band) {
    if (!shown(band)) continue;
    const Labels labels = names.own({{"band", std::to_string(band)}});
    families.histogram("quire_request_queue_seconds", queue_help, labels, totals.queue_time[band].view(), ns);
    families.histogram("quire_time_to_first_token_seconds", first_help, labels, totals.first_token_time[band].view(),
                       ns);
  }
  Histogram<metric_bounds::wait> queue, first;
  families.histogram("vllm:request_queue_time_seconds", queue_help, names.vllm(), sum_of(totals.queue_time, queue), ns);
  families.histogram("vllm:time_to_first_token_seconds", first_help, names.vllm(),
                     sum_of(totals.first_token_time, first), ns);
}

void add_finished(MetricFamilies& families, const Names& names, const EngineTotals& totals) {
  constexpr const char* help = "Requests that have ended, by why; those that were refused are not among them.";
  // vLLM knows no deadline: the request was given up.
  constexpr std::array<const char*, 4> vllm_names = {"stop", "length", "abort", "error"};
  std::array<int64_t, 4> vllm{};
  for (size_t reason = 0; reason < finish_reason_count; ++reason) {
    const auto which = static_cast<FinishReason>(reason);
    const auto count = static_cast<double>(totals.finished[reason]);
    families.counter("quire_requests_finished_total", help,
                     names.own({{"reason", std::string(api::finish_text(which))}}), count);
    vllm[which == FinishReason::deadline ? 2 : std::min<size_t>(reason, 3)] += totals.finished[reason];
  }
  for (size_t reason = 0; reason < vllm.size(); ++reason) {
    families.counter("vllm:request_success_total", help, names.vllm({{"finished_reason", vllm_names[reason]}}),
                     static_cast<double>(vllm[reason]));
  }
}

void add_requests(MetricFamilies& families, const Names& names, const EngineSnapshot& snapshot) {
  constexpr const char* help = "Requests in the engine by state and by the band that they asked for.";
  int64_t waiting = 0;
  for (size_t band = 0; band < band_count; ++band) {
    const BandCounts& counts = snapshot.scheduler.bands[band];
    const int64_t waiting_here = counts.waiting + snapshot.on_their_way[band];
    waiting += waiting_here;
    const auto add = [&](const char* state, int64_t count) {
      families.gauge("quire_requests", help, names.own({{"state", state}, {"band", std::to_string(band)}}),
                     static_cast<double>(count));
    };
    add("waiting", waiting_here);
    add("running", counts.running);
    add("parked", counts.parked);
  }
  families.gauge("quire_waiting_prompt_tokens", "Tokens of the prompts that wait.", names.own(),
                 static_cast<double>(snapshot.scheduler.waiting_tokens));
  families.gauge("vllm:num_requests_running", "Requests that are being computed.", names.vllm(),
                 snapshot.scheduler.running);
  families.gauge("vllm:num_requests_waiting", "Requests that wait for their turn.", names.vllm(),
                 static_cast<double>(waiting));
  // vLLM also defers requests, for example until their KV came from elsewhere; here all wait for room or their turn.
  constexpr const char* by_reason = "Requests that wait, by what for.";
  families.gauge("vllm:num_requests_waiting_by_reason", by_reason, names.vllm({{"reason", "capacity"}}),
                 static_cast<double>(waiting));
  families.gauge("vllm:num_requests_waiting_by_reason", by_reason, names.vllm({{"reason", "deferred"}}), 0);
}

// Also of a model that is not in memory.
void add_waiting_for_model(MetricFamilies& families, const Names& names, int32_t waiting) {
  families.gauge("quire_requests_waiting_for_model", "Requests whose model is being loaded or waits for a seat.",
                 names.own(), waiting);
  families.gauge("vllm:num_requests_waiting_by_reason", "Requests that wait, by what for.",
                 names.vllm({{"reason", "model"}}), waiting);
}

void add_kv(MetricFamilies& families, const Names& names, const ModelHost::Counted::Now& now) {
  const SchedulerCounts& counts = now.snapshot.scheduler;
  const auto blocks = [&](const char* state, int32_t count) {
    families.gauge("quire_kv_blocks", "KV blocks by state; together they are all that there are.",
                   names.own({{"state", state}}), count);
  };
  blocks("used", counts.blocks_held);
  blocks("evictable", counts.blocks_cached);
  blocks("free", counts.blocks_free);
  blocks("withheld", counts.blocks_withheld);
  const auto of_class = [&](const ClassCounts& one, const char* name, const char* help) {
    families.gauge(name, help, names.own({{"state", "used"}}), one.held);
    families.gauge(name, help, names.own({{"state", "evictable"}}), one.cached);
    families.gauge(name, help, names.own({{"state", "free"}}), one.free());
    families.gauge(name, help, names.own({{"state", "withheld"}}), one.withheld);
  };
  of_class(counts.windows, "quire_kv_window_blocks", "KV blocks of layers with windows by state.");
  of_class(counts.states, "quire_kv_states", "States of recurrent layers by state; evictable: snapshots.");
  const auto gauge = [&](const char* name, const char* help, double value) {
    families.gauge(name, help, names.own(), value);
  };
  gauge("quire_kv_blocks_shared", "Used KV blocks that more than one request holds.", counts.blocks_shared);
  gauge("quire_kv_blocks_parked", "KV blocks of parked requests.", counts.blocks_parked);
  gauge("quire_kv_blocks_max", "All KV blocks.", counts.blocks_total);
  gauge("quire_kv_blocks_limit", "KV blocks that may be in use now: the machine's memory decides.", counts.block_limit);
  gauge("quire_kv_block_tokens", "Tokens of a KV block.", now.kv_block_tokens);
  const double usage = counts.block_limit > 0 ? static_cast<double>(counts.blocks_held) / counts.block_limit : 0.0;
  gauge("quire_kv_usage_ratio", "Used KV blocks as a share of those that may be in use.", usage);
  families.gauge("vllm:kv_cache_usage_perc", "Used KV blocks as a share of those that may be in use.", names.vllm(),
                 usage);
  families.gauge("vllm:cache_config_info", "How the KV cache is laid out.",
                 names.vllm({{"block_size", std::to_string(now.kv_block_tokens)},
                             {"num_gpu_blocks", std::to_string(counts.block_limit)},
                             {"cache_dtype", std::string(now.kv_type)}}),
                 1);
}

void add_memory(MetricFamilies& families, const Names& names, const ModelHost::Counted::Now& now) {
  struct Bytes {
    uint64_t weights = 0, kv = 0, workspace = 0;
  };
  std::map<std::string, Bytes> devices;
  for (const ModelStage& stage : now.stages) {
    Bytes& bytes = devices[stage.device];
    bytes.weights += stage.memory.weights_bytes;
    bytes.workspace += stage.memory.workspace_bytes;
    bytes.kv += context_bytes(stage.contexts, now.snapshot.scheduler, now.context_tokens).used();
  }
  for (const auto& [device, bytes] : devices) {
    const auto memory = [&](const char* kind, uint64_t value) {
      families.gauge("quire_memory_bytes",
                     "Memory by what it is for and where; KV: blocks and states that hold something.",
                     names.own({{"kind", kind}, {"device", device}}), static_cast<double>(value));
    };
    memory("weights", bytes.weights);
    memory("kv", bytes.kv);
    memory("workspace", bytes.workspace);
  }
}

void add_controller(MetricFamilies& families, const Names& names, const ControllerView& controller) {
  families.gauge("quire_parallel_limit", "Requests that may run together now.", names.own(), controller.parallel);
  families.gauge("quire_parallel_limit_max", "The bound that the limit never exceeds.", names.own(),
                 controller.parallel_max);
  families.gauge("quire_target_gap_seconds", "The gap between two tokens that steps are planned for; 0: not known yet.",
                 names.own(), static_cast<double>(controller.target_gap_ns) / ns);
}

}  // namespace

void add_model_metrics(MetricFamilies& families, const ModelHost::Counted& model) {
  const Names names(model.name);
  const EngineTotals& totals = model.totals;
  families.gauge("quire_model_loaded", "1 while the model is in memory.", names.own(), model.now ? 1 : 0);
  add_waiting_for_model(families, names, model.waiting);
  if (model.now) {
    add_requests(families, names, model.now->snapshot);
    add_kv(families, names, *model.now);
    add_memory(families, names, *model.now);
    add_controller(families, names, model.now->snapshot.controller);
  }
  for (const CounterRow& row : counter_rows) {
    const auto value = static_cast<double>(totals.*row.value);
    families.counter(row.name, row.help, names.own(), value);
    if (row.vllm_name != nullptr) families.counter(row.vllm_name, row.help, names.vllm(), value);
  }
  add_finished(families, names, totals);
  add_waits(families, names, totals);
  for (const HistogramRow& row : histogram_rows) {
    families.histogram(row.name, row.help, names.own(), row.view(totals), row.per_unit);
    if (row.vllm_name != nullptr)
      families.histogram(row.vllm_name, row.help, names.vllm(), row.view(totals), row.per_unit);
  }
}

}  // namespace quire::server
