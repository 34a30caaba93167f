// The CUDA face scanner with rows read as halves, on the emulated device: its lists hold the best
// and, where the vectors are there, too, are those of an exact comparison.
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "kernels/face_scan_cuda.h"
#include "tests/kernels/emulated_cuda/cuda_runtime.h"
#include "tests/kernels/emulated_cuda/emulated_device.h"
#include "tests/kernels/face_twins.h"
#include "tests/kernels/random_faces.h"

namespace whorl::kernels {
namespace {

constexpr std::int64_t kMemory = 64 << 20;

// --- The format

TEST(Halves, AreThoseOfIeee754) {
  EXPECT_EQ(FaceHalves::code_of(1, 1), 0x3C00);
  EXPECT_EQ(FaceHalves::code_of(-2, 1), 0xC000);
  EXPECT_EQ(FaceHalves::code_of(0.0F, 1), 0);
  EXPECT_EQ(FaceHalves::code_of(-0.0F, 1), 0x8000);
  EXPECT_EQ(FaceHalves::code_of(std::ldexp(1.0F, -14), 1), 0x0400) << "the least normal one";
  EXPECT_EQ(FaceHalves::code_of(std::ldexp(1.0F, -24), 1), 1) << "the least of all";
  EXPECT_EQ(FaceHalves::code_of(std::ldexp(1.0F, -25), 1), 0) << "a tie goes to the even one";
  EXPECT_EQ(FaceHalves::code_of(std::ldexp(3.0F, -25), 1), 2) << "up as well";
  EXPECT_EQ(FaceHalves::code_of(1 + std::ldexp(1.0F, -11), 1), 0x3C00);
  EXPECT_EQ(FaceHalves::code_of(1 + std::ldexp(3.0F, -11), 1), 0x3C02);
  EXPECT_EQ(FaceHalves::code_of(std::nextafter(1 + std::ldexp(1.0F, -11), 2.0F), 1), 0x3C01);
  EXPECT_EQ(FaceHalves::code_of(std::nextafter(2.0F, 0.0F), 1), 0x4000) << "carries";
  EXPECT_EQ(FaceHalves::code_of(std::nextafter(std::ldexp(1.0F, -14), 0.0F), 1), 0x0400);
}
TEST(Halves, ComeBackFromFloats) {
  for (unsigned h = 0; h < 0x7C00; ++h) {
    for (const unsigned code : {h, h | 0x8000U}) {
      const float number = FaceHalves::float_of_half(static_cast<std::uint16_t>(code));
      ASSERT_EQ(FaceHalves::code_of(number, 1), code);
    }
  }
  // The emulated tensor cores read them by other arithmetic.
  for (unsigned h = 0; h < 0x7C00; ++h) {
    ASSERT_EQ(static_cast<double>(FaceHalves::float_of_half(static_cast<std::uint16_t>(h))),
              emulated::Halves::element(h, 0));
  }
}
TEST(Halves, AreTheNearestOfAllNumbers) {
  FaceMaker maker(1, 512);
  for (int round = 0; round < 100; ++round) {
    for (const float number : maker.awkward_face()) {
      const std::uint16_t code = FaceHalves::code_of(number, 1);
      const double off = std::abs(face_rest<FaceHalves>(number, 1, code));
      const auto magnitude = static_cast<std::uint16_t>(code & 0x7FFF);
      for (const int beside : {magnitude - 1, magnitude + 1}) {
        if (beside < 0) continue;
        const float other = FaceHalves::float_of_half(static_cast<std::uint16_t>(beside));
        ASSERT_LE(off,
                  std::abs(static_cast<double>(std::abs(number)) - static_cast<double>(other)));
      }
    }
  }
}

// --- The scans

class FaceScanByHalves : public testing::TestWithParam<bool> {
 protected:
  void SetUp() override { emulated::set_devices({}); }
  void TearDown() override {
    EXPECT_EQ(emulated::bytes_in_use(), 0U);
    EXPECT_EQ(emulated::live_objects(), 0);
  }
  // Of many slices and short lists.
  static FaceScanTuning tuning(bool vectors) {
    FaceScanTuning tuning;
    tuning.codes = FaceCodes::halves;
    tuning.tiles = GetParam();
    tuning.vectors = vectors;
    tuning.page_bytes = 64 << 10;
    tuning.list_entries = 256;
    return tuning;
  }
  static FaceTwins twins(int dimension, bool vectors = true) {
    return {emulated_make_tuned_cuda_faces(0, dimension, kMemory, tuning(vectors)), dimension};
  }
};

TEST_P(FaceScanByHalves, GivesTheExactLists) {
  for (const int dimension : {1, 7, 33, 128, 512}) {
    FaceMaker maker(static_cast<std::uint64_t>(80 + dimension), dimension);
    FaceTwins both = twins(dimension);
    const std::vector<float> vectors = maker.faces(300);
    const std::vector<float> twice(vectors.begin(), vectors.begin() + 20 * dimension);
    both.append(vectors);
    both.append(twice);  // ties
    const std::vector<std::uint32_t> admitted(10, 0xFFFF0FF7U);
    for (const int count : {1, 3, 8, 17}) {
      const std::vector<float> probes = maker.faces(count);
      both.expect_exact(probes, 4);
      both.expect_exact(probes, 4, admitted);
    }
    both.expect_exact(twice, 1);
  }
}

TEST_P(FaceScanByHalves, GivesTheExactListsOfAwkwardVectors) {
  constexpr int kDimension = 96;
  FaceMaker maker(81, kDimension);
  FaceTwins both = twins(kDimension);
  const auto awkward = [&](int count) {
    std::vector<float> all;
    for (int v = 0; v < count; ++v) {
      const std::vector<float> one = maker.awkward_face();
      all.insert(all.end(), one.begin(), one.end());
    }
    return all;
  };
  for (const int rows : {1, 130, 700}) {
    both.append(awkward(rows));
    both.expect_exact(awkward(17), 5);
  }
}

// Without the vectors: nobody is lost, few others are listed, and what is said of each is close.
TEST_P(FaceScanByHalves, ListsHardlyMoreThanAreKept) {
  constexpr int kDimension = 512, kKeep = 10, kRows = 2000;
  FaceMaker maker(82, kDimension);
  FaceTwins both = twins(kDimension, false);
  const std::vector<float> vectors = maker.faces(kRows);
  both.append(vectors);
  const std::vector<float> probes = maker.faces(9);
  std::vector<std::vector<FaceCandidate>>& lists = both.lists;
  ASSERT_EQ(both.device().scan(probes.data(), 9, nullptr, kKeep, lists), Status::ok);
  EXPECT_FALSE(both.device().exact());
  both.expect_best(probes, kKeep);
  std::size_t listed = 0;
  for (std::size_t p = 0; p < lists.size(); ++p) {
    listed += lists[p].size();
    const auto probe = probes.begin() + static_cast<std::ptrdiff_t>(p) * kDimension;
    for (const FaceCandidate& one : lists[p]) {
      const auto row = vectors.begin() + std::ptrdiff_t{one.row} * kDimension;
      EXPECT_NEAR(one.similarity, rounded_dot({probe, probe + kDimension}, {row, row + kDimension}),
                  3e-4F);
    }
  }
  EXPECT_LE(listed, lists.size() * (kKeep + 2));
}

TEST_P(FaceScanByHalves, ForgetsWipedRows) {
  FaceMaker maker(83, 50);
  FaceTwins both = twins(50);
  both.append(maker.faces(400));
  std::vector<std::uint32_t> left(13, ~0U);
  for (int row = 0; row < 400; row += 3) {
    both.wipe(row);
    left[static_cast<std::size_t>(row / 32)] &= ~(1U << row % 32);
  }
  const std::vector<float> probes = maker.faces(17);
  const auto count = static_cast<int>(probes.size()) / 50;
  both.expect_exact(probes, 4, left);
  const auto filtered = both.lists;
  ASSERT_EQ(both.device().scan(probes.data(), count, nullptr, 4, both.lists), Status::ok);
  for (std::size_t p = 0; p < filtered.size(); ++p)
    EXPECT_EQ(sorted_faces(both.lists[p]), sorted_faces(filtered[p]));
}

TEST_P(FaceScanByHalves, LetsTheVectorsGoWhereTheCodesNeedTheirMemory) {
  constexpr int kDimension = 64;
  FaceMaker maker(84, kDimension);
  FaceTwins both(emulated_make_tuned_cuda_faces(0, kDimension, 400 << 10, tuning(true)),
                 kDimension);
  both.append(maker.faces(400));
  both.expect_exact(maker.faces(3), 3);
  both.append(maker.faces(2000));
  EXPECT_FALSE(both.device().exact());
  const std::vector<float> probes = maker.faces(17);
  const auto count = static_cast<int>(probes.size()) / kDimension;
  ASSERT_EQ(both.device().scan(probes.data(), count, nullptr, 3, both.lists), Status::ok);
  both.expect_best(probes, 3);
}

// Eight probes of 8 kB are more than a block's usual memory, 32 more than this device's.
TEST_P(FaceScanByHalves, TakesTheLongestVectorsWithLittleSharedMemory) {
  emulated::set_devices({1, std::size_t{1} << 30, 8, 6, 99 << 10});
  FaceMaker maker(85, kMaxFaceCodes);
  FaceTwins both = twins(kMaxFaceCodes);
  both.append(maker.faces(140));
  both.expect_exact(maker.faces(9), 3);
}

INSTANTIATE_TEST_SUITE_P(Units, FaceScanByHalves, testing::Bool(), [](const auto& unit) {
  return std::string(unit.param ? "Tiles" : "Words");
});

}  // namespace
}  // namespace whorl::kernels
