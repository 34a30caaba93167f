#include "engine/service/admission.h"

#include <algorithm>
#include <utility>

namespace whorl::service {
namespace {

// How often a waiting request looks whether its client is still there: a deadline wakes it by
// itself, a client that hung up does not.
constexpr std::chrono::milliseconds kLookEvery{50};

}  // namespace

Result<> Patience::check() const {
  if (gave_up && gave_up()) return fail(Fault::cancelled);
  if (std::chrono::steady_clock::now() >= until) return fail(Fault::deadline_exceeded);
  return {};
}

Admission::Admission(int at_once, const std::array<int, kPriorities>& bounds)
    : bounds_(bounds), free_(std::max(1, at_once)) {}

Result<Admission::Place> Admission::enter(Priority priority) {
  const std::lock_guard lock(lock_);
  if (draining_) return fail(Fault::draining);
  const auto which = static_cast<std::size_t>(priority);
  if (inside_[which] >= bounds_[which]) {
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
  --inside_[static_cast<std::size_t>(priority)];
  const auto now = std::chrono::steady_clock::now();
  if (last_answer_ != SteadyTime{}) {
    const double gap = std::chrono::duration<double>(now - last_answer_).count();
    seconds_per_answer_ += (std::min(gap, 10.0) - seconds_per_answer_) / 16;
  }
  last_answer_ = now;
  moved_.notify_all();
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

void Admission::set_bounds(const std::array<int, kPriorities>& bounds) {
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
  const auto inside = static_cast<double>(inside_[static_cast<std::size_t>(priority)]);
  const double seconds = std::clamp(inside * seconds_per_answer_ / 2, 0.01, 60.0);
  return std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1000));
}

std::array<std::int64_t, kPriorities> Admission::inside() const {
  const std::lock_guard lock(lock_);
  return inside_;
}

}  // namespace whorl::service
