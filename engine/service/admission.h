#pragma once
// How much the service takes on: bounded, in the order of priorities, refused at once beyond.
// A bound of counts alone would let a thousand slow searches wait for minutes, so there is one of
// the wait that a request has before it, too.

#include <array>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <list>
#include <mutex>
#include <utility>

#include "engine/base/result.h"
#include "engine/service/verb.h"

namespace whorl::service {

using SteadyTime = std::chrono::steady_clock::time_point;

// Until when an answer is wanted, and whether it still is.
struct Patience {
  SteadyTime until = SteadyTime::max();
  std::function<bool()> gave_up;  // null: never
  // Faults: deadline_exceeded, cancelled.
  Result<> check() const;
};
// How often one who waits looks whether their client is still there: a deadline wakes them by
// itself, a client that hung up does not.
inline constexpr std::chrono::milliseconds kLookEvery{50};

// What may be in the service, by Priority.
struct QueueBounds {
  std::array<int, kPriorities> most = {256, 64, 64};  // requests
  // The longest that a request may expect to wait, at the pace of the answers before it. Short
  // where somebody stands at a gate, and bulk work waits gladly.
  std::array<std::chrono::milliseconds, kPriorities> longest_wait = {
      std::chrono::milliseconds(2'000), std::chrono::milliseconds(1'000),
      std::chrono::milliseconds(30'000)};
};

// Requests that are in the service, and who of them may use a CPU now.
//
// Thread safety: every member may be called from any thread. `lock_` guards all below it.
class Admission {
 public:
  using Now = std::function<SteadyTime()>;
  // `at_once`: how many work together, about the number of CPUs. `now`: what the pace is taken by.
  Admission(int at_once, const QueueBounds& bounds, Now now = std::chrono::steady_clock::now);

  // A request's place in the service, until it is answered.
  class [[nodiscard]] Place {
   public:
    Place(Place&& other) noexcept : home_(std::exchange(other.home_, nullptr)), of_(other.of_) {}
    Place& operator=(Place&&) = delete;
    ~Place();

   private:
    friend class Admission;
    Place(Admission* home, Priority of) : home_(home), of_(of) {}
    Admission* home_;
    Priority of_;
  };
  // Faults: busy (as many are in as may be, or their answers would take longer than may be waited),
  // draining; both at once. Where no more are before it than work together, none waits too long.
  Result<Place> enter(Priority priority);

  // The right to use a CPU, while it is held. Granted to the highest priority, then to who waited
  // longest; one in eight to who waited longest whatever its priority, so that nobody starves.
  class [[nodiscard]] Turn {
   public:
    Turn(Turn&& other) noexcept : home_(std::exchange(other.home_, nullptr)) {}
    Turn& operator=(Turn&&) = delete;
    ~Turn();

   private:
    friend class Admission;
    explicit Turn(Admission* home) : home_(home) {}
    Admission* home_;
  };
  // Faults: those of Patience.
  Result<Turn> turn(Priority priority, const Patience& patience);

  void set_bounds(const QueueBounds& bounds);
  // Takes nothing new from now on; what is in goes on.
  void drain();
  bool draining() const;
  // Whether everything was answered by then.
  bool wait_until_empty(SteadyTime until);

  // How long a refused client should wait: until half of what is before it will be answered.
  std::chrono::milliseconds retry_after(Priority priority) const;
  std::array<std::int64_t, kPriorities> inside() const;

 private:
  struct Waiting {
    Priority priority;
    bool called = false;
  };
  void leave(Priority priority);
  // All below with lock_.
  std::int64_t total() const;
  std::int64_t before(Priority priority) const;  // answered before one that comes now
  std::chrono::duration<double> expected_wait(Priority priority) const;
  void pass_time();
  void finish();
  void call_next();

  const int at_once_;
  const Now now_;
  mutable std::mutex lock_;
  std::condition_variable moved_;
  QueueBounds bounds_;
  std::array<std::int64_t, kPriorities> inside_{};
  std::list<Waiting> waiting_;  // in the order they came
  int free_;
  int calls_ = 0;  // since who waited longest was called whatever its priority
  bool draining_ = false;
  // The pace, taken only while more are in than work together: answers that nobody waited for say
  // how fast requests come, not how fast they are answered. Searches are answered many at a time,
  // so it is of seconds and not of single gaps. It is forgotten after a while without a crowd:
  // otherwise a pace so slow that nobody is let in would never be taken anew.
  double crowded_s_ = 0, answers_ = 0;
  SteadyTime moved_at_{}, crowded_at_{};
};

inline constexpr int kFairShare = 8;  // one in so many goes to who waits longest
// What is older than so much crowded time counts half, so the pace follows what clients ask.
inline constexpr double kPaceOverSeconds = 4;  // also how long it is remembered without a crowd
inline constexpr double kFewestAnswers = 4;    // before so many came no pace is known

}  // namespace whorl::service
