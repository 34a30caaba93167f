// Twins of the kernels around minutia descriptions: projections and inner products.

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "kernels/backend.h"

namespace whorl::kernels {
namespace {

class CodeKernelTwins : public ::testing::TestWithParam<Backend> {
 protected:
  void SetUp() override {
    if (!available(GetParam()))
      GTEST_SKIP() << name_of(GetParam()) << ": not on this machine, NOT verified";
  }
  std::mt19937_64 rng_{5};
};

TEST_P(CodeKernelTwins, ProjectSignsAgreesBitForBit) {
  std::vector<std::int8_t> rows(kSignBits * kCylinderCells);
  for (auto& r : rows) r = static_cast<std::int8_t>(static_cast<int>(rng_() % 255) - 127);
  std::vector<std::int32_t> thresholds(kSignBits);
  for (auto& t : thresholds) t = static_cast<std::int32_t>(rng_() % 200'000) - 100'000;
  // The extremes: every pair sum at its largest and smallest.
  std::fill_n(rows.begin(), kCylinderCells, std::int8_t{127});
  std::fill_n(rows.begin() + kCylinderCells, kCylinderCells, std::int8_t{-127});
  const SignProjection projection{rows.data(), thresholds.data()};
  for (const std::int64_t count : {0, 1, 2, 31, 128}) {
    std::vector<std::uint8_t> cells(static_cast<std::size_t>(count) * kCylinderCells);
    for (auto& c : cells) c = static_cast<std::uint8_t>(rng_() % (kMaxCellValue + 1));
    if (count > 0) std::fill_n(cells.begin(), kCylinderCells, std::uint8_t{kMaxCellValue});
    std::vector<std::uint16_t> expected(static_cast<std::size_t>(count) * kSignBits / 16),
        actual = expected;
    project_signs_reference(projection, cells.data(), count, expected.data());
    project_signs(GetParam())(projection, cells.data(), count, actual.data());
    ASSERT_EQ(expected, actual) << count;
  }
}

TEST_P(CodeKernelTwins, ProjectSumsAgreeBitForBit) {
  std::vector<std::int8_t> rows(kSignBits * kCylinderCells);
  for (auto& r : rows) r = static_cast<std::int8_t>(static_cast<int>(rng_() % 255) - 127);
  std::vector<std::int32_t> thresholds(kSignBits);
  for (auto& t : thresholds) t = static_cast<std::int32_t>(rng_() % 200'000) - 100'000;
  const SignProjection projection{rows.data(), thresholds.data()};
  for (const std::int64_t count : {0, 1, 5, 36}) {
    for (const int leading : {0, 32, 128, 256}) {
      std::vector<std::uint8_t> cells(static_cast<std::size_t>(count) * kCylinderCells);
      for (auto& c : cells) c = static_cast<std::uint8_t>(rng_() % (kMaxCellValue + 1));
      std::vector<std::int32_t> expected(static_cast<std::size_t>(count * leading)),
          actual = expected;
      project_sums_reference(projection, cells.data(), count, leading, expected.data());
      project_sums(GetParam())(projection, cells.data(), count, leading, actual.data());
      ASSERT_EQ(expected, actual) << count << " cylinders, " << leading << " rows";
    }
  }
}

TEST_P(CodeKernelTwins, VectorDotsAgreeBitForBit) {
  for (const std::int64_t rows : {0, 1, 5, 128}) {
    for (const std::int64_t columns : {0, 1, 17, 128}) {
      std::vector<std::int8_t> a(static_cast<std::size_t>(rows) * kVectorSize),
          b(static_cast<std::size_t>(columns) * kVectorSize);
      for (auto& v : a) v = static_cast<std::int8_t>(static_cast<int>(rng_() % 255) - 127);
      for (auto& v : b) v = static_cast<std::int8_t>(static_cast<int>(rng_() % 255) - 127);
      if (rows > 0) std::fill_n(a.begin(), kVectorSize, std::int8_t{-127});  // the extremes
      if (columns > 0) std::fill_n(b.begin(), kVectorSize, std::int8_t{127});
      std::vector<std::int32_t> expected(static_cast<std::size_t>(rows * columns)),
          actual = expected;
      vector_dots_reference({a.data(), rows, kVectorSize}, {b.data(), columns, kVectorSize},
                            {expected.data(), rows, columns});
      vector_dots(GetParam())({a.data(), rows, kVectorSize}, {b.data(), columns, kVectorSize},
                              {actual.data(), rows, columns});
      ASSERT_EQ(expected, actual);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, CodeKernelTwins, ::testing::ValuesIn(kBackends),
                         [](const auto& each) { return std::string(name_of(each.param)); });

TEST(ProjectSignsReference, ABitIsAProjectionAboveItsThreshold) {
  std::vector<std::int8_t> rows(kSignBits * kCylinderCells);
  std::vector<std::int32_t> thresholds(kSignBits, 0);
  rows[0] = 1;                         // bit 0 looks at cell 0
  rows[17 * kCylinderCells + 3] = -1;  // bit 17 at cell 3, negated
  thresholds[17] = -6;
  std::vector<std::uint8_t> cells(kCylinderCells);
  std::uint16_t words[kSignBits / 16];
  cells[0] = 1, cells[3] = 5;
  project_signs_reference({rows.data(), thresholds.data()}, cells.data(), 1, words);
  EXPECT_EQ(words[0], 1);
  EXPECT_EQ(words[1], 2);
  cells[0] = 0, cells[3] = 6;  // equal to the threshold is not above it
  project_signs_reference({rows.data(), thresholds.data()}, cells.data(), 1, words);
  EXPECT_EQ(words[0], 0);
  EXPECT_EQ(words[1], 0);
}

}  // namespace
}  // namespace whorl::kernels
