#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include "engine/app/console.h"
#include "engine/base/biometrics.h"
#include "engine/base/result.h"

namespace whorl::app {

// One capture of one right index finger, and the truth about it, which the engine is never told.
struct DemoCapture {
  std::uint64_t person = 0;
  bool real = false;  // of a living person, as against a simulated one
  FingerTemplate print;
};

struct DemoPopulation {
  std::vector<DemoCapture> known;   // enrolled beforehand; captures of a person stand together
  std::vector<DemoCapture> stream;  // then captured one by one: known people and new ones, mixed
};

struct DemoPlan {
  std::filesystem::path data;    // real captures are looked for in its fingerprints/fvc2002
  std::int64_t people = 10'000;  // simulated, beside them
  std::uint64_t seed = 1;
};

// Real captures are pictures: impressions 1 to 4 of eight fingers in ten are enrolled, 5 to 8 of
// all are streamed, so that every tenth finger is new when it first comes and known when it comes
// again. DB2's captures are read at 569 ppi, which its headers do not say (FVC2002's own page
// does). FVC does not say which fingers they are; here all are called right index, so that
// everybody is compared with everybody. Simulated people: one capture of each is enrolled;
// kStreamedShare of as many come again, and as many are new. All whom the stream shows are pictures
// too, at enrolment as well; the rest of the gallery are templates made directly, for rendering ten
// thousand fingers takes minutes. The same plan gives the same captures in the same order on every
// machine.
Result<DemoPopulation> demo_population(const DemoPlan& plan, Console& console);

// Simulated captures in the stream: at most, and as a share of the people enrolled.
inline constexpr std::int64_t kMostStreamed = 250;
inline constexpr double kStreamedShare = 0.1;

// $WHORL_DATA, else ../shared/data; a folder that may not be there.
std::filesystem::path default_data_folder();

}  // namespace whorl::app
