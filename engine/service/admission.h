#pragma once
// How much the service takes on: bounded, in the order of priorities, refused at once beyond.

#include <array>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <list>
#include <mutex>

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

// Requests that are in the service, and who of them may use a CPU now.
//
// Thread safety: every member may be called from any thread. `lock_` guards all below it.
class Admission {
 public:
  // `at_once`: how many work together, about the number of CPUs. `bounds`: how many of each
  // priority may be in the service, by Priority.
  Admission(int at_once, const std::array<int, kPriorities>& bounds);

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
  // Faults: busy, draining; both at once.
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

  void set_bounds(const std::array<int, kPriorities>& bounds);
  // Takes nothing new from now on; what is in goes on.
  void drain();
  bool draining() const;
  // Whether everything was answered by then.
  bool wait_until_empty(SteadyTime until);

  // How long a refused client should wait: what is in, at the pace of the last answers.
  std::chrono::milliseconds retry_after(Priority priority) const;
  std::array<std::int64_t, kPriorities> inside() const;

 private:
  struct Waiting {
    Priority priority;
    bool called = false;
  };
  void leave(Priority priority);
  void finish();
  void call_next();  // with lock_

  mutable std::mutex lock_;
  std::condition_variable moved_;
  std::array<int, kPriorities> bounds_;
  std::array<std::int64_t, kPriorities> inside_{};
  std::list<Waiting> waiting_;  // in the order they came
  int free_;
  int calls_ = 0;  // since who waited longest was called whatever its priority
  bool draining_ = false;
  double seconds_per_answer_ = 0.01;  // a moving average of the time between two answers
  SteadyTime last_answer_{};
};

// Lower goes first.
constexpr int rank_of(Priority priority) {
  return priority == Priority::interactive ? 0 : priority == Priority::routine ? 1 : 2;
}
inline constexpr int kFairShare = 8;  // one in so many goes to who waits longest

}  // namespace whorl::service
