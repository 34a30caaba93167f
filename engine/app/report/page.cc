#include "engine/app/report/page.h"

#include <algorithm>

#include "kernels/core.h"

namespace whorl::app {
namespace {

constexpr std::string_view kPageStyle = R"(
body { margin: 0 auto; max-width: 62rem; padding: 1.5rem 1rem 4rem; background: #ffffff;
       color: #1c1e21; font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.7rem; line-height: 1.2; } h2 { font-size: 1.2rem; margin-top: 2.2rem; }
p { max-width: 46rem; }
table { border-collapse: collapse; } th, td { padding: .25rem .9rem .25rem 0; text-align: right; }
th:first-child, td:first-child { text-align: left; }
th { border-bottom: 2px solid #9aa0a6; } td { border-bottom: 1px solid #9aa0a655; }
figure { margin: 1.2rem 0; } figcaption { font-size: .9rem; max-width: 46rem; }
figure svg { max-width: 100%; height: auto; }
@media (prefers-color-scheme: dark) { body { background: #17191c; color: #e6e8ea; } }
)";

std::string cells(const std::vector<std::string>& row, const std::string& tag) {
  std::string html;
  for (const std::string& cell : row) html += "<" + tag + ">" + escaped(cell) + "</" + tag + ">";
  return "<tr>" + html + "</tr>\n";
}

}  // namespace

std::string as_text(const Table& table) {
  std::vector<std::size_t> widths;
  for (std::size_t c = 0; c < table.head.size(); ++c) {
    std::size_t width = table.head[c].size();
    for (const auto& row : table.rows) width = std::max(width, row.at(c).size());
    widths.push_back(width);
  }
  const auto line = [&widths](const std::vector<std::string>& row) {
    std::string text;
    for (std::size_t c = 0; c < widths.size(); ++c) {
      const std::string room(widths[c] - row.at(c).size(), ' ');
      text += (c == 0 ? "" : "  ") + (c == 0 ? row[c] + room : room + row[c]);
    }
    return text.erase(text.find_last_not_of(' ') + 1) + "\n";
  };
  std::string text = line(table.head);
  for (const auto& row : table.rows) text += line(row);
  return text;
}

Page::Page(std::string_view title) : title_(escaped(title)) {}

void Page::heading(std::string_view words) { body_ += "<h2>" + escaped(words) + "</h2>\n"; }

void Page::paragraph(std::string_view words) { body_ += "<p>" + escaped(words) + "</p>\n"; }

void Page::table(const Table& table) {
  body_ += "<table>\n" + cells(table.head, "th");
  for (const auto& row : table.rows) {
    WHORL_CHECK(row.size() == table.head.size());
    body_ += cells(row, "td");
  }
  body_ += "</table>\n";
}

void Page::figure(const Svg& picture, std::string_view caption) {
  body_ += "<figure>\n" + picture.inline_picture() + "<figcaption>" + escaped(caption) +
           "</figcaption>\n</figure>\n";
}

std::string Page::html() const {
  return "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
         "<meta name=\"viewport\" content=\"width=device-width\">\n"
         "<meta name=\"color-scheme\" content=\"light dark\">\n<title>" +
         title_ + "</title>\n<style>" + std::string(kPictureStyle) + std::string(kPageStyle) +
         "</style>\n</head>\n<body>\n<h1>" + title_ + "</h1>\n" + body_ + "</body>\n</html>\n";
}

}  // namespace whorl::app
