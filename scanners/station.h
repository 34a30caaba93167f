#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>

#include "engine/base/biometrics.h"
#include "engine/base/result.h"
#include "scanners/driver.h"
#include "scanners/quality_gate.h"

namespace whorl::scanners {

// One visit of one person, ready to be enrolled. The station does not know where it goes.
struct EnrolRequest {
  std::optional<SubjectId> subject;
  Encounter encounter;
};

// What became of a request: the same person may have been enrolled before.
enum class EnrolOutcome : std::uint8_t { enrolled, duplicate };

// What the clerk is told about capture `number` (from 1).
enum class Verdict : std::uint8_t { accepted, retry, refused };
struct Feedback {
  std::int64_t number = 0;
  Verdict verdict = Verdict::accepted;
  std::optional<Fault> fault;  // where not accepted
  std::string reason;          // one sentence; empty where accepted
};

struct StationSummary {
  std::int64_t captures = 0;  // asked for and given, good or bad; the sum of the next three
  std::int64_t accepted = 0, retries = 0, refused = 0;
  std::int64_t enrolled = 0, duplicates = 0;  // visits
  std::int64_t not_enrolled = 0;              // visits the sink refused
  std::int64_t abandoned = 0;                 // captures accepted and then dropped by a stop
  bool stopped = false;                       // asked to stop; false: the source ran dry or failed
  std::optional<Error> failure;               // why the station had to close early, if it had to
};

struct StationCalls {
  // Takes one visit; called in order from the station's thread. A fault is about this visit, and
  // the station goes on, unless the blame is the machine's (a full disk): then it closes.
  std::function<Result<EnrolOutcome>(EnrolRequest)> enrol;
  // Told of every capture, and of every visit the sink refused (verdict `refused`, the number of
  // its last capture). May be empty.
  std::function<void(const Feedback&)> tell;
};

// Captures until the source is dry, the driver is no longer usable, or `stop` is asked for:
// capture, quality gate, and, when a visit is complete, one enrol request.
//
// Accepted captures of the same claimed subject and visit number are one visit, until another
// subject or visit comes or the same finger, or the face, comes again; captures nobody claims are
// visits of their own. A stop drops the visit in progress: half a person is not enrolled.
// A capture the driver fails at, or the gate refuses, is told and counted, and ends nothing.
StationSummary run_station(Driver& driver, const GateLimits& limits, const StationCalls& calls,
                           const std::stop_token& stop = {});

}  // namespace whorl::scanners
