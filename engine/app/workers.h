#pragma once

#include <cstdint>
#include <functional>

#include "engine/app/progress.h"
#include "engine/search/share_out.h"

namespace whorl::app {

// search::share_out with its progress shown to the end.
inline void share_out(std::int64_t count, Progress& progress,
                      const std::function<search::Worker()>& make_worker) {
  search::share_out(count, make_worker, [&](std::int64_t done) { progress.at(done); });
  progress.finish();
}

}  // namespace whorl::app
