#include "store/faults.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdarg>

namespace quire::store {
namespace {

// Worker threads count too. Which of their calls is the n-th may differ; there are none while files are written.
std::atomic<int> calls{0};
std::atomic<int> fault_at{0};
std::atomic<int> fault_error{0};

// Whether this call fails; errno is set.
bool fails() {
  if (++calls != fault_at) return false;
  if (fault_error == kill_here) ::kill(::getpid(), SIGKILL);
  errno = fault_error;
  return true;
}

}  // namespace

void arm_fault(int n, int error) {
  calls = 0;
  fault_error = error;
  fault_at = n;
}

int fault_calls() { return calls; }

extern "C" {

int __real_open(const char* path, int flags, ...);
int __wrap_open(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const bool makes = (flags & (O_CREAT | O_TMPFILE)) != 0;
  const auto mode = static_cast<mode_t>(makes ? va_arg(arguments, int) : 0);
  va_end(arguments);
  return makes && fails() ? -1 : __real_open(path, flags, mode);
}

ssize_t __real_write(int file, const void* bytes, size_t size);
ssize_t __wrap_write(int file, const void* bytes, size_t size) {
  return fails() ? -1 : __real_write(file, bytes, size);
}

int __real_fsync(int file);
int __wrap_fsync(int file) { return fails() ? -1 : __real_fsync(file); }

int __real_ftruncate(int file, off_t size);
int __wrap_ftruncate(int file, off_t size) { return fails() ? -1 : __real_ftruncate(file, size); }

int __real_fallocate(int file, int mode, off_t offset, off_t size);
int __wrap_fallocate(int file, int mode, off_t offset, off_t size) {
  return fails() ? -1 : __real_fallocate(file, mode, offset, size);
}

int __real_rename(const char* from, const char* to);
int __wrap_rename(const char* from, const char* to) { return fails() ? -1 : __real_rename(from, to); }

int __real_linkat(int from_folder, const char* from, int to_folder, const char* to, int flags);
int __wrap_linkat(int from_folder, const char* from, int to_folder, const char* to, int flags) {
  return fails() ? -1 : __real_linkat(from_folder, from, to_folder, to, flags);
}

int __real_unlink(const char* path);
int __wrap_unlink(const char* path) { return fails() ? -1 : __real_unlink(path); }

int __real_rmdir(const char* path);
int __wrap_rmdir(const char* path) { return fails() ? -1 : __real_rmdir(path); }

}  // extern "C"

}  // namespace quire::store
