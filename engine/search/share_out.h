#pragma once

#include <cstdint>
#include <functional>

namespace whorl::search {

// Does one piece of a work that falls into independent ones.
using Worker = std::function<void(std::int64_t piece)>;

// Does pieces 0 .. count - 1, each once and in no order, on as many threads as limit_threads
// leaves. A worker, made when a thread needs its first, does one piece at a time, so its scratch
// memory needs no lock; pieces may write only what is theirs. `tell` hears how many are done, one
// call at a time and never fewer than before, the last time all of them. Nobody may throw.
void share_out(std::int64_t count, const std::function<Worker()>& make_worker,
               const std::function<void(std::int64_t done)>& tell);

}  // namespace whorl::search
