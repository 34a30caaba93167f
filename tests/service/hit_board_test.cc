#include "engine/service/hit_board.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "engine/base/limits.h"
#include "tests/service/patient.h"

namespace whorl::service {
namespace {

using namespace std::chrono_literals;

std::shared_ptr<const wire::HitT> hit(const std::string& gallery, const std::string& id = "1") {
  auto made = std::make_shared<wire::HitT>();
  made->gallery = gallery;
  made->request_id = id;
  return made;
}

bool anything(const wire::HitT&) { return true; }

TEST(HitBoard, EachWatcherHearsInOrderWhatItMayHear) {
  HitBoard board;
  const auto all = *board.watch(anything);
  const auto some = *board.watch([](const wire::HitT& h) { return h.gallery == "main"; });
  board.tell(hit("main", "1"));
  board.tell(hit("other", "2"));
  board.tell(hit("main", "3"));
  for (const char* id : {"1", "2", "3"}) EXPECT_EQ((*all->next(patient()))->request_id, id);
  for (const char* id : {"1", "3"}) EXPECT_EQ((*some->next(patient()))->request_id, id);
}

TEST(HitBoard, OneWhoDoesNotKeepUpIsCutOffAndTheOthersHearOn) {
  HitBoard board;
  const auto slow = *board.watch(anything), quick = *board.watch(anything);
  for (int i = 0; i < kMaxHitsWaiting + 1; ++i) {
    board.tell(hit("main"));
    ASSERT_TRUE(quick->next(patient())) << i;
  }
  const auto refused = slow->next(patient());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault, Fault::limit_exceeded);
  board.tell(hit("main", "last"));
  EXPECT_EQ((*quick->next(patient()))->request_id, "last");
  EXPECT_FALSE(slow->next(patient()));  // for good: it missed one
}

TEST(HitBoard, AsManyWaitForAWatcherAsMay) {
  HitBoard board;
  const auto late = *board.watch(anything);
  for (int i = 0; i < kMaxHitsWaiting; ++i) board.tell(hit("main"));
  for (int i = 0; i < kMaxHitsWaiting; ++i) ASSERT_TRUE(late->next(patient())) << i;
}

TEST(HitBoard, SoManyMayWatchAndWhoLeavesMakesRoom) {
  HitBoard board;
  std::vector<std::shared_ptr<HitBoard::Watch>> watches;
  for (int i = 0; i < kMaxSubscribers; ++i) watches.push_back(*board.watch(anything));
  EXPECT_EQ(board.watchers(), kMaxSubscribers);
  const auto refused = board.watch(anything);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault, Fault::busy);
  watches.pop_back();
  EXPECT_TRUE(board.watch(anything));
  watches.clear();
  EXPECT_EQ(board.watchers(), 0);
  board.tell(hit("main"));  // to nobody
}

TEST(HitBoard, WhoWaitsForNothingGivesUpInTime) {
  HitBoard board;
  const auto watch = *board.watch(anything);
  EXPECT_EQ(watch->next({std::chrono::steady_clock::now() + 10ms, nullptr}).error().fault,
            Fault::deadline_exceeded);
  EXPECT_EQ(watch->next({SteadyTime::max(), [] { return true; }}).error().fault, Fault::cancelled);
}

TEST(HitBoard, ClosingEndsEveryWatchAfterWhatWasTold) {
  HitBoard board;
  const auto told = *board.watch(anything), waits = *board.watch(anything);
  std::jthread waiting([&] {
    EXPECT_EQ((*waits->next(patient()))->request_id, "1");
    EXPECT_EQ(*waits->next(patient()), nullptr);
  });
  board.tell(hit("main"));
  board.close();
  EXPECT_EQ((*told->next(patient()))->request_id, "1");
  EXPECT_EQ(*told->next(patient()), nullptr);
  EXPECT_EQ(board.watch(anything).error().fault, Fault::draining);
}

}  // namespace
}  // namespace whorl::service
