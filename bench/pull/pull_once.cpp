// One pull, as a program: what bench/pull/run measures and what a test kills.
//   pull_once FOLDER NAME [PART_BYTES]
#include <fmt/format.h>
#include <sys/resource.h>

#include <cstdlib>

#include "base/clock.h"
#include "store/registry/pull.h"

int main(int argument_count, char** arguments) {
  using namespace quire::store;
  if (argument_count < 3) {
    fmt::print(stderr, "usage: pull_once FOLDER NAME [PART_BYTES]\n");
    return 2;
  }
  const quire::SteadyClock clock;
  const auto begin_ns = clock.now_ns();
  auto surroundings = registry::machine_surroundings(clock);
  const auto folder = StoreFolder::open(arguments[1], StoreFolder::Access::writable);
  const auto name = ModelName::parse(arguments[2]);
  if (!surroundings || !folder || !name) {
    fmt::print(stderr, "{}\n",
               !surroundings ? surroundings.error().message
               : !folder     ? folder.error().message
                             : name.error().message);
    return 2;
  }
  if (argument_count > 3)
    surroundings->part_bytes_min = surroundings->part_bytes_max = std::strtoull(arguments[3], nullptr, 10);
  const auto pulled = registry::pull(*folder, *name, {.insecure = true}, *surroundings, {});
  if (!pulled) {
    fmt::print(stderr, "{}\n", pulled.error().message);
    return 1;
  }
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  fmt::print("{:.3f} s, {:.1f} MB at the peak\n", static_cast<double>(clock.now_ns() - begin_ns) / 1e9,
             static_cast<double>(usage.ru_maxrss) / 1024);
  return 0;
}
