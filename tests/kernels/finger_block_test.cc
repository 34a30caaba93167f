#include "kernels/finger_block.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <string>
#include <vector>

#include "kernels/backend.h"
#include "tests/kernels/random_finger_block.h"

namespace whorl::kernels {
namespace {

class FingerBlockTwins : public ::testing::TestWithParam<Backend> {};

TEST_P(FingerBlockTwins, AgreeWithTheReferenceBitForBit) {
  if (!available(GetParam()))
    GTEST_SKIP() << name_of(GetParam()) << ": not on this machine, NOT verified";
  FingerBlockMaker maker(7);
  for (const int prints : {1, 2, 31, 63, 64}) {
    for (const int most_codes : {1, 33, 90, 255}) {
      for (const int probe_codes : {0, 1, 17, 80}) {
        for (const int gate : {0, 5, 32, 127, 128}) {
          SCOPED_TRACE(::testing::Message()
                       << prints << " prints of up to " << most_codes << " codes, probe of "
                       << probe_codes << ", gate " << gate);
          std::vector<int> sizes(static_cast<std::size_t>(prints));
          for (int& size : sizes) size = maker.below(most_codes + 1);
          const OwnedProbe probe = maker.probe(probe_codes, gate);
          const OwnedBlock block = maker.block(sizes, probe, maker.below(2));
          const std::uint64_t eligible = maker.bits() | 1U;
          std::uint16_t expected[kBlockPrints], actual[kBlockPrints];
          std::ranges::fill(actual, 0xFFFF);
          score_finger_block_reference(probe.view(), block.view(), eligible, expected);
          score_finger_block(GetParam())(probe.view(), block.view(), eligible, actual);
          ASSERT_TRUE(std::ranges::equal(expected, actual));
        }
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, FingerBlockTwins, ::testing::ValuesIn(kBackends),
                         [](const auto& each) { return std::string(name_of(each.param)); });

ProbeCode code_of(std::uint16_t first, std::uint16_t second, int direction) {
  const auto bits = std::popcount(first) + std::popcount(second);
  return {{first, second}, static_cast<std::uint16_t>(bits), static_cast<std::uint16_t>(direction)};
}

// One probe code against one print of one code: the contract's formula by hand.
TEST(FingerBlockReference, KnownAnswers) {
  const OwnedProbe probe{{code_of(0xFFFF, 0x00FF, 10)}, 32};
  struct Case {
    std::uint16_t first, second;
    int direction;
    int value;  // of the one code; the score divides by pairs_counted(1, 1) = 6
  };
  for (const Case& c : {Case{0xFFFF, 0x00FF, 10, 256}, Case{0xFFFF, 0x00FF, 42, 256},
                        Case{0xFFFF, 0x00FF, 43, 0}, Case{0xFFFF, 0x00FF, 234, 256},
                        Case{0xFFFF, 0x00FE, 10, 254}, Case{0x0001, 0, 10, 256 - 2 * 23}}) {
    const OwnedBlock block({{code_of(c.first, c.second, c.direction), 3}}, 0);
    std::uint16_t scores[kBlockPrints];
    score_finger_block_reference(probe.view(), block.view(), ~std::uint64_t{0}, scores);
    EXPECT_EQ(scores[3], kScoreUnit * c.value / 6);
    EXPECT_EQ(scores[2], 0);
    score_finger_block_reference(probe.view(), block.view(), ~(std::uint64_t{1} << 3), scores);
    EXPECT_EQ(scores[3], 0) << "not eligible";
  }
}

TEST(FingerBlockReference, FewCodesCannotScoreLikeMany) {
  const OwnedProbe probe = FingerBlockMaker(3).probe(40, 32);
  std::vector<OwnedBlock::Code> gallery;  // print 0 is the probe itself, print 1 two codes of it
  for (const ProbeCode& code : probe.codes) gallery.push_back({code, 0});
  gallery.push_back({probe.codes[0], 1}), gallery.push_back({probe.codes[1], 1});
  std::uint16_t scores[kBlockPrints];
  score_finger_block_reference(probe.view(), OwnedBlock(gallery, 0).view(), 3, scores);
  EXPECT_EQ(scores[0], kMaxBlockScore);
  EXPECT_EQ(scores[1], kMaxBlockScore * 2 / 6);
}

}  // namespace
}  // namespace whorl::kernels
