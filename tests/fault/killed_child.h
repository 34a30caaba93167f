#pragma once
// A child process that is killed in the middle of its work, and what it said until then.

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <future>
#include <string>
#include <thread>
#include <vector>

namespace whorl::testing {

// WHORL_KILL_ROUNDS, or a few: each round starts, kills and judges one child.
inline int kill_rounds() {
  const char* text = std::getenv("WHORL_KILL_ROUNDS");
  return text == nullptr ? 10 : std::atoi(text);
}

enum class LifeFrom { start, first_word };  // the second on a machine of any speed

// Runs the program, SIGKILLs it after `life`, gives back its standard output.
inline std::string run_until_killed(const std::string& program, std::vector<std::string> arguments,
                                    std::chrono::milliseconds life,
                                    LifeFrom from = LifeFrom::start) {
  int ends[2];
  EXPECT_EQ(::pipe(ends), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(ends[1], STDOUT_FILENO);
    ::close(ends[0]);
    ::close(ends[1]);
    std::vector<char*> words{const_cast<char*>(program.c_str())};
    for (std::string& argument : arguments) words.push_back(argument.data());
    words.push_back(nullptr);
    ::execv(program.c_str(), words.data());
    ::_exit(127);
  }
  ::close(ends[1]);
  std::promise<void> begun;
  if (from == LifeFrom::start) begun.set_value();
  std::thread killer([&] {
    begun.get_future().wait();
    std::this_thread::sleep_for(life);
    ::kill(child, SIGKILL);
  });
  std::string said;
  char part[4096];
  for (ssize_t n = 0; (n = ::read(ends[0], part, sizeof(part))) > 0;) {
    if (said.empty() && from == LifeFrom::first_word) begun.set_value();
    said.append(part, static_cast<std::size_t>(n));
  }
  if (said.empty() && from == LifeFrom::first_word) begun.set_value();  // it ended by itself
  ::close(ends[0]);
  killer.join();
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status)) << "the child ended by itself, with " << WEXITSTATUS(status);
  return said;
}

}  // namespace whorl::testing
