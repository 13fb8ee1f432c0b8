#include "load/workload.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/random.h"

namespace quire::load {
namespace {

constexpr int32_t tokens_max = 1 << 20;
constexpr int32_t turns_max = 1000;
constexpr double time_scale_max = 1000;  // times the 11 days of a trace, it fits in nanoseconds of 64 bits

// Streams of random numbers that must not meet.
enum class Stream : uint64_t { conversation = 1, text, shared, block, fault };

Random random_of(const WorkloadSpec& spec, Stream stream, uint64_t number) {
  return Random(mix(mix(spec.seed) ^ static_cast<uint64_t>(stream)) ^ number);
}

// Common words; most vocabularies have each of them as one token.
constexpr std::array words_list = {
    "time",   "year",  "way",  "day",    "man",   "world", "life",   "hand",  "part",   "child", "eye",    "woman",
    "place",  "work",  "week", "case",   "point", "home",  "water",  "room",  "mother", "area",  "money",  "story",
    "fact",   "month", "lot",  "right",  "study", "book",  "word",   "side",  "kind",   "head",  "house",  "friend",
    "father", "power", "hour", "game",   "line",  "end",   "law",    "car",   "city",   "name",  "team",   "minute",
    "idea",   "kid",   "body", "back",   "face",  "door",  "art",    "war",   "night",  "moon",  "river",  "tree",
    "bird",   "stone", "fire", "garden", "light", "road",  "school", "music", "table",  "green", "little", "old",
    "new",    "good",  "long", "small",  "large", "young", "early",  "late",  "white",  "red",   "blue",   "dark"};

Result<void> check_range(const char* name, Range range, int32_t least, int32_t most) {
  if (range.low >= least && range.low <= range.high && range.high <= most) return {};
  return fail(ErrorKind::invalid, fmt::format("{}: expected a number or LOW-HIGH within {} to {}, found {}-{}", name,
                                              least, most, range.low, range.high));
}

Result<void> check_percent(const char* name, int32_t value) {
  if (value >= 0 && value <= 100) return {};
  return fail(ErrorKind::invalid, fmt::format("{}: expected a share from 0 to 100 per cent, found {}", name, value));
}

int32_t draw_client(const WorkloadSpec& spec, Random& random) {
  int64_t all = 0;
  for (const ClientClass& client : spec.clients) all += client.share;
  if (all == 0) return 0;
  int64_t drawn = random.below(all);
  for (size_t index = 0; index < spec.clients.size(); ++index) {
    drawn -= spec.clients[index].share;
    if (drawn < 0) return static_cast<int32_t>(index);
  }
  return 0;
}

// Faults are the number's own, not the conversation's: what is asked again is not always dropped at the same place.
void plan_faults(const WorkloadSpec& spec, Conversation& conversation) {
  Random random = random_of(spec, Stream::fault, static_cast<uint64_t>(conversation.index));
  for (PlannedTurn& turn : conversation.turns) {
    if (random.percent(spec.cancel_percent)) {
      turn.drop_after = random.below(turn.answer_tokens);
    } else if (random.percent(spec.slow_percent)) {
      turn.slow = true;
    }
  }
}

int32_t scaled(int32_t tokens, int32_t scale) { return (tokens + scale - 1) / scale; }  // up

}  // namespace

Result<void> check(const WorkloadSpec& spec) {
  QUIRE_TRY_VOID(check_range("tokens of a prompt", spec.prompt_tokens, 1, tokens_max));
  QUIRE_TRY_VOID(check_range("tokens of an answer", spec.answer_tokens, 1, tokens_max));
  QUIRE_TRY_VOID(check_range("turns", spec.turns, 1, turns_max));
  QUIRE_TRY_VOID(check_percent("requests that are cancelled", spec.cancel_percent));
  QUIRE_TRY_VOID(check_percent("slow readers", spec.slow_percent));
  QUIRE_TRY_VOID(check_percent("prompts that share", spec.shared_percent));
  if (spec.shared_tokens < 0 || spec.shared_tokens > tokens_max) {
    return fail(ErrorKind::invalid, fmt::format("a shared text has 0 to {} tokens", tokens_max));
  }
  if (spec.distinct < 0) return fail(ErrorKind::invalid, "a number of conversations is not negative");
  for (const ClientClass& client : spec.clients) {
    if (client.share < 1 || client.band < -1 || client.band > 7) {
      return fail(ErrorKind::invalid,
                  fmt::format("client '{}': a share is positive, a band is from 0 to 7", client.name));
    }
  }
  return {};
}

Conversation conversation_at(const WorkloadSpec& spec, int64_t index) {
  const int64_t same_as = spec.distinct > 0 ? index % spec.distinct : index;
  Random random = random_of(spec, Stream::conversation, static_cast<uint64_t>(same_as));
  Conversation conversation{.index = index};
  conversation.text_seed = random_of(spec, Stream::text, static_cast<uint64_t>(same_as)).next();
  conversation.client = draw_client(spec, random);
  conversation.shares = spec.shared_tokens > 0 && random.percent(spec.shared_percent);
  conversation.turns.resize(static_cast<size_t>(random.between(spec.turns.low, spec.turns.high)));
  for (PlannedTurn& turn : conversation.turns) {
    turn.prompt_tokens = random.between(spec.prompt_tokens.low, spec.prompt_tokens.high);
    turn.answer_tokens = random.between(spec.answer_tokens.low, spec.answer_tokens.high);
  }
  plan_faults(spec, conversation);
  return conversation;
}

int64_t Calibration::words(double tokens) const {
  return std::max<int64_t>(1, std::llround(tokens / std::max(0.01, tokens_per_word)));
}

std::string words(uint64_t seed, int64_t count) {
  Random random(seed);
  std::string text;
  for (int64_t word = 0; word < count; ++word) {
    if (word > 0) text += ' ';
    text += words_list[static_cast<size_t>(random.below(std::ssize(words_list)))];
  }
  return text;
}

std::string text_of(const Conversation& conversation, size_t turn, const WorkloadSpec& spec,
                    const Calibration& calibration, int32_t block_tokens) {
  const PlannedTurn& planned = conversation.turns[turn];
  std::string text;
  double left = planned.prompt_tokens;
  if (turn == 0) {
    left -= calibration.overhead_tokens;
    if (conversation.shares) {
      text = words(random_of(spec, Stream::shared, 0).next(), calibration.words(spec.shared_tokens)) + " ";
      left -= spec.shared_tokens;
    }
    for (const int32_t block : conversation.blocks) {
      const double tokens = std::min<double>(left, block_tokens);
      if (tokens < calibration.tokens_per_word) break;
      text +=
          words(random_of(spec, Stream::block, static_cast<uint64_t>(block)).next(), calibration.words(tokens)) + " ";
      left -= tokens;
    }
    if (!conversation.blocks.empty()) return text;
  }
  return text + words(mix(conversation.text_seed + turn), calibration.words(left));
}

Result<Replay> replay_of(const trace::Trace& trace, const TraceSpec& scale, const WorkloadSpec& spec) {
  if (!(scale.time_scale >= 0 && scale.time_scale <= time_scale_max)) {
    return fail(ErrorKind::invalid, fmt::format("a time scale is from 0 to {}", time_scale_max));
  }
  if (scale.token_scale < 1) return fail(ErrorKind::invalid, "a token scale is at least 1");
  Replay replay{.block_tokens = trace.block_tokens > 0 ? scaled(trace.block_tokens, scale.token_scale) : 0};
  size_t taken = trace.requests.size();
  if (scale.requests_max > 0) taken = std::min(taken, static_cast<size_t>(scale.requests_max));
  for (size_t index = 0; index < taken; ++index) {
    const trace::TraceRequest& request = trace.requests[index];
    Conversation conversation = conversation_at(spec, static_cast<int64_t>(index));
    conversation.shares = false;
    conversation.blocks = request.blocks;
    conversation.turns = {{.prompt_tokens = scaled(request.prompt_tokens, scale.token_scale),
                           .answer_tokens = scaled(request.generated_tokens, scale.token_scale)}};
    plan_faults(spec, conversation);
    replay.due_ns.push_back(std::llround(static_cast<double>(request.arrived_ns) * scale.time_scale));
    replay.conversations.push_back(std::move(conversation));
  }
  return replay;
}

}  // namespace quire::load
