// The CUDA finger scanner on the emulated device: its candidates are the definition's.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "kernels/cuda_accelerator.h"
#include "tests/kernels/emulated_cuda/cuda_runtime.h"
#include "tests/kernels/emulated_cuda/emulated_device.h"
#include "tests/kernels/finger_scan_oracle.h"

namespace whorl::kernels {
namespace {

using Lists = std::vector<std::vector<FingerCandidate>>;

constexpr std::int64_t kMemory = 64 << 20;

class FingerScan : public testing::TestWithParam<CodeUnit> {
 protected:
  void SetUp() override { emulated::set_devices({}); }
  static std::unique_ptr<FingerScanner> scanner(std::int64_t memory = kMemory) {
    return emulated_make_cuda_fingers(0, memory, GetParam());
  }
};

void expect_agreement(FingerScanner& device, const FingerGallery& gallery,
                      const FingerSearches& searches) {
  for (const FingerScore score : {FingerScore::alignment, FingerScore::codes}) {
    Lists lists;
    const auto count = static_cast<int>(searches.all.size());
    ASSERT_EQ(device.scan(searches.all.data(), count, score, lists), Status::ok);
    ASSERT_EQ(lists.size(), searches.all.size());
    for (std::size_t s = 0; s < lists.size(); ++s) {
      EXPECT_EQ(disagreement(gallery, searches.all[s], score, lists[s]), "") << "search " << s;
    }
  }
}

TEST_P(FingerScan, AwkwardShapesGiveTheDefinitionsCandidates) {
  FingerGalleryMaker maker(20261126);
  const struct {
    int probes, blocks, minutiae;
  } shapes[] = {{1, 1, 0}, {1, 1, 1}, {3, 2, 9}, {2, 2, 33}, {19, 2, 14}, {5, 3, 40}, {1, 1, 255}};
  for (const auto& shape : shapes) {
    SCOPED_TRACE(std::to_string(shape.minutiae) + " minutiae");
    const FingerGallery gallery = maker.gallery(shape.blocks, shape.probes, shape.minutiae);
    const auto device = scanner();
    ASSERT_NE(device, nullptr);
    for (std::size_t b = 0; b < gallery.blocks.size(); ++b) {
      ASSERT_EQ(device->put(static_cast<std::int64_t>(b), gallery.blocks[b].view()), Status::ok);
    }
    expect_agreement(*device, gallery, FingerSearches(maker, gallery, shape.probes));
  }
}

TEST_P(FingerScan, MatesAreFoundThroughEveryStep) {
  FingerGalleryMaker maker(7);
  const FingerGallery gallery = maker.gallery(2, 4, 40);
  const auto device = scanner();
  for (std::size_t b = 0; b < gallery.blocks.size(); ++b) {
    ASSERT_EQ(device->put(static_cast<std::int64_t>(b), gallery.blocks[b].view()), Status::ok);
  }
  const FingerSearches searches(maker, gallery, 4);
  int heard = 0;
  for (const FingerSearch& search : searches.all) {
    for (const auto& [row, score] : expected_scores(gallery, search, FingerScore::alignment)) {
      heard += score > kAlignmentZero + 10 * kAlignmentUnit ? 1 : 0;
    }
  }
  EXPECT_GE(heard, 2) << "the gallery was meant to hold copies of its probes";
  expect_agreement(*device, gallery, searches);
}

std::string unit_name(const testing::TestParamInfo<CodeUnit>& unit) {
  const char* const names[] = {"Best", "Popcount", "Bytes", "Bits", "Wgmma"};
  return names[static_cast<int>(unit.param)];
}
class FingerScanMemory : public testing::TestWithParam<int> {};  // kB of shared memory
std::string kilobytes(const testing::TestParamInfo<int>& shared) {
  return std::to_string(shared.param);
}

// Turing, GeForce since Ampere, A100 and Hopper. The largest block and the largest probe, too.
TEST_P(FingerScanMemory, HoldsWhatOneLaunchNeeds) {
  emulated::set_devices({1, std::size_t{1} << 30, GetParam() < 96 ? 7 : 8, GetParam() < 96 ? 5 : 6,
                         std::size_t{1024} * static_cast<std::size_t>(GetParam())});
  FingerGalleryMaker maker(11);
  const auto device = emulated_make_cuda_fingers(0, kMemory, CodeUnit::best);
  ASSERT_NE(device, nullptr);
  for (const int minutiae : {20, 255}) {
    const FingerGallery gallery =
        minutiae == 255 ? maker.full_gallery(1, 1, minutiae) : maker.gallery(1, 18, minutiae);
    ASSERT_EQ(device->put(0, gallery.blocks[0].view()), Status::ok);
    expect_agreement(*device, gallery,
                     FingerSearches(maker, gallery, static_cast<int>(gallery.probes.size())));
  }
}
INSTANTIATE_TEST_SUITE_P(Kilobytes, FingerScanMemory, testing::Values(64, 99, 163, 227), kilobytes);

INSTANTIATE_TEST_SUITE_P(Units, FingerScan,
                         testing::Values(CodeUnit::popcount, CodeUnit::bytes, CodeUnit::bits,
                                         CodeUnit::wgmma),
                         unit_name);

class FingerGalleryOnDevice : public testing::Test {
 protected:
  FingerGalleryOnDevice() : maker_(3), gallery_(maker_.gallery(6, 2, 12)) {
    emulated::set_devices({});
  }
  Status put(FingerScanner& device, std::size_t b) const {
    return device.put(static_cast<std::int64_t>(b), gallery_.blocks[b].view());
  }
  FingerGalleryMaker maker_;
  FingerGallery gallery_;
};

TEST_F(FingerGalleryOnDevice, LastBlockIsReplacedInPlace) {
  const auto device = emulated_make_cuda_fingers(0, kMemory, CodeUnit::popcount);
  const FingerGallery other = maker_.gallery(1, 1, 30);
  for (std::size_t b = 0; b + 1 < gallery_.blocks.size(); ++b) {
    ASSERT_EQ(device->put(static_cast<std::int64_t>(b), other.blocks[0].view()), Status::ok);
    ASSERT_EQ(put(*device, b), Status::ok);
  }
  FingerGallery shorter = gallery_;
  shorter.blocks.pop_back();
  EXPECT_EQ(device->blocks(), 5);
  expect_agreement(*device, shorter, FingerSearches(maker_, shorter, 2));
}

TEST_F(FingerGalleryOnDevice, WhatDoesNotFitIsStreamed) {
  std::int64_t bytes = 0;
  for (const OwnedFingers& block : gallery_.blocks) bytes += block.view().size;
  for (const std::int64_t memory : {std::int64_t{1}, bytes / 2}) {
    const auto device = emulated_make_cuda_fingers(0, memory, CodeUnit::popcount);
    for (std::size_t b = 0; b < gallery_.blocks.size(); ++b) {
      ASSERT_EQ(put(*device, b), Status::ok);
      ASSERT_EQ(put(*device, b), Status::ok);
    }
    EXPECT_LE(device->resident_bytes(), memory);
    expect_agreement(*device, gallery_, FingerSearches(maker_, gallery_, 2));
  }
}

TEST_F(FingerGalleryOnDevice, WhatWasWrittenOverIsCopiedAgain) {
  std::int64_t bytes = 0;
  for (const OwnedFingers& block : gallery_.blocks) bytes += block.view().size;
  for (const std::int64_t memory : {std::int64_t{1}, bytes / 2, kMemory}) {
    const auto device = emulated_make_cuda_fingers(0, memory, CodeUnit::popcount);
    for (std::size_t b = 0; b < gallery_.blocks.size(); ++b) ASSERT_EQ(put(*device, b), Status::ok);
    const FingerSearches searches(maker_, gallery_, 2);
    expect_agreement(*device, gallery_, searches);
    for (const std::size_t b : {std::size_t{0}, gallery_.blocks.size() - 1}) {
      const FingerBlock codes = gallery_.blocks[b].view().codes;
      auto* planes = const_cast<std::uint16_t*>(codes.planes);
      std::reverse(planes, planes + codes.groups * kCodeWords * kLanes);
      ASSERT_EQ(device->refresh(static_cast<std::int64_t>(b)), Status::ok);
    }
    expect_agreement(*device, gallery_, searches);
  }
}

// More blocks than a first slice has: what follows is held to the floor that it set.
TEST_F(FingerGalleryOnDevice, EachSliceRaisesTheFloorOfTheNext) {
  const FingerGallery many = maker_.gallery(80, 1, 6);
  const auto device = emulated_make_cuda_fingers(0, kMemory, CodeUnit::popcount);
  for (std::size_t b = 0; b < many.blocks.size(); ++b) {
    ASSERT_EQ(device->put(static_cast<std::int64_t>(b), many.blocks[b].view()), Status::ok);
  }
  FingerSearches searches(maker_, many, 1);
  ASSERT_EQ(searches.all[0].keep, 5);
  expect_agreement(*device, many, searches);
  Lists lists;
  ASSERT_EQ(device->scan(searches.all.data(), 1, FingerScore::codes, lists), Status::ok);
  EXPECT_LT(lists[0].size(), expected_scores(many, searches.all[0], FingerScore::codes).size() / 4);
}

TEST_F(FingerGalleryOnDevice, FullDeviceStreamsTheRest) {
  emulated::set_devices({1, std::size_t{3} << 20});
  const auto device = emulated_make_cuda_fingers(0, std::int64_t{1} << 40, CodeUnit::popcount);
  ASSERT_NE(device, nullptr);
  for (std::size_t b = 0; b < gallery_.blocks.size(); ++b) ASSERT_EQ(put(*device, b), Status::ok);
  EXPECT_EQ(device->resident_bytes(), 0);  // a page is larger than the device
  expect_agreement(*device, gallery_, FingerSearches(maker_, gallery_, 1));
}

// Galleries that share a device judge what is free when they take it, and leave searches their own.
TEST_F(FingerGalleryOnDevice, SeveralShareADeviceThatIsTooSmallForAll) {
  constexpr std::int64_t kSmall = 3 << 20;
  emulated::set_devices({1, std::size_t{kSmall}});
  const FingerGallery gallery = maker_.gallery(20, 1, 30);
  std::vector<std::unique_ptr<FingerScanner>> all;
  std::int64_t resident = 0, wanted = 0;
  for (int g = 0; g < 6; ++g) {
    all.push_back(emulated_make_cuda_fingers(0, 0, CodeUnit::popcount));
    for (std::size_t b = 0; b < gallery.blocks.size(); ++b) {
      const PackedFingers block = gallery.blocks[b].view();
      ASSERT_EQ(all.back()->put(static_cast<std::int64_t>(b), block), Status::ok);
      wanted += block.size;
    }
    resident += all.back()->resident_bytes();
  }
  ASSERT_GT(wanted, kSmall - kSmall / 4);
  EXPECT_GT(resident, kSmall / 4);
  EXPECT_LE(resident, kSmall - kSmall / 4);
  const FingerSearches searches(maker_, gallery, 1);
  for (const auto& device : all) {
    Lists lists;
    ASSERT_EQ(device->scan(searches.all.data(), 1, FingerScore::codes, lists), Status::ok);
    EXPECT_EQ(disagreement(gallery, searches.all[0], FingerScore::codes, lists[0]), "");
  }
}

// Slices cannot grow for ever. The less memory, the fewer of them are copied ahead.
class FingerStream : public FingerGalleryOnDevice, public testing::WithParamInterface<unsigned> {};

TEST_P(FingerStream, ManySlicesComeToAnEndWhateverStreamIsLate) {
  const FingerGallery many = maker_.gallery(100, 1, 6);
  for (const int kilobytes : {300, 1500}) {
    emulated::set_devices(
        {1, static_cast<std::size_t>(kilobytes) << 10, 9, 0, 227 << 10, 2, GetParam()});
    for (const std::int64_t memory : {1, 100'000}) {
      const auto device = emulated_make_cuda_fingers(0, memory, CodeUnit::popcount);
      ASSERT_NE(device, nullptr);
      for (std::size_t b = 0; b < many.blocks.size(); ++b) {
        ASSERT_EQ(device->put(static_cast<std::int64_t>(b), many.blocks[b].view()), Status::ok);
      }
      expect_agreement(*device, many, FingerSearches(maker_, many, 1));
      EXPECT_GT(device->last_kernel_ms(), 0);
    }
  }
}
TEST_P(FingerStream, ABlockThatWasReplacedIsCopiedAgain) {
  emulated::set_devices({1, std::size_t{1} << 30, 9, 0, 227 << 10, 2, GetParam()});
  const auto device = emulated_make_cuda_fingers(0, 1, CodeUnit::popcount);
  FingerGallery now = gallery_;
  for (std::size_t b = 0; b < now.blocks.size(); ++b) ASSERT_EQ(put(*device, b), Status::ok);
  expect_agreement(*device, now, FingerSearches(maker_, now, 2));
  now.blocks.back() = maker_.gallery(1, 1, 20).blocks[0];
  ASSERT_EQ(device->put(5, now.blocks.back().view()), Status::ok);
  expect_agreement(*device, now, FingerSearches(maker_, now, 2));
}
INSTANTIATE_TEST_SUITE_P(Late, FingerStream, testing::Range(0U, 4U),
                         testing::PrintToStringParamName());

TEST_F(FingerGalleryOnDevice, AFullDeviceIsNotALostOne) {
  emulated::set_devices({1, std::size_t{1} << 10});
  Status why = Status::ok;
  EXPECT_EQ(emulated_make_cuda_fingers(0, kMemory, CodeUnit::popcount, &why), nullptr);
  EXPECT_EQ(why, Status::device_out_of_memory);
}

TEST_F(FingerGalleryOnDevice, LostDeviceIsAFaultAtEveryCall) {
  for (int calls = 1; calls < 60; ++calls) {
    emulated::set_devices({});
    const auto device = emulated_make_cuda_fingers(0, kMemory, CodeUnit::popcount);
    ASSERT_EQ(put(*device, 0), Status::ok);
    FingerGallery one = gallery_;
    one.blocks.erase(one.blocks.begin() + 1, one.blocks.end());
    const FingerSearches searches(maker_, one, 1);
    emulated::fail_calls_after(calls, cudaErrorLaunchFailure);
    Lists lists;
    const Status status = device->scan(searches.all.data(), 1, FingerScore::alignment, lists);
    if (status == Status::ok) {
      EXPECT_GT(calls, 15);
      return;
    }
    EXPECT_EQ(status, Status::device_fault);
  }
  ADD_FAILURE() << "a scan has more calls than were tried";
}

TEST_F(FingerGalleryOnDevice, NothingIsLeftBehind) {
  emulated::set_devices({});
  const int before = emulated::live_objects();
  {
    const auto device = emulated_make_cuda_fingers(0, kMemory, CodeUnit::popcount);
    ASSERT_EQ(put(*device, 0), Status::ok);
    EXPECT_GT(emulated::live_objects(), before);
  }
  EXPECT_EQ(emulated::live_objects(), before);
}

TEST_F(FingerGalleryOnDevice, NoDeviceNoScanner) {
  emulated::set_devices({0});
  EXPECT_EQ(emulated_make_cuda_fingers(0, kMemory, CodeUnit::best), nullptr);
}

TEST_F(FingerGalleryOnDevice, TooLittleSharedMemoryNoScanner) {
  emulated::set_devices({1, std::size_t{1} << 30, 6, 1, 48 << 10});
  EXPECT_EQ(emulated_make_cuda_fingers(0, kMemory, CodeUnit::best), nullptr);
}

TEST_F(FingerGalleryOnDevice, ZeroWorkIsNoLaunch) {
  const auto device = emulated_make_cuda_fingers(0, kMemory, CodeUnit::popcount);
  Lists lists(3);
  EXPECT_EQ(device->scan(nullptr, 0, FingerScore::alignment, lists), Status::ok);
  EXPECT_TRUE(lists.empty());
  const FingerSearches searches(maker_, gallery_, 1);
  EXPECT_EQ(device->scan(searches.all.data(), 1, FingerScore::alignment, lists), Status::ok);
  ASSERT_EQ(lists.size(), 1U);
  EXPECT_TRUE(lists[0].empty());
}

}  // namespace
}  // namespace whorl::kernels
