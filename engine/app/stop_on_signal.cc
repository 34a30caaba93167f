#include "engine/app/stop_on_signal.h"

#include <ctime>
#include <utility>

namespace whorl::app {
namespace {

constexpr timespec kLookUpEvery{0, 100'000'000};  // 0.1 s: how soon the waiter itself can end

sigset_t signals_to_take(bool hangups) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  if (hangups) sigaddset(&signals, SIGHUP);
  return signals;
}

}  // namespace

StopOnSignal::StopOnSignal(std::function<void()> on_hangup) {
  const sigset_t signals = signals_to_take(on_hangup != nullptr);
  pthread_sigmask(SIG_BLOCK, &signals, &before_);
  // A thread that waits, rather than a handler: almost nothing may be called from a handler.
  waiter_ =
      std::jthread([this, signals, on_hangup = std::move(on_hangup)](const std::stop_token& done) {
        while (!done.stop_requested()) {
          const int signal = sigtimedwait(&signals, nullptr, &kLookUpEvery);
          if (signal == SIGHUP) on_hangup();
          if (signal == SIGINT || signal == SIGTERM) asked_.request_stop();
        }
      });
}

StopOnSignal::~StopOnSignal() {
  waiter_.request_stop();
  waiter_.join();
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

}  // namespace whorl::app
