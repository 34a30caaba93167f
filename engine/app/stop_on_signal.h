#pragma once

#include <signal.h>

#include <functional>
#include <stop_token>
#include <thread>

namespace whorl::app {

// Turns Ctrl-C and SIGTERM into a polite request to stop, while it lives. Make it before any other
// thread: threads started later inherit that the signals are not theirs.
class StopOnSignal {
 public:
  // `on_hangup`, where given, is called for every SIGHUP, by a thread of its own.
  explicit StopOnSignal(std::function<void()> on_hangup = {});
  ~StopOnSignal();
  StopOnSignal(const StopOnSignal&) = delete;
  StopOnSignal& operator=(const StopOnSignal&) = delete;

  std::stop_token token() const { return asked_.get_token(); }

 private:
  std::stop_source asked_;
  sigset_t before_{};
  std::jthread waiter_;
};

}  // namespace whorl::app
