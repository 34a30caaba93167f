#pragma once

#include <signal.h>

#include <functional>
#include <stop_token>
#include <thread>
#include <vector>

#include "engine/gallery/descriptor.h"

namespace whorl::app {

// Turns Ctrl-C and SIGTERM into a polite request to stop, while it lives; one at a time. Whichever
// thread a signal comes to: libraries start some before main, which no mask of ours reaches.
class StopOnSignal {
 public:
  // `on_hangup`, where given, is called for every SIGHUP, by a thread of its own.
  explicit StopOnSignal(std::function<void()> on_hangup = {});
  ~StopOnSignal();
  StopOnSignal(const StopOnSignal&) = delete;
  StopOnSignal& operator=(const StopOnSignal&) = delete;

  std::stop_token token() const { return asked_.get_token(); }

 private:
  struct Taken {
    int signal;
    struct sigaction before;
  };
  void take(int signal);

  std::stop_source asked_;
  std::vector<Taken> taken_;
  gallery::Descriptor told_;  // signals, by the handler; a pipe's other end is the waiter's
  std::jthread waiter_;
};

}  // namespace whorl::app
