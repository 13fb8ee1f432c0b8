// The kernels' text is compiled as for ThreadSanitizer, whose library is not linked: the compiler calls these functions
// before each access to memory that is not a thread's own. This file is compiled without.
#include "gpu/observer.h"

using quire::test::announce;

#define QUIRE_ANNOUNCED(name, size, writes)                                                  \
  extern "C" void name(void* address) { /* NOLINT: the compiler's names */                   \
    announce({__builtin_return_address(0), static_cast<std::byte*>(address), size, writes}); \
  }
#define QUIRE_ANNOUNCED_SIZE(size)                \
  QUIRE_ANNOUNCED(__tsan_read##size, size, false) \
  QUIRE_ANNOUNCED(__tsan_write##size, size, true)
#define QUIRE_ANNOUNCED_UNALIGNED(size)                     \
  QUIRE_ANNOUNCED(__tsan_unaligned_read##size, size, false) \
  QUIRE_ANNOUNCED(__tsan_unaligned_write##size, size, true)

QUIRE_ANNOUNCED_SIZE(1)
QUIRE_ANNOUNCED_SIZE(2)
QUIRE_ANNOUNCED_SIZE(4)
QUIRE_ANNOUNCED_SIZE(8)
QUIRE_ANNOUNCED_SIZE(16)
QUIRE_ANNOUNCED_UNALIGNED(2)
QUIRE_ANNOUNCED_UNALIGNED(4)
QUIRE_ANNOUNCED_UNALIGNED(8)
QUIRE_ANNOUNCED_UNALIGNED(16)

extern "C" void __tsan_read_range(void* address, size_t size) {
  announce({__builtin_return_address(0), static_cast<std::byte*>(address), size, false});
}
extern "C" void __tsan_write_range(void* address, size_t size) {
  announce({__builtin_return_address(0), static_cast<std::byte*>(address), size, true});
}
extern "C" void __tsan_vptr_update(void*, void*) {}
extern "C" void __tsan_init() {}
