#include "engine/search/position_search.h"

#include <oneapi/tbb/blocked_range.h>
#include <oneapi/tbb/enumerable_thread_specific.h>
#include <oneapi/tbb/parallel_for.h>

#include <span>

namespace whorl::search {
namespace {

namespace tbb = oneapi::tbb;
constexpr std::int64_t kBlocksPerTask = 16;  // about 1.6 MB: read once into L2 for all the probes

}  // namespace

std::size_t PositionSearch::end_of_filter(std::size_t first) const {
  std::size_t last = first + 1;
  while (last < filters.size() && filters[last] == filters[first]) ++last;
  return last;
}

void search_on_cpu(const index::FingerIndex& prints, kernels::Backend backend,
                   PositionSearch& search) {
  tbb::enumerable_thread_specific<std::vector<index::Shortlist>> partial(search.lists);
  tbb::parallel_for(
      tbb::blocked_range<std::int64_t>(0, prints.blocks(), kBlocksPerTask), [&](const auto& range) {
        auto& lists = partial.local();
        for (std::size_t from = 0, to = 0; from < search.probes.size(); from = to) {
          to = search.end_of_filter(from);
          prints.search(std::span(search.probes).subspan(from, to - from), *search.filters[from],
                        search.passages[from], backend, range.begin(), range.end(),
                        std::span(lists).subspan(from, to - from));
        }
      });
  for (const auto& lists : partial) {
    for (std::size_t p = 0; p < lists.size(); ++p) search.lists[p].merge(lists[p]);
  }
}

}  // namespace whorl::search
