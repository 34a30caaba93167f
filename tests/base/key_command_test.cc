#include "engine/base/key_command.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace whorl {
namespace {

const std::string kDigits = "00112233445566778899aabbccddeeff0123456789abcdef0123456789abcdef";

TEST(KeyCommand, PrintsTheKey) {
  const std::string half = kDigits.substr(0, 32), rest = kDigits.substr(32);
  for (const std::string& command :
       {"echo " + kDigits, "printf %s " + half + "; printf '%s\\n\\n' " + rest,
        "printf ' %s' " + kDigits + " | tr a-z A-Z", "cat <<end\n" + kDigits + "\nend\n"}) {
    const auto key = key_from_command(command);
    ASSERT_TRUE(key) << command << ": " << describe(key.error());
    EXPECT_EQ(key->to_hex(), kDigits) << command;
  }
}

// Neither the command nor what it printed is told: both may hold secrets.
TEST(KeyCommand, ThatFailsIsToldByHowItEndedAndNothingElse) {
  const struct {
    std::string command;
    const char* where;
  } kRows[] = {
      {"exit 3", "the key command: it ended with exit code 3"},
      {"kill -9 $$", "the key command: it ended with signal 9"},
      {"/nowhere/no-such-program 2>/dev/null", "the key command: it ended with exit code 127"},
      {"echo " + kDigits + "; exit 1", "the key command: it ended with exit code 1"},
      {"true", "the key command: what it printed"},
      {"echo secret", "the key command: what it printed"},
      {"echo " + kDigits.substr(1), "the key command: what it printed"},
      {"echo " + kDigits + kDigits, "the key command: what it printed"},
      {"echo " + kDigits + "; echo " + kDigits, "the key command: what it printed"},
      {"echo " + kDigits + "; head -c 4000000 /dev/zero", "the key command: what it printed"},
      {"head -c 4000000 /dev/zero | tr '\\0' a", "the key command: what it printed"},
  };
  for (const auto& [command, where] : kRows) {
    const auto key = key_from_command(command);
    ASSERT_FALSE(key) << command;
    EXPECT_EQ(key.error(), (Error{Fault::no_key, 0, where})) << command;
  }
}

TEST(KeyCommand, GoesBeforeTheEnvironmentAndNotTogetherWithAFile) {
  ::setenv("WHORL_MASTER_KEY", std::string(64, 'b').c_str(), 1);
  EXPECT_EQ(load_master_key("", "echo " + kDigits)->to_hex(), kDigits);
  EXPECT_EQ(load_master_key("", "")->to_hex(), std::string(64, 'b'));
  EXPECT_EQ(load_master_key("", "false").error().fault, Fault::no_key);
  EXPECT_EQ(load_master_key("/nowhere", "").error(), (Error{Fault::no_key, 0, "/nowhere"}));
  EXPECT_EQ(load_master_key("/nowhere", "echo " + kDigits).error().fault, Fault::bad_argument);
  ::unsetenv("WHORL_MASTER_KEY");
}

}  // namespace
}  // namespace whorl
