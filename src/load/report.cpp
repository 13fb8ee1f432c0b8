#include "load/report.h"

#include <algorithm>
#include <utility>

namespace quire::load {
namespace {

constexpr size_t error_texts_max = 5;
constexpr int32_t turns_shown_max = 8;  // all of them; of more only a few

double per_second(double count, int64_t window_ns) {
  return count * 1e9 / static_cast<double>(std::max<int64_t>(1, window_ns));
}

// Tokens of the answer that arrived within the window: its pieces there, each as many tokens as the others.
double tokens_within(const Sample& sample, int64_t window_ns) {
  if (sample.pieces_ns.empty()) return 0;
  const auto within = std::ranges::upper_bound(sample.pieces_ns, window_ns) - sample.pieces_ns.begin();
  return static_cast<double>(sample.tokens()) * static_cast<double>(within) /
         static_cast<double>(sample.pieces_ns.size());
}

bool is_good(const Sample& sample, const ServiceLimits& limits) {
  if (sample.outcome != Outcome::whole || sample.pieces_ns.empty()) return false;
  if (limits.first_ms > 0 && static_cast<double>(sample.first_ns()) > limits.first_ms * 1e6) return false;
  if (limits.gap_ms <= 0 || sample.tokens() < 2) return true;
  const auto spent_ns = static_cast<double>(sample.pieces_ns.back() - sample.pieces_ns.front());
  return spent_ns / static_cast<double>(sample.tokens() - 1) <= limits.gap_ms * 1e6;
}

// Groups of samples by a key; none where all have the same.
template <typename Key, typename KeyOf>
std::map<Key, Figures> grouped(const StageResult& result, const ServiceLimits& limits, KeyOf key_of) {
  std::map<Key, std::vector<const Sample*>> groups;
  for (const Sample& sample : result.samples) groups[key_of(sample)].push_back(&sample);
  std::map<Key, Figures> figures;
  if (groups.size() < 2) return figures;
  for (const auto& [key, samples] : groups) figures[key] = figures_of(samples, result.window_ns, limits);
  return figures;
}

}  // namespace

int64_t Figures::errors() const {
  return count(Outcome::failed) + count(Outcome::unreachable) + count(Outcome::broken) + count(Outcome::timed_out);
}

double Figures::good_share() const {
  const int64_t asked = requests - count(Outcome::dropped);
  return asked > 0 ? static_cast<double>(good) / static_cast<double>(asked) : 0;
}

std::optional<double> Figures::cached_share() const {
  if (looked_up_tokens == 0) return std::nullopt;
  return static_cast<double>(cached_tokens) / static_cast<double>(looked_up_tokens);
}

Figures figures_of(const std::vector<const Sample*>& samples, int64_t window_ns, const ServiceLimits& limits) {
  Figures figures;
  std::vector<int64_t> firsts, gaps, wholes, waits, prompts;
  double tokens = 0;
  int64_t whole_within = 0, good_within = 0;
  for (const Sample* sample : samples) {
    ++figures.outcomes[static_cast<size_t>(sample->outcome)];
    tokens += tokens_within(*sample, window_ns);
    figures.tokens += sample->tokens();
    figures.prompt_tokens += std::max<int64_t>(0, sample->counts.prompt_tokens);
    figures.truncated += sample->prompt_truncated ? 1 : 0;
    if (sample->counts.prompt_tokens > 0) prompts.push_back(sample->counts.prompt_tokens);
    if (sample->counts.prompt_tokens > 0 && sample->counts.cached_tokens >= 0) {
      figures.cached_tokens += sample->counts.cached_tokens;
      figures.looked_up_tokens += sample->counts.prompt_tokens;
    }
    if (sample->outcome == Outcome::interrupted) continue;
    ++figures.requests;
    if (sample->wait_ns() >= 0) waits.push_back(sample->wait_ns());
    const bool good = is_good(*sample, limits);
    const bool whole = sample->outcome == Outcome::whole;
    figures.good += good ? 1 : 0;
    if (sample->ended_ns <= window_ns) {
      whole_within += whole ? 1 : 0;
      good_within += good ? 1 : 0;
    }
    if (sample->slow) continue;
    if (!sample->pieces_ns.empty()) firsts.push_back(sample->first_ns());
    for (size_t piece = 1; piece < sample->pieces_ns.size(); ++piece) {
      gaps.push_back(sample->pieces_ns[piece] - sample->pieces_ns[piece - 1]);
    }
    if (whole) wholes.push_back(sample->ended_ns - sample->due_ns);
  }
  figures.first_ns = percentiles(std::move(firsts));
  figures.gap_ns = percentiles(std::move(gaps));
  figures.whole_ns = percentiles(std::move(wholes));
  figures.wait_ns = percentiles(std::move(waits));
  figures.prompt_size = percentiles(std::move(prompts));
  figures.tokens_per_s = per_second(tokens, window_ns);
  figures.prompt_tokens_per_s = per_second(static_cast<double>(figures.prompt_tokens), window_ns);
  figures.requests_per_s = per_second(static_cast<double>(whole_within), window_ns);
  figures.good_per_s = per_second(static_cast<double>(good_within), window_ns);
  return figures;
}

StageReport report_of(const Target& target, const WorkloadSpec& spec, StageResult result, const ServiceLimits& limits) {
  StageReport report{.server = target.name, .load = result.stage.label(), .kind = result.stage.kind};
  report.window_ns = result.window_ns;
  report.interrupted = result.interrupted;
  report.level = result.stage.kind == LoadKind::closed
                     ? result.stage.parallel
                     : per_second(static_cast<double>(result.samples.size()), result.window_ns);
  std::vector<const Sample*> all;
  for (const Sample& sample : result.samples) {
    all.push_back(&sample);
    const bool known = report.error_texts.contains(sample.error);
    if (!sample.error.empty() && (known || report.error_texts.size() < error_texts_max)) {
      ++report.error_texts[sample.error];
    }
  }
  report.all = figures_of(all, result.window_ns, limits);
  report.bands = grouped<int32_t>(result, limits, [](const Sample& sample) { return sample.band; });
  if (spec.clients.size() > 1) {
    report.clients = grouped<std::string>(
        result, limits, [&](const Sample& sample) { return spec.clients[static_cast<size_t>(sample.client)].name; });
  }
  report.turns = grouped<int32_t>(result, limits, [](const Sample& sample) { return sample.turn + 1; });
  std::erase_if(report.turns, [](const auto& turn) { return turn.second.requests == 0; });
  if (report.turns.size() < 2) report.turns.clear();
  report.samples = std::move(result.samples);
  return report;
}

std::vector<int32_t> shown_turns(int32_t last) {
  std::vector<int32_t> turns;
  if (last <= turns_shown_max) {
    for (int32_t turn = 1; turn <= last; ++turn) turns.push_back(turn);
    return turns;
  }
  for (int32_t power = 1; power < last; power *= 10) {
    for (const int32_t turn : {power, 2 * power, 5 * power}) {
      if (turn < last) turns.push_back(turn);
    }
  }
  turns.push_back(last);
  return turns;
}

}  // namespace quire::load
