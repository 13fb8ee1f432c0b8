// The process's table of open files.
#pragma once

namespace quire {

// Makes room for so many connections, and 64 files besides, now, as far as the process may have them. Linux doubles the
// table when it is full and makes whoever opened that file wait for all processors meanwhile, some 10 ms where there
// are several threads: the 256th connection would stop every stream that its thread serves. Any thread.
void reserve_descriptors(int connections);

}  // namespace quire
