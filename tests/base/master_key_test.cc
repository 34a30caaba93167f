#include "engine/base/master_key.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace whorl {
namespace {

const std::string kDigits = "00112233445566778899aabbccddeeff0123456789abcdef0123456789abcdef";

class MasterKey : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() /
              ("whorl-key-test-" + std::to_string(static_cast<long>(::getpid())));
    std::filesystem::create_directories(folder_);
    ::unsetenv("WHORL_MASTER_KEY");
  }
  void TearDown() override {
    std::filesystem::remove_all(folder_);
    ::unsetenv("WHORL_MASTER_KEY");
  }
  std::string file(const std::string& text) {
    const auto path = folder_ / "key";
    std::ofstream(path, std::ios::binary) << text;
    return path.string();
  }
  static Result<Key> from_file(const std::string& path) { return load_master_key({path, ""}); }
  static Result<Key> from_command(const std::string& line) { return load_master_key({"", line}); }

  std::filesystem::path folder_;
};

TEST_F(MasterKey, ComesFromWhereItIsNamedBeforeTheEnvironment) {
  ::setenv("WHORL_MASTER_KEY", std::string(64, 'b').c_str(), 1);
  EXPECT_EQ(from_file(file(kDigits + "\n"))->to_hex(), kDigits);
  EXPECT_EQ(from_command("echo " + kDigits)->to_hex(), kDigits);
  EXPECT_EQ(load_master_key({})->to_hex(), std::string(64, 'b'));
}

TEST_F(MasterKey, IsMissedByName) {
  EXPECT_EQ(load_master_key({}).error(), (Error{Fault::no_key, 0, ""}));
  for (const std::string& text : {std::string(), std::string("no key"), kDigits.substr(1),
                                  kDigits + "0", kDigits + "\n" + kDigits}) {
    const std::string path = file(text);
    const auto key = from_file(path);
    ASSERT_FALSE(key) << text;
    EXPECT_EQ(key.error(), (Error{Fault::no_key, 0, path}));
  }
  ::setenv("WHORL_MASTER_KEY", "not a key", 1);
  EXPECT_EQ(load_master_key({}).error(), (Error{Fault::no_key, 0, "WHORL_MASTER_KEY"}));
  // A named file that does not exist is not silently replaced by the environment.
  ::setenv("WHORL_MASTER_KEY", kDigits.c_str(), 1);
  const std::string nowhere = (folder_ / "nowhere").string();
  EXPECT_EQ(from_file(nowhere).error(), (Error{Fault::no_key, 0, nowhere}));
  EXPECT_EQ(from_command("exit 1").error().fault, Fault::no_key);
}

TEST_F(MasterKey, OfTwoSourcesIsRefused) {
  EXPECT_EQ(load_master_key({file(kDigits), "echo " + kDigits}).error().fault, Fault::bad_argument);
}

TEST_F(MasterKey, OfACommandMayBePutTogetherByTheShell) {
  const std::string half = kDigits.substr(0, 32), rest = kDigits.substr(32);
  EXPECT_EQ(from_command("printf %s " + half + "; printf '%s\\n' " + rest)->to_hex(), kDigits);
  const std::string path = file(kDigits);
  EXPECT_EQ(from_command("cat '" + path + "' | tr a-z A-Z")->to_hex(), kDigits);
}

// Neither the command nor what it printed is told: both may hold secrets.
TEST_F(MasterKey, OfACommandThatFailsSaysHowAndNothingElse) {
  const struct {
    const char* command;
    const char* where;
  } kRows[] = {
      {"exit 3", "the key command: it ended with exit code 3"},
      {"kill -9 $$", "the key command: it ended with signal 9"},
      {"/nowhere/whorl-no-such-program 2>/dev/null",
       "the key command: it ended with exit code 127"},
      {"if 2>/dev/null", "the key command: it ended with exit code 2"},
      {"true", "the key command: what it printed"},
      {"echo secret", "the key command: what it printed"},
      {"head -c 4000000 /dev/zero", "the key command: what it printed"},
      {"head -c 4000000 /dev/zero | tr '\\0' a", "the key command: what it printed"},
  };
  for (const auto& [command, where] : kRows) {
    const auto key = from_command(command);
    ASSERT_FALSE(key) << command;
    EXPECT_EQ(key.error(), (Error{Fault::no_key, 0, where})) << command;
  }
  EXPECT_EQ(from_command("echo " + kDigits + "; exit 1").error().where,
            "the key command: it ended with exit code 1");
}

}  // namespace
}  // namespace whorl
