#include "kernels/finger_block.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kernels/backend.h"
#include "tests/kernels/finger_block_twins.h"
#include "tests/kernels/random_finger_block.h"

namespace whorl::kernels {
namespace {

constexpr std::uint64_t kEveryone = ~std::uint64_t{0};

struct Query {
  std::vector<OwnedProbe> owned;
  std::vector<FingerProbe> probes;
  std::vector<std::uint16_t> at_least;
  explicit Query(std::vector<OwnedProbe> them) : owned(std::move(them)), at_least(owned.size(), 0) {
    for (const OwnedProbe& probe : owned) probes.push_back(probe.view());
  }
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;
  FingerBatch batch() const {
    return {probes.data(), at_least.data(), static_cast<int>(probes.size())};
  }
};

Answers answers_of(ScoreFingerBlock score, const Query& query, const FingerBlock& block,
                   std::uint64_t eligible, const FingerBlock* next = nullptr) {
  Answers answers(query.batch().count, block);
  score(query.batch(), block, eligible, next, answers.columns(), answers.scores());
  EXPECT_TRUE(answers.margins_untouched());
  return answers;
}

Answers expected_of(const Query& query, const FingerBlock& block, std::uint64_t eligible) {
  return answers_of(score_finger_block_reference, query, block, eligible);
}

class FingerBlockTwins : public ::testing::TestWithParam<FingerBlockTwin> {
 protected:
  void SetUp() override {
    if (!GetParam().runs_here())
      GTEST_SKIP() << GetParam().name << ": not on this machine, NOT verified";
  }
  void expect_agreement(const Query& query, const FingerBlock& block, std::uint64_t eligible,
                        const FingerBlock* next = nullptr) {
    EXPECT_TRUE(answers_of(GetParam().score(), query, block, eligible, next) ==
                expected_of(query, block, eligible));
  }
  FingerBlockMaker maker_{7};
};

TEST_P(FingerBlockTwins, AgreeWithTheReferenceBitForBit) {
  for (const int prints : {1, 2, 31, 63, 64}) {
    for (const int most_codes : {1, 33, 90, 255}) {
      for (const int probe_codes : {0, 1, 17, 80}) {
        for (const int gate : {0, 5, 32, 127, 128}) {
          SCOPED_TRACE(::testing::Message()
                       << prints << " prints of up to " << most_codes << " codes, probe of "
                       << probe_codes << ", gate " << gate);
          std::vector<int> sizes(static_cast<std::size_t>(prints));
          for (int& size : sizes) size = maker_.below(most_codes + 1);
          const OwnedProbe probe = maker_.probe(probe_codes, gate);
          const OwnedBlock block = maker_.block(sizes, probe, maker_.below(2));
          expect_agreement(Query({probe}), block.view(), maker_.bits() | 1U);
          ASSERT_FALSE(HasFailure());
        }
      }
    }
  }
}

TEST_P(FingerBlockTwins, AnswerABatchAsOneByOneWhateverItsShapes) {
  for (const int count : {0, 2, 3, 4, 5, 15, 16}) {
    for (int round = 0; round < 6; ++round) {
      SCOPED_TRACE(::testing::Message() << count << " probes, round " << round);
      std::vector<OwnedProbe> probes;
      const int gates[] = {0, 7, 32, 32, 32, 100, 127, 128};
      for (int p = 0; p < count; ++p) {
        probes.push_back(maker_.probe(maker_.below(round == 0 ? 3 : 60), gates[maker_.below(8)]));
      }
      std::vector<int> sizes(static_cast<std::size_t>(maker_.below(kBlockPrints + 1)));
      for (int& size : sizes) size = maker_.below(round == 1 ? 2 : 50);
      const OwnedBlock block =
          maker_.block(sizes, probes.empty() ? OwnedProbe{} : probes[0], maker_.below(3));
      const OwnedBlock next = maker_.block({maker_.below(90), 3}, OwnedProbe{}, 0);
      const FingerBlock next_view = next.view();
      expect_agreement(Query(std::move(probes)), block.view(), maker_.bits(), &next_view);
      ASSERT_FALSE(HasFailure());
    }
  }
}

TEST_P(FingerBlockTwins, AgreeAtTheLargestSizes) {
  const OwnedProbe probe = maker_.probe(kMaxProbeCodes, 128), narrow = maker_.probe(255, 31);
  const OwnedBlock block = maker_.block(std::vector<int>(kBlockPrints, 255), probe, 0);
  expect_agreement(Query({probe, narrow}), block.view(), kEveryone);
  Query query(std::vector<OwnedProbe>(5, narrow));
  query.at_least = {1, 900, 1000, 1200, 4096};
  expect_agreement(query, block.view(), kEveryone);
}

// Every score of a block as the threshold, and one more than it: the bound may hide none of them.
TEST_P(FingerBlockTwins, TellExactlyTheScoresThatReachTheThreshold) {
  for (const int codes : {3, 20, 36, 90}) {
    for (const int gate : {32, 128}) {
      const OwnedProbe probe = maker_.probe(codes, gate);
      std::vector<int> sizes(kBlockPrints);
      for (int& size : sizes) size = maker_.below(codes + 20) % 256;
      const OwnedBlock block = maker_.block(sizes, probe, 0);
      const Answers all = expected_of(Query({probe}), block.view(), kEveryone);
      for (int print = 0; print < kBlockPrints; print += 2 * kMaxBatchProbes) {
        Query query(std::vector<OwnedProbe>(kMaxBatchProbes, probe));
        for (int p = 0; p < kMaxBatchProbes; ++p) {
          query.at_least[static_cast<std::size_t>(p)] =
              static_cast<std::uint16_t>(all.score(0, print + p / 2) + p % 2);
        }
        const Answers told = answers_of(GetParam().score(), query, block.view(), kEveryone);
        for (int p = 0; p < kMaxBatchProbes; ++p) {
          for (int b = 0; b < kBlockPrints; ++b) {
            const int score = all.score(0, b);
            ASSERT_EQ(told.score(p, b),
                      score >= query.at_least[static_cast<std::size_t>(p)] ? score : 0);
          }
        }
      }
    }
  }
}

TEST_P(FingerBlockTwins, TellAllOfEqualScoresOrNone) {
  const OwnedProbe probe = maker_.probe(30, 32);
  std::vector<OwnedBlock::Code> gallery;
  for (int print = 0; print < kBlockPrints; ++print) {
    for (int c = 0; c < 9; ++c) {
      gallery.push_back(
          {probe.codes[static_cast<std::size_t>(c * 3)], static_cast<std::uint8_t>(print)});
    }
  }
  const OwnedBlock block(gallery, 0);
  const int equal = expected_of(Query({probe}), block.view(), kEveryone).score(0, 0);
  Query query({probe, probe, probe});
  query.at_least = {static_cast<std::uint16_t>(equal), static_cast<std::uint16_t>(equal + 1),
                    65535};
  const Answers told = answers_of(GetParam().score(), query, block.view(), kEveryone);
  for (int b = 0; b < kBlockPrints; ++b) {
    EXPECT_EQ(told.score(0, b), equal);
    EXPECT_EQ(told.score(1, b), 0);
    EXPECT_EQ(told.score(2, b), 0);
  }
}

ProbeCode complement_of(ProbeCode code) {
  for (auto& word : code.words) word = static_cast<std::uint16_t>(~word);
  code.popcount = static_cast<std::uint16_t>(kCodeBits - code.popcount);
  return code;
}

// A distance of 256 has nine bits, and a column eight for it.
TEST_P(FingerBlockTwins, TakeTheOppositeOfACodeForNoPartner) {
  const OwnedProbe probe = maker_.probe(12, 128);
  std::vector<OwnedBlock::Code> gallery;
  for (const ProbeCode& code : probe.codes) gallery.push_back({complement_of(code), 5});
  const OwnedBlock block(gallery, 0);
  for (const ProbeCode& code : probe.codes) {
    const Query alone(std::vector<OwnedProbe>(4, OwnedProbe{{code}, 128}));
    expect_agreement(alone, block.view(), kEveryone);
  }
  expect_agreement(Query({probe}), block.view(), kEveryone);
}

TEST_P(FingerBlockTwins, NameTheFirstOfEqualPartners) {
  const ProbeCode code = maker_.code();
  const OwnedProbe probe{{code, code, code}, 32};
  const OwnedBlock block({{code, 0}}, 0);
  const Query query(std::vector<OwnedProbe>(5, probe));
  const Answers answers = answers_of(GetParam().score(), query, block.view(), kEveryone);
  for (int p = 0; p < 5; ++p) {
    EXPECT_EQ(value_of(answers.column(p, 1, 0)), kCodeBits);
    EXPECT_EQ(partner_of(answers.column(p, 1, 0)), 0);
    EXPECT_EQ(answers.column(p, 1, 1), kNoPartner) << "padding";
  }
}

INSTANTIATE_TEST_SUITE_P(All, FingerBlockTwins, ::testing::ValuesIn(finger_block_twins()),
                         [](const auto& each) { return std::string(each.param.name); });

ProbeCode code_of(std::uint16_t first, std::uint16_t second, int direction) {
  const auto bits = std::popcount(first) + std::popcount(second);
  return {{first, second}, static_cast<std::uint16_t>(bits), static_cast<std::uint16_t>(direction)};
}

// One probe code against one print of one code: the contract's formula by hand.
TEST(FingerBlockReference, KnownAnswers) {
  const Query query({OwnedProbe{{code_of(0xFFFF, 0x00FF, 10)}, 32}});
  struct Case {
    std::uint16_t first, second;
    int direction;
    int value;  // of the one code; the score divides by pairs_counted(1, 1) = 6
  };
  for (const Case& c : {Case{0xFFFF, 0x00FF, 10, 256}, Case{0xFFFF, 0x00FF, 42, 256},
                        Case{0xFFFF, 0x00FF, 43, 0}, Case{0xFFFF, 0x00FF, 234, 256},
                        Case{0xFFFF, 0x00FE, 10, 254}, Case{0x0001, 0, 10, 256 - 2 * 23}}) {
    const OwnedBlock block({{code_of(c.first, c.second, c.direction), 3}}, 0);
    const Answers all = expected_of(query, block.view(), kEveryone);
    EXPECT_EQ(all.score(0, 3), kScoreUnit * c.value / 6);
    EXPECT_EQ(all.score(0, 2), 0);
    EXPECT_EQ(value_of(all.column(0, 1, 0)), c.value);
    EXPECT_EQ(expected_of(query, block.view(), ~(std::uint64_t{1} << 3)).score(0, 3), 0)
        << "not eligible";
  }
}

TEST(FingerBlockReference, FewCodesCannotScoreLikeMany) {
  const OwnedProbe probe = FingerBlockMaker(3).probe(40, 32);
  std::vector<OwnedBlock::Code> gallery;  // print 0 is the probe itself, print 1 two codes of it
  for (const ProbeCode& code : probe.codes) gallery.push_back({code, 0});
  gallery.push_back({probe.codes[0], 1}), gallery.push_back({probe.codes[1], 1});
  const OwnedBlock block(gallery, 0);
  const Answers all = expected_of(Query({probe}), block.view(), 3);
  EXPECT_EQ(all.score(0, 0), kMaxBlockScore);
  EXPECT_EQ(all.score(0, 1), kMaxBlockScore * 2 / 6);
}

}  // namespace
}  // namespace whorl::kernels
