#include "engine/search/share_out.h"

#include <oneapi/tbb/enumerable_thread_specific.h>
#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/parallel_pipeline.h>

#include <algorithm>
#include <cstddef>

namespace whorl::search {
namespace {

namespace tbb = oneapi::tbb;

// Pieces that travel together: many where they are many, so that a comparison of microseconds is
// not drowned in hand-overs; one where they are few, so that no thread is left without.
constexpr std::int64_t kLotsAThread = 64, kMostALot = 64;

struct Lot {
  std::int64_t first = 0, last = 0;
};

}  // namespace

void share_out(std::int64_t count, const std::function<Worker()>& make_worker,
               const std::function<void(std::int64_t done)>& tell) {
  const std::size_t threads =
      tbb::global_control::active_value(tbb::global_control::max_allowed_parallelism);
  const std::int64_t pieces = std::clamp<std::int64_t>(
      count / (static_cast<std::int64_t>(threads) * kLotsAThread), 1, kMostALot);
  tbb::enumerable_thread_specific<Worker> workers(make_worker);
  std::int64_t next = 0, done = 0;  // each touched by one serial filter alone
  const auto cut = [&](tbb::flow_control& flow) -> Lot {
    if (next == count) flow.stop();
    const std::int64_t first = next;
    next = std::min(count, first + pieces);
    return {first, next};
  };
  const auto work = [&](Lot lot) -> Lot {
    const Worker& worker = workers.local();
    for (std::int64_t piece = lot.first; piece < lot.last; ++piece) worker(piece);
    return lot;
  };
  const auto count_done = [&](Lot lot) { tell(done += lot.last - lot.first); };
  tbb::parallel_pipeline(
      2 * threads,
      tbb::make_filter<void, Lot>(tbb::filter_mode::serial_in_order, cut) &
          tbb::make_filter<Lot, Lot>(tbb::filter_mode::parallel, work) &
          tbb::make_filter<Lot, void>(tbb::filter_mode::serial_out_of_order, count_done));
}

}  // namespace whorl::search
