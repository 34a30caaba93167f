#include <unistd.h>

#include <csignal>
#include <iostream>

#include "engine/app/command.h"
#include "engine/base/kept_memory.h"

int main(int count, char** words) {
  std::signal(SIGPIPE, SIG_IGN);     // a reader that left is a failed write, not a death
  (void)whorl::keep_freed_memory();  // speed alone: nothing to do where it cannot
  const whorl::SystemClock clock;
  whorl::app::Console console({std::cout, std::cerr, isatty(STDERR_FILENO) == 1}, clock);
  return whorl::app::run_command(count, words, console);
}
