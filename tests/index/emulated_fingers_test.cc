// From the index down to the kernels: prints on emulated CUDA devices give the index's own lists.
#include <gtest/gtest.h>

#include <deque>

#include "engine/features/fingerprint/minutia_codes.h"
#include "engine/index/device_fingers.h"
#include "kernels/cuda_accelerator.h"
#include "tests/kernels/emulated_cuda/emulated_device.h"
#include "tests/support/random_print.h"

namespace whorl::index {
namespace {

using kernels::Status;

class EmulatedFingersTest : public ::testing::Test {
 protected:
  EmulatedFingersTest() {
    emulated::set_devices({2});
    mirror_ = DeviceFingers::make(kernels::emulated_cuda_accelerator(), devices_);
    for (int p = 0; p < 200; ++p) {
      templates_.push_back(::whorl::testing::random_print(static_cast<std::uint64_t>(p % 40), 30));
      features::describe_minutiae(templates_.back());
    }
  }
  void append(int count) {
    for (int p = 0; p < count; ++p) {
      PrintOwner owner;
      owner.subject = static_cast<std::uint64_t>(1 + (next_ * 37) % 150);
      owner.encounter = static_cast<std::uint32_t>(next_);
      const FingerPrint print{owner, &templates_[next_++]};
      index_.append({&print, 1});
    }
  }
  // The same prints, scores and order.
  void expect_the_lists_of_the_index() {
    const Passage passage{60, AlignmentScore{kernels::kAlignmentZero - 100}};
    std::deque<FingerProbe> probes;
    std::vector<DeviceSearch> searches;
    for (int p = 0; p < 18; ++p) {  // more than one launch takes
      probes.emplace_back(templates_[static_cast<std::size_t>(p)], 45);
      searches.push_back({&probes.back(), index_.live_bits(), passage});
    }
    std::vector<Shortlist> found(probes.size(), Shortlist(9));
    ASSERT_EQ(mirror_->sync(index_), Status::ok);
    ASSERT_EQ(mirror_->search(index_, searches, found), Status::ok);
    for (std::size_t p = 0; p < probes.size(); ++p) {
      std::vector<Shortlist> wanted(1, Shortlist(9));
      const Filter all;
      const Filter* const filter = &all;
      index_.search({&probes[p], 1}, {&filter, 1}, passage, kernels::best_backend(), 0,
                    index_.blocks(), wanted);
      const auto a = found[p].sorted(), b = wanted[0].sorted();
      EXPECT_FALSE(b.empty());
      ASSERT_EQ(a.size(), b.size());
      for (std::size_t h = 0; h < a.size(); ++h) {
        EXPECT_EQ(a[h].row, b[h].row);
        EXPECT_EQ(a[h].score, b[h].score);
      }
    }
  }

  std::vector<FingerTemplate> templates_;
  std::size_t next_ = 0;
  FingerIndex index_{FingerPosition::right_index, features::kMinutiaCodeVersion};
  const std::vector<int> devices_{0, 1};
  std::unique_ptr<DeviceFingers> mirror_;
};

TEST_F(EmulatedFingersTest, FollowTheIndexAsItGrowsAndShrinks) {
  append(100);
  expect_the_lists_of_the_index();
  append(95);
  for (std::uint32_t r = 0; r < 195; r += 7) index_.remove(Row{r});
  expect_the_lists_of_the_index();
}

TEST_F(EmulatedFingersTest, LostDeviceLeavesTheListsAlone) {
  append(70);
  const FingerProbe probe(templates_[0], 45);
  const std::vector<DeviceSearch> searches{{&probe, index_.live_bits(), Passage{}}};
  std::vector<Shortlist> lists(1, Shortlist(9));
  ASSERT_EQ(mirror_->sync(index_), Status::ok);
  emulated::fail_calls_after(5, 719);  // a launch that failed
  EXPECT_EQ(mirror_->search(index_, searches, lists), Status::device_fault);
  EXPECT_TRUE(lists[0].sorted().empty());
}

}  // namespace
}  // namespace whorl::index
