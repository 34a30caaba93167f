#include "engine/base/result.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "tests/base/source_tree.h"

namespace whorl {
namespace {

using ::whorl::testing::cells_of;
using ::whorl::testing::file_text;
using ::whorl::testing::lines_of;

struct Enumerator {
  std::string name;
  int number;
};

// As the header declares them: the language gives no list of an enumeration.
std::vector<Enumerator> declared_faults() {
  const std::string header = file_text("engine/base/result.h");
  const auto begin = header.find("enum class Fault");
  const std::string body = header.substr(begin, header.find("};", begin) - begin);
  std::vector<Enumerator> faults;
  const std::regex row("^  ([a-z_]+) = ([0-9]+),");
  for (const std::string& line : lines_of(body)) {
    std::smatch match;
    if (std::regex_search(line, match, row)) faults.push_back({match[1], std::stoi(match[2])});
  }
  return faults;
}

Fault fault_of(const Enumerator& enumerator) { return static_cast<Fault>(enumerator.number); }

TEST(Fault, NumbersAreConsecutiveFromOneAndNeverReused) {
  const auto faults = declared_faults();
  ASSERT_GE(faults.size(), 36U);
  for (std::size_t i = 0; i < faults.size(); ++i) {
    EXPECT_EQ(faults[i].number, static_cast<int>(i) + 1) << faults[i].name;
  }
}

TEST(Fault, EachHasATextUnderItsOwnName) {
  std::set<std::string_view> texts;
  for (const Enumerator& enumerator : declared_faults()) {
    const FaultText& text = text_of(fault_of(enumerator));
    std::string kebab = enumerator.name;
    std::ranges::replace(kebab, '_', '-');
    EXPECT_EQ(text.name, kebab);
    EXPECT_FALSE(text.what.empty());
    EXPECT_FALSE(text.remedy.empty()) << kebab << " must say what to do";
    EXPECT_NE(text.what.back(), '.') << kebab << ": describe() adds the full stop";
    EXPECT_NE(text.remedy.back(), '.') << kebab << ": describe() adds the full stop";
    EXPECT_TRUE(texts.insert(text.what).second) << kebab << " says what another says";
  }
}

// docs/faults.md: | number | name | exit code | what | what to do |
TEST(Fault, ThePageSaysWhatTheCodeSays) {
  std::vector<std::vector<std::string>> rows;
  for (const std::string& line : lines_of(file_text("docs/faults.md"))) {
    const auto cells = cells_of(line);
    if (cells.size() >= 5 && cells[0].starts_with('E')) rows.push_back(cells);
  }
  const auto faults = declared_faults();
  ASSERT_EQ(rows.size(), faults.size());
  for (std::size_t i = 0; i < faults.size(); ++i) {
    const FaultText& text = text_of(fault_of(faults[i]));
    EXPECT_EQ(rows[i][0], "E" + std::to_string(faults[i].number));
    EXPECT_EQ(rows[i][1], text.name);
    EXPECT_EQ(rows[i][2], std::to_string(static_cast<int>(text.blame))) << text.name;
    EXPECT_EQ(rows[i][3], text.what) << text.name;
    EXPECT_EQ(rows[i][4], text.remedy) << text.name;
  }
}

struct Description {
  Error error;
  const char* begins;
};

const Description kDescriptions[] = {
    {{Fault::truncated, 22, "a.iso"}, "a.iso, byte 22: E1 truncated: the bytes end"},
    {{Fault::truncated, 22, ""}, "byte 22: E1 truncated: "},
    {{Fault::no_key, 0, "WHORL_MASTER_KEY"}, "WHORL_MASTER_KEY: E20 no-key: "},
    {{Fault::disk_full, 0, ""}, "E21 disk-full: "},
};

TEST(Describe, NamesThePlaceTheFaultAndTheRemedy) {
  for (const Description& row : kDescriptions) {
    const std::string line = describe(row.error);
    EXPECT_TRUE(line.starts_with(row.begins)) << line;
    EXPECT_TRUE(line.ends_with(". To do: " + std::string(text_of(row.error.fault).remedy) + "."))
        << line;
  }
}

TEST(At, NamesAPlaceOnlyWhereNoneWasNamed) {
  EXPECT_EQ(at({Fault::truncated, 3, ""}, "a.iso").value(), (Error{Fault::truncated, 3, "a.iso"}));
  EXPECT_EQ(at({Fault::truncated, 3, "inner"}, "outer").value(),
            (Error{Fault::truncated, 3, "inner"}));
}

Result<int> half(int number) {
  if (number % 2 != 0) return fail(Fault::out_of_range, static_cast<std::uint64_t>(number));
  return number / 2;
}
Result<> check(int number) {
  if (number < 0) return fail(Fault::bad_argument);
  return {};
}
Result<int> quarter(int number) {
  WHORL_TRY_VOID(check(number));
  WHORL_TRY(const int once, half(number));
  WHORL_TRY(const int twice, half(once));
  return twice;
}

TEST(Try, PassesValuesOnAndLeavesWithTheFirstError) {
  EXPECT_EQ(*quarter(12), 3);
  EXPECT_EQ(quarter(-4).error(), (Error{Fault::bad_argument, 0, ""}));
  EXPECT_EQ(quarter(7).error(), (Error{Fault::out_of_range, 7, ""}));
  EXPECT_EQ(quarter(6).error(), (Error{Fault::out_of_range, 3, ""}));
}

}  // namespace
}  // namespace whorl
