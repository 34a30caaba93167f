#pragma once
// `whorl bench load`: a service under the requests of many clients, answers checked before they are
// timed.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/app/bench/load_ground.h"
#include "engine/app/bench/load_plan.h"
#include "engine/app/client_access.h"
#include "engine/app/console.h"

namespace whorl::app {

struct LoadBench {
  ServiceOptions service;  // where nothing says which, one of its own is started
  std::int64_t people = 10'000;
  int fingers = 1;
  std::uint64_t seed = 1;
  LoadShares shares = {0.7, 0.2, 0.1};  // identify, verify, enrol
  int clients = 8;                      // connections, each with a certificate
  int in_flight = 256;                  // requests under way together, of all clients
  int batch = 16;                       // searches together, of the engine alone
  double seconds = 20;                  // of each step
  std::vector<double> ramp = {20, 40, 60, 80, 100, 150, 200};  // percent of saturation
};

// One rate, or as fast as it goes. Latencies are of accepted requests from the moment they were
// meant to be sent, whenever the clients came to it.
struct LoadStep {
  double percent = 0, offered_per_second = 0;  // 0: as fast as it goes
  double seconds = 0;                          // until the last answer
  std::int64_t asked = 0, accepted = 0, refused = 0, failed = 0;
  std::int64_t wrong = 0;  // of the accepted: another person first, no match, a duplicate
  Latency all;
  std::array<Latency, kLoadKinds> by_kind;
  Latency refusals;               // how long it took to say no
  Latency lateness;               // of the clients: sent after it was meant to be
  std::optional<ProcessUse> use;  // of a service of its own: CPU time of the step
  double accepted_per_second() const { return static_cast<double>(accepted) / seconds; }
  double cpu_ms_per_answer() const {
    return use && accepted > 0 ? 1000 * use->cpu_s / static_cast<double>(accepted) : 0;
  }
};

struct LoadFigures {
  std::int64_t checked = 0, right_first = 0;     // searches, before anything was timed
  std::optional<EmbeddedFigures> before, after;  // the engine alone, where the service is its own
  LoadStep alone;                                // verify, one after another
  LoadStep searching;                            // identify alone, as fast as it goes
  LoadStep mixed;                                // all kinds, as fast as it goes: saturation
  std::vector<LoadStep> steps;
  std::int64_t acknowledged = 0, lost = 0;  // enrolments, and those that are not there at the end
};

// Faults: bad_argument, those of the service; index_unavailable where fewer than nine of ten people
// are found.
Result<LoadFigures> bench_load(const LoadBench& bench, Console& console);

Json as_json(const LoadBench& bench, const LoadFigures& figures);
std::string as_text(const LoadFigures& figures);

}  // namespace whorl::app
