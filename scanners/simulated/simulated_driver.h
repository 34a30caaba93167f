#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/result.h"
#include "scanners/driver.h"
#include "scanners/simulated/people.h"

namespace whorl::scanners {

// Which people come, what is captured of each, and how often they come. Person n is subject n + 1.
struct SimulatedVisits {
  std::uint64_t seed = 1;
  std::int64_t first_person = 0, people = 1;
  std::vector<FingerPosition> fingers{FingerPosition::right_index};
  bool faces = false;
  std::uint32_t first_visit = 1, visits = 1;  // capture numbers: other visits, other captures
  CaptureConditions conditions;
  // Whether fingers are rendered as pictures and extracted, as a real scanner's would be, instead
  // of being made templates directly. Such a capture can fail, with the faults of extract_print.
  bool pictures = false;
  std::string source = "simulated";
};

// Streams captures person by person, visit by visit, finger by finger, the face last: the same
// bytes for the same visits on every machine, but for captured_at. `clock` outlives the driver.
// Fault::bad_argument: nobody, nothing to capture, or `unknown` for a finger.
// About 5 us a capture and 30 us more for each new finger; with pictures 30 ms and 25 ms.
Result<std::unique_ptr<Driver>> open_simulated(SimulatedVisits visits, const Clock& clock);

}  // namespace whorl::scanners
