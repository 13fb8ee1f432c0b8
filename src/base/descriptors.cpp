#include "base/descriptors.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>

namespace quire {

void reserve_descriptors(int connections) {
  constexpr int besides_connections = 64;
  int count = connections + besides_connections;
  rlimit allowed{};
  if (::getrlimit(RLIMIT_NOFILE, &allowed) == 0 && allowed.rlim_cur < static_cast<rlim_t>(count)) {
    count = static_cast<int>(allowed.rlim_cur);
  }
  const int any = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (any < 0) return;
  const int last = ::fcntl(any, F_DUPFD_CLOEXEC, std::max(count - 1, any));
  if (last >= 0) ::close(last);
  ::close(any);
}

}  // namespace quire
