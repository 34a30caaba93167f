#pragma once
// `whorl serve --dev` of the built command in a scratch folder, and `whorl client` to ask it.

#include <chrono>
#include <csignal>
#include <string>
#include <thread>
#include <vector>

#include "tests/app/command_line.h"

namespace whorl::app {

class ServedTest : public CommandTest {
 protected:
  static constexpr std::chrono::milliseconds kLookEvery{20};
  static constexpr std::chrono::seconds kTooLong{120};

  // Until `holds`; the test fails where it never does.
  template <class Condition>
  static void wait_until(Condition holds) {
    const auto too_late = std::chrono::steady_clock::now() + kTooLong;
    while (!holds()) {
      ASSERT_LT(std::chrono::steady_clock::now(), too_late);
      std::this_thread::sleep_for(kLookEvery);
    }
  }
  // Where `address` comes to be, the service answers.
  Running served(const std::vector<std::string>& words, const std::string& address) const {
    std::filesystem::remove(path(address));
    Running service = start(words);
    wait_until([&] { return service.ended() || std::filesystem::exists(path(address)); });
    EXPECT_FALSE(service.ended()) << service.wait().err;
    return service;
  }
  // Over `store`, which it makes with the gallery `main`; its certificates are in whorl-dev.
  Running serve_dev() const {
    return served({"serve", "--dev", "--store", "store", "--gallery", "main", "--create",
                   "--listen", "127.0.0.1:0", "--log", "log"},
                  "whorl-dev/address");
  }
  // `whorl client words...`, with --json.
  Ran ask(std::vector<std::string> words) const {
    words.insert(words.begin(), "client");
    words.insert(words.end(), {"--dev", "whorl-dev"});
    return run_json(words);
  }
  // The same of the actions about people.
  Ran ask_main(std::vector<std::string> words) const {
    words.insert(words.end(), {"--gallery", "main"});
    return ask(std::move(words));
  }
  // The index finger of one of the simulated people, of visit 1 or 2.
  static std::string print(int person, int visit) {
    return "people/0/" + std::to_string(person) + "_2_" + std::to_string(visit) + ".whorl";
  }
  void make_people() const {
    ASSERT_EQ(run({"simulate", "--people", "3", "--out", "people"}).exit_code, 0);
  }
};

}  // namespace whorl::app
