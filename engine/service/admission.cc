#include "engine/service/admission.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace whorl::service {
Result<> Patience::check() const {
  if (gave_up && gave_up()) return fail(Fault::cancelled);
  if (std::chrono::steady_clock::now() >= until) return fail(Fault::deadline_exceeded);
  return {};
}

Admission::Admission(int at_once, const QueueBounds& bounds, Now now)
    : at_once_(std::max(1, at_once)), now_(std::move(now)), bounds_(bounds), free_(at_once_) {}

Result<Admission::Place> Admission::enter(Priority priority) {
  const std::lock_guard lock(lock_);
  if (draining_) return fail(Fault::draining);
  pass_time();
  const auto which = static_cast<std::size_t>(priority);
  const bool full = inside_[which] >= bounds_.most[which];
  const bool long_wait =
      before(priority) >= at_once_ && expected_wait(priority) > bounds_.longest_wait[which];
  if (full || long_wait) {
    return fail(Fault::busy, 0, std::string(name_of(priority)) + " requests");
  }
  ++inside_[which];
  return Place(this, priority);
}

Admission::Place::~Place() {
  if (home_ != nullptr) home_->leave(of_);
}

void Admission::leave(Priority priority) {
  const std::lock_guard lock(lock_);
  if (total() > at_once_) answers_ += 1;
  pass_time();
  --inside_[static_cast<std::size_t>(priority)];
  moved_.notify_all();
}

std::int64_t Admission::total() const {
  return std::accumulate(inside_.begin(), inside_.end(), std::int64_t{0});
}

std::int64_t Admission::before(Priority priority) const {
  std::int64_t count = 0;
  for (const Priority other : {Priority::interactive, Priority::routine, Priority::bulk}) {
    if (rank_of(other) <= rank_of(priority)) count += inside_[static_cast<std::size_t>(other)];
  }
  return count;
}

std::chrono::duration<double> Admission::expected_wait(Priority priority) const {
  if (answers_ < kFewestAnswers) return std::chrono::duration<double>(0);
  return std::chrono::duration<double>(static_cast<double>(before(priority)) * crowded_s_ /
                                       answers_);
}

// To be called before `inside_` changes.
void Admission::pass_time() {
  const SteadyTime now = now_();
  const auto since = [now](SteadyTime at) {
    return std::chrono::duration<double>(now - at).count();
  };
  if (total() > at_once_) {
    crowded_s_ += since(moved_at_);
    crowded_at_ = now;
  } else if (since(crowded_at_) > kPaceOverSeconds) {
    crowded_s_ = answers_ = 0;
  }
  if (crowded_s_ > kPaceOverSeconds && answers_ >= 2 * kFewestAnswers) {
    crowded_s_ /= 2, answers_ /= 2;
  }
  moved_at_ = now;
}

Result<Admission::Turn> Admission::turn(Priority priority, const Patience& patience) {
  WHORL_TRY_VOID(patience.check());
  std::unique_lock lock(lock_);
  const auto own = waiting_.insert(waiting_.end(), {priority});
  call_next();
  while (!own->called) {
    const auto look = std::chrono::steady_clock::now() + kLookEvery;
    moved_.wait_until(lock, std::min(look, patience.until));
    if (own->called) break;
    if (Result<> still = patience.check(); !still) {
      waiting_.erase(own);
      return tl::unexpected<Error>(std::move(still).error());
    }
  }
  waiting_.erase(own);
  return Turn(this);
}

Admission::Turn::~Turn() {
  if (home_ != nullptr) home_->finish();
}

void Admission::finish() {
  const std::lock_guard lock(lock_);
  ++free_;
  call_next();
}

void Admission::call_next() {
  bool any = false;
  while (free_ > 0) {
    auto best = waiting_.end();
    const bool longest = calls_ + 1 >= kFairShare;
    for (auto w = waiting_.begin(); w != waiting_.end(); ++w) {
      if (w->called) continue;
      if (best == waiting_.end() || rank_of(w->priority) < rank_of(best->priority)) best = w;
      if (longest) break;
    }
    if (best == waiting_.end()) break;
    calls_ = longest ? 0 : calls_ + 1;
    best->called = true;
    --free_;
    any = true;
  }
  if (any) moved_.notify_all();
}

void Admission::set_bounds(const QueueBounds& bounds) {
  const std::lock_guard lock(lock_);
  bounds_ = bounds;
}

void Admission::drain() {
  const std::lock_guard lock(lock_);
  draining_ = true;
}

bool Admission::draining() const {
  const std::lock_guard lock(lock_);
  return draining_;
}

bool Admission::wait_until_empty(SteadyTime until) {
  std::unique_lock lock(lock_);
  return moved_.wait_until(lock, until, [this] {
    return std::ranges::all_of(inside_, [](std::int64_t count) { return count == 0; });
  });
}

std::chrono::milliseconds Admission::retry_after(Priority priority) const {
  const std::lock_guard lock(lock_);
  const double seconds = std::clamp(expected_wait(priority).count() / 2, 0.01, 60.0);
  return std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1000));
}

std::array<std::int64_t, kPriorities> Admission::inside() const {
  const std::lock_guard lock(lock_);
  return inside_;
}

}  // namespace whorl::service
