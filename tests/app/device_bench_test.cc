// `whorl bench identify` where devices search.
#include <gtest/gtest.h>

#include "engine/app/bench/identify_bench.h"
#include "tests/support/fake_accelerator.h"

namespace whorl::app {
namespace {

using ::whorl::testing::FakeAccelerator;

Result<IdentifyFigures> figures(const FakeAccelerator& accelerator, Modality modality) {
  IdentifyBench bench;
  bench.modality = modality;
  bench.people = 300, bench.fingers = 2, bench.queries = 10, bench.batch = 4;
  bench.backend.accelerator = &accelerator;
  return bench_identify(bench, [](std::int64_t) {});
}

TEST(DeviceBench, MeasuresTheDevicesAndFindsTheMates) {
  const FakeAccelerator accelerator(2);
  const auto fingers = figures(accelerator, Modality::finger);
  ASSERT_TRUE(fingers);
  EXPECT_EQ(fingers->rank1, 1);
  EXPECT_EQ(fingers->lost_by_stage1, 0);
  EXPECT_GT(fingers->devices.bytes, 0);
  EXPECT_GT(fingers->devices.shortlist_comparisons_per_second, 0);
  EXPECT_GT(fingers->devices.kernel_comparisons_per_second, 0);
  const auto faces = figures(accelerator, Modality::face);
  ASSERT_TRUE(faces);
  EXPECT_GT(faces->devices.bytes, 0);
}

TEST(DeviceBench, IsNoBenchOfTheDevicesOnceTheyGiveUp) {
  FakeAccelerator accelerator(1);
  for (const Modality modality : {Modality::finger, Modality::face}) {
    accelerator.good_calls = accelerator.calls + 20;
    const auto made = figures(accelerator, modality);
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().fault, Fault::device_fault);
  }
}

}  // namespace
}  // namespace whorl::app
