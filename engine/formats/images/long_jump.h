#pragma once

#include <csetjmp>

namespace whorl::formats {

// libpng and libjpeg leave a call by longjmp where anything is wrong. Every call that may do so
// stands in a step: it returns false then. A step owns nothing that would have to be destroyed. Not
// inlined, so that no variable of the caller lives in a register across setjmp.
template <class Step>
[[gnu::noinline]] bool completes(std::jmp_buf& jump, Step step) {
  if (setjmp(jump) != 0) return false;
  step();
  return true;
}

}  // namespace whorl::formats
