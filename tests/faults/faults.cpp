#include "faults/faults.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstddef>
#include <cstdlib>
#include <new>

namespace {

using quire::test::Fault;

std::atomic<bool> watching{false};
std::atomic<Fault> watched{Fault::allocation};
std::atomic<int64_t> nth_fails{0};
std::atomic<int64_t> calls_made{0};
std::atomic<bool> has_failed{false};
thread_local bool sheltered = false;

bool fails(Fault kind) {
  if (!watching || sheltered || watched != kind) return false;
  if (++calls_made != nth_fails) return false;
  has_failed = true;
  return true;
}

void* allocate(size_t size, size_t alignment) {
  if (fails(Fault::allocation)) throw std::bad_alloc();
  const size_t rounded = (size + alignment) / alignment * alignment;
  void* memory = alignment > alignof(max_align_t) ? std::aligned_alloc(alignment, rounded) : std::malloc(size + 1);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

// The system's own function behind one of those below.
template <typename Function>
Function real(const char* name) {
  return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
}

}  // namespace

// Replacements for the whole test program, as the standard allows.
void* operator new(size_t size) { return allocate(size, 1); }
void* operator new[](size_t size) { return allocate(size, 1); }
void* operator new(size_t size, std::align_val_t alignment) { return allocate(size, static_cast<size_t>(alignment)); }
void* operator new[](size_t size, std::align_val_t alignment) { return allocate(size, static_cast<size_t>(alignment)); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, size_t, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, size_t, std::align_val_t) noexcept { std::free(memory); }

// Found before the system's by everything that is linked dynamically.
extern "C" {

int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*start)(void*), void* argument) {
  static const auto create = real<decltype(&pthread_create)>("pthread_create");
  return fails(Fault::thread) ? EAGAIN : create(thread, attributes, start, argument);
}

int open(const char* path, int flags, ...) {
  static const auto call = real<int (*)(const char*, int, ...)>("open");
  va_list more;
  va_start(more, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(more, mode_t) : 0;
  va_end(more);
  if (fails(Fault::system_call)) return errno = EMFILE, -1;
  return call(path, flags, mode);
}

ssize_t read(int file, void* buffer, size_t size) {
  static const auto call = real<decltype(&read)>("read");
  if (fails(Fault::system_call)) return errno = EIO, -1;
  return call(file, buffer, size);
}

ssize_t pread(int file, void* buffer, size_t size, off_t offset) {
  static const auto call = real<decltype(&pread)>("pread");
  if (fails(Fault::system_call)) return errno = EIO, -1;
  return call(file, buffer, size, offset);
}

int fstat(int file, struct stat* status) {
  static const auto call = real<decltype(&fstat)>("fstat");
  if (fails(Fault::system_call)) return errno = EIO, -1;
  return call(file, status);
}

void* mmap(void* address, size_t size, int protection, int flags, int file, off_t offset) {
  static const auto call = real<decltype(&mmap)>("mmap");
  if (fails(Fault::system_call)) return errno = ENOMEM, MAP_FAILED;
  return call(address, size, protection, flags, file, offset);
}

int madvise(void* address, size_t size, int advice) {
  static const auto call = real<decltype(&madvise)>("madvise");
  if (fails(Fault::system_call)) return errno = EINVAL, -1;
  return call(address, size, advice);
}

}  // extern "C"

namespace quire::test {

FaultWatch::FaultWatch(Fault kind, int64_t nth) {
  watched = kind;
  nth_fails = nth;
  calls_made = 0;
  has_failed = false;
  watching = true;
}
FaultWatch::~FaultWatch() { end(); }
void FaultWatch::end() { watching = false; }
bool FaultWatch::failed() const { return has_failed; }

FaultShelter::FaultShelter() { sheltered = true; }
FaultShelter::~FaultShelter() { sheltered = false; }

}  // namespace quire::test
