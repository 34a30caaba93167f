#include "engine/service/search_desk.h"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <thread>

namespace whorl::service {
namespace {

using namespace std::chrono_literals;

// A desk whose passes wait for the test, and searches that are told apart by their wanted number of
// candidates.
class DeskTest : public ::testing::Test {
 protected:
  struct Pass {
    std::string gallery;
    std::vector<int> queries;
    bool operator==(const Pass&) const = default;
  };

  Result<std::vector<search::Answer>> identify(const std::string& gallery,
                                               std::span<const search::Query> queries) {
    std::unique_lock lock(lock_);
    Pass pass{gallery, {}};
    for (const search::Query& query : queries) pass.queries.push_back(query.max_candidates);
    passes_.push_back(pass);
    begun_.notify_all();
    open_.wait(lock, [this] { return allowed_ > 0; });
    --allowed_;
    std::vector<search::Answer> answers;
    for (const int number : pass.queries) {
      if (number == kBad) return fail(Fault::bad_argument, 0, "query");
      answers.emplace_back().effort.comparisons = number;
    }
    return answers;
  }

  // Asks on a thread of its own, and returns when the search waits.
  std::shared_ptr<Result<search::Answer>> ask(int number, const std::string& gallery = "main",
                                              Priority priority = Priority::routine,
                                              Patience patience = patient()) {
    auto answer = std::make_shared<Result<search::Answer>>(fail(Fault::cancelled));
    threads_.emplace_back([=, this] {
      search::Query query;
      query.max_candidates = number;
      *answer = desk_->search(gallery, query, priority, patience);
      ++answered_;
    });
    std::this_thread::sleep_for(20ms);
    return answer;
  }
  // The desk is busy with this one until `allow`. It takes long, so it is of a gallery whose pace
  // does not matter.
  void begin(int number, const std::string& gallery = "slow") {
    (void)ask(number, gallery);
    std::unique_lock lock(lock_);
    begun_.wait(lock, [this] { return !passes_.empty(); });
  }
  void allow(int passes) {
    const std::lock_guard lock(lock_);
    allowed_ += passes;
    open_.notify_all();
  }
  std::vector<Pass> finish() {
    allow(1000);
    threads_.clear();
    return passes_;
  }
  static Patience patient() { return {std::chrono::steady_clock::now() + 1min, nullptr}; }
  static int number_of(const Result<search::Answer>& answer) {
    return answer ? static_cast<int>(answer->effort.comparisons) : -1;
  }

