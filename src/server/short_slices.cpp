#include "server/short_slices.h"

#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>

namespace quire::server {
namespace {

// Version 0 of the kernel's struct; its own header does not go together with <sched.h>.
struct SchedAttributes {
  uint32_t size = 0;
  uint32_t policy = 0;
  uint64_t flags = 0;
  int32_t nice = 0;
  uint32_t priority = 0;
  uint64_t runtime_ns = 0;  // of a normal thread: its slice
  uint64_t deadline_ns = 0;
  uint64_t period_ns = 0;
};
static_assert(sizeof(SchedAttributes) == 48, "SCHED_ATTR_SIZE_VER0");

}  // namespace

void ask_for_short_slices() {
  if (::sched_getscheduler(0) != SCHED_OTHER) return;  // somebody has chosen already
  SchedAttributes attributes;
  attributes.size = sizeof(attributes);
  attributes.policy = SCHED_OTHER;
  attributes.nice = ::getpriority(PRIO_PROCESS, 0);  // on Linux this thread's
  attributes.runtime_ns = 100'000;                   // the shortest that there is
  ::syscall(SYS_sched_setattr, 0, &attributes, 0U);
}

}  // namespace quire::server
