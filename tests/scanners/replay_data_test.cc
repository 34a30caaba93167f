// Real records through the replay driver and the quality gate. Needs WHORL_DATA or ../shared/data.

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "scanners/quality_gate.h"
#include "scanners/replay/replay_driver.h"

namespace whorl::scanners {
namespace {

namespace fs = std::filesystem;

fs::path data_folder() {
  if (const char* named = std::getenv("WHORL_DATA")) return named;
  return fs::path(WHORL_SOURCE_DIR).parent_path() / "shared" / "data";
}

TEST(RealRecords, AllReplayAndNearlyAllPassTheGate) {
  const fs::path sets = data_folder() / "fingerprints" / "fvc2002";
  if (!fs::exists(sets)) GTEST_SKIP() << "no FVC2002 records: set WHORL_DATA to run this test";
  const ManualClock clock(UnixMillis{0});
  int captures = 0, refused = 0;
  for (const char* set : {"DB1_B", "DB2_B", "DB3_B", "DB4_B"}) {
    // DB2 was scanned at 569 ppi, whatever its headers say.
    const PixelsPerInch ppi{std::string(set) == "DB2_B" ? 569.0 : 500.0};
    const auto driver = open_replay(sets / set, ppi, clock);
    ASSERT_TRUE(driver) << describe(driver.error());
    for (;;) {
      const auto capture = (*driver)->next({});
      ASSERT_TRUE(capture) << describe(capture.error());
      if (!*capture) break;
      ++captures;
      if (refusal_of(**capture, {})) ++refused;
    }
  }
  EXPECT_EQ(captures, 4 * 80);
  EXPECT_LE(refused, 16);
}

}  // namespace
}  // namespace whorl::scanners
