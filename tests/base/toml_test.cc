#include "engine/base/toml.h"

#include <gtest/gtest.h>

#include <string>

namespace whorl {
namespace {

std::string repeated(const std::string& text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

TEST(Toml, ThatIsDeeperThanAnybodyNeedsIsRefusedBeforeItUsesUpTheStack) {
  const std::string deep = "a" + repeated(".a", 500'000);
  const std::string dozen = repeated("a.", 12);
  struct Case {
    std::string text;
    const char* where;
  };
  for (const auto& [text, where] : {
           Case{deep + " = 1\n", "line 1"},
           Case{"x = 1\n[" + deep + "]\n", "line 2"},
           Case{"\n\n[[" + deep + "]]\n", "line 3"},
           Case{"x = { y = 1, " + deep + " = 1 }\n", "line 1"},
           Case{"# \"\n" + deep + " = 1\n", "line 2"},
           Case{"x = \"\"\"a\n\"\"\"\"\"\n" + deep + " = 1\n", "line 3"},
           Case{"x = '''a\\'''\n" + deep + " = 1\n", "line 2"},
           Case{"x = \"a\\\"\" # '\n" + deep + " = 1\n", "line 2"},
           Case{"x = \"\\\\\"\n" + deep + " = 1\n", "line 2"},
           Case{"x = \"\"\n" + deep + " = 1\n", "line 2"},
           Case{"\"a\"" + repeated(".\"a\"", 300'000) + " = 1\n", "line 1"},
           Case{"a" + repeated(" . a", 200'000) + " = 1\n", "line 1"},
           Case{"x = " + repeated("[", 100'000), "line 1"},
           Case{"x = " + repeated("{a=", 100'000), "line 1"},
           Case{"x = " + repeated("{" + dozen + "a = [\n", 20'000), "line 9"},
       }) {
    const auto table = parse_toml(text, Fault::bad_policy);
    ASSERT_FALSE(table.has_value()) << text.substr(0, 40);
    EXPECT_EQ(table.error().fault, Fault::bad_policy);
    EXPECT_TRUE(table.error().where.starts_with(where))
        << text.substr(0, 40) << ": " << table.error().where;
  }
}

TEST(Toml, IsReadWhereDotsStandInStringsNumbersAndComments) {
  const std::string dots(100, '.');
  const std::string text = "# " + dots + "\na = \"" + dots + "\"\nb = '" + dots + "' # " + dots +
                           "\nc = \"\"\"\n" + dots + "\"\"\"\nd = '''" + dots + "'\n" + dots +
                           "''''\ne = [" + repeated("1.5, ", 40) + "]\nf.g.h = 2.5\n";
  const auto table = parse_toml(text, Fault::bad_policy);
  ASSERT_TRUE(table.has_value()) << table.error().where;
  EXPECT_EQ(table->size(), 6U);
}

}  // namespace
}  // namespace whorl
