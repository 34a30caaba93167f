#include "engine/search/position_search.h"

#include <oneapi/tbb/blocked_range.h>
#include <oneapi/tbb/enumerable_thread_specific.h>
#include <oneapi/tbb/parallel_for.h>

namespace whorl::search {
namespace {

namespace tbb = oneapi::tbb;
constexpr std::int64_t kBlocksPerTask = 16;  // about 1.6 MB: read once into L2 for all the probes

}  // namespace

void search_on_cpu(const index::FingerIndex& prints, kernels::Backend backend,
                   PositionSearch& search, std::int64_t first) {
  tbb::enumerable_thread_specific<std::vector<index::Shortlist>> partial(search.lists);
  tbb::parallel_for(tbb::blocked_range<std::int64_t>(first / kernels::kBlockPrints, prints.blocks(),
                                                     kBlocksPerTask),
                    [&](const auto& range) {
                      prints.search(search.probes, search.filters, search.passages, backend,
                                    range.begin(), range.end(), partial.local());
                    });
  for (const auto& lists : partial) {
    for (std::size_t p = 0; p < lists.size(); ++p) search.lists[p].merge(lists[p]);
  }
}

}  // namespace whorl::search
