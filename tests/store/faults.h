// System calls that fail, or end the process, at the n-th one. The linker puts these in place of libc's calls in what
// is linked statically into this program (-Wl,--wrap; tests/CMakeLists.txt).
#pragma once

namespace quire::store {

inline constexpr int kill_here = -1;

// From now on, the n-th call (from 1) that changes files fails with `error`, or with kill_here ends the
// process as SIGKILL does. Each call before and after it goes through. n = 0: none.
void arm_fault(int n, int error);
// How many calls there were since.
int fault_calls();

}  // namespace quire::store
