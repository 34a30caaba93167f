// How the floor of a list is found on the device.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <random>
#include <vector>

#include "kernels/cuda_launch.h"
#include "kernels/face_lists_cuda.h"
#include "tests/kernels/emulated_cuda/emulated_device.h"

namespace whorl::kernels {
namespace {

__global__ void __launch_bounds__(device::kSettleThreads)
    find_floor(const FaceEntry* entries, std::uint32_t count, std::uint32_t keep, float* floor) {
  __shared__ device::SettleShared shared;
  const float found = device::floor_of(entries, count, keep, shared);
  floor[threadIdx.x] = found;
}

// Of all threads, which have to agree.
float floor_on_device(const std::vector<float>& lower, std::uint32_t keep) {
  std::vector<FaceEntry> entries;
  for (const float value : lower) entries.push_back({0, value, value, value});
  DeviceArray<FaceEntry> there;
  DeviceArray<float> floor;
  std::vector<float> told(device::kSettleThreads);
  EXPECT_EQ(there.copy_from(entries.data(), static_cast<std::int64_t>(entries.size()), nullptr),
            Status::ok);
  EXPECT_EQ(floor.reserve(device::kSettleThreads), Status::ok);
  EXPECT_EQ(launch(find_floor, dim3(1), device::kSettleThreads, 0, nullptr, there.data(),
                   static_cast<std::uint32_t>(entries.size()), keep, floor.data()),
            Status::ok);
  EXPECT_EQ(floor.copy_to(told.data(), device::kSettleThreads, nullptr), Status::ok);
  EXPECT_EQ(std::adjacent_find(told.begin(), told.end(), std::not_equal_to<>()), told.end());
  return told[0];
}

TEST(FaceLists, TheFloorIsTheKeepthLargest) {
  emulated::reset();
  std::mt19937 random(7);
  std::normal_distribution<float> strangers(0, 0.1F);
  for (const std::size_t count : {1U, 2U, 31U, 511U, 513U, 3000U, device::kKeysAtHand + 700U}) {
    std::vector<float> lower(count);
    for (float& value : lower) value = strangers(random);
    lower[count / 2] = lower[0];  // a tie
    std::vector<float> ordered = lower;
    std::sort(ordered.begin(), ordered.end(), std::greater<>());
    for (const std::size_t keep : {std::size_t{1}, std::size_t{2}, count / 2, count}) {
      if (keep < 1 || keep > count) continue;
      EXPECT_EQ(floor_on_device(lower, static_cast<std::uint32_t>(keep)), ordered[keep - 1])
          << keep << " of " << count;
    }
    EXPECT_EQ(floor_on_device(lower, static_cast<std::uint32_t>(count) + 1), -FLT_MAX);
  }
}

TEST(FaceLists, TheFloorMayBeAnyNumber) {
  emulated::reset();
  const std::vector<float> lower{-FLT_MAX, -1, -1e-30F, 0, 1e-30F, 1, 1, FLT_MAX};
  for (std::uint32_t keep = 1; keep <= lower.size(); ++keep)
    EXPECT_EQ(floor_on_device(lower, keep), lower[lower.size() - keep]);
}

}  // namespace
}  // namespace whorl::kernels
