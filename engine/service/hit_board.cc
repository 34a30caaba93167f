#include "engine/service/hit_board.h"

#include <utility>

#include "engine/base/limits.h"

namespace whorl::service {
Result<std::shared_ptr<HitBoard::Watch>> HitBoard::watch(Wanted wanted) {
  const std::lock_guard lock(lock_);
  if (closed_) return fail(Fault::draining);
  if (std::ssize(watches_) >= kMaxSubscribers) return fail(Fault::busy, 0, "clients that watch");
  std::shared_ptr<Watch> watch(new Watch(*this, std::move(wanted)));
  watches_.push_back(watch.get());
  return watch;
}

HitBoard::Watch::~Watch() {
  const std::lock_guard lock(board_.lock_);
  board_.watches_.remove(this);
}

void HitBoard::tell(const std::shared_ptr<const wire::HitT>& hit) {
  const std::lock_guard lock(lock_);
  for (Watch* watch : watches_) {
    if (watch->cut_off_ || !watch->wanted_(*hit)) continue;
    watch->cut_off_ = std::ssize(watch->hits_) >= kMaxHitsWaiting;
    if (!watch->cut_off_) watch->hits_.push_back(hit);
  }
  told_.notify_all();
}

Result<std::shared_ptr<const wire::HitT>> HitBoard::Watch::next(const Patience& patience) {
  std::unique_lock lock(board_.lock_);
  for (;;) {
    if (cut_off_) return fail(Fault::limit_exceeded, 0, "hits that wait");
    if (!hits_.empty()) {
      auto hit = std::move(hits_.front());
      hits_.pop_front();
      return hit;
    }
    if (board_.closed_) return std::shared_ptr<const wire::HitT>{};
    WHORL_TRY_VOID(patience.check());
    board_.told_.wait_until(
        lock, std::min(patience.until, std::chrono::steady_clock::now() + kLookEvery));
  }
}

void HitBoard::close() {
  const std::lock_guard lock(lock_);
  closed_ = true;
  told_.notify_all();
}

std::int64_t HitBoard::watchers() const {
  const std::lock_guard lock(lock_);
  return std::ssize(watches_);
}

}  // namespace whorl::service
