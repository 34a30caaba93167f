// Holds docs/limits.md to limits.h and the pages to the files that they name, and the sources to
// what can be checked of their style.
#include <gtest/gtest.h>

#include <regex>
#include <set>
#include <string>
#include <vector>

#include "tests/base/source_tree.h"

namespace whorl::testing {
namespace {

const std::vector<std::string> kProduct = {"kernels", "engine", "scanners"};
const std::vector<std::string> kEverything = {"kernels", "engine", "scanners", "tests", "bench"};
constexpr std::size_t kMaxLines = 400;
// Found near its top, with the reason behind it, in a file that is longer for a good one.
const char* const kLongBecause = "This file is long because";

std::set<std::string> matches(const std::string& text, const std::string& pattern) {
  const std::regex expression(pattern);
  std::set<std::string> found;
  for (std::sregex_iterator it(text.begin(), text.end(), expression), end; it != end; ++it) {
    found.insert((*it)[1]);
  }
  return found;
}

TEST(LimitsPage, NamesEveryLimitAndNoOther) {
  const auto declared =
      matches(file_text("engine/base/limits.h"), "inline constexpr [a-z0-9:_]+ (k[A-Za-z]+) =");
  ASSERT_GE(declared.size(), 15U);
  std::set<std::string> on_page;
  for (const std::string& line : lines_of(file_text("docs/limits.md"))) {
    const auto cells = cells_of(line);
    if (cells.size() >= 3 && cells[0].starts_with("`k")) {
      on_page.insert(cells[0].substr(1, cells[0].size() - 2));
    }
  }
  EXPECT_EQ(on_page, declared);
}

TEST(Pages, NameNoFileThatIsNotThere) {
  std::vector<std::filesystem::path> pages{"README.md"};
  for (const auto& entry : std::filesystem::recursive_directory_iterator(source_root() / "docs")) {
    if (entry.path().extension() == ".md")
      pages.push_back(std::filesystem::relative(entry.path(), source_root()));
  }
  std::size_t named = 0;
  for (const auto& page : pages) {
    for (const std::string& line : lines_of(file_text(page))) {
      for (const std::string& file :
           matches(line,
                   "((?:engine|kernels|scanners|tests|bench|cmake|docs)/[A-Za-z0-9_/.-]+"
                   "\\.(?:cc|h|cu|md))\\b")) {
        EXPECT_TRUE(std::filesystem::exists(source_root() / file)) << page << " names " << file;
        ++named;
      }
    }
  }
  EXPECT_GT(named, 100U);
}

TEST(Style, NoFileIsLongWithoutSayingWhy) {
  for (const std::string& path : sources_under(kEverything)) {
    const auto lines = lines_of(file_text(path));
    if (lines.size() <= kMaxLines) continue;
    const std::size_t top = std::min<std::size_t>(20, lines.size());
    const bool reasoned = std::any_of(
        lines.begin(), lines.begin() + static_cast<long>(top),
        [](const std::string& line) { return line.find(kLongBecause) != std::string::npos; });
    EXPECT_TRUE(reasoned) << path << " has " << lines.size() << " lines";
  }
}

TEST(Style, EveryHeaderIsIncludedOnce) {
  for (const std::string& path : sources_under(kEverything)) {
    if (!path.ends_with(".h")) continue;
    EXPECT_NE(file_text(path).find("#pragma once\n"), std::string::npos) << path;
  }
}

struct Forbidden {
  const char* what;
  std::string pattern;
  std::vector<std::string> folders;
  std::string exempt;  // a folder or file; nothing when empty
  const char* why;
};

// Written in two parts, so that this file does not hold what it looks for.
const Forbidden kForbidden[] = {
    {"casts of input bytes",
     "reinterpret"
     "_cast",
     {"engine/formats"},
     "",
     "use ByteReader"},
    {"standard output",
     "std::"
     "c(out|err)\\b",
     kProduct, "engine/app/", "only the command talks to people"},
    {"exceptions of ours",
     "\\bthrow"
     " [a-z]",
     kProduct, "engine/python/fault.cc", "return Result<T>; Python's own are raised in one place"},
    {"unfinished work",
     "\\b(TO"
     "DO|FIX"
     "ME|XX"
     "X)\\b",
     kEverything, "", "finish it or leave it out"},
    {"unseeded randomness",
     "std::random"
     "_device|\\bs?rand"
     "\\(\\)",
     kEverything, "", "randomness is passed in"},
};

TEST(Style, HoldsNothingForbidden) {
  for (const Forbidden& rule : kForbidden) {
    const std::regex expression(rule.pattern);
    for (const std::string& path : sources_under(rule.folders)) {
      if (!rule.exempt.empty() && path.starts_with(rule.exempt)) continue;
      std::size_t number = 0;
      for (const std::string& line : lines_of(file_text(path))) {
        ++number;
        EXPECT_FALSE(std::regex_search(line, expression))
            << path << ":" << number << ": " << rule.what << "; " << rule.why;
      }
    }
  }
}

}  // namespace
}  // namespace whorl::testing
