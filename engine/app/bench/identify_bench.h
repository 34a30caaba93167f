#pragma once
// `whorl bench identify`: 1:N search over simulated people, answers checked before they are timed.

#include <cstdint>
#include <functional>

#include "engine/base/biometrics.h"
#include "engine/base/result.h"
#include "engine/search/query.h"
#include "kernels/backend.h"

namespace whorl::app {

struct IdentifyBench {
  Modality modality = Modality::finger;
  std::int64_t people = 10'000;
  int fingers = 1;  // 1 .. 10 of each person, index fingers first
  int queries = 100;
  kernels::Backend backend = kernels::best_backend();
  std::uint64_t seed = 1;
  int batch = 16;  // queries together in the throughput run
  double max_loss = search::kDefaultMaxLoss;
};

// Half the queries have a mate in the gallery. CPU seconds are the process's, all threads together.
struct IdentifyFigures {
  std::int64_t gallery = 0;                         // templates enrolled
  std::int64_t comparisons = 0;                     // of the throughput run
  double comparisons_per_cpu_second = 0;            // all stages, fusion and decision
  double stage1_comparisons_per_cpu_second = 0;     // by codes alone, one thread
  double shortlist_comparisons_per_cpu_second = 0;  // codes and alignment, one thread
  double p50_ms = 0, p99_ms = 0;                    // one query at a time, all cores
  double rank1 = 0;           // share of mated queries whose mate is the first candidate
  double false_hits = 0;      // share of unmated queries decided as a hit
  double lost_by_stage1 = 0;  // share of mated probes whose mate was not compared in full
  double compared_share = 0;  // of the comparisons of the throughput run, how many were full ones
  double resident_bytes_per_template = 0;
};

// `progress` is told how many of `people` are enrolled. Fault::bad_argument for impossible counts.
Result<IdentifyFigures> bench_identify(const IdentifyBench& bench,
                                       const std::function<void(std::int64_t)>& progress);

}  // namespace whorl::app
