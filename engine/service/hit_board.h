#pragma once

#include <condition_variable>
#include <deque>
#include <list>
#include <memory>
#include <mutex>

#include "engine/base/result.h"
#include "engine/generated/whorl_generated.h"
#include "engine/service/admission.h"

namespace whorl::service {

// Tells those who watch what searches found. One who does not keep up is cut off, so that nobody
// waits for it and nothing is left out unnoticed.
//
// Thread safety: every member may be called from any thread. `lock_` guards all below it.
class HitBoard {
 public:
  class Watch;
  // What a watcher may hear of. Fault::busy beyond kMaxSubscribers.
  using Wanted = std::function<bool(const wire::HitT&)>;
  Result<std::shared_ptr<Watch>> watch(Wanted wanted);
  void tell(const std::shared_ptr<const wire::HitT>& hit);
  void close();  // ends every watch
  std::int64_t watchers() const;

  class Watch {
   public:
    // The next hit; nothing when the service stops. Faults: those of Patience, and limit_exceeded
    // where it was cut off.
    Result<std::shared_ptr<const wire::HitT>> next(const Patience& patience);
    ~Watch();

   private:
    friend class HitBoard;
    Watch(HitBoard& board, Wanted wanted) : board_(board), wanted_(std::move(wanted)) {}
    HitBoard& board_;
    const Wanted wanted_;
    std::deque<std::shared_ptr<const wire::HitT>> hits_;
    bool cut_off_ = false;
  };

 private:
  mutable std::mutex lock_;
  std::condition_variable told_;
  std::list<Watch*> watches_;
  bool closed_ = false;
};

}  // namespace whorl::service
