#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "engine/app/demo/population.h"
#include "engine/app/progress.h"
#include "engine/base/result.h"
#include "engine/search/engine.h"
#include "engine/service/client.h"
#include "scanners/station.h"

namespace whorl::app {

inline constexpr const char* kDemoGallery = "demo";

// What a streamed capture should have led to, and did.
enum class DemoOutcome : std::uint8_t {
  found,           // known, and a hit on that person
  referred,        // known, and shown to an examiner with that person first
  missed,          // known, and enrolled again under another number
  enrolled,        // new, and enrolled
  false_hit,       // a hit on somebody else
  false_referral,  // an examiner is shown somebody else
  refused          // by the quality gate or the engine
};
std::string_view name_of(DemoOutcome outcome);

struct DemoVisit {
  const DemoCapture* capture = nullptr;
  DemoOutcome outcome = DemoOutcome::refused;
  bool known = false;  // the person was enrolled when this capture came
  search::Answer answer;
  bool right_first = false;  // the first candidate is this person
  double latency_ms = 0;     // search, decision, and, where enrolled, the write to disk
};

struct DemoRun {
  search::StreamSummary known;  // of enrolling those beforehand
  std::vector<DemoVisit> visits;
  scanners::StationSummary station;
  double stream_seconds = 0;
  std::int64_t gallery_prints = 0;  // at the end
};

struct DemoProgress {
  Progress enrol, stream;
};

// A register enrols population.known over the network, several at once; then a station takes
// population.stream: everyone claims a number nobody has, and each visit is enrolled unless the
// search finds the person. `population` must outlive the result. Faults: those of the service.
Result<DemoRun> run_demo(service::Client& client, const DemoPopulation& population,
                         DemoProgress& progress);

}  // namespace whorl::app
