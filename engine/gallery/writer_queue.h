#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <span>
#include <vector>

#include "engine/gallery/apply_change.h"

namespace whorl::gallery {

// One batch waiting to be written, and what became of it.
struct PendingBatch {
  std::vector<PreparedChange> changes;
  Result<Commit> outcome;
  bool done = false;
};

// Lets one thread write at a time. Those that come meanwhile wait together, and the next of them
// writes for all: many small batches share one trip to the disk (group commit).
class WriterQueue {
 public:
  using WriteGroup = std::function<void(std::span<PendingBatch* const>)>;

  // Returns when `pending` has its outcome; `write` sets it, here or in another thread's call.
  void submit(PendingBatch& pending, const WriteGroup& write);
  // Runs `work` while no one writes.
  Result<> alone(const std::function<Result<>()>& work);

 private:
  std::mutex lock_;  // guards all below
  std::condition_variable turn_over_;
  bool busy_ = false;
  std::vector<PendingBatch*> waiting_;
};

}  // namespace whorl::gallery
