#include "sim/world.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/random.h"
#include "sim/fake_constraint.h"
#include "sim/reference.h"
#include "sim/vocabulary.h"

namespace quire::sim {

namespace {

// What there is too little of, so that many are parked while other things happen. Or clients with long answers that
// want all of a small pool, so that one gets far ahead of another.
enum class Crowd : uint8_t { none, memory, seats, clients };

// What the requests of one world have in common.
struct Mood {
  int32_t request_max, prompt_max, answer_max, letters;
  int32_t span_steps;                                         // over which requests arrive
  int32_t patient, cancels, deadlines, faults, salts, bands;  // per cent; the patient ignore the end token
  int32_t clients;                                            // at most
  std::vector<std::vector<TokenId>> stems;                    // prompts begin like one of these
};

TokenId letter(Random& random, int32_t letters) { return first_letter + random.below(letters); }

std::vector<TokenId> text(Random& random, int32_t length, int32_t letters) {
  std::vector<TokenId> tokens(static_cast<size_t>(length));
  for (TokenId& token : tokens) token = letter(random, letters);
  return tokens;
}

// Memory from just enough for one request to plenty; steps from a single row to more than all prompts.
Limits make_limits(Random& random, Crowd crowd) {
  constexpr int32_t block_sizes[] = {1, 1, 2, 2, 2, 4, 4, 32};
  Limits limits;
  limits.block_tokens = block_sizes[random.below(8)];
  const bool large = limits.block_tokens == 32;
  limits.context_tokens = large ? random.between(40, 200) : random.between(crowd != Crowd::none ? 12 : 2, 40);
  const int32_t blocks = (limits.context_tokens + limits.block_tokens - 1) / limits.block_tokens;
  const bool tight = crowd == Crowd::memory || crowd == Crowd::clients || (crowd == Crowd::none && random.percent(60));
  limits.block_count = tight ? blocks + random.below(blocks / 2 + 2) : blocks * random.between(2, 6);
  if (random.percent(5)) limits.block_count = std::max(1, blocks - 1);  // the context is shortened to the pool
  if (limits.block_count * limits.block_tokens < 2) limits.block_count = 2;
  limits.running_max = crowd == Crowd::seats ? random.between(1, 2) : random.between(crowd == Crowd::memory ? 2 : 1, 6);
  limits.queue_max = crowd == Crowd::none && random.percent(25) ? random.between(1, 2) : random.between(2, 12);
  limits.step_tokens_max = large ? random.between(4, 96) : random.between(1, 24);
  limits.prompt_rows_min = random.between(1, 16);
  limits.ageing_steps = random.percent(30) ? random.between(1, 30) : 1 << 20;
  limits.clients_max = random.between(1, 4);
  if (random.percent(20)) limits.answer_tokens_expected = random.between(1, limits.context_tokens);
  limits.parallel_adapts = random.percent(50);
  if (random.percent(25)) limits.target_gap_ns = random.between(1, 400) * int64_t{1000};
  if (crowd == Crowd::clients) {
    limits.block_count = blocks;
    limits.ageing_steps = 1 << 20;
    limits.queue_max = 12;
    limits.answer_tokens_expected = 0;
  }
  if (random.percent(15)) limits.queue_tokens_max = limits.context_tokens + random.below(limits.context_tokens);
  return limits;
}

Mood make_mood(Random& random, const Limits& limits, Crowd crowd) {
  const bool crowded = crowd != Crowd::none;
  const auto some = [&](int32_t chance, int32_t most) { return random.percent(chance) ? random.between(1, most) : 0; };
  Mood mood{
      .request_max = crowded ? 16 : 10,
      .prompt_max = std::max(1, limits.context_tokens * (crowded ? 2 : random.between(2, 5)) / 5),
      .answer_max = std::max(1, crowded ? limits.context_tokens : limits.context_tokens * random.between(1, 4) / 4),
      .letters = random.between(1, letter_count),
      .span_steps = random.percent(30) ? 1 : random.between(1, 40),
      .patient = crowded ? 85 : 50,
      .cancels = some(50, 60),
      .deadlines = some(crowd == Crowd::seats ? 100
                        : crowded             ? 75
                                              : 20,
                        70),
      .faults = some(30, 60),
      .salts = some(25, 60),
      .bands = some(crowd == Crowd::seats ? 100
                    : crowded             ? 60
                                          : 40,
                    80),
      .clients = crowd == Crowd::clients || random.percent(60) ? random.between(2, 4) : 1,
      .stems = {}};
  if (crowd == Crowd::clients) {
    mood.prompt_max = std::max(1, limits.context_tokens / 8);
    mood.span_steps = 3;
    mood.patient = 100;
    mood.cancels = mood.deadlines = mood.faults = mood.bands = 0;
  }
  const int32_t stems = random.between(1, 3);
  for (int32_t stem = 0; stem < stems; ++stem) mood.stems.push_back(text(random, mood.prompt_max, mood.letters));
  return mood;
}

SamplingParams make_sampling(Random& random) {
  SamplingParams sampling;
  sampling.seed = random.next();
  if (random.percent(50)) return sampling;
  sampling.temperature = 0.8F;
  if (random.percent(30)) sampling.top_k = random.between(1, 8);
  if (random.percent(30)) sampling.top_p = 0.9F;
  if (random.percent(30)) sampling.repeat_penalty = 1.1F;
  return sampling;
}

std::vector<TokenId> make_prompt(Random& random, const Mood& mood, const Limits& limits) {
  if (random.percent(2)) return text(random, limits.context_tokens + random.below(8), mood.letters);  // too long
  const std::vector<TokenId>& stem = mood.stems[static_cast<size_t>(random.below(std::ssize(mood.stems)))];
  const int32_t length = random.between(1, mood.prompt_max);
  // A part of the stem (often all that fits), then something of its own: equal, extended and forked prompts.
  const int32_t shared = random.percent(50) ? length : random.below(length + 1);
  std::vector<TokenId> prompt(stem.begin(), stem.begin() + std::min(shared, mood.prompt_max));
  while (static_cast<int32_t>(prompt.size()) < length) prompt.push_back(letter(random, mood.letters));
  return prompt;
}

WorldRequest make_request(Random& random, const Mood& mood, const Limits& limits) {
  WorldRequest one;
  Request& request = one.request;
  request.prompt = make_prompt(random, mood, limits);
  request.generated_max = random.percent(10) ? -1 : random.between(random.percent(5) ? 0 : 1, mood.answer_max);
  request.sampling = make_sampling(random);
  request.ignore_eos = random.percent(mood.patient);
  if (random.percent(15)) request.stop.emplace_back(1, static_cast<char>('a' + random.below(letter_count)));
  if (random.percent(10)) request.stop_tokens.push_back(letter(random, letter_count));
  request.use_cache = !random.percent(10);
  request.priority = static_cast<uint8_t>(random.percent(mood.bands) ? random.below(8) : 3);
  const int32_t client = random.below(mood.clients);
  request.client.push_back(static_cast<char>('a' + client));
  request.client_weight = 1 + client * client;  // a client's weight is always the same
  request.cache_salt = random.percent(mood.salts) ? static_cast<uint64_t>(random.between(1, 2)) : 0;
  one.arrival_step = random.below(mood.span_steps);
  if (random.percent(mood.deadlines)) one.deadline_steps = random.below(60);
  if (random.percent(mood.deadlines / 2)) one.queue_steps = random.below(30);
  if (random.percent(mood.cancels)) {
    one.cancel_steps = random.below(30);
    one.cancels_parked = random.percent(40);
    if (one.cancels_parked) one.cancel_steps = random.below(6);
  }
  if (random.percent(mood.faults)) {
    one.fault = Fault{.kind = random.percent(70) ? FaultKind::fails : FaultKind::not_numbers, .call = random.below(6)};
  }
  return one;
}

// Some ask how likely their prompts are, some for their vectors only.
void add_readings(Random& random, std::vector<WorldRequest>& requests) {
  for (WorldRequest& one : requests) {
    if (random.percent(6)) one.request.prompt_logprobs_top_n = random.below(3);
    if (random.percent(3)) one.request.pooling = static_cast<Pooling>(1 + random.below(3));
  }
}

// In every second world some requests have answers of more than one token a step. Drawn apart, so that the rest of a
// world does not depend on it.
void force_tokens(uint64_t seed, World& world) {
  Random random(mix(seed));
  if (random.percent(50)) return;
  const int32_t forced_max = random.between(1, random.percent(30) ? 12 : 4);
  for (WorldRequest& one : world.requests) {
    if (random.percent(50)) continue;
    // Some say the same where they begin alike.
    const uint64_t own = random.next();
    one.request.constraint = std::make_shared<FakeConstraint>(random.percent(60) ? seed : own, forced_max);
    if (random.percent(20)) one.request.logprobs_top_n = 0;  // then they come one by one
  }
}

// The next turn of an earlier one, if that fits: its prompt, its answer, and something of its own.
void continue_chat(Random& random, const WorldRequest& earlier, const Limits& limits, WorldRequest& one) {
  const Request& before = earlier.request;
  if (std::ssize(before.prompt) >= limits.context_tokens || before.pooling != Pooling::none) return;
  static const std::unique_ptr<const Tokenizer> tokenizer = make_tokenizer().value();
  const std::vector<TokenId> said = answer_alone(before, limits, *tokenizer).tokens;
  const int64_t room = limits.context_tokens - 1 - std::ssize(before.prompt) - std::ssize(said);
  if (said.empty() || room < 0) return;
  one.request.prompt = before.prompt;
  one.request.prompt.insert(one.request.prompt.end(), said.begin(), said.end());
  for (int64_t own = random.below(std::min<int64_t>(room, 4) + 1); own > 0; --own) {
    one.request.prompt.push_back(letter(random, letter_count));
  }
  one.request.cache_salt = before.cache_salt;
  one.prompt_said = static_cast<int32_t>(before.prompt.size());
}

// In every second world rows of prompts have an arithmetic of their own; in every second some requests are next turns
// of earlier ones.
void continue_chats(uint64_t seed, World& world) {
  Random random(mix(seed + 2));
  world.limits.prompt_rows_differ = random.percent(50);
  if (random.percent(50)) return;
  for (size_t index = 1; index < world.requests.size(); ++index) {
    const size_t before = static_cast<size_t>(random.below(static_cast<int64_t>(index)));
    WorldRequest& one = world.requests[index];
    if (random.percent(50)) continue;
    one.arrival_step = std::max(one.arrival_step, world.requests[before].arrival_step + random.below(40));
    continue_chat(random, world.requests[before], world.limits, one);
  }
}

// In every third world some have answers that go on when their contexts are full, and contexts of their own sizes.
void shift_contexts(uint64_t seed, World& world) {
  Random random(mix(seed + 1));
  if (!random.percent(33)) return;
  const int32_t context = world.limits.context_tokens;
  for (WorldRequest& one : world.requests) {
    Request& request = one.request;
    if (random.percent(60)) continue;
    const auto prompt = static_cast<int32_t>(request.prompt.size());
    if (random.percent(50) && prompt < context) request.context_max = random.between(prompt + 1, context);
    if (random.percent(20)) continue;
    request.shift_keep = random.percent(70) ? random.below(6) : random.below(2 * context);
    request.generated_max = random.between(1, 3 * context);
  }
}

// In every third world without a crowd (whose long answers are wanted elsewhere) the model reads whole texts, short and
// long ones, and gives their vectors.
void read_whole_texts(uint64_t seed, Crowd crowd, World& world) {
  Random random(mix(seed + 4));
  if (crowd != Crowd::none || !random.percent(33)) return;
  world.limits.whole_texts = true;
  world.draft_seed = 0;
  for (WorldRequest& one : world.requests) {
    Request& request = one.request;
    request.pooling = static_cast<Pooling>(1 + random.below(3));
    request.prompt_logprobs_top_n = -1;
    request.constraint = nullptr;
    request.logprobs_top_n = -1;
    request.shift_keep = -1;
    one.prompt_said = -1;
    if (random.percent(50)) request.prompt.resize(std::min<size_t>(request.prompt.size(), 1 + random.below(4)));
  }
}

// In every second world answers are guessed at, with few or many rows for that.
void add_drafts(uint64_t seed, World& world) {
  Random random(mix(seed + 3));
  if (random.percent(50)) return;
  world.draft_seed = random.next() | 1;
  world.limits.draft_rows_max = random.between(1, 16);
}

// Less memory of a class, of which there is so much, for a while, once or twice.
void change_memory(Random& random, MemoryClass of, int32_t block_count, std::vector<MemoryChange>& changes) {
  int32_t step = 0;
  for (int32_t count = random.percent(25) ? random.between(1, 2) : 0; count > 0; --count) {
    changes.push_back({.step = step += random.below(30), .blocks = random.below(block_count), .of = of});
    changes.push_back({.step = step += 1 + random.below(30), .blocks = block_count, .of = of});
  }
}

// In every second world the model has layers with windows, states, or both, with memory from just enough for one
// request to plenty.
void add_classes(uint64_t seed, Crowd crowd, World& world) {
  Random random(mix(seed + 5));
  Limits& limits = world.limits;
  const int32_t kind = random.below(6);
  if (kind < 3 || limits.whole_texts) return;
  if (kind != 3) {
    limits.window_tokens = random.between(1, random.percent(50) ? 4 : limits.context_tokens);
    const int32_t context = ceil_div(limits.context_tokens, limits.block_tokens);
    const int32_t least = std::min(context, ceil_div(limits.window_tokens - 1, limits.block_tokens) + 1);
    limits.window_block_count = least + (random.percent(30) ? random.below(4) : random.below(context * 4));
    change_memory(random, MemoryClass::window, limits.window_block_count, world.memory);
  }
  if (kind != 4) {
    limits.state_count = random.percent(30) ? random.between(1, 4) : random.between(4, 24);
    limits.snapshot_tokens = limits.block_tokens * random.between(1, 6);
    change_memory(random, MemoryClass::state, limits.state_count, world.memory);
  }
  // The sooner a parked one loses what it holds, the more of them must come to their ends before.
  for (WorldRequest& one : world.requests) {
    if (crowd == Crowd::seats && one.deadline_steps < 0 && random.percent(30)) one.deadline_steps = random.below(60);
  }
}

}  // namespace

World make_world(uint64_t seed) {
  Random random(seed);
  World world;
  const int32_t kind = random.below(100);
  const Crowd crowd = kind < 40 ? Crowd::none : kind < 70 ? Crowd::memory : kind < 88 ? Crowd::seats : Crowd::clients;
  world.limits = make_limits(random, crowd);
  change_memory(random, MemoryClass::full, world.limits.block_count, world.memory);
  world.price = {.base_ns = random.between(1, 100) * int64_t{1000},
                 .row_ns = random.between(1, 10) * int64_t{1000},
                 .knee = random.between(1, 6)};
  const Mood mood = make_mood(random, world.limits, crowd);
  const int32_t count = random.between(1, mood.request_max);
  for (int32_t index = 0; index < count; ++index) {
    world.requests.push_back(make_request(random, mood, world.limits));
  }
  add_readings(random, world.requests);
  force_tokens(seed, world);
  continue_chats(seed, world);
  shift_contexts(seed, world);
  add_drafts(seed, world);
  read_whole_texts(seed, crowd, world);
  add_classes(seed, crowd, world);
  world.limits.plans_ahead = Random(mix(seed + 6)).below(2);
  std::ranges::stable_sort(world.requests, {}, &WorldRequest::arrival_step);
  for (size_t index = 0; index < world.requests.size(); ++index) world.requests[index].request.id = {index + 1};
  return world;
}

}  // namespace quire::sim
