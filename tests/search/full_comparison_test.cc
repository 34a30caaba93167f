#include "engine/search/full_comparison.h"

#include <gtest/gtest.h>

#include "engine/features/fingerprint/minutia_codes.h"
#include "engine/matchers/finger_matcher.h"
#include "tests/support/fake_accelerator.h"
#include "tests/support/random_print.h"

namespace whorl::search {
namespace {

using kernels::Status;
using ::whorl::testing::FakeAccelerator;
using ::whorl::testing::random_print;
using ::whorl::testing::recapture;

// Three probes against thirty prints, some of them mates, in an order of no meaning.
class FullComparisonTest : public ::testing::TestWithParam<int> {
 protected:
  FullComparisonTest() {
    for (std::uint64_t p = 0; p < 30; ++p) {
      prints_.push_back(random_print(p, static_cast<int>(20 + p)));
      features::describe_minutiae(prints_.back());
    }
    for (std::size_t p = 0; p < prints_.size(); ++p) {
      index::PrintOwner owner;
      owner.subject = p + 1;
      const index::FingerPrint print{owner, &prints_[p]};
      index_.append({&print, 1});
    }
    for (const std::size_t p : {3U, 17U, 29U})
      probes_.push_back(recapture(prints_[p], 15, 2, 0.85, p));
    probes_.push_back(random_print(500, 35));
    for (std::uint32_t k = 0; k < 120; ++k)
      wanted_.push_back({k % 4, &index_, index::Row{k / 4 * 11 % 30}});
  }
  std::vector<Similarity> compared(DeviceGallery* devices) const {
    std::vector<const FingerTemplate*> probes;
    for (const FingerTemplate& probe : probes_) probes.push_back(&probe);
    return compare_in_full(probes, wanted_, kernels::best_backend(), devices);
  }
  std::vector<Similarity> expected() const {
    std::vector<Similarity> all;
    matchers::FingerMatcher matcher;
    for (const FullComparison& one : wanted_)
      all.push_back(
          matcher.compare(probes_[one.probe], one.prints->minutiae(one.row), one.rotation));
    return all;
  }

  std::vector<FingerTemplate> prints_, probes_;
  index::FingerIndex index_{FingerPosition::right_index, features::kMinutiaCodeVersion};
  std::vector<FullComparison> wanted_;
  FakeAccelerator accelerator_{GetParam()};
  std::vector<Error> warnings_;
};

TEST_P(FullComparisonTest, HasTheMatchersSimilaritiesOnDevicesAndOnTheCpu) {
  const auto all = expected();
  EXPECT_GT(std::ranges::count_if(all, [](Similarity s) { return s.value() > 40; }), 2);
  EXPECT_EQ(compared(nullptr), all);
  DeviceGallery devices({&accelerator_, 1, 1, 1, {}}, "main");
  EXPECT_EQ(compared(&devices), all);
  EXPECT_EQ(accelerator_.compared, GetParam()) << "each device a share";
}

TEST_P(FullComparisonTest, LeavesPrintsOfAnyRotationToTheCpu) {
  probes_[0] = recapture(prints_[3], 170, 2, 0.85, 3);
  std::ranges::stable_sort(wanted_, {}, &FullComparison::probe);
  for (FullComparison& one : wanted_)
    if (one.probe == 0) one.rotation = matchers::Rotation::any;
  const auto all = expected();
  EXPECT_GT(std::ranges::count_if(all, [](Similarity s) { return s.value() > 40; }), 2);
  DeviceGallery devices({&accelerator_, 1, 1, 31, {}}, "main");  // 30 are of the first probe
  EXPECT_EQ(compared(&devices), all);
  EXPECT_EQ(accelerator_.compared, GetParam()) << "the others' 90";
  for (FullComparison& one : wanted_) one.rotation = matchers::Rotation::any;
  EXPECT_EQ(compared(&devices), expected());
  EXPECT_EQ(accelerator_.compared, GetParam()) << "nothing more";
}

TEST_P(FullComparisonTest, LeavesAFewToTheCpu) {
  DeviceGallery devices({&accelerator_, 1, 1, std::ssize(wanted_) + 1, {}}, "main");
  EXPECT_EQ(compared(&devices), expected());
  EXPECT_EQ(accelerator_.calls, 0);
}

TEST_P(FullComparisonTest, GoesOnWithoutADeviceThatFails) {
  for (const Status failure : {Status::device_fault, Status::device_out_of_memory}) {
    accelerator_.failure.store(failure);
    accelerator_.good_calls = accelerator_.calls.load();
    DeviceGallery devices(
        {&accelerator_, 1, 1, 1, [this](const Error& e) { warnings_.push_back(e); }}, "main");
    EXPECT_EQ(compared(&devices), expected());
    const std::int64_t calls = accelerator_.calls;
    EXPECT_EQ(compared(&devices), expected());
    EXPECT_EQ(accelerator_.calls, calls) << "it is not asked again";
    EXPECT_EQ(accelerator_.scanners, 0);
  }
  EXPECT_EQ(warnings_.size(), 2U);
}

TEST_P(FullComparisonTest, NobodyIsNobodysMate) {
  wanted_.clear();
  DeviceGallery devices({&accelerator_, 1, 1, 1, {}}, "main");
  EXPECT_TRUE(compared(&devices).empty());
  EXPECT_EQ(accelerator_.calls, 0);
}

INSTANTIATE_TEST_SUITE_P(Devices, FullComparisonTest, ::testing::Values(1, 2, 3));

}  // namespace
}  // namespace whorl::search
