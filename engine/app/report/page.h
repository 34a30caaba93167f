#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/app/report/svg.h"
#include "engine/base/limits.h"

namespace whorl::app {

// Lengths on a print are told in both.
inline constexpr double kMmPerPx = 25.4 / kCanonicalPixelsPerInch;

// Rows of text under one head, for a screen and for a page. The first column is left-aligned, the
// others, numbers mostly, to the right.
struct Table {
  std::vector<std::string> head;
  std::vector<std::vector<std::string>> rows;  // each as long as head
};
std::string as_text(const Table& table);

// One HTML file with everything in it: pictures inline, no script, nothing fetched from outside,
// readable on light and dark screens and on paper. Sections appear in the order they are added.
class Page {
 public:
  explicit Page(std::string_view title);

  void heading(std::string_view words);
  void paragraph(std::string_view words);
  void table(const Table& table);
  void figure(const Svg& picture, std::string_view caption);

  std::string html() const;

 private:
  std::string title_, body_;
};

}  // namespace whorl::app
