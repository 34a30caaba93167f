#pragma once

#include <vector>

#include "engine/index/finger_index.h"
#include "kernels/backend.h"

namespace whorl::search {

// Stage 1 at one finger position: what some probe prints ask of it, and whom they find. The vectors
// go together, an entry a probe.
struct PositionSearch {
  std::vector<index::FingerProbe> probes;
  std::vector<const index::Filter*> filters;  // probes of one query share one
  std::vector<index::Passage> passages;
  std::vector<index::Shortlist> lists;  // empty ones, of the length that is wanted
};

// Fills the lists from the blocks with rows `first` and later; parallel over blocks.
void search_on_cpu(const index::FingerIndex& prints, kernels::Backend backend,
                   PositionSearch& search, std::int64_t first = 0);

}  // namespace whorl::search
