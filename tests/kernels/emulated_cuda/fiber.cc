#include "fiber.h"

#include <sys/mman.h>

#include <cstdio>
#include <cstdlib>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#elif defined(__SANITIZE_THREAD__)
#include <sanitizer/tsan_interface.h>
#endif

namespace whorl::emulated {
namespace {

constexpr std::size_t kGuardBytes = 64 << 10;   // a page, whatever its size here
constexpr std::size_t kStackBytes = 256 << 10;  // sanitizers widen frames; untouched pages are free

Fiber* leaving = nullptr;
Fiber* coming = nullptr;

}  // namespace

Fiber::Fiber(void (*entry)()) : entry_(entry), size_(kStackBytes) {
  pages_ = mmap(nullptr, kGuardBytes + kStackBytes, PROT_NONE,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  auto* stack = static_cast<std::byte*>(pages_) + kGuardBytes;
  if (pages_ == MAP_FAILED || mprotect(stack, kStackBytes, PROT_READ | PROT_WRITE) != 0) {
    std::fputs("emulated device: no memory for a thread's stack\n", stderr);
    std::abort();
  }
  bottom_ = stack;
#if defined(__SANITIZE_THREAD__)
  shadow_ = __tsan_create_fiber(0);
#endif
  prepare();
}

Fiber::~Fiber() {
  if (pages_ == nullptr) return;
#if defined(__SANITIZE_THREAD__)
  __tsan_destroy_fiber(shadow_);
#endif
  munmap(pages_, kGuardBytes + kStackBytes);
}

void Fiber::switch_to(Fiber& next) {
  leaving = this, coming = &next;
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_start_switch_fiber(&shadow_, next.bottom_, next.size_);
#elif defined(__SANITIZE_THREAD__)
  if (pages_ == nullptr) shadow_ = __tsan_get_current_fiber();
  __tsan_switch_to_fiber(next.shadow_, 0);
#endif
  jump_to(next);
  arrive();
}

void Fiber::arrive() {
#if defined(__SANITIZE_ADDRESS__)
  // Tells where the other stack is, too: a host thread's is known in no other way.
  __sanitizer_finish_switch_fiber(shadow_, &leaving->bottom_, &leaving->size_);
#endif
}

void Fiber::begin() {
  coming->arrive();
  coming->entry_();
  std::abort();
}

#if defined(__x86_64__) && !defined(WHORL_UCONTEXT_FIBERS)

// swapcontext() asks the kernel for the signal mask, which costs ten times what the rest does; a
// warp's shuffle is 32 switches. Saved are the registers that the System V ABI has a callee keep.
extern "C" void whorl_switch_stacks(void** from, void* to);
__asm__(R"(
  .text
  .p2align 4
  .type whorl_switch_stacks, @function
whorl_switch_stacks:
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
  .size whorl_switch_stacks, .-whorl_switch_stacks
)");

void Fiber::prepare() {
  // From below: six registers, where to go, and the return address of that: nowhere.
  constexpr int kSlots = 8;
  // Each begins elsewhere in its page, or all would share a few lines of the cache.
  static std::size_t made = 0;
  const std::size_t offset = made++ * 9 * 64 % (16 << 10);
  auto* top = static_cast<std::byte*>(pages_) + kGuardBytes + kStackBytes - offset;
  void** frame = reinterpret_cast<void**>(top) - kSlots;
  frame[6] = reinterpret_cast<void*>(&Fiber::begin);
  stack_pointer_ = frame;
}

void Fiber::jump_to(Fiber& next) { whorl_switch_stacks(&stack_pointer_, next.stack_pointer_); }

#else

void Fiber::prepare() {
  getcontext(&context_);
  context_.uc_stack.ss_sp = static_cast<std::byte*>(pages_) + kGuardBytes;
  context_.uc_stack.ss_size = kStackBytes;
  context_.uc_link = nullptr;
  makecontext(&context_, &Fiber::begin, 0);
}

void Fiber::jump_to(Fiber& next) { swapcontext(&context_, &next.context_); }

#endif

}  // namespace whorl::emulated
