#include "tests/app/command_line.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

namespace whorl::app {
namespace {

namespace fs = std::filesystem;

std::string text_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// What the child sees: nothing of the tester's own settings.
std::vector<std::string> environment(const fs::path& folder, bool with_key) {
  std::vector<std::string> variables{"PATH=/usr/bin:/bin", "LC_ALL=C"};
  if (with_key) variables.push_back("WHORL_MASTER_KEY=" + std::string(64, 'a'));
  variables.push_back("HOME=" + folder.string());
  return variables;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> all;
  for (std::string& text : texts) all.push_back(text.data());
  all.push_back(nullptr);
  return all;
}

}  // namespace

nlohmann::json Ran::json() const {
  nlohmann::json value = nlohmann::json::parse(out, nullptr, false);
  EXPECT_FALSE(value.is_discarded()) << "no JSON: " << out << err;
  return value;
}

int Ran::fault() const {
  const nlohmann::json value = json();
  return value.is_object() && value.contains("error") ? value["error"]["code"].get<int>() : 0;
}

CommandTest::CommandTest() {
  static std::atomic<int> made = 0;
  folder_ = fs::temp_directory_path() /
            ("whorl_app_test_" + std::to_string(getpid()) + "_" + std::to_string(made++));
  fs::create_directories(folder_);
}

CommandTest::~CommandTest() {
  std::error_code ignored;  // a scratch folder that stays does no harm
  fs::remove_all(folder_, ignored);
}

Running CommandTest::start(const std::vector<std::string>& words, bool with_key) const {
  static std::atomic<int> started = 0;
  const std::string number = std::to_string(started++);
  const fs::path out = folder_ / (".out" + number), err = folder_ / (".err" + number);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  constexpr int kFresh = O_WRONLY | O_CREAT | O_TRUNC;
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, out.c_str(), kFresh, 0600);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, err.c_str(), kFresh, 0600);
  posix_spawn_file_actions_addchdir_np(&actions, folder_.c_str());
  std::vector<std::string> all{WHORL_COMMAND};
  all.insert(all.end(), words.begin(), words.end());
  std::vector<std::string> variables = environment(folder_, with_key);
  pid_t child = 0;
  const int failed = posix_spawn(&child, WHORL_COMMAND, &actions, nullptr, pointers(all).data(),
                                 pointers(variables).data());
  posix_spawn_file_actions_destroy(&actions);
  EXPECT_EQ(failed, 0) << WHORL_COMMAND;
  return {failed == 0 ? child : 0, out, err};
}

Ran CommandTest::run(const std::vector<std::string>& words, bool with_key) const {
  return start(words, with_key).wait();
}

Running::~Running() {
  if (ended()) return;
  signal(SIGKILL);
  (void)wait();
}

void Running::signal(int number) const {
  if (child_ != 0) (void)kill(child_, number);
}

bool Running::ended() {
  if (child_ != 0 && waitpid(child_, &status_, WNOHANG) == child_) child_ = 0;
  return child_ == 0;
}

Ran Running::wait() {
  if (child_ != 0) (void)waitpid(child_, &status_, 0);
  child_ = 0;
  return {WIFEXITED(status_) ? WEXITSTATUS(status_) : -1, text_of(out_), text_of(err_)};
}

std::string Running::out() const { return text_of(out_); }

Ran CommandTest::run_json(std::vector<std::string> words, bool with_key) const {
  words.emplace_back("--json");
  return run(words, with_key);
}

void CommandTest::write(const std::string& name, std::span<const std::byte> bytes) const {
  fs::create_directories(path(name).parent_path());
  std::ofstream file(path(name), std::ios::binary);
  for (const std::byte b : bytes) file.put(static_cast<char>(b));
}

std::string CommandTest::read(const std::string& name) const { return text_of(path(name)); }

}  // namespace whorl::app
