#include "engine/app/stop_on_signal.h"

#include <ctime>

namespace whorl::app {
namespace {

constexpr timespec kLookUpEvery{0, 100'000'000};  // 0.1 s: how soon the waiter itself can end

sigset_t stop_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  return signals;
}

}  // namespace

StopOnSignal::StopOnSignal() {
  const sigset_t signals = stop_signals();
  pthread_sigmask(SIG_BLOCK, &signals, &before_);
  // A thread that waits, rather than a handler: almost nothing may be called from a handler.
  waiter_ = std::jthread([this, signals](const std::stop_token& done) {
    while (!done.stop_requested()) {
      if (sigtimedwait(&signals, nullptr, &kLookUpEvery) > 0) asked_.request_stop();
    }
  });
}

StopOnSignal::~StopOnSignal() {
  waiter_.request_stop();
  waiter_.join();
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

}  // namespace whorl::app
