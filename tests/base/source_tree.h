#pragma once
// The project's own files, for tests that hold code and pages together.

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace whorl::testing {

inline std::filesystem::path source_root() { return WHORL_SOURCE_DIR; }

// The whole of a file, by its path from the root; empty when it is not there.
inline std::string file_text(const std::filesystem::path& path) {
  std::ifstream in(source_root() / path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

inline std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

// The cells of a Markdown table's row, trimmed; empty for any other line.
inline std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells;
  if (line.empty() || line.front() != '|') return cells;
  std::istringstream in(line.substr(1));
  for (std::string cell; std::getline(in, cell, '|');) {
    const auto first = cell.find_first_not_of(' ');
    const auto last = cell.find_last_not_of(' ');
    cells.push_back(first == std::string::npos ? "" : cell.substr(first, last - first + 1));
  }
  return cells;
}

// Every C++ and CUDA source under `folders`, as paths from the root, sorted.
inline std::vector<std::string> sources_under(const std::vector<std::string>& folders) {
  std::vector<std::string> found;
  for (const std::string& folder : folders) {
    if (!std::filesystem::exists(source_root() / folder)) continue;
    for (const auto& entry :
         std::filesystem::recursive_directory_iterator(source_root() / folder)) {
      const std::string extension = entry.path().extension().string();
      if (extension == ".h" || extension == ".cc" || extension == ".cu") {
        found.push_back(std::filesystem::relative(entry.path(), source_root()).generic_string());
      }
    }
  }
  std::ranges::sort(found);
  return found;
}

}  // namespace whorl::testing
