#include "engine/base/master_key.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <span>

extern char** environ;

namespace whorl {
namespace {

constexpr const char* kVariable = "WHORL_MASTER_KEY";
constexpr const char* kOfCommand = "the key command";  // not its text: that may hold a password
constexpr std::size_t kOutputBytesMost = 1024;         // the digits and white space

// Wipes the text.
Result<Key> key_in(std::string& text, const std::string& where) {
  auto key = Key::from_hex(text);
  wipe(std::as_writable_bytes(std::span(text)));
  if (!key) return fail(Fault::no_key, 0, where);
  return key;
}

Result<Key> from_file(const std::string& path) {
  std::ifstream in(path);
  if (!in) return fail(Fault::no_key, 0, path);
  std::string text{std::istreambuf_iterator<char>(in), {}};
  return key_in(text, path);
}

// Runs the command with its output going to `output`.
Result<pid_t> start(const std::string& command, int output) {
  std::string shell = "sh", option = "-c", text = command;
  char* const words[] = {shell.data(), option.data(), text.data(), nullptr};
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  pid_t child = 0;
  const int refused = ::posix_spawn(&child, "/bin/sh", &actions, nullptr, words, environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (refused != 0) return fail(Fault::no_key, 0, std::string(kOfCommand) + ": /bin/sh");
  return child;
}

// All of it is read, so that the command can end; what is too long to be a key is not kept.
std::string read_all(int input) {
  std::string text;
  std::array<char, 256> part{};
  text.reserve(kOutputBytesMost + part.size());  // never moved: no copy is left behind
  while (true) {
    const ssize_t got = ::read(input, part.data(), part.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    if (text.size() <= kOutputBytesMost) text.append(part.data(), static_cast<std::size_t>(got));
  }
  wipe(std::as_writable_bytes(std::span(part)));
  return text;
}

Result<> wait_for(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return fail(Fault::no_key, 0, kOfCommand);
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  const std::string end = WIFEXITED(status) ? "exit code " + std::to_string(WEXITSTATUS(status))
                                            : "signal " + std::to_string(WTERMSIG(status));
  return fail(Fault::no_key, 0, std::string(kOfCommand) + ": it ended with " + end);
}

Result<Key> from_command(const std::string& command) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return fail(Fault::no_key, 0, kOfCommand);
  const auto child = start(command, ends[1]);
  ::close(ends[1]);
  std::string text = child ? read_all(ends[0]) : std::string();
  ::close(ends[0]);
  auto ended = child ? wait_for(*child) : Result<>(tl::unexpected<Error>(child.error()));
  auto key = key_in(text, std::string(kOfCommand) + ": what it printed");
  if (!ended) return tl::unexpected<Error>(std::move(ended).error());
  return key;
}

}  // namespace

Result<Key> load_master_key(const KeySource& source) {
  if (!source.file.empty() && !source.command.empty()) {
    return fail(Fault::bad_argument, 0, "a key file and a key command");
  }
  if (!source.file.empty()) return from_file(source.file);
  if (!source.command.empty()) return from_command(source.command);
  const char* digits = std::getenv(kVariable);
  if (digits == nullptr) return fail(Fault::no_key);
  std::string text = digits;
  return key_in(text, kVariable);
}

}  // namespace whorl
