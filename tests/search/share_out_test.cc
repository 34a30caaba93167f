#include "engine/search/share_out.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <vector>

#include "engine/search/thread_limit.h"

namespace whorl::search {
namespace {

TEST(ShareOut, DoesEachPieceOnceAndTellsToTheEnd) {
  for (const int threads : {0, 1, 2, 3}) {
    limit_threads(threads);
    for (const std::int64_t count : {0, 1, 2, 63, 64, 1000, 100'000}) {
      std::vector<int> done(static_cast<std::size_t>(count));
      std::int64_t told = 0;
      share_out(
          count,
          [&] { return [&](std::int64_t piece) { ++done.at(static_cast<std::size_t>(piece)); }; },
          [&](std::int64_t so_far) {
            EXPECT_GT(so_far, told);
            told = so_far;
          });
      EXPECT_EQ(done, std::vector<int>(static_cast<std::size_t>(count), 1)) << threads;
      EXPECT_EQ(told, count) << threads;
    }
  }
  limit_threads(0);
}

// Scratch memory without a lock: a worker is never asked for two pieces at a time.
TEST(ShareOut, NoMoreWorkersThanThreadsAndNoneSharedByTwo) {
  for (const int threads : {1, 2}) {
    limit_threads(threads);
    std::atomic<int> workers = 0, shared = 0;
    share_out(
        5000,
        [&] {
          ++workers;
          return [&shared, busy = std::make_shared<std::atomic<bool>>(false)](std::int64_t) {
            shared += busy->exchange(true) ? 1 : 0;
            busy->store(false);
          };
        },
        [](std::int64_t) {});
    EXPECT_LE(workers, threads);
    EXPECT_GE(workers, 1);
    EXPECT_EQ(shared, 0);
  }
  limit_threads(0);
}

}  // namespace
}  // namespace whorl::search
