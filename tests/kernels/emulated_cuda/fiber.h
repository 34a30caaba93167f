#pragma once
// A second flow of control on a stack of its own. Not thread-safe: one switch at a time in the
// whole process, on whatever host thread.

#include <cstddef>

#if !defined(__x86_64__) || defined(WHORL_UCONTEXT_FIBERS)
#include <ucontext.h>
#endif

namespace whorl::emulated {

class Fiber {
 public:
  Fiber() = default;                // the stack that runs now; to be switched from first
  explicit Fiber(void (*entry)());  // begins when first switched to, and must not return
  ~Fiber();
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  // Comes back when somebody switches to this one again.
  void switch_to(Fiber& next);

 private:
  void prepare();  // so that the first switch begins at begin()
  void jump_to(Fiber& next);
  void arrive();
  [[noreturn]] static void begin();

  void (*entry_)() = nullptr;
  void* pages_ = nullptr;  // the stack and a page below it that nobody may touch
  // What sanitizers are told: the stack, and what they keep while another one runs.
  [[maybe_unused]] const void* bottom_ = nullptr;
  [[maybe_unused]] std::size_t size_ = 0;
  [[maybe_unused]] void* shadow_ = nullptr;
#if defined(__x86_64__) && !defined(WHORL_UCONTEXT_FIBERS)
  void* stack_pointer_ = nullptr;
#else
  ucontext_t context_{};
#endif
};

}  // namespace whorl::emulated
