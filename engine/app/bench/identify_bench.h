#pragma once
// `whorl bench identify`: 1:N search over simulated people, answers checked before they are timed.

#include <cstdint>
#include <functional>

#include "engine/app/backend_choice.h"
#include "engine/base/biometrics.h"
#include "engine/base/result.h"
#include "engine/search/query.h"

namespace whorl::app {

struct IdentifyBench {
  Modality modality = Modality::finger;
  std::int64_t people = 10'000;
  int fingers = 1;  // 1 .. 10 of each person, index fingers first
  int queries = 100;
  BackendChoice backend;
  std::uint64_t seed = 1;
  int batch = 16;  // queries together in the throughput run
  double max_loss = search::kDefaultMaxLoss;
};

// Of the shortlists, whose other figures are the CPU's; 0 without fingers.
struct DeviceFigures {
  std::int64_t bytes = 0;                       // of the gallery in device memory
  double upload_s = 0;                          // the first search, which brings the gallery there
  double shortlist_comparisons_per_second = 0;  // wall clock, a batch a scan, copies included
  double kernel_comparisons_per_second = 0;     // by the time of the device's kernels
};

// Half the queries have a mate in the gallery. CPU seconds are the process's, all threads together.
struct IdentifyFigures {
  std::int64_t gallery = 0;                         // templates enrolled
  std::int64_t comparisons = 0;                     // of the throughput run
  double comparisons_per_second = 0;                // wall clock, all stages to the decision
  double comparisons_per_cpu_second = 0;            // the same by CPU time
  double stage1_comparisons_per_cpu_second = 0;     // by codes alone, one thread
  double shortlist_comparisons_per_cpu_second = 0;  // codes and alignment, one thread
  double p50_ms = 0, p99_ms = 0;                    // one query at a time, all cores
  double rank1 = 0;           // share of mated queries whose mate is the first candidate
  double false_hits = 0;      // share of unmated queries decided as a hit
  double lost_by_stage1 = 0;  // share of mated probes whose mate was not compared in full
  double compared_share = 0;  // of the comparisons of the throughput run, how many were full ones
  double resident_bytes_per_template = 0;
  DeviceFigures devices;  // where the search was theirs
};

// `progress` is told how many of `people` are enrolled. Faults: bad_argument for impossible counts;
// where devices were to search, what went wrong there, and device_fault for a wrong list.
Result<IdentifyFigures> bench_identify(const IdentifyBench& bench,
                                       const std::function<void(std::int64_t)>& progress);

}  // namespace whorl::app
