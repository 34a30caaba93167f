#pragma once
// Runs the built `whorl` as a user would, in a folder of its own.

#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/byte_writer.h"

namespace whorl::app {

struct Ran {
  int exit_code = -1;
  std::string out, err;

  nlohmann::json json() const;  // of `out`; fails the test where it is not one JSON value
  int fault() const;            // error.code of it; 0 where there is no error
};

// A scratch folder, removed at the end, with a master key in it that the command is told of.
class CommandTest : public testing::Test {
 protected:
  CommandTest();
  ~CommandTest() override;

  // Runs `whorl words...` with the scratch folder as current folder.
  Ran run(const std::vector<std::string>& words, bool with_key = true) const;
  // The same with --json; the words before must name a verb.
  Ran run_json(std::vector<std::string> words, bool with_key = true) const;

  std::filesystem::path path(const std::string& name) const { return folder_ / name; }
  void write(const std::string& name, std::span<const std::byte> bytes) const;
  void write(const std::string& name, std::string_view text) const { write(name, as_bytes(text)); }
  std::string read(const std::string& name) const;

 private:
  std::filesystem::path folder_;
};

}  // namespace whorl::app
