#include "text/constraint/compiled.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "text/constraint/preamble.h"

namespace quire::constraint {

struct CompiledConstraint::Shared {
  // const after create()
  std::shared_ptr<const TokenTrie> trie;
  std::vector<TokenId> ends;  // sorted
  std::optional<PreambleTable> preamble;
  // one thread at a time: whoever uses the states
  Masks masks;
};

namespace {

// Where one answer is.
class State : public CompiledState {
 public:
  using Shared = CompiledConstraint::Shared;
  explicit State(std::shared_ptr<Shared> shared)
      : shared_(std::move(shared)), before_(shared_->preamble.has_value()), mask_(shared_->trie->mask_words()) {}
  ~State() override {
    if (pinned_) shared_->masks.unpin(state_);
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  std::span<const uint64_t> allowed() override;
  void accept(TokenId token) override;
  std::string forced(size_t bytes_max) override;

 private:
  // begin() may be called by a thread that must not touch what states share.
  void pin();
  void read(std::string_view text);

  std::shared_ptr<Shared> shared_;
  StateId state_ = dead_state;
  bool pinned_ = false;
  bool before_;         // the preamble is not over
  bool ended_ = false;  // an end token has come
  PreambleTable::Place place_;
  std::vector<uint64_t> mask_;
};

void State::pin() {
  if (pinned_) return;
  pinned_ = true;
  state_ = shared_->masks.automaton().begin();
  shared_->masks.pin(state_);
}

std::span<const uint64_t> State::allowed() {
  if (before_) return shared_->preamble->allowed(place_);
  pin();
  std::fill(mask_.begin(), mask_.end(), 0);
  if (!ended_ && state_ != dead_state) shared_->masks.add_allowed(state_, mask_);
  const bool may_end = ended_ || shared_->masks.automaton().accepts(state_) ||
                       std::all_of(mask_.begin(), mask_.end(), [](uint64_t word) { return word == 0; });
  if (!may_end) return mask_;
  for (const TokenId end : shared_->ends)
    mask_[static_cast<size_t>(end) / 64] |= uint64_t{1} << (static_cast<size_t>(end) % 64);
  return mask_;
}

void State::read(std::string_view text) {
  pin();
  shared_->masks.trim();
  state_ = shared_->masks.automaton().step(state_, text);
  QUIRE_CHECK(state_ != dead_state, "a token that is accepted was allowed");
}

void State::accept(TokenId token) {
  if (before_) {
    const PreambleTable::Step step = shared_->preamble->accept(place_, token, *shared_->trie);
    before_ = !step.found;
    if (!step.rest.empty()) read(step.rest);
    return;
  }
  if (std::binary_search(shared_->ends.begin(), shared_->ends.end(), token)) {
    ended_ = true;
  } else {
    read(shared_->trie->text(token));
  }
}

std::string State::forced(size_t bytes_max) {
  if (before_ || ended_) return {};
  pin();
  return shared_->masks.automaton().forced(state_, bytes_max);
}

}  // namespace

CompiledConstraint::CompiledConstraint(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {}
CompiledConstraint::~CompiledConstraint() = default;

Result<std::shared_ptr<const CompiledConstraint>> CompiledConstraint::create(const Grammar& grammar,
                                                                             std::shared_ptr<const TokenTrie> trie,
                                                                             std::vector<TokenId> ends,
                                                                             std::optional<Preamble> preamble,
                                                                             MemoryBounds bounds) {
  if (ends.empty()) return fail(ErrorKind::unsupported, "the model's vocabulary has no token that ends an answer");
  std::sort(ends.begin(), ends.end());
  QUIRE_TRY(Automaton automaton, Automaton::compile(grammar, trie->spelled()));
  std::optional<PreambleTable> table;
  if (preamble) {
    const auto can_begin = [&](std::string_view text) { return automaton.is_prefix(text); };
    QUIRE_TRY(table, PreambleTable::create(std::move(*preamble), *trie, ends, can_begin));
  }
  Masks masks(std::move(automaton), trie, bounds);
  auto shared = std::make_shared<Shared>(Shared{
      .trie = std::move(trie), .ends = std::move(ends), .preamble = std::move(table), .masks = std::move(masks)});
  return std::shared_ptr<const CompiledConstraint>(new CompiledConstraint(std::move(shared)));
}

std::unique_ptr<CompiledState> CompiledConstraint::begin_compiled() const { return std::make_unique<State>(shared_); }
std::unique_ptr<ConstraintState> CompiledConstraint::begin() const { return begin_compiled(); }

}  // namespace quire::constraint
