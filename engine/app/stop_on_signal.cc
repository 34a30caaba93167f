#include "engine/app/stop_on_signal.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <utility>

#include "kernels/core.h"

namespace whorl::app {
namespace {

std::atomic<int> told = -1;  // the pipe's end for the handler, which has no object of its own

// Almost nothing may be called from a handler, so a thread does the rest.
void tell(int signal) {
  const int before = errno;
  const char number = static_cast<char>(signal);
  if (::write(told, &number, 1) != 1) {}  // full of signals that say the same
  errno = before;
}

}  // namespace

StopOnSignal::StopOnSignal(std::function<void()> on_hangup) {
  std::array<int, 2> ends{};
  WHORL_CHECK(::pipe2(ends.data(), O_CLOEXEC) == 0);
  gallery::Descriptor heard(ends[0]);
  told_ = gallery::Descriptor(ends[1]);
  ::fcntl(told_.number(), F_SETFL, O_NONBLOCK);
  told = told_.number();
  if (on_hangup) take(SIGHUP);
  take(SIGINT);
  take(SIGTERM);
  waiter_ = std::jthread([this, heard = std::move(heard), on_hangup = std::move(on_hangup)] {
    for (char signal = 0;;) {
      const ssize_t got = ::read(heard.number(), &signal, 1);
      if (got < 0 && errno == EINTR) continue;
      if (got != 1) return;  // the other end was closed
      if (signal == SIGHUP) on_hangup();
      if (signal != SIGHUP) asked_.request_stop();
    }
  });
}

StopOnSignal::~StopOnSignal() {
  for (const Taken& one : taken_) ::sigaction(one.signal, &one.before, nullptr);
  told = -1;
  told_ = {};
}

void StopOnSignal::take(int signal) {
  struct sigaction action {};
  action.sa_handler = tell;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  struct sigaction before {};
  WHORL_CHECK(::sigaction(signal, &action, &before) == 0);
  taken_.push_back({signal, before});
}

}  // namespace whorl::app
