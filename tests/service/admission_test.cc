#include "engine/service/admission.h"

#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "tests/service/patient.h"

namespace whorl::service {
namespace {

using namespace std::chrono_literals;

constexpr QueueBounds kAnyWait{{4, 2, 1}, {24h, 24h, 24h}};  // routine, interactive, bulk

// A clock that stands until it is told.
class Stopwatch {
 public:
  Admission::Now now() const {
    return [this] { return at_; };
  }
  void pass(std::chrono::milliseconds time) { at_ += time; }

 private:
  SteadyTime at_{1h};
};

// Threads that want a turn, in the order they are added, each only once the one before it waits.
class Line {
 public:
  explicit Line(Admission& admission) : admission_(admission) {}
  void add(Priority priority, char name) {
    const auto number = static_cast<int>(threads_.size());
    threads_.emplace_back([this, priority, name] {
      ++asking_;
      const auto turn = admission_.turn(priority, patient());
      ASSERT_TRUE(turn);
      const std::lock_guard lock(lock_);
      order_.push_back(name);
    });
    while (asking_ <= number) std::this_thread::yield();
    std::this_thread::sleep_for(20ms);  // from asking to waiting
  }
  std::string order() {
    threads_.clear();
    return order_;
  }

 private:
  Admission& admission_;
  std::mutex lock_;  // guards order_
  std::string order_;
  std::atomic<int> asking_ = 0;
  std::vector<std::jthread> threads_;
};

TEST(Admission, TakesAsManyOfEachPriorityAsMayBeInAndRefusesTheNextAtOnce) {
  const struct {
    Priority priority;
    int most;
  } table[] = {{Priority::routine, 4}, {Priority::interactive, 2}, {Priority::bulk, 1}};
  Admission admission(2, kAnyWait);
  std::vector<Admission::Place> places;
  for (const auto& row : table) {
    for (int i = 0; i < row.most; ++i) {
      auto place = admission.enter(row.priority);
      ASSERT_TRUE(place) << name_of(row.priority) << ' ' << i;
      places.push_back(*std::move(place));
    }
    const auto refused = admission.enter(row.priority);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().fault, Fault::busy);
    EXPECT_EQ(refused.error().where, std::string(name_of(row.priority)) + " requests");
  }
  EXPECT_EQ(admission.inside(), (std::array<std::int64_t, 3>{4, 2, 1}));
  places.clear();
  EXPECT_EQ(admission.inside(), (std::array<std::int64_t, 3>{0, 0, 0}));
  EXPECT_TRUE(admission.enter(Priority::bulk));
}

TEST(Admission, NewBoundsHoldForTheNextRequest) {
  Admission admission(2, kAnyWait);
  const auto first = admission.enter(Priority::bulk);
  EXPECT_FALSE(admission.enter(Priority::bulk));
  QueueBounds wider = kAnyWait;
  wider.most = {4, 2, 2};
  admission.set_bounds(wider);
  EXPECT_TRUE(admission.enter(Priority::bulk));
}

// One after another leaves, each `each` after the one before, while many are inside.
void answer(Admission& admission, Stopwatch& watch, int count, std::chrono::milliseconds each) {
  std::vector<Admission::Place> places;
  for (int i = 0; i < count; ++i) places.push_back(*admission.enter(Priority::bulk));
  for (int i = 0; i < count; ++i) {
    watch.pass(each);
    places.pop_back();
  }
}

TEST(Admission, RefusesAtOnceWhoWouldWaitTooLong) {
  const struct {
    const char* what;
    Priority asks;
    int interactive, routine, bulk;  // inside, of 100 ms each
    bool let_in;
  } table[] = {
      {"none before it", Priority::interactive, 0, 0, 0, true},
      {"as many as work together", Priority::interactive, 2, 0, 0, true},
      {"half a second of its own kind", Priority::interactive, 5, 0, 0, true},
      {"too many of its own kind", Priority::interactive, 6, 0, 0, false},
      {"others that go after it", Priority::interactive, 0, 10, 10, true},
      {"others that go before it", Priority::routine, 11, 0, 0, false},
      {"others before it, not too many", Priority::routine, 5, 5, 0, true},
      {"its own and others before it", Priority::routine, 5, 6, 10, false},
      {"everybody goes before bulk", Priority::bulk, 7, 7, 7, false},
      {"bulk waits gladly", Priority::bulk, 7, 7, 6, true},
  };
  for (const auto& row : table) {
    SCOPED_TRACE(row.what);
    Stopwatch watch;
    Admission admission(2, {{99, 99, 99}, {24h, 24h, 24h}}, watch.now());
    answer(admission, watch, 30, 100ms);
    std::vector<Admission::Place> inside;
    for (int i = 0; i < row.interactive; ++i)
      inside.push_back(*admission.enter(Priority::interactive));
    for (int i = 0; i < row.routine; ++i) inside.push_back(*admission.enter(Priority::routine));
    for (int i = 0; i < row.bulk; ++i) inside.push_back(*admission.enter(Priority::bulk));
    admission.set_bounds({{99, 99, 99}, {1050ms, 550ms, 2050ms}});
    const auto asked = admission.enter(row.asks);
    EXPECT_EQ(asked.has_value(), row.let_in);
    if (!asked) { EXPECT_EQ(asked.error().fault, Fault::busy); }
  }
}

// Requests that come a minute apart are answered a minute apart, which is no reason to turn a
// sudden crowd away.
TEST(Admission, AQuietTimeSaysNothingOfThePace) {
  Stopwatch watch;
  Admission admission(2, {{99, 99, 99}, {50ms, 50ms, 50ms}}, watch.now());
  for (int i = 0; i < 50; ++i) {
    const auto place = admission.enter(Priority::routine);
    watch.pass(1min);
  }
  std::vector<Admission::Place> crowd;
  for (int i = 0; i < 20; ++i) {
    auto place = admission.enter(Priority::routine);
    ASSERT_TRUE(place) << i;
    crowd.push_back(*std::move(place));
  }
}

TEST(Admission, ThePaceFollowsWhatIsAsked) {
  Stopwatch watch;
  Admission admission(2, {{99, 99, 99}, {24h, 24h, 24h}}, watch.now());
  const auto hint = [&] {
    std::vector<Admission::Place> ten;
    for (int i = 0; i < 10; ++i) ten.push_back(*admission.enter(Priority::routine));
    return admission.retry_after(Priority::routine);
  };
  answer(admission, watch, 60, 400ms);
  EXPECT_GE(hint(), 1900ms);
  answer(admission, watch, 90, 1ms);  // searches of minutes are forgotten within seconds of crowd
  for (int i = 0; i < 20; ++i) answer(admission, watch, 90, 10ms);
  EXPECT_LE(hint(), 100ms);
}

// Who is refused because of a pace cannot show that it is better now.
TEST(Admission, ASlowPaceDoesNotRefuseForEver) {
  Stopwatch watch;
  Admission admission(2, {{99, 99, 99}, {24h, 24h, 24h}}, watch.now());
  answer(admission, watch, 30, 1500ms);
  admission.set_bounds({{99, 99, 99}, {1s, 1s, 1s}});
  const auto first = admission.enter(Priority::routine),
             second = admission.enter(Priority::routine);
  EXPECT_FALSE(admission.enter(Priority::routine));
  watch.pass(2s);
  EXPECT_TRUE(admission.enter(Priority::routine));
}

TEST(Admission, TheHintIsHalfOfWhatIsBeforeAndHasBounds) {
  Stopwatch watch;
  Admission admission(2, {{999, 999, 999}, {24h, 24h, 24h}}, watch.now());
  EXPECT_EQ(admission.retry_after(Priority::routine), 10ms);  // no pace is known
  answer(admission, watch, 30, 100ms);
  EXPECT_EQ(admission.retry_after(Priority::routine), 10ms);  // nobody is before it
  std::vector<Admission::Place> inside;
  for (int i = 0; i < 40; ++i) inside.push_back(*admission.enter(Priority::routine));
  EXPECT_NEAR(static_cast<double>(admission.retry_after(Priority::routine).count()), 2000, 2);
  EXPECT_EQ(admission.retry_after(Priority::interactive), 10ms);
  answer(admission, watch, 200, 5s);
  EXPECT_EQ(admission.retry_after(Priority::routine), 60s);
}

TEST(Admission, TurnsGoToTheHighestPriorityAndThenInTheOrderTheyWereAskedFor) {
  Admission admission(1, kAnyWait);
  auto held = admission.turn(Priority::routine, patient());
  ASSERT_TRUE(held);
  Line line(admission);
  line.add(Priority::bulk, 'x');
  line.add(Priority::routine, 'm');
  line.add(Priority::interactive, 'a');
  line.add(Priority::routine, 'n');
  line.add(Priority::interactive, 'b');
  { const Admission::Turn given_back = *std::move(held); }
  EXPECT_EQ(line.order(), "abmnx");
}

TEST(Admission, OneTurnInEightGoesToWhoWaitsLongest) {
  Admission admission(1, kAnyWait);
  auto held = admission.turn(Priority::routine, patient());  // the first of eight
  ASSERT_TRUE(held);
  Line line(admission);
  line.add(Priority::bulk, 'x');
  for (char name = 'a'; name < 'j'; ++name) line.add(Priority::interactive, name);
  { const Admission::Turn given_back = *std::move(held); }
  EXPECT_EQ(line.order(), "abcdefxghi");
  static_assert(kFairShare == 8);
}

TEST(Admission, AsManyTurnsAreHeldTogetherAsWereGiven) {
  Admission admission(3, kAnyWait);
  std::vector<Admission::Turn> turns;
  for (int i = 0; i < 3; ++i) turns.push_back(*admission.turn(Priority::bulk, patient()));
  const Patience short_one{std::chrono::steady_clock::now() + 10ms, nullptr};
  EXPECT_FALSE(admission.turn(Priority::interactive, short_one));
  turns.pop_back();
  EXPECT_TRUE(admission.turn(Priority::bulk, patient()));
}

TEST(Admission, WhoGivesUpWaitingLeavesNothingBehind) {
  const struct {
    const char* what;
    std::chrono::milliseconds deadline;
    bool hangs_up;
    Fault fault;
  } table[] = {
      {"past before it began", -1ms, false, Fault::deadline_exceeded},
      {"passes while it waits", 30ms, false, Fault::deadline_exceeded},
      {"the client is gone", 1min, true, Fault::cancelled},
  };
  for (const auto& row : table) {
    SCOPED_TRACE(row.what);
    Admission admission(1, kAnyWait);
    std::optional<Admission::Turn> held(*admission.turn(Priority::routine, patient()));
    int looks = 0;  // there at first, gone while it waits
    const Patience patience{std::chrono::steady_clock::now() + row.deadline,
                            [&] { return row.hangs_up && ++looks > 1; }};
    const auto turn = admission.turn(Priority::interactive, patience);
    ASSERT_FALSE(turn);
    EXPECT_EQ(turn.error().fault, row.fault);
    held.reset();
    EXPECT_TRUE(admission.turn(Priority::bulk, patient()));
  }
}

TEST(Admission, DrainsWhatIsInAndTakesNothingNew) {
  Admission admission(1, kAnyWait);
  EXPECT_FALSE(admission.draining());
  std::optional<Admission::Place> place(*admission.enter(Priority::routine));
  admission.drain();
  EXPECT_TRUE(admission.draining());
  EXPECT_EQ(admission.enter(Priority::interactive).error().fault, Fault::draining);
  EXPECT_FALSE(admission.wait_until_empty(std::chrono::steady_clock::now() + 5ms));
  EXPECT_TRUE(admission.turn(Priority::routine, patient()));  // who is in may work
  std::jthread leaves([&] { place.reset(); });
  EXPECT_TRUE(admission.wait_until_empty(std::chrono::steady_clock::now() + 1min));
}

}  // namespace
}  // namespace whorl::service
