#pragma once
// `whorl bench enrol`: a durable enrolment stream of simulated people, then two restarts of the
// same store, whose answers must not differ.

#include <cstdint>
#include <functional>
#include <string>

#include "engine/app/backend_choice.h"
#include "engine/base/result.h"

namespace whorl::app {

struct EnrolBench {
  std::int64_t people = 10'000;
  int fingers = 1;
  std::uint64_t seed = 1;
  std::string folder;  // of the store; must not exist, is left there when done
  BackendChoice backend;
};

struct EnrolFigures {
  std::int64_t templates = 0;
  double templates_per_second = 0;      // wall clock; simulation, codes, sealing and disk included
  double templates_per_cpu_second = 0;  // of all threads together
  std::int64_t disk_bytes = 0;
  double resident_bytes_per_template = 0;
  double snapshot_start_s = 0;  // opening the store with an index snapshot
  double rebuild_s = 0;         // making the index again from the gallery
};

// Fault::index_unavailable where a restart changed an answer.
Result<EnrolFigures> bench_enrol(const EnrolBench& bench,
                                 const std::function<void(std::int64_t)>& progress);

}  // namespace whorl::app
