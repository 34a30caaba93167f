#pragma once

#include <cstdint>
#include <vector>

#include "engine/app/console.h"
#include "engine/app/demo/run.h"
#include "engine/app/report/page.h"
#include "engine/base/units.h"

namespace whorl::app {

// What became of the streamed captures of one kind, each counted once.
struct DemoCounts {
  std::int64_t captures = 0, known = 0;
  std::int64_t found = 0, referred = 0, missed = 0;
  std::int64_t fresh = 0, enrolled = 0;  // of people who came for the first time
  std::int64_t false_hits = 0, false_referrals = 0;
};

struct DemoFigures {
  DemoCounts real, simulated;
  double templates_per_second = 0;    // enrolling beforehand, durable
  double captures_per_second = 0;     // the stream: search, decide, enrol, one after the other
  double comparisons_per_second = 0;  // of the searches' first stage and second together
  double p50_ms = 0, p99_ms = 0;      // one capture, from the station's request to its answer
};

DemoFigures figures_of(const DemoRun& run);
Json as_json(const DemoFigures& figures);
// What a person reads at the end: duplicates found, missed, false hits, throughput, latency.
Table outcome_table(const DemoFigures& figures);
Table speed_table(const DemoRun& run, const DemoFigures& figures);

// Similarities of the finger matcher between streamed captures and enrolled ones: of one person,
// and of two. At most kMostCompared of each side, the real ones first. Some 50 us a pair.
struct DemoScores {
  std::vector<double> one_person, two_people;
};
DemoScores scores_of(const DemoPopulation& population, Console& console);
inline constexpr std::size_t kMostCompared = 200;

}  // namespace whorl::app
