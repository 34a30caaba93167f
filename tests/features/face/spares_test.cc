#include "engine/features/face/spares.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <stdexcept>
#include <thread>
#include <vector>

namespace whorl::features {
namespace {

struct Counted {
  std::atomic<int> users = 0;
};

TEST(Spares, NobodyElseUsesOneInUseAndNoMoreAreMadeThanNeeded) {
  constexpr int kThreads = 4, kRounds = 200;
  std::atomic<int> made = 1, shared = 0;
  const Spares<Counted> spares(std::make_unique<Counted>());
  std::latch start(kThreads);
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&] {
        start.arrive_and_wait();
        for (int i = 0; i < kRounds; ++i) {
          spares.with(
              [&] {
                ++made;
                return std::make_unique<Counted>();
              },
              [&](Counted& one) {
                if (++one.users != 1) ++shared;
                std::this_thread::yield();
                return --one.users;
              });
        }
      });
    }
  }
  EXPECT_EQ(shared, 0);
  EXPECT_LE(made, kThreads);
}

TEST(Spares, OneAfterTheOtherUsesTheSame) {
  const Spares<Counted> spares(std::make_unique<Counted>());
  const auto refuse = []() -> std::unique_ptr<Counted> { throw std::logic_error("made"); };
  const auto address = [](Counted& one) { return &one; };
  EXPECT_EQ(spares.with(refuse, address), spares.with(refuse, address));
}

TEST(Spares, OneThatThrewIsNotUsedAgain) {
  const Spares<Counted> spares(std::make_unique<Counted>());
  int made = 0;
  const auto make = [&] {
    ++made;
    return std::make_unique<Counted>();
  };
  EXPECT_THROW(spares.with(make, [](Counted&) -> int { throw std::runtime_error("broken"); }),
               std::runtime_error);
  EXPECT_EQ(made, 0);
  spares.with(make, [](Counted&) { return 0; });
  spares.with(make, [](Counted&) { return 0; });
  EXPECT_EQ(made, 1);
}

}  // namespace
}  // namespace whorl::features
