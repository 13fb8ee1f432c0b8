#include <fmt/format.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "cli/bench/process_facts.h"
#include "cli/commands/commands.h"
#include "cli/local_model.h"
#include "cli/terminal/human.h"
#include "cli/terminal/text_table.h"
#include "text/tokenizer.h"

namespace quire::cli {

Result<void> bench_load_command(const BenchLoadOptions& options) {
  const SteadyClock clock;
  const auto seconds_since = [&](int64_t begin_ns) { return static_cast<double>(clock.now_ns() - begin_ns) / 1e9; };

  int64_t begin_ns = clock.now_ns();
  QUIRE_TRY(const auto local, LocalModel::open(options.model, options.threads, {}));
  const double load_s = seconds_since(begin_ns);
  begin_ns = clock.now_ns();
  QUIRE_TRY(const auto tokenizer, Tokenizer::create(local->file().metadata()));
  const double vocabulary_s = seconds_since(begin_ns);

  const uint64_t file_bytes = local->file().size_bytes();
  const uint64_t peak_bytes = peak_resident_bytes(getpid());
  const double gb_per_s = static_cast<double>(file_bytes) / load_s / 1e9;
  const double share = static_cast<double>(peak_bytes) / static_cast<double>(file_bytes);
  if (options.format == OutputFormat::jsonl) {
    const nlohmann::ordered_json line = {{"load_s", load_s},
                                         {"gb_per_s", gb_per_s},
                                         {"vocabulary_s", vocabulary_s},
                                         {"file_bytes", file_bytes},
                                         {"packed_bytes", local->model().weight_size_bytes()},
                                         {"peak_bytes", peak_bytes},
                                         {"peak_of_file", share}};
    fmt::print("{}\n", line.dump());
    return {};
  }
  TextTable table({"load s", "GB/s", "vocabulary s", "file", "packed", "peak memory", "peak / file"});
  table.add({fmt::format("{:.3f}", load_s), fmt::format("{:.2f}", gb_per_s), fmt::format("{:.3f}", vocabulary_s),
             human_bytes(file_bytes), human_bytes(local->model().weight_size_bytes()), human_bytes(peak_bytes),
             fmt::format("{:.2f}", share)});
  fmt::print("{}", table.text());
  return {};
}

}  // namespace quire::cli
