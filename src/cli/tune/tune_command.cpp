#include "cli/tune/tune_command.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <span>

#include "base/terminal.h"
#include "cli/local_model.h"
#include "cli/output_file.h"
#include "cli/terminal/human.h"
#include "cli/terminal/signals.h"
#include "cli/terminal/text_table.h"
#include "cli/tune/memory_formula.h"
#include "cli/tune/tune_chart.h"
#include "cli/tune/tune_meter.h"
#include "cli/tune/tune_search.h"
#include "server/models/machine_memory.h"
#include "server/settings.h"
#include "store/catalog.h"
#include "store/tune_record.h"
#include "text/tokenizer.h"

namespace quire::cli {
namespace {

constexpr int32_t context_default = 4096;  // Ollama's, where the memory is not large
constexpr double spread_max = 0.25;        // of visits of the same number; more is no measurement

// What is asked, with every default filled in.
struct Question {
  store::ModelFile file;
  server::Settings settings;
  KvType kv_type = KvType::f16;
  ModelMemory memory;
  uint64_t memory_bytes = 0;    // that the server may take
  bool memory_given = false;    // else it is what is available
  int32_t context_tokens = 0;   // of a context at its longest
  int32_t measured_tokens = 0;  // of a context when it is measured: half
  int32_t contexts_max = 0;     // measured at most
  int64_t fits = 0;             // contexts of context_tokens
  int64_t fits_half = 0;        // of half as many
};

struct Answer {
  TuneFound found;
  store::TuneRecord record;
};

Result<store::ModelFile> find_model(const std::string& name, const std::filesystem::path& folder) {
  store::Catalog catalog(folder);
  std::error_code error;
  if (!std::filesystem::is_regular_file(name, error)) {
    auto found = catalog.find(name);
    if (found) return found;
    return fail(ErrorKind::not_found,
                fmt::format("no model {}: it is neither a file nor a model of {}", name, folder.string()));
  }
  QUIRE_TRY_VOID(catalog.add("tuned=" + name));
  QUIRE_TRY(store::ModelFile file, catalog.find("tuned"));
  file.name = name;
  return file;
}

Result<Question> question_of(const TuneOptions& options) {
  Question asked;
  QUIRE_TRY(asked.settings, server::read_settings([](const char* name) { return std::getenv(name); }));
  QUIRE_TRY(asked.file, find_model(options.model, asked.settings.models_folder));
  asked.kv_type = options.kv_type.value_or(asked.settings.kv_type);
  const int32_t running_max = asked.settings.parallel_max > 0 ? asked.settings.parallel_max : Limits{}.running_max;
  {
    QUIRE_TRY(const gguf::File file, gguf::File::open(asked.file.path));
    QUIRE_TRY(asked.memory, memory_of(file, asked.file.name, asked.kv_type, running_max));
  }
  const auto longest = static_cast<int32_t>(std::min<int64_t>(asked.memory.context_max, int64_t{1} << 30));
  const int32_t usual = asked.settings.context_tokens > 0 ? asked.settings.context_tokens : context_default;
  asked.context_tokens = options.context ? *options.context : std::min(usual, longest);
  if (asked.context_tokens > longest) {
    return fail(ErrorKind::invalid, fmt::format("--context {}: {} was made for {} tokens at most", asked.context_tokens,
                                                asked.file.name, longest));
  }
  const uint64_t available = server::read_machine_memory(asked.settings.machine_root).available_bytes;
  asked.memory_given = !options.memory.empty();
  asked.memory_bytes = available;
  if (asked.memory_given) {
    Result<uint64_t> parsed = server::parse_bytes(options.memory);
    if (!parsed) return fail(ErrorKind::invalid, "--memory: " + parsed.error().message);
    asked.memory_bytes = *parsed;
  }
  QUIRE_TRY_VOID(check_memory(asked.memory, asked.memory_bytes, asked.context_tokens));
  const int32_t half = std::max(1, asked.context_tokens / 2);
  asked.fits = contexts_that_fit(asked.memory, asked.memory_bytes, asked.context_tokens);
  asked.fits_half = contexts_that_fit(asked.memory, asked.memory_bytes, half);
  asked.measured_tokens = half;
  asked.contexts_max = running_max;
  return asked;
}

// Measuring takes memory too: three quarters of what is there now, however much was asked about.
Result<void> bound_by_memory(Question& asked, const Model& model) {
  const uint64_t room = server::read_machine_memory(asked.settings.machine_root).available_bytes / 4 * 3;
  for (; asked.measured_tokens > 1; asked.measured_tokens /= 2) {
    const uint64_t one = TuneMeter::kv_bytes(model, {.contexts_max = 1, .context_tokens = asked.measured_tokens});
    const uint64_t count = room / one;
    asked.contexts_max = static_cast<int32_t>(std::min<uint64_t>(static_cast<uint64_t>(asked.contexts_max), count));
    if (asked.contexts_max >= 1) return {};
    asked.contexts_max = 1;
  }
  return fail(ErrorKind::too_large, fmt::format("there is no room to measure {} now", asked.file.name));
}

Result<Answer> measure(Question& asked, const TuneOptions& options) {
  const HeldSignals signals;
  QUIRE_TRY(const auto local, LocalModel::open_generator(asked.file.path, options.threads, asked.kv_type));
  QUIRE_TRY(const auto tokenizer, Tokenizer::create(local->file().metadata()));
  QUIRE_TRY_VOID(bound_by_memory(asked, local->model()));
  const SteadyClock clock;
  QUIRE_TRY(TuneMeter meter,
            TuneMeter::create(*local, *tokenizer,
                              {.contexts_max = asked.contexts_max, .context_tokens = asked.measured_tokens}, clock));
  const auto visit = [&](int32_t contexts, int64_t visit_ns) -> Result<int64_t> {
    if (signals.pending()) return fail(ErrorKind::cancelled, "interrupted");
    return meter.measure(contexts, visit_ns);
  };
  const TuneBounds bounds = {.contexts_max = asked.contexts_max, .time_ns = options.seconds * int64_t{1'000'000'000}};
  Answer answer;
  QUIRE_TRY(answer.found, search_contexts(visit, bounds, clock));
  QUIRE_TRY(const std::string content, store::content_name(asked.file));
  const TuneCurve& curve = answer.found.curve;
  answer.record = {.key = {.model = content,
                           .processor = store::processor_name(),
                           .kernels = std::string(local->arithmetic()),
                           .kv_type = std::string(kv_type_name(local->model().config().kv_type)),
                           .threads = local->worker_count()},
                   .parallel_start = curve.pays(),
                   .measured_tokens = asked.measured_tokens,
                   .curve = {}};
  for (const int32_t contexts : curve.contexts()) {
    answer.record.curve.push_back({contexts, curve.step_ns(contexts)});
  }
  return answer;
}

Chart chart_of(const Question& asked, const Answer& answer) {
  const store::TuneRecord& record = answer.record;
  Chart chart{.title = fmt::format("{}, {} threads, {}: tokens/s and ms per token, contexts of {} tokens",
                                   asked.file.path.stem().string(), record.key.threads, record.key.kernels,
                                   asked.measured_tokens),
              .points = {},
              .pays = record.parallel_start,
              .fits = asked.fits};
  for (const int32_t contexts : answer.found.curve.contexts()) {
    chart.points.push_back({.contexts = contexts,
                            .tokens_per_s = answer.found.curve.tokens_per_s(contexts),
                            .gap_ms = static_cast<double>(answer.found.curve.step_ns(contexts)) / 1e6});
  }
  return chart;
}

void print_json(const Question& asked, const Answer& answer, const std::string& written) {
  const store::TuneRecord& record = answer.record;
  nlohmann::ordered_json curve = nlohmann::ordered_json::array();
  for (const int32_t contexts : answer.found.curve.contexts()) {
    curve.push_back({{"contexts", contexts},
                     {"tokens_per_s", answer.found.curve.tokens_per_s(contexts)},
                     {"ms_per_token", static_cast<double>(answer.found.curve.step_ns(contexts)) / 1e6},
                     {"visits", answer.found.curve.visit_count(contexts)}});
  }
  nlohmann::ordered_json line = {{"model", asked.file.name},
                                 {"processor", record.key.processor},
                                 {"kernels", record.key.kernels},
                                 {"threads", record.key.threads},
                                 {"kv_type", record.key.kv_type},
                                 {"context_tokens", asked.context_tokens},
                                 {"measured_tokens", asked.measured_tokens},
                                 {"memory_bytes", asked.memory_bytes},
                                 {"fixed_bytes", asked.memory.fixed_bytes()},
                                 {"weight_bytes", asked.memory.weight_bytes},
                                 {"kv_block_bytes", asked.memory.contexts.block_bytes},
                                 {"kv_window_block_bytes", asked.memory.contexts.window_block_bytes},
                                 {"kv_window_tokens", asked.memory.contexts.window_tokens},
                                 {"state_bytes", asked.memory.contexts.state_bytes},
                                 {"kv_block_tokens", asked.memory.contexts.block_tokens},
                                 {"fits", asked.fits},
                                 {"fits_half_filled", asked.fits_half},
                                 {"pays", record.parallel_start},
                                 {"best", answer.found.curve.best()},
                                 {"cut_short", answer.found.cut_short},
                                 {"spread", answer.found.curve.spread()},
                                 {"seconds", answer.found.seconds},
                                 {"written", written},
                                 {"curve", curve}};
  fmt::print("{}\n", line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

void print_report(const Question& asked, const Answer& answer, const std::string& written) {
  const store::TuneRecord& record = answer.record;
  const TuneCurve& curve = answer.found.curve;
  const int32_t pays = record.parallel_start;
  const int32_t best = curve.best();
  fmt::print("{}: {} threads of {}, {}, KV in {}\n", asked.file.name, record.key.threads, record.key.processor,
             record.key.kernels, record.key.kv_type);
  fmt::print("measured with contexts of {} tokens in {:.0f} s{}\n\n", asked.measured_tokens, answer.found.seconds,
             answer.found.cut_short ? "; the time was short: fewer points or repeats than wanted (--seconds)" : "");
  fmt::print("{}\n", chart_text(chart_of(asked, answer), terminal_columns(STDOUT_FILENO), isatty(STDOUT_FILENO) == 0));
  fmt::print("by throughput   {}: {} tokens/s, {:.0f} % of the best ({} at {})\n",
             pays == 1 ? "1 context pays" : fmt::format("{} contexts pay", pays),
             format_count(curve.tokens_per_s(pays)), 100 * curve.tokens_per_s(pays) / curve.tokens_per_s(best),
             format_count(curve.tokens_per_s(best)), best);
  fmt::print("by memory       {} contexts of {} tokens fit into {}{}, {} when they are half full\n", asked.fits,
             asked.context_tokens, human_bytes(asked.memory_bytes), asked.memory_given ? "" : " (available now)",
             asked.fits_half);
  fmt::print("                {} for the model itself, {} a context of {} tokens\n",
             human_bytes(asked.memory.fixed_bytes()), human_bytes(asked.memory.kv_bytes(asked.context_tokens)),
             asked.context_tokens);
  fmt::print("                QUIRE_MEMORY={} lets the server use all of that\n",
             memory_for_contexts(asked.memory, asked.memory_bytes));
  if (curve.spread() > spread_max) {
    fmt::print("the machine is busy: times of the same number differ by {:.0f} %; tune again when it is quiet\n",
               100 * curve.spread());
  }
  if (!written.empty()) fmt::print("a server begins with {}: {}\n", pays, written);
}

Result<std::string> write_record(const server::Settings& settings, const store::TuneRecord& record) {
  const std::filesystem::path path = store::tune_path(settings.tune_folder, record.key);
  std::error_code error;
  std::filesystem::create_directories(settings.tune_folder, error);
  if (error) {
    return fail(ErrorKind::io, fmt::format("cannot make {}: {} (--no-write measures only)",
                                           settings.tune_folder.string(), error.message()));
  }
  const std::string text = store::tune_text(record);
  QUIRE_TRY_VOID(write_output_file(path, std::as_bytes(std::span(text))));
  return path.string();
}

}  // namespace

Result<void> tune_command(const TuneOptions& options) {
  if (options.table) {
    QUIRE_TRY(const std::string tables, memory_tables());
    fmt::print("{}", tables);
    return {};
  }
  QUIRE_TRY(Question asked, question_of(options));
  QUIRE_TRY(const Answer answer, measure(asked, options));
  Result<std::string> written = std::string();
  if (options.writes) written = write_record(asked.settings, answer.record);
  if (options.json) {
    print_json(asked, answer, written.value_or(""));
  } else {
    print_report(asked, answer, written.value_or(""));
  }
  if (!options.svg.empty()) {
    const std::string svg = chart_svg(chart_of(asked, answer));
    QUIRE_TRY_VOID(write_output_file(options.svg, std::as_bytes(std::span(svg))));
  }
  if (!written) return std::unexpected(written.error());
  return {};
}

}  // namespace quire::cli
