#pragma once

#include <mutex>
#include <shared_mutex>

namespace whorl::gallery {

// A shared lock that readers cannot hold for ever between them: while someone waits for it alone,
// new readers wait too.
class FairLock {
 public:
  std::shared_lock<std::shared_mutex> shared() {
    const std::scoped_lock queue(gate_);
    return std::shared_lock(lock_);
  }
  std::unique_lock<std::shared_mutex> alone() {
    const std::scoped_lock queue(gate_);
    return std::unique_lock(lock_);
  }

 private:
  std::mutex gate_;
  std::shared_mutex lock_;
};

}  // namespace whorl::gallery
