#pragma once
// An engine on a store of its own, in a folder that goes with the test.

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>

#include "engine/search/engine.h"
#include "scanners/simulated/people.h"

namespace whorl::search {

class ScratchEngine : public ::testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    reopen();
  }
  void TearDown() override {
    engine_.reset();
    std::filesystem::remove_all(folder_);
  }
  void reopen() {
    engine_.reset();
    EngineOptions options;
    options.folder = (folder_ / "store").string();
    options.master = *Key::from_hex(std::string(64, '7'));
    options.create = true;
    auto opened = Engine::open(options);
    ASSERT_TRUE(opened) << describe(opened.error());
    engine_ = std::move(*opened);
  }

  const scanners::Population population_{77};
  const std::filesystem::path folder_ = [] {
    const auto& test = *::testing::UnitTest::GetInstance()->current_test_info();
    std::string name = std::string(test.test_suite_name()) + "-" + test.name();
    std::ranges::replace(name, '/', '-');  // of a test with a parameter
    return std::filesystem::temp_directory_path() /
           ("whorl-" + std::to_string(::getpid()) + "-" + name);
  }();
  std::unique_ptr<Engine> engine_;
};

}  // namespace whorl::search
