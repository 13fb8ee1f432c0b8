#include "gpu/mutant.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cfenv>
#include <cmath>
#include <cstring>
#include <map>
#include <set>

#include "base/check.h"
#include "gpu/race_detector.h"

namespace quire::test {
namespace {

constexpr size_t shifted_bytes_max = 16;
constexpr uint64_t orders = 4;        // of threads that a missing barrier is tried in
constexpr unsigned seconds_max = 10;  // of a mutant that does not end

// Finds what there is to change.
class Survey final : public Observer {
 public:
  std::set<const void*> shared, inexact;

  void begin_launch(std::string_view, std::span<std::byte> of_block) override { shared_ = of_block; }
  void access(int, const Access& access) override {
    const std::byte* const end = shared_.data() + shared_.size();
    if (access.address >= shared_.data() && access.address < end && access.size_bytes <= shifted_bytes_max) {
      shared.insert(access.site);
    }
    last_ = access.site;
    if (std::fetestexcept(FE_INEXACT) != 0) std::feclearexcept(FE_INEXACT);
  }
  void settle() override {
    if (last_ != nullptr && std::fetestexcept(FE_INEXACT) != 0) inexact.insert(last_);
    last_ = nullptr;
  }

 private:
  std::span<std::byte> shared_;
  const void* last_ = nullptr;
};

// The neighbour's value is put where it is read, for as long as that takes; what is written goes to the neighbour.
class Shift final : public Observer {
 public:
  explicit Shift(const void* site) : site_(site) {}
  void begin_launch(std::string_view, std::span<std::byte> of_block) override { shared_ = of_block; }
  void access(int, const Access& access) override {
    const std::byte* const end = shared_.data() + shared_.size();
    if (access.site != site_ || access.address < shared_.data() || access.address >= end) return;
    access_ = access;
    const bool is_last = access.address + 2 * access.size_bytes > end;
    neighbour_ = is_last ? access.address - access.size_bytes : access.address + access.size_bytes;
    std::memcpy(kept_.data(), access.address, access.size_bytes);
    if (!access.writes) std::memcpy(access.address, neighbour_, access.size_bytes);
  }
  void settle() override {
    if (neighbour_ == nullptr) return;
    if (access_.writes) std::memcpy(neighbour_, access_.address, access_.size_bytes);
    std::memcpy(access_.address, kept_.data(), access_.size_bytes);
    neighbour_ = nullptr;
  }

 private:
  const void* site_;
  std::span<std::byte> shared_;
  Access access_ = {};
  std::byte* neighbour_ = nullptr;
  std::array<std::byte, shifted_bytes_max> kept_ = {};
};

class RoundUp final : public Observer {
 public:
  explicit RoundUp(const void* site) : site_(site) {}
  void access(int, const Access& access) override {
    if (access.site != site_) return;
    std::fesetround(FE_UPWARD);
    rounds_up_ = true;
  }
  void settle() override {
    if (rounds_up_) std::fesetround(FE_TONEAREST);
    rounds_up_ = false;
  }

 private:
  const void* site_;
  bool rounds_up_ = false;
};

bool differs(const Case& one, uint64_t seed, Observer& observer) {
  Machine machine(seed);
  machine.observe(&observer);
  return one.difference(machine).has_value();
}

bool is_seen(const Case& one, const ShiftedIndex& change) {
  Shift observer(change.site);
  return differs(one, 1, observer);
}
bool is_seen(const Case& one, const RoundedUp& change) {
  RoundUp observer(change.site);
  return differs(one, 1, observer);
}
bool is_seen(const Case& one, const BentArgument& change) {
  Machine machine(1);
  machine.bend(change.argument);
  return one.difference(machine).has_value();
}
bool is_seen(const Case& one, const BarrierSite& change) {
  for (uint64_t seed = 1; seed <= orders; ++seed) {
    RaceDetector detector;
    Machine machine(seed);
    if (announces_accesses) machine.observe(&detector);
    machine.leave_out(change);
    if (one.difference(machine).has_value() || !detector.races().empty()) return true;
  }
  return false;
}

// What a kernel makes of numbers that are wrong may be addresses, or loops without an end.
bool is_caught_here(const Mutant& mutant) {
  const rlimit time = {.rlim_cur = seconds_max, .rlim_max = seconds_max};
  setrlimit(RLIMIT_CPU, &time);
  const rlimit no_core = {.rlim_cur = 0, .rlim_max = 0};
  setrlimit(RLIMIT_CORE, &no_core);
  dup2(open("/dev/null", O_WRONLY | O_CLOEXEC), STDERR_FILENO);
  return std::ranges::any_of(mutant.cases, [&](const Case* one) {
    return std::visit([&](const auto& change) { return is_seen(*one, change); }, mutant.change);
  });
}

// Mutants by what they change, with the cases that come to it.
class Found {
 public:
  template <typename Change>
  void add(const Change& change, const std::string& key, const Case& one) {
    const auto [at, is_new] = places_.try_emplace(key, mutants.size());
    if (is_new) mutants.push_back({.change = change, .cases = {}});
    std::vector<const Case*>& cases = mutants[at->second].cases;
    if (cases.empty() || cases.back() != &one) cases.push_back(&one);
  }
  std::vector<Mutant> mutants;

 private:
  std::map<std::string, size_t> places_;
};

std::string name_of(const BarrierSite& change) { return "without " + change.name(); }
std::string name_of(const ShiftedIndex& change) {
  return fmt::format("another index at {:#x}", place_in_program(change.site));
}
std::string name_of(const RoundedUp& change) {
  return fmt::format("rounded up behind {:#x}", place_in_program(change.site));
}
std::string name_of(const BentArgument& change) {
  return fmt::format("one less in word {} of {}", change.argument.word, change.argument.kernel);
}

}  // namespace

std::string Mutant::name() const {
  return std::visit([](const auto& one) { return name_of(one); }, change);
}

std::vector<Mutant> find_mutants(std::span<const Case> cases) {
  Found found;
  const auto add = [&](const auto& change, const Case& one) { found.add(change, name_of(change), one); };
  for (const Case& one : cases) {
    Survey survey;
    Machine machine(1);
    machine.observe(&survey);
    machine.note_launches();
    QUIRE_CHECK(!one.difference(machine).has_value(), "a case that nothing is wrong with");
    for (const BarrierSite& site : machine.sites()) add(site, one);
    for (const void* const site : survey.shared) add(ShiftedIndex{site}, one);
    for (const void* const site : survey.inexact) add(RoundedUp{site}, one);
    for (const Argument& argument : machine.arguments()) add(BentArgument{argument}, one);
  }
  return std::move(found.mutants);
}

bool is_caught(const Mutant& mutant) {
  const pid_t child = fork();
  QUIRE_CHECK(child >= 0, "a process for a mutant");
  if (child == 0) _exit(is_caught_here(mutant) ? 1 : 0);
  int status = 0;
  QUIRE_CHECK(waitpid(child, &status, 0) == child, "the mutant's process");
  return !WIFEXITED(status) || WEXITSTATUS(status) != 0;
}

}  // namespace quire::test
