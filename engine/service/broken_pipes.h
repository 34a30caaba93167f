#pragma once

#include <csignal>

namespace whorl::service {

// For a thread that writes where the other end may go away: it is told by the write, and the
// process is not killed. Of this thread alone, because a program's signals are its own.
inline void block_broken_pipes() {
  sigset_t pipe;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
}

}  // namespace whorl::service
