// The CUDA comparison on the emulated device: its similarities are the definition's, bit for bit.
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "kernels/cuda_accelerator.h"
#include "tests/kernels/emulated_cuda/cuda_runtime.h"
#include "tests/kernels/emulated_cuda/emulated_device.h"
#include "tests/kernels/random_prints.h"

namespace whorl::kernels {
namespace {

Status compare(PrintComparer& device, const ManyPairs& many, std::vector<float>& similarities) {
  similarities.assign(many.pairs.size(), -1);
  return device.compare(many.batch, many.pairs.data(), static_cast<std::int64_t>(many.pairs.size()),
                        similarities.data());
}

class PrintComparison : public testing::Test {
 protected:
  void SetUp() override { emulated::set_devices({}); }
  void TearDown() override { EXPECT_EQ(emulated::live_objects(), 0); }
};

TEST_F(PrintComparison, HasTheBitsOfTheDefinition) {
  const auto device = emulated_make_cuda_comparer(0);
  ASSERT_NE(device, nullptr);
  for (const int most : {0, 1, 2, 5, 12, 31, 33, 48, 128}) {
    const ManyPairs many(static_cast<std::uint64_t>(most), most > 48 ? 6 : 20, most);
    std::vector<float> found;
    ASSERT_EQ(compare(*device, many, found), Status::ok);
    EXPECT_EQ(found, many.expected()) << most << " minutiae";
  }
}

TEST_F(PrintComparison, TellsMatesFromStrangers) {  // so that equal bits are not all zeros
  const ManyPairs many(1, 20, 48);
  const std::vector<float> all = many.expected();
  EXPECT_GT(std::count_if(all.begin(), all.end(), [](float s) { return s > 60; }), 8);
  EXPECT_GT(std::count_if(all.begin(), all.end(), [](float s) { return s < 10; }), 8);
}

// Turing, too; and smaller batches after larger ones.
TEST_F(PrintComparison, DoesNotDependOnTheDeviceOrOnWhatItComparedBefore) {
  for (const unsigned late : {0U, 1U}) {
    emulated::set_devices({1, std::size_t{1} << 30, 7, 5, 48 << 10, 2, late});
    const auto device = emulated_make_cuda_comparer(0);
    for (const int count : {9, 1, 4}) {
      const ManyPairs many(7, count, 30);
      std::vector<float> found;
      ASSERT_EQ(compare(*device, many, found), Status::ok);
      EXPECT_EQ(found, many.expected());
      EXPECT_GT(device->last_kernel_ms(), 0);
    }
  }
}

TEST_F(PrintComparison, NoPairIsNoLaunch) {
  const auto device = emulated_make_cuda_comparer(0);
  const int calls = emulated::calls_made();
  EXPECT_EQ(device->compare({}, nullptr, 0, nullptr), Status::ok);
  EXPECT_EQ(emulated::calls_made(), calls);
}

TEST_F(PrintComparison, DiesOfPrintsThatAreNotThere) {
  const auto device = emulated_make_cuda_comparer(0);
  ManyPairs many(3, 1, 9);
  std::vector<float> found;
  many.pairs[0].second = static_cast<std::int32_t>(many.batch.prints.size());
  EXPECT_DEATH((void)compare(*device, many, found), "pairs.p..second < prints");
}

TEST_F(PrintComparison, LostDeviceIsAFaultAtEveryCall) {
  const ManyPairs many(3, 2, 9);
  for (int calls = 1; calls < 60; ++calls) {
    emulated::reset();
    emulated::fail_calls_after(calls, cudaErrorLaunchFailure);
    const auto device = emulated_make_cuda_comparer(0);
    if (device == nullptr) continue;
    std::vector<float> found;
    const Status status = compare(*device, many, found);
    if (status == Status::ok) {
      EXPECT_GT(calls, 15);
      return;
    }
    EXPECT_EQ(status, Status::device_fault);
  }
  ADD_FAILURE() << "a comparison has more calls than were tried";
}

TEST_F(PrintComparison, AFullDeviceSaysSo) {
  emulated::set_devices({1, std::size_t{20} << 10});
  const auto device = emulated_make_cuda_comparer(0);
  ASSERT_NE(device, nullptr);
  std::vector<float> found;
  EXPECT_EQ(compare(*device, ManyPairs(4, 20, 40), found), Status::device_out_of_memory);
  EXPECT_EQ(compare(*device, ManyPairs(4, 1, 9), found), Status::ok);
}

}  // namespace
}  // namespace whorl::kernels
