#include "gpu/fiber.h"

#include <sys/mman.h>

#include <cstdlib>
#include <new>

#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__)
#define QUIRE_OWN_SWITCH 1
#else
#define QUIRE_OWN_SWITCH 0
#include <ucontext.h>
#endif

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/common_interface_defs.h>
#endif

namespace quire::test {
namespace {

constexpr size_t stack_bytes = size_t{128} << 10;  // pages that are not touched take no memory

class Stack {
 public:
  Stack() : bytes_(mmap(nullptr, stack_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) {
    if (bytes_ == MAP_FAILED) throw std::bad_alloc();
  }
  Stack(const Stack&) = delete;
  Stack& operator=(const Stack&) = delete;
  ~Stack() { munmap(bytes_, stack_bytes); }
  std::byte* begin() const { return static_cast<std::byte*>(bytes_); }
  std::byte* end() const { return begin() + stack_bytes; }

 private:
  void* bytes_;
};

}  // namespace

#if QUIRE_OWN_SWITCH

// Keeps what a call has to keep on the stack, and goes on with another stack. A system call a switch, as ucontext
// makes, would be most of a test's time.
extern "C" void quire_switch_stack(void** from, void* to);
asm(R"(
.text
.type quire_switch_stack, @function
quire_switch_stack:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size quire_switch_stack, .-quire_switch_stack
)");

struct Fiber::Context {
  Stack stack;
  void* own = nullptr;
  void* entered_from = nullptr;

  void start(void (*body)()) {
    constexpr size_t kept_registers = 6;
    auto** top = reinterpret_cast<void**>(stack.end());
    *--top = nullptr;  // where a body begins, a call has just moved the stack off its alignment
    *--top = reinterpret_cast<void*>(body);
    own = top - kept_registers;
  }
  void enter() { quire_switch_stack(&entered_from, own); }
  void leave() { quire_switch_stack(&own, entered_from); }
};

#else

struct Fiber::Context {
  Stack stack;
  ucontext_t own = {};
  ucontext_t entered_from = {};
#ifdef __SANITIZE_ADDRESS__
  // AddressSanitizer is told of each switch: which stack comes, and what it kept of the one that goes.
  void* fake_stack = nullptr;
  const void* outer_bottom = nullptr;
  size_t outer_bytes = 0;
#endif

  static inline Context* starting = nullptr;
  void (*body)() = nullptr;

  static void begin() {
    Context& self = *starting;
#ifdef __SANITIZE_ADDRESS__
    __sanitizer_finish_switch_fiber(nullptr, &self.outer_bottom, &self.outer_bytes);
#endif
    self.body();
    std::abort();
  }
  void start(void (*the_body)()) {
    body = the_body;
    getcontext(&own);
    own.uc_stack.ss_sp = stack.begin();
    own.uc_stack.ss_size = stack_bytes;
    own.uc_link = nullptr;
    makecontext(&own, begin, 0);
#ifdef __SANITIZE_ADDRESS__
    fake_stack = nullptr;
#endif
  }
  void enter() {
    starting = this;
#ifdef __SANITIZE_ADDRESS__
    void* outer_fake_stack = nullptr;
    __sanitizer_start_switch_fiber(&outer_fake_stack, stack.begin(), stack_bytes);
    swapcontext(&entered_from, &own);
    __sanitizer_finish_switch_fiber(outer_fake_stack, nullptr, nullptr);
#else
    swapcontext(&entered_from, &own);
#endif
  }
  void leave() {
#ifdef __SANITIZE_ADDRESS__
    __sanitizer_start_switch_fiber(&fake_stack, outer_bottom, outer_bytes);
    swapcontext(&own, &entered_from);
    __sanitizer_finish_switch_fiber(fake_stack, &outer_bottom, &outer_bytes);
#else
    swapcontext(&own, &entered_from);
#endif
  }
};

#endif

Fiber::Fiber() : context_(std::make_unique<Context>()) {}
Fiber::Fiber(Fiber&&) noexcept = default;
Fiber& Fiber::operator=(Fiber&&) noexcept = default;
Fiber::~Fiber() = default;
void Fiber::start(void (*body)()) { context_->start(body); }
void Fiber::enter() { context_->enter(); }
void Fiber::leave() { context_->leave(); }
std::span<const std::byte> Fiber::stack() const { return {context_->stack.begin(), context_->stack.end()}; }

}  // namespace quire::test
