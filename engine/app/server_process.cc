#include "engine/app/server_process.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include <chrono>
#include <thread>

#include "engine/app/files.h"

extern char** environ;

namespace whorl::app {
namespace {

using namespace std::chrono_literals;

constexpr auto kAskEvery = 20ms;
constexpr auto kLongestStart = 120s;  // an index of millions is being loaded

// This very program, whatever its name is now.
constexpr const char* kOwnProgram = "/proc/self/exe";

}  // namespace

Result<std::unique_ptr<ServerProcess>> ServerProcess::start(
    const std::filesystem::path& dev_folder, const std::vector<std::string>& options) {
  WHORL_TRY_VOID(make_folder(dev_folder));
  const std::filesystem::path address = dev_folder / "address", log = dev_folder / "log";
  std::error_code ignored;  // of an earlier run
  std::filesystem::remove(address, ignored);
  std::vector<std::string> words = {"whorl",    "serve",       "--dev", "--dev-folder", dev_folder,
                                    "--listen", "127.0.0.1:0", "--log", log.string(),   "--quiet"};
  words.insert(words.end(), options.begin(), options.end());
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  // A group of its own: Ctrl-C stops this program, which then stops the other in good order.
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  pid_t child = 0;
  const int failed =
      posix_spawn(&child, kOwnProgram, &actions, &attributes, pointers.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (failed != 0) return fail(Fault::io_error, 0, "starting whorl serve");
  std::unique_ptr<ServerProcess> process(new ServerProcess(child));
  const auto until = std::chrono::steady_clock::now() + kLongestStart;
  while (!std::filesystem::exists(address, ignored)) {
    if (waitpid(child, nullptr, WNOHANG) == child) {
      process->process_ = 0;
      return fail(Fault::io_error, 0, "whorl serve ended; see " + log.string());
    }
    if (std::chrono::steady_clock::now() > until) {
      return fail(Fault::deadline_exceeded, 0, "whorl serve; see " + log.string());
    }
    std::this_thread::sleep_for(kAskEvery);
  }
  return process;
}

ServerProcess::~ServerProcess() {
  if (process_ == 0) return;
  ::kill(process_, SIGTERM);
  (void)waitpid(process_, nullptr, 0);
}

}  // namespace whorl::app