  static constexpr int kBad = 13;
  std::mutex lock_;  // guards passes_ and allowed_
  std::condition_variable begun_, open_;
  std::vector<Pass> passes_;
  int allowed_ = 0;
  std::atomic<int> answered_ = 0;
  std::atomic<std::int64_t> told_ = 0;
  std::optional<SearchDesk> desk_{
      std::in_place,
      [this](const std::string& gallery, std::span<const search::Query> queries) {
        return identify(gallery, queries);
      },
      [this](std::int64_t queries) { told_ += queries; }};
  std::vector<std::jthread> threads_;
};

TEST_F(DeskTest, WhatWaitsGoesTogetherAndEachIsGivenItsOwnAnswer) {
  begin(1);
  std::vector<std::shared_ptr<Result<search::Answer>>> answers;
  for (int n = 2; n < 7; ++n) answers.push_back(ask(n));
  EXPECT_EQ(finish(), (std::vector<Pass>{{"slow", {1}}, {"main", {2, 3, 4, 5, 6}}}));
  for (int n = 2; n < 7; ++n) EXPECT_EQ(number_of(*answers[static_cast<std::size_t>(n - 2)]), n);
  EXPECT_EQ(told_, 6);
}

TEST_F(DeskTest, ABatchIsOfOneGalleryAndPriority) {
  begin(1);
  ask(2, "main", Priority::routine);
  ask(3, "other", Priority::routine);
  ask(4, "main", Priority::bulk);
  ask(5, "main", Priority::routine);
  ask(6, "other", Priority::routine);
  EXPECT_EQ(finish(),
            (std::vector<Pass>{{"slow", {1}}, {"main", {2, 5}}, {"other", {3, 6}}, {"main", {4}}}));
}

TEST_F(DeskTest, AnInteractiveSearchGoesBeforeAllThatWait) {
  begin(1);
  ask(2, "main", Priority::bulk);
  ask(3, "main", Priority::routine);
  ask(4, "other", Priority::interactive);
  EXPECT_EQ(finish(),
            (std::vector<Pass>{{"slow", {1}}, {"other", {4}}, {"main", {3}}, {"main", {2}}}));
}

TEST_F(DeskTest, OnePassInEightIsOfWhoWaitedLongest) {
  begin(1);
  ask(2, "main", Priority::bulk);
  for (int n = 3; n < 11; ++n) ask(n, "g" + std::to_string(n), Priority::interactive);
  const std::vector<Pass> passes = finish();
  ASSERT_EQ(passes.size(), 10U);
  EXPECT_EQ(passes[kFairShare - 1], (Pass{"main", {2}}));
}

// However many wait, one pass lasts no longer than kLongestPass at the pace of those before it.
TEST_F(DeskTest, SlowSearchesGoInSmallBatches) {
  begin(1, "main");
  for (int n = 2; n < 6; ++n) ask(n);
  std::this_thread::sleep_for(2 * SearchDesk::kLongestPass);  // what the first takes
  const std::vector<Pass> passes = finish();
  EXPECT_EQ(passes[1], (Pass{"main", {2}}));
}

// Nobody is more urgent than they are, so theirs may last four times as long.
TEST_F(DeskTest, InteractiveSearchesGoTogetherWhereOthersWouldGoAlone) {
  begin(1, "main");
  for (int n = 2; n < 4; ++n) ask(n, "main", Priority::interactive);
  for (int n = 4; n < 6; ++n) ask(n);
  std::this_thread::sleep_for(SearchDesk::kLongestPass / 2 + 10ms);  // what the first takes
  EXPECT_EQ(finish(),
            (std::vector<Pass>{{"main", {1}}, {"main", {2, 3}}, {"main", {4}}, {"main", {5}}}));
}

TEST_F(DeskTest, ABadQueryDoesNotSpoilItsBatch) {
  begin(1);
  const auto good = ask(2), bad = ask(kBad), other = ask(4);
  finish();
  EXPECT_EQ(number_of(*good), 2);
  EXPECT_EQ(number_of(*other), 4);
  ASSERT_FALSE(*bad);
  EXPECT_EQ(bad->error().fault, Fault::bad_argument);
}

TEST_F(DeskTest, WhoGivesUpWaitingIsNotSearchedFor) {
  begin(1);
  const auto late =
      ask(2, "main", Priority::routine, {std::chrono::steady_clock::now() + 40ms, nullptr});
  std::atomic<bool> gone = false;
  const auto left = ask(3, "main", Priority::routine,
                        {std::chrono::steady_clock::now() + 1min, [&] { return gone.load(); }});
  gone = true;
  while (answered_ < 2) std::this_thread::sleep_for(1ms);
  EXPECT_EQ(late->error().fault, Fault::deadline_exceeded);
  EXPECT_EQ(left->error().fault, Fault::cancelled);
  EXPECT_EQ(finish(), (std::vector<Pass>{{"slow", {1}}}));
}

TEST_F(DeskTest, ADeadlineThatPassesDuringTheSearchDoesNotEndIt) {
  const auto answer =
      ask(1, "main", Priority::routine, {std::chrono::steady_clock::now() + 60ms, nullptr});
  std::this_thread::sleep_for(100ms);
  finish();
  EXPECT_EQ(number_of(*answer), 1);
}

TEST_F(DeskTest, WhoseDeadlineIsPastDoesNotWait) {
  const auto late =
      ask(1, "main", Priority::routine, {std::chrono::steady_clock::now() - 1ms, nullptr});
  EXPECT_TRUE(finish().empty());
  EXPECT_EQ(late->error().fault, Fault::deadline_exceeded);
}

}  // namespace
}  // namespace whorl::service
