#include "engine/gallery/writer_queue.h"

namespace whorl::gallery {

void WriterQueue::submit(PendingBatch& pending, const WriteGroup& write) {
  std::unique_lock lock(lock_);
  waiting_.push_back(&pending);
  turn_over_.wait(lock, [&] { return pending.done || !busy_; });
  if (pending.done) return;
  busy_ = true;
  std::vector<PendingBatch*> group;
  group.swap(waiting_);  // holds `pending`: no one who took it has left it undone
  lock.unlock();
  write(group);
  lock.lock();
  for (PendingBatch* batch : group) batch->done = true;
  busy_ = false;
  turn_over_.notify_all();
}

Result<> WriterQueue::alone(const std::function<Result<>()>& work) {
  std::unique_lock lock(lock_);
  turn_over_.wait(lock, [&] { return !busy_; });
  busy_ = true;
  lock.unlock();
  auto result = work();
  lock.lock();
  busy_ = false;
  turn_over_.notify_all();
  return result;
}

}  // namespace whorl::gallery
