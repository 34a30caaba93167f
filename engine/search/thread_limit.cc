#include "engine/search/thread_limit.h"

#include <oneapi/tbb/global_control.h>

#include <memory>

namespace whorl::search {

void limit_threads(int threads) {
  using oneapi::tbb::global_control;
  // oneTBB holds to the limit while the object lives: to the end, for a process has one choice.
  static std::unique_ptr<global_control> limit;
  limit.reset();
  if (threads > 0) {
    limit = std::make_unique<global_control>(global_control::max_allowed_parallelism,
                                             static_cast<std::size_t>(threads));
  }
}

}  // namespace whorl::search
