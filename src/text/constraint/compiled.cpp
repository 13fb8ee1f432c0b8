#include "text/constraint/compiled.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <utility>

#include "base/random.h"
#include "text/constraint/forced_text.h"
#include "text/constraint/preamble.h"

namespace quire::constraint {

struct CompiledConstraint::Shared {
  // const after create()
  std::shared_ptr<const TokenTrie> trie;
  std::vector<TokenId> ends;  // sorted
  std::optional<PreambleTable> preamble;
  const Tokenizer* tokenizer;  // may be null
  // one thread at a time: whoever uses the states
  Masks masks;
};

namespace {

// Masks that are made before a constraint is used, and how often machines may move for them: tens of milliseconds.
constexpr int tried_masks = 24;
constexpr size_t tried_moves_max = 4'000'000;

// Goes some tokens into the language, always the same way: a grammar whose masks take too long is found before it keeps
// others waiting, and masks that every answer needs are there when the first one begins.
Result<void> try_out(Masks& masks) {
  std::vector<uint64_t> mask(masks.trie().mask_words());
  StateId state = masks.automaton().begin();
  masks.pin(state);
  Random random(1);
  bool within = true, goes_on = true;
  masks.limit_moves(tried_moves_max);
  for (int made = 0; made < tried_masks && within && goes_on; ++made) {
    std::fill(mask.begin(), mask.end(), 0);
    masks.add_allowed(state, mask);
    within = masks.automaton().moved_count() <= tried_moves_max;
    const size_t first = random.next() % mask.size();
    size_t word = first;
    while (mask[word] == 0 && (word + 1) % mask.size() != first) word = (word + 1) % mask.size();
    if (mask[word] != 0) {
      const auto token = static_cast<TokenId>(word * 64 + static_cast<size_t>(std::countr_zero(mask[word])));
      state = masks.automaton().step(state, masks.trie().text(token));
    } else {
      goes_on = masks.automaton().accepts(state);  // the text can only end
      state = masks.automaton().begin();
    }
  }
  masks.unpin(state);
  masks.limit_moves(std::numeric_limits<size_t>::max());
  if (within && goes_on) return {};
  return fail(ErrorKind::too_large, "the grammar can be read in too many ways at once for this vocabulary");
}

// What an answer is at.
enum class Phase : uint8_t {
  beginning,  // it may become thinking, or have its shape
  thinking,
  shaped,
  ended,  // by an end token
};

// Where one answer is.
class State : public CompiledState {
 public:
  using Shared = CompiledConstraint::Shared;
  explicit State(std::shared_ptr<Shared> shared) : shared_(std::move(shared)), mask_(shared_->trie->mask_words()) {
    if (shared_->preamble) phase_ = shared_->preamble->opens() ? Phase::beginning : Phase::thinking;
    if (shared_->tokenizer != nullptr) text_.emplace(*shared_->tokenizer, *shared_->trie);
  }
  ~State() override {
    if (pinned_) shared_->masks.unpin(state_);
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  std::span<const uint64_t> allowed() override;
  void accept(TokenId token) override;
  void append_forced(std::vector<TokenId>& tokens) override;
  std::string forced_text(size_t bytes_max) override;

 private:
  // begin() may be called by a thread that must not touch what states share.
  void pin();
  void read(std::string_view text);
  void follow_text(TokenId token);
  bool accept_beginning(TokenId token);
  void leave_thinking(const PreambleTable::Step& step);

  std::shared_ptr<Shared> shared_;
  StateId state_ = dead_state;
  bool pinned_ = false;
  Phase phase_ = Phase::shaped;
  uint32_t opened_ = 0;  // bytes of the opening that have come, at the beginning
  PreambleTable::Place place_;
  std::vector<uint64_t> mask_;
  std::optional<ForcedText> text_;
};

void State::pin() {
  if (pinned_) return;
  pinned_ = true;
  state_ = shared_->masks.automaton().begin();
  shared_->masks.pin(state_);
}

std::span<const uint64_t> State::allowed() {
  if (phase_ == Phase::thinking) return shared_->preamble->allowed(place_);
  pin();
  std::fill(mask_.begin(), mask_.end(), 0);
  if (phase_ == Phase::beginning) {
    std::ranges::copy(shared_->preamble->allowed_to_open(opened_), mask_.begin());
  }
  if (phase_ != Phase::ended && state_ != dead_state) shared_->masks.add_allowed(state_, mask_);
  const bool may_end = phase_ == Phase::ended || shared_->masks.automaton().accepts(state_) ||
                       std::all_of(mask_.begin(), mask_.end(), [](uint64_t word) { return word == 0; });
  if (!may_end) return mask_;
  for (const TokenId end : shared_->ends)
    mask_[static_cast<size_t>(end) / 64] |= uint64_t{1} << (static_cast<size_t>(end) % 64);
  return mask_;
}

void State::read(std::string_view text) {
  pin();
  shared_->masks.trim();
  // Dead after a token that was allowed: the state would be over a bound of the automaton. Then the answer can only
  // end.
  state_ = shared_->masks.automaton().step(state_, text);
}

void State::follow_text(TokenId token) {
  if (!text_) return;
  const std::string_view own = shared_->trie->text(token);
  own.empty() || own.front() == control_mark ? text_->read_control() : text_->read(own);
}

void State::leave_thinking(const PreambleTable::Step& step) {
  phase_ = Phase::shaped;
  pin();
  state_ = shared_->masks.automaton().begin();
  if (shared_->preamble->opens()) read(thought_mark);
  if (!step.rest.empty()) read(step.rest);
}

// False: it is no thinking, and the token is one of its shape.
bool State::accept_beginning(TokenId token) {
  const PreambleTable::Opening opening = shared_->preamble->open(opened_, token, *shared_->trie);
  if (opening.rest) {
    phase_ = Phase::thinking;
    const PreambleTable::Step step = shared_->preamble->begin(place_, *opening.rest);
    if (step.found) leave_thinking(step);
    return true;
  }
  if (!opening.possible) phase_ = Phase::shaped;
  return false;
}

void State::accept(TokenId token) {
  follow_text(token);
  if (phase_ == Phase::thinking) {
    const PreambleTable::Step step = shared_->preamble->accept(place_, token, *shared_->trie);
    if (step.found) leave_thinking(step);
    return;
  }
  if (phase_ == Phase::beginning && accept_beginning(token)) return;
  if (std::binary_search(shared_->ends.begin(), shared_->ends.end(), token)) {
    phase_ = Phase::ended;
  } else {
    read(shared_->trie->text(token));
  }
}

std::string State::forced_text(size_t bytes_max) {
  if (phase_ != Phase::shaped) return {};
  pin();
  return shared_->masks.automaton().forced(state_, bytes_max);
}

void State::append_forced(std::vector<TokenId>& tokens) {
  constexpr size_t tokens_max = CompiledConstraint::forced_tokens_max;
  constexpr size_t bytes_max = 16 * tokens_max;  // more than so many tokens of words have
  if (phase_ == Phase::thinking) {
    const std::span<const TokenId> closing = shared_->preamble->forced(place_);
    tokens.insert(tokens.end(), closing.begin(), closing.begin() + std::min(closing.size(), tokens_max));
  } else if (text_) {
    const std::string forced = forced_text(bytes_max);
    if (!forced.empty()) text_->append_tokens(forced, tokens_max, tokens);
  }
}

}  // namespace

CompiledConstraint::CompiledConstraint(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {}
CompiledConstraint::~CompiledConstraint() = default;

Result<std::shared_ptr<const CompiledConstraint>> CompiledConstraint::create(
    const Grammar& grammar, std::shared_ptr<const TokenTrie> trie, std::vector<TokenId> ends,
    std::optional<Preamble> preamble, MemoryBounds bounds, const Tokenizer* tokenizer) {
  if (ends.empty()) return fail(ErrorKind::unsupported, "the model's vocabulary has no token that ends an answer");
  std::sort(ends.begin(), ends.end());
  ByteSet spelled = trie->spelled();
  const bool opens = preamble && !preamble->opening.empty();
  if (opens) spelled.set(static_cast<uint8_t>(control_mark));  // as thought_mark has it
  QUIRE_TRY(Automaton automaton, Automaton::compile(grammar, spelled));
  std::optional<PreambleTable> table;
  if (preamble) {
    const StateId first = opens ? automaton.step(automaton.begin(), thought_mark) : automaton.begin();
    const auto can_begin = [&](std::string_view text) { return automaton.step(first, text) != dead_state; };
    QUIRE_TRY(table, PreambleTable::create(std::move(*preamble), *trie, ends, can_begin));
  }
  Masks masks(std::move(automaton), trie, bounds);
  QUIRE_TRY_VOID(try_out(masks));
  auto shared = std::make_shared<Shared>(Shared{.trie = std::move(trie),
                                                .ends = std::move(ends),
                                                .preamble = std::move(table),
                                                .tokenizer = tokenizer,
                                                .masks = std::move(masks)});
  return std::shared_ptr<const CompiledConstraint>(new CompiledConstraint(std::move(shared)));
}

int32_t CompiledConstraint::forced_max() const {
  return shared_->tokenizer != nullptr || shared_->preamble ? forced_tokens_max : 0;
}

std::unique_ptr<CompiledState> CompiledConstraint::begin_compiled() const { return std::make_unique<State>(shared_); }
std::unique_ptr<ConstraintState> CompiledConstraint::begin() const { return begin_compiled(); }

}  // namespace quire::constraint
