#pragma once
// Where the real data for tests labelled "data" lies: $WHORL_DATA, else shared/data beside the
// source tree. Tests skip aloud where it is missing.

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

namespace whorl::test {

inline std::optional<std::filesystem::path> data_folder() {
  const char* named = std::getenv("WHORL_DATA");
  const std::filesystem::path folder =
      named != nullptr && *named != '\0'
          ? std::filesystem::path(named)
          : std::filesystem::path(WHORL_SOURCE_DIR) / "../shared/data";
  if (!std::filesystem::is_directory(folder)) return std::nullopt;
  return folder;
}

inline std::vector<std::byte> file_bytes(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::vector<std::byte> bytes;
  for (std::istreambuf_iterator<char> it(file), end; it != end; ++it) {
    bytes.push_back(static_cast<std::byte>(*it));
  }
  return bytes;
}

}  // namespace whorl::test

// Leaves the test, saying why, where `relative` is not among the data; else defines `name`.
#define WHORL_DATA_OR_SKIP(name, relative)                                                    \
  const auto name##_folder = ::whorl::test::data_folder();                                    \
  if (!name##_folder || !std::filesystem::exists(*name##_folder / (relative))) {              \
    GTEST_SKIP() << (relative) << " is not in $WHORL_DATA nor in ../shared/data: not tested"; \
  }                                                                                           \
  const std::filesystem::path name = *name##_folder / (relative)
