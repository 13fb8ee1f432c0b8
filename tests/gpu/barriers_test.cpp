// Each barrier of each kernel is needed, and each wait for copies: without it results differ, in one case at least and
// in one order of threads of some. What a kernel's text has too many, or no case would miss, shows here.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "gpu/cases.h"

namespace quire::test {
namespace {

constexpr uint64_t orders = 4;  // of threads that are tried

// The cases that come to a barrier.
struct ReachedSite {
  BarrierSite site;
  std::vector<const Case*> cases;
};

std::vector<ReachedSite> reached_sites(const std::vector<Case>& cases) {
  std::vector<ReachedSite> reached;
  for (const Case& one : cases) {
    Machine machine(1);
    EXPECT_EQ(one.difference(machine), std::nullopt) << one.name;
    for (const BarrierSite& site : machine.sites()) {
      auto found = std::ranges::find(reached, site, &ReachedSite::site);
      if (found == reached.end()) found = reached.insert(found, {.site = site, .cases = {}});
      found->cases.push_back(&one);
    }
  }
  return reached;
}

bool results_differ(const ReachedSite& reached) {
  for (const Case* one : reached.cases) {
    for (uint64_t seed = 1; seed <= orders; ++seed) {
      Machine machine(seed);
      machine.leave_out(reached.site);
      if (one->difference(machine)) return true;
    }
  }
  return false;
}

// In a process of its own: what a kernel makes of numbers that are not there yet may be addresses.
bool is_missed(const ReachedSite& reached) {
  const pid_t child = fork();
  if (child == 0) _exit(results_differ(reached) ? 1 : 0);
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return !WIFEXITED(status) || WEXITSTATUS(status) != 0;
}

TEST(GpuBarriers, none_can_be_left_out) {
  const std::vector<Case> cases = all_cases();
  const std::vector<ReachedSite> reached = reached_sites(cases);
  EXPECT_GE(reached.size(), 7U);
  for (const ReachedSite& site : reached) EXPECT_TRUE(is_missed(site)) << site.site.name();
}

}  // namespace
}  // namespace quire::test
