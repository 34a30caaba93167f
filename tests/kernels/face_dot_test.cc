#include "kernels/face_dot.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "kernels/backend.h"

namespace whorl::kernels {
namespace {

constexpr std::uint32_t kUntouched = 0x7FC0BEEF;  // a NaN no arithmetic gives

// Values of every size and sign, so that a twin which sums in another order is found out.
std::vector<float> awkward_values(std::mt19937_64& random, std::size_t count) {
  std::vector<float> values(count);
  for (float& value : values) {
    const auto exponent = static_cast<int>(random() % 40) - 20;
    const float sign = random() % 2 == 0 ? 1.0F : -1.0F;
    value = sign * std::ldexp(static_cast<float>(random() % 8388608), exponent);
  }
  return values;
}

// One row more than asked, to see that nothing is written past the end.
std::vector<std::uint32_t> bits_from(FaceDot dot, const std::vector<float>& probe,
                                     MatrixView<const float> gallery) {
  std::vector<float> out(static_cast<std::size_t>(gallery.rows) + 1,
                         std::bit_cast<float>(kUntouched));
  dot(probe.data(), gallery, out.data());
  std::vector<std::uint32_t> bits;
  for (const float value : out) bits.push_back(std::bit_cast<std::uint32_t>(value));
  return bits;
}

class EveryTwin : public testing::TestWithParam<Backend> {
 protected:
  void SetUp() override {
    if (!available(GetParam())) GTEST_SKIP() << "this machine has no " << name_of(GetParam());
  }
};

TEST_P(EveryTwin, GivesTheDefinitionsBitsOnAwkwardShapes) {
  std::mt19937_64 random(7);
  for (const std::int64_t dimension : {8, 16, 24, 64, 120, 128, 136, 512, 4096}) {
    for (const std::int64_t rows : {0, 1, 2, 3, 7, 8, 9, 31, 65}) {
      const auto probe = awkward_values(random, static_cast<std::size_t>(dimension));
      const auto values = awkward_values(random, static_cast<std::size_t>(rows * dimension));
      const MatrixView<const float> gallery{values.data(), rows, dimension};
      EXPECT_EQ(bits_from(face_dot(GetParam()), probe, gallery),
                bits_from(face_dot_reference, probe, gallery))
          << rows << " rows of " << dimension;
    }
  }
}

TEST_P(EveryTwin, ReadsRowsThatStartAtAnyFloat) {
  std::mt19937_64 random(8);
  const auto probe = awkward_values(random, 24);
  const auto values = awkward_values(random, 5 * 24 + 7);
  for (std::int64_t shift = 0; shift < 8; ++shift) {
    const MatrixView<const float> gallery{values.data() + shift, 4, 24};
    EXPECT_EQ(bits_from(face_dot(GetParam()), probe, gallery),
              bits_from(face_dot_reference, probe, gallery));
  }
}

TEST_P(EveryTwin, TiesEqualRowsExactly) {
  std::mt19937_64 random(9);
  const auto probe = awkward_values(random, 128);
  auto values = awkward_values(random, 128);
  values.insert(values.end(), values.begin(), values.begin() + 128);
  const auto bits = bits_from(face_dot(GetParam()), probe, {values.data(), 2, 128});
  EXPECT_EQ(bits[0], bits[1]);
}

// Tells the stated order from all others: in float, 2^24 + 1 is 2^24, so where the ones meet
// decides the sum.
TEST_P(EveryTwin, AddsTheLanesInTheStatedOrder) {
  const std::vector<float> ones(8, 1.0F);
  const float big = 16777216.0F;
  // (p0 + p4) + (p2 + p6) = 2^24 + 2; (p1 + p5) + (p3 + p7) = 2 - 2^24.
  const std::vector<float> row{big, 1, 1, 1 - big, 0, 1, 1, 0};
  const auto bits = bits_from(face_dot(GetParam()), ones, {row.data(), 1, 8});
  // 1 - big is exact in float; p1 + p5 + p3 = 2 + (1 - big) = 3 - big, exact.
  EXPECT_EQ(std::bit_cast<float>(bits[0]), 5.0F);
  const std::vector<float> lossy{big, 0, 0, -big, 1, 0, 0, 0};  // p0 + p4 loses its one
  EXPECT_EQ(std::bit_cast<float>(bits_from(face_dot(GetParam()), ones, {lossy.data(), 1, 8})[0]),
            0.0F);
}

INSTANTIATE_TEST_SUITE_P(FaceDot, EveryTwin, testing::ValuesIn(kBackends),
                         [](const auto& twin) { return std::string(name_of(twin.param)); });

}  // namespace
}  // namespace whorl::kernels
