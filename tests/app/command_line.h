#pragma once
// Runs the built `whorl` as a user would, in a folder of its own.

#include <gtest/gtest.h>
#include <sys/types.h>

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/byte_writer.h"

namespace whorl::app {

struct Ran {
  int exit_code = -1;
  std::string out, err;

  nlohmann::json json() const;  // of `out`; fails the test where it is not one JSON value
  int fault() const;            // error.code of it; 0 where there is no error
};

// A command on its way: killed where it goes out of scope before it has ended.
class Running {
 public:
  Running(pid_t child, std::filesystem::path out, std::filesystem::path err)
      : child_(child), out_(std::move(out)), err_(std::move(err)) {}
  Running(Running&& other) noexcept
      : child_(std::exchange(other.child_, 0)),
        out_(std::move(other.out_)),
        err_(std::move(other.err_)) {}
  Running& operator=(Running&&) = delete;
  ~Running();

  void signal(int number) const;
  bool ended();             // by itself
  Ran wait();               // until it ends, however long that takes
  std::string out() const;  // so far

 private:
  pid_t child_;  // 0: there is none, or it has ended
  int status_ = -1;
  std::filesystem::path out_, err_;
};

// A scratch folder, removed at the end, with a master key in it that the command is told of.
class CommandTest : public ::testing::Test {
 protected:
  CommandTest();
  ~CommandTest() override;

  // Runs `whorl words...` with the scratch folder as current folder.
  Ran run(const std::vector<std::string>& words, bool with_key = true) const;
  // The same without waiting for its end.
  Running start(const std::vector<std::string>& words, bool with_key = true) const;
  // As `run` with --json; the words before must name a verb.
  Ran run_json(std::vector<std::string> words, bool with_key = true) const;

  std::filesystem::path path(const std::string& name) const { return folder_ / name; }
  void write(const std::string& name, std::span<const std::byte> bytes) const;
  void write(const std::string& name, std::string_view text) const { write(name, as_bytes(text)); }
  std::string read(const std::string& name) const;

 private:
  std::filesystem::path folder_;
};

}  // namespace whorl::app
